"""One thread with one asyncio loop, on which every call to a language model runs.

Owns starting work there from any thread, cancelling it and waiting for its end. One loop instead of a
thread a call, because a task can be cancelled wherever it waits, and a thread cannot.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

_NAME = "ibid-models"
_LOOK = 0.01  # seconds between two looks whether it is quiet
_starting = threading.Lock()
_running: asyncio.AbstractEventLoop | None = None


class Running:
    """A coroutine on the loop, held by another thread; its errors are its own to deliver."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop = _loop()
        self._over = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop.call_soon_threadsafe(self._begin, work)

    def cancel(self) -> None:
        """Ask it to end; it ends where it waits."""
        self._loop.call_soon_threadsafe(self._cancel)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, after waiting for that."""
        return self._over.wait(seconds)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = self._loop.create_task(work, name=_NAME)
        self._task.add_done_callback(self._ended)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # taken note of, so that asyncio does not complain about it
        self._over.set()


def quiet(seconds: float = 2.0) -> bool:
    """Whether nothing is left on the loop, after waiting for that as long as given.

    A generator that an integration has left half read is closed by a task of asyncio's own, after the call.
    """
    until = time.monotonic() + seconds
    while _running is not None and asyncio.all_tasks(_running):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK)
    return True


def _loop() -> asyncio.AbstractEventLoop:
    global _running
    with _starting:
        if _running is None:
            _running = asyncio.new_event_loop()
            threading.Thread(target=_running.run_forever, name=_NAME, daemon=True).start()
        return _running
