"""Requests and tokens a minute: when the next request to a server may go.

Owns the last minute of requests to each server, shared by every model and thread of this process. Used on
the loop alone, so it needs no lock; it decides, and who asks does the waiting.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_MINUTE = 60.0


@dataclass
class Entry:
    """A request that went: when, and its tokens, first the most they can be and then what they were."""

    at: float
    tokens: int


class Pace:
    """At most so many requests and tokens in any sixty seconds; None: any number."""

    def __init__(
        self, requests: int | None, tokens: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._requests = requests or math.inf
        self._tokens = tokens or math.inf
        self._clock = clock
        self._went: deque[Entry] = deque()

    def wait(self, tokens: int) -> float:
        """Seconds until a request of so many tokens may go; one beyond the limit itself waits for an empty minute."""
        now = self._clock()
        while self._went and self._went[0].at <= now - _MINUTE:
            self._went.popleft()
        requests = len(self._went)
        had = sum(entry.tokens for entry in self._went)
        allowed = self._tokens - min(tokens, self._tokens)
        for entry in [None, *self._went]:
            if entry is not None:
                requests, had = requests - 1, had - entry.tokens
            if requests < self._requests and had <= allowed:
                return max(0.0, entry.at + _MINUTE - now) if entry is not None else 0.0
        return 0.0

    def enter(self, tokens: int) -> Entry:
        """Take note of a request that goes now; its tokens are corrected when they are known."""
        entry = Entry(self._clock(), tokens)
        self._went.append(entry)
        return entry


_paces: dict[tuple[str, int | None, int | None], Pace] = {}


def shared_pace(address: str, requests: int | None, tokens: int | None) -> Pace:
    """The pace of everyone in this process who asks that server under those limits."""
    return _paces.setdefault((address, requests, tokens), Pace(requests, tokens))
