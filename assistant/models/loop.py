"""One thread with one asyncio loop, on which every call to a language model runs.

Owns starting work there from any thread, cancelling it and waiting for its end. One loop instead of a
thread a call, because a task can be cancelled wherever it waits, and a thread cannot.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

_NAME = "ibid-models"
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


def tasks() -> int:
    """How many calls are on the loop now."""
    return 0 if _running is None else len(asyncio.all_tasks(_running))


def _loop() -> asyncio.AbstractEventLoop:
    global _running
    with _starting:
        if _running is None:
            _running = asyncio.new_event_loop()
            threading.Thread(target=_running.run_forever, name=_NAME, daemon=True).start()
        return _running
