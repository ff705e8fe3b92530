"""What costs a walk through all papers of a catalog, kept until the catalog changes.

Refuses to know what is kept, and by what a change is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Kept = TypeVar("Kept")


class Remembered:
    """Values by name, of one state of a catalog: `state` tells which it is in now. Safe to share between threads."""

    def __init__(self, state: Callable[[], Hashable]) -> None:
        self._state = state
        self._guard = threading.Lock()
        self._of: Hashable = None
        self._values: dict[str, Any] = {}

    def get(self, name: str, make: Callable[[], Kept]) -> Kept:
        """The value of that name; made where there is none of the state the catalog is in."""
        now = self._state()
        with self._guard:
            if self._of != now:
                self._of, self._values = now, {}
            values = self._values
        if name not in values:
            values[name] = make()
        found: Kept = values[name]
        return found
