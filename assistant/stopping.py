"""Ending work from another thread than the one that does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Asked to stop once, it ends whatever is under way then, and whatever would begin afterwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._ends: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        return self._asked

    def ask(self) -> None:
        """End what is under way."""
        with self._lock:
            self._asked = True
            ends = list(self._ends)
        for end in ends:
            end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """While inside, `end` is called as soon as it is asked to stop; at once where it has been."""
        with self._lock:
            self._ends.append(end)
            asked = self._asked
        try:
            if asked:
                end()
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
