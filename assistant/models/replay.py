"""A reply that is written down as it comes, and one that is read out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from assistant.models.cache import Kept, ReplyCache
from assistant.models.call import Call
from assistant.models.schema import ModelError, Usage


class Source(Protocol):
    """Where a stream's pieces come from."""

    async def run(self, give: Callable[[str], None]) -> None:
        """Give each piece; raises ModelError unless the reply came whole."""

    def usage(self) -> Usage:
        """What was used so far."""

    def late(self) -> ModelError:
        """That it did not finish in time."""


class Recorded(Source):
    """A call whose reply is kept once it came whole."""

    def __init__(self, call: Call, cache: ReplyCache, key: str) -> None:
        self._call = call
        self._cache = cache
        self._key = key

    async def run(self, give: Callable[[str], None]) -> None:
        await self._call.run(give)
        self._cache.keep(self._key, Kept(pieces=tuple(self._call.pieces), usage=self._call.usage()))

    def usage(self) -> Usage:
        return self._call.usage()

    def late(self) -> ModelError:
        return self._call.late()


class Replay(Source):
    """A kept reply: the same pieces, no request and no cost."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def run(self, give: Callable[[str], None]) -> None:
        for piece in self._kept.pieces:
            give(piece)

    def usage(self) -> Usage:
        return self._kept.usage.model_copy(update={"requests": 0, "cost": 0.0})

    def late(self) -> ModelError:
        return ModelError("late", "a kept reply", "was not read out in time. Ask again")
