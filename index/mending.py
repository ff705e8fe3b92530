"""Vectors made anew in the background, while papers are found by their words.

Owns the thread that does it, and tries again while another process writes or the disk has no room. Refuses to know
what it takes: `mend` does it, and is called with the library's write lock held.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from index.disk import told_plainly
from index.errors import IbidError, LibraryLocked
from index.lock import Lock

MENDING = "ibid, making the vectors anew"
_LOCKED, _FAILED = 1.0, 30.0  # seconds until the next try


class Mending:
    """One library's vectors being made anew; `mended` is called when they are."""

    def __init__(
        self, folder: Path, lock: Lock, mend: Callable[[], None], mended: Callable[[], None]
    ) -> None:
        self.folder = folder
        self.lock = lock
        self.trouble: IbidError | None = None
        self._mend = mend
        self._mended = mended
        self._tried = threading.Event()  # it is done, or fails for now
        self._again = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="mending", daemon=True)
        self._thread.start()

    @property
    def state(self) -> str:
        """What a reader should know meanwhile; empty when it is done."""
        if not self._thread.is_alive():
            return ""
        so_far = f" It failed so far: {self.trouble}" if self.trouble else ""
        return (
            "The index of meanings was damaged and is being made anew; until then papers are found by their "
            f"words alone.{so_far}"
        )

    def wait(self, seconds: float | None = None) -> None:
        """Wait for it to be done, or to fail: `trouble` tells. What failed is tried again at once."""
        if self.trouble is not None:
            self.trouble = None
            self._tried.clear()
            self._again.set()
        self._tried.wait(seconds)

    def stop(self) -> None:
        """Let it finish what it is at, and try nothing again."""
        self._stopped = True
        self._again.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            pause = _FAILED
            try:
                with told_plainly(self.folder), self.lock.writing(MENDING):
                    self._mend()
                self._mended()
                break
            except LibraryLocked:
                pause = _LOCKED
            except IbidError as error:
                self.trouble = error
                self._tried.set()
            self._again.wait(pause)
            self._again.clear()
        self._tried.set()
