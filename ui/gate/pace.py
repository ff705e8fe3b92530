"""How often a user may ask, and how many of his questions may be answered at once.

A bucket of tokens for each user: it holds a minute's questions and fills up as the minute passes. Counted in
this process: of several replicas, each keeps its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ui.gate.refused import Refused

_MOST_USERS = 10_000
_SOON = 5.0  # seconds after which one of the questions under way may be over


class Pace:
    """Questions by user: `a_minute` and `at_once` are the most, 0 for any number."""

    def __init__(self, a_minute: int, at_once: int, now: Callable[[], float] = time.monotonic) -> None:
        self.a_minute = a_minute
        self.at_once = at_once
        self.now = now
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when that was
        self._waited_for: defaultdict[str, int] = defaultdict(int)
        self._events: defaultdict[str, set[str]] = defaultdict(set)

    @contextmanager
    def asking(self, user: str, goes_on: Callable[[str], bool]) -> Iterator[None]:
        """A question being taken, or answered, while the block runs. Refused where it is one too many.

        `goes_on` tells whether an event that was begun before is still under way.
        """
        self._events[user] = {event for event in self._events[user] if goes_on(event)}
        under_way = self._waited_for[user] + len(self._events[user])
        if self.at_once and under_way >= self.at_once:
            raise Refused(429, self._busy(under_way), _SOON)
        if wait := self._take(user):
            words = f"You asked {self.a_minute} questions within a minute, which is the most."
            raise Refused(429, f"{words} Ask again in {max(1, round(wait))} s.", wait)
        self._waited_for[user] += 1
        try:
            yield
        finally:
            self._waited_for[user] -= 1
            if not self._waited_for[user]:
                del self._waited_for[user]

    def began(self, user: str, event: str) -> None:
        """A question is answered by an event that outlives its request."""
        self._events[user].add(event)

    def _busy(self, under_way: int) -> str:
        counted = "One question of yours is" if under_way == 1 else f"{under_way} questions of yours are"
        return (
            f"{counted} being answered, which is the most at once. Ask again when one is done, or stop one."
        )

    def _take(self, user: str) -> float:
        """Take a token; the seconds to wait for one where there is none."""
        if not self.a_minute:
            return 0.0
        now = self.now()
        tokens, then = self._buckets.get(user, (float(self.a_minute), now))
        tokens = min(float(self.a_minute), tokens + (now - then) * self.a_minute / 60)
        left = tokens - 1 if tokens >= 1 else tokens
        self._buckets[user] = (left, now)
        self._forget(now)
        return 0.0 if tokens >= 1 else (1 - tokens) * 60 / self.a_minute

    def _forget(self, now: float) -> None:
        """Those who did not ask for a minute have a full bucket again, and need not be remembered."""
        if len(self._buckets) > _MOST_USERS:
            self._buckets = {user: held for user, held in self._buckets.items() if now - held[1] < 60}
