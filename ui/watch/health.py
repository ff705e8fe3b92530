"""Whether a server lives, and whether it should be sent anybody.

Owns what must hold before a question is sent here: the catalog answers, the caches and the model are open, and
the server was not told to stop. What it says is for anybody to read, so it tells what is amiss and no more; why is
in the log. Refuses to know what stops the server.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from index.library import Library
from ui.watch import metrics

_log = logging.getLogger(__name__)
_LOOK = 0.05  # seconds between two looks at what still runs


class Readiness:
    """One server's readiness over the library that everybody asks."""

    def __init__(self, library: Callable[[], Library]) -> None:
        self._library = library
        self._leaving = threading.Event()
        self._opening = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def leaving(self) -> bool:
        """Whether the server was told to stop."""
        return self._leaving.is_set()

    def reasons(self) -> list[str]:
        """Why nobody should be sent here now; empty where there is no reason. Has opened what is not open yet."""
        found = ["the server is stopping"] if self.leaving else []
        try:
            library = self._library()
            library.catalog.change()
        except Exception as error:  # noqa: BLE001  (databases raise what they like)
            _log.warning("the catalog does not answer", exc_info=error)
            return [*found, "the catalog does not answer"]
        if not library.opened:
            found.append("the model and the caches are not open yet")
            self.open()
        return found

    def open(self) -> None:
        """Open the model and the caches on a thread of its own, unless that is under way."""
        if not self.leaving and self._opening.acquire(blocking=False):
            self._thread = threading.Thread(target=self._open, name="opening the library", daemon=True)
            self._thread.start()

    def settle(self) -> None:
        """Wait for what is being opened: native code must not be at work when the process ends."""
        self._leaving.set()
        if self._thread is not None:
            self._thread.join()

    def _open(self) -> None:
        try:
            library = self._library()
            assert library.caches is not None  # this opens them, and the model before them
        except Exception as error:  # noqa: BLE001  (models and stores raise what they like)
            _log.warning("the library could not be opened for questions", exc_info=error)
        finally:
            self._opening.release()

    def leave(self, seconds: float) -> bool:
        """Be ready for nobody from now on, and wait for the answers under way; whether all came to their end."""
        self._leaving.set()
        until = time.monotonic() + seconds
        while metrics.under_way() and time.monotonic() < until:
            time.sleep(_LOOK)
        return not metrics.under_way()
