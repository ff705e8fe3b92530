"""How a server is told to stop: Ctrl-C, at once, and SIGTERM, with time for what is under way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK = 0.5  # seconds; a signal ends the wait at once


@contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Gives a function that waits until the server is told to stop; it says whether there is time for an end.

    Off the main thread, where signals cannot be heard, it waits for Ctrl-C alone.
    """
    told = threading.Event()

    def wait() -> bool:
        try:
            while not told.wait(_LOOK):
                pass
        except KeyboardInterrupt:
            return False
        return True

    if threading.current_thread() is not threading.main_thread():
        yield wait
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.set())
    try:
        yield wait
    finally:
        signal.signal(signal.SIGTERM, before)
