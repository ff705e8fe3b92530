"""Work on many items at once whose results are taken in the items' order.

Owns the threads and how far they may run ahead of whoever takes: each item has a lane that holds so much and then
makes its worker wait, and few lanes are filled before their turn, so that memory does not grow with the items.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PAUSE = 0.05  # seconds between two words to whoever waits


class _Left(Exception):
    """Nobody takes from the lane any more."""


class _Lane(Generic[Result]):
    """What one item's work gave and nobody took yet."""

    def __init__(self, size: Callable[[Result], int], most: int) -> None:
        self._size, self._most = size, most
        self._changed = threading.Condition()
        self._results: deque[Result] = deque()
        self._held = 0
        self._over = self._left = False
        self._error: BaseException | None = None

    def put(self, result: Result) -> None:
        """Wait until there is room, then add; `_Left` where it is wanted no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._left or self._held < self._most)
            if self._left:
                raise _Left
            self._results.append(result)
            self._held += self._size(result)
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        with self._changed:
            self._over, self._error = True, error
            self._changed.notify_all()

    def leave(self) -> None:
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def results(self, waiting: Callable[[], None] | None) -> Iterator[Result]:
        while True:
            while waiting is not None and not self._come(_PAUSE):
                waiting()
            with self._changed:
                self._changed.wait_for(lambda: self._results or self._over)
                if not self._results:
                    if self._error is not None:
                        raise self._error
                    return
                result = self._results.popleft()
                self._held -= self._size(result)
                self._changed.notify_all()
            yield result

    def _come(self, seconds: float) -> bool:
        """Whether a result or the end is there, or comes within so long."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._results or self._over, seconds))


def in_order(
    work: Callable[[Item], Generator[Result]],
    items: Sequence[Item],
    *,
    workers: int,
    size: Callable[[Result], int],
    held: int,
    ahead: int = 2,
    waiting: Callable[[], None] | None = None,
) -> Generator[Result]:
    """What `work` yields for each item, one item after another, while up to `workers` are worked on.

    Up to `ahead` items more may be done and wait for their turn, each with results of up to about `held` in
    `size`. An exception of the work is raised where its results would have come. Left early, the work under way
    is closed, and all threads have ended.
    """
    lanes = [_Lane(size, held) for _ in items]
    turns = threading.Semaphore(workers + ahead)
    untaken = iter(zip(items, lanes, strict=True))
    guard, stopped = threading.Lock(), threading.Event()

    def serve() -> None:
        while turns.acquire() and not stopped.is_set():
            with guard:
                taken = next(untaken, None)
            if taken is None:
                return
            item, lane = taken
            try:
                with closing(work(item)) as results:
                    for result in results:
                        lane.put(result)
            except _Left:
                return
            except BaseException as error:  # noqa: BLE001  (it belongs to whoever takes from the lane)
                lane.end(error)
            else:
                lane.end()

    threads = [
        threading.Thread(target=serve, name="lane", daemon=True) for _ in range(min(workers, len(lanes)))
    ]
    for thread in threads:
        thread.start()
    try:
        for lane in lanes:
            yield from lane.results(waiting)
            turns.release()
    finally:
        stopped.set()
        for lane in lanes:
            lane.leave()
        turns.release(len(threads) or 1)
        for thread in threads:
            thread.join()
