"""How a server is told to stop: Ctrl-C, at once, and SIGTERM, with time for what is under way."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK = 0.5  # seconds; a signal ends the wait at once


@contextmanager
def told_to_stop() -> Iterator[Callable[[str], bool]]:
    """Gives a function that says a line on the terminal, then waits until the server is told to stop.

    It returns whether there is time for an end. Whoever reads the line may press Ctrl-C at once.

    Off the main thread, where signals cannot be heard, it waits for Ctrl-C alone.
    """
    told = threading.Event()

    def wait(line: str) -> bool:
        try:
            print(line, file=sys.stderr, flush=True)
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
