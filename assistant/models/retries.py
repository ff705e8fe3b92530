"""How long to wait before a failed request is sent again: what the server says, else longer each time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Patience:
    """Waits that double from `first` to `most` seconds, each shortened by chance so that many do not return at once."""

    def __init__(
        self,
        retries: int,
        first: float = 0.5,
        most: float = 20.0,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._retries = retries
        self._first = first
        self._most = most
        self._chance = chance
        self._now = now

    def wait(self, failed: int, retry_after: str | None = None) -> float | None:
        """Seconds until the next attempt after `failed` of them; None when it is time to give up."""
        if failed > self._retries:
            return None
        told = retry_seconds(retry_after, self._now())
        if told is not None:
            return told
        whole = min(self._most, self._first * 2.0 ** (failed - 1))
        return whole * (0.5 + 0.5 * self._chance())


def retry_seconds(header: str | None, now: datetime) -> float | None:
    """A Retry-After header in seconds, from a number or an HTTP date (RFC 9110, 10.2.3); None where it is neither."""
    if not header:
        return None
    if re.fullmatch(r"-?\d+(\.\d+)?", header.strip()):
        return max(0.0, float(header))
    try:
        then = parsedate_to_datetime(header)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
