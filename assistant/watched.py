"""What of a question's way is told to whoever watches a server; by default to nobody.

Owns the form of it. Refuses to know what becomes of what is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from assistant.schema import Event

Tell = Callable[[Event], None]


class Watch(Protocol):
    """Told of each question: who answers it, its events as they come, and that it came to an end."""

    def asked(self, engine: str) -> AbstractContextManager[Tell]:
        """A block that lasts as long as the question is being answered; it gives what is told the events."""


class Unwatched:
    """Nobody watches."""

    @contextmanager
    def asked(self, engine: str) -> Iterator[Tell]:
        """Nothing is done with what is told."""
        yield lambda event: None


NOBODY = Unwatched()
