"""What keeps a library's caches whole: opened, brought up to the catalog, made anew where they are damaged.

Owns the caches that are open, for all who see the library, and when they are mended: beside the search by words where
the vectors alone are damaged, else before anybody searches. Refuses to know what is wrong with them; they say so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from index.caches import Caches, Faults
from index.disk import told_plainly
from index.errors import DiskTrouble, LibraryError, LibraryLocked
from index.lock import Lock
from index.mending import Mending

_AT_ONCE = 2.0
"""Seconds that the first search waits for vectors that are made anew; a small library has them then."""


class Upkeep:
    """The caches of one library. Safe to share between threads."""

    def __init__(self, folder: Path, lock: Lock, unopened: Callable[[], Caches]) -> None:
        self.folder = folder
        self.lock = lock
        self.unopened = unopened
        self.guard = threading.RLock()
        self.caches: Caches | None = None
        self._mending: Mending | None = None

    def opened(self) -> Caches:
        """Both caches, brought up to date where this process may write, rebuilt where they are broken."""
        with self.guard:
            if self.caches is None:
                caches = self.unopened()
                self._bring_up(caches)
                self.caches = caches
            return self.caches

    def close(self) -> None:
        with self.guard:
            if self._mending is not None:
                self._mending.stop()
                self._mending = None
            if self.caches is not None:
                self.caches.close()
                self.caches = None

    def mended(self) -> None:
        """Wait until vectors that are being made anew are; raises what keeps them from being so."""
        mending = self._mending
        if mending is not None:
            mending.wait()
            if mending.trouble is not None:
                raise mending.trouble

    @property
    def state(self) -> str:
        """What a reader should know of the library just now, as a sentence; empty where all is well."""
        return "" if self._mending is None else self._mending.state

    def _bring_up(self, caches: Caches) -> None:
        """Have the caches hold what the catalog holds; vectors alone are made anew beside the search by words."""
        found = caches.faults()
        if found.vectors and not found.words:
            caches.close()
            caches.by_words_alone = True
            self._mending = Mending(self.folder, self.lock, self._mend, caches.renew)
            self._mending.wait(_AT_ONCE)
            return
        if caches.sealed and not (found or caches.behind):
            return
        try:
            with (
                told_plainly(self.folder),
                self.lock.writing("ibid, bringing the caches up to date"),
            ):
                self._make_whole(caches, found)
        except (LibraryLocked, DiskTrouble):
            if found:
                raise

    def _make_whole(self, caches: Caches, found: Faults) -> None:
        """Have caches with these faults follow the catalog; where they cannot, they are made anew."""
        if found.vectors:
            caches.rebuild()
            return
        if found.words:
            caches.rebuild_words()
        try:
            caches.follow()
            caches.seal()
            broken = bool(caches.faults())
        except DiskTrouble:
            raise
        except LibraryError:
            broken = True
        if broken:
            caches.rebuild()

    def _mend(self) -> None:
        caches = self.unopened()
        try:
            self._make_whole(caches, caches.faults())
        finally:
            caches.close()
