"""How far an addition has come: by the bytes of its files, each counted by the part of its entries that is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from index.schema import Value


class Step(Value):
    """Progress: which file was read last, and how many files, pages, entries and chunks have been read and stored.

    `share` is the part, in [0, 1], of the entries read and not yet stored that is embedded, and `done` the part of
    the whole addition, by the bytes of its files.
    """

    file: str = ""
    files_done: int = 0
    files: int = 0
    pages: int = 0
    entries: int = 0
    stored: int = 0
    chunks: int = 0
    share: float = 0.0
    done: float = 0.0


Progress = Callable[[Step], None]


class Course:
    """`sizes` are the bytes of each source; `found` is how many entries were read of each so far, perhaps ahead."""

    def __init__(self, sizes: Mapping[str, int], found: Mapping[str, int]) -> None:
        self._sizes, self._found = sizes, found
        self._all = max(sum(sizes.values()), 1)
        self._stored_bytes = 0
        self._stored: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._ended: list[str] = []
        self._furthest = 0.0

    def meet(self, source: str) -> None:
        """An entry waits to be stored."""
        self._waiting[source] = self._waiting.get(source, 0) + 1

    def end(self, source: str) -> None:
        """The source has no more entries."""
        self._ended.append(source)

    def store(self) -> None:
        """All that waits is stored."""
        for source, entries in self._waiting.items():
            self._stored[source] = self._stored.get(source, 0) + entries
        for source in self._ended:
            self._stored_bytes += self._sizes.get(source, 0)
            self._stored.pop(source, None)
        self._waiting, self._ended = {}, []

    def done(self, share: float) -> float:
        """The part that is done, in [0, 1], where `share` of what waits is; it never goes back."""
        under_way = sum(
            self._sizes.get(source, 0)
            * (self._stored.get(source, 0) + share * self._waiting.get(source, 0))
            / max(self._found.get(source, 0), 1)
            for source in {*self._stored, *self._waiting}
        )
        self._furthest = max(self._furthest, min((self._stored_bytes + under_way) / self._all, 1.0))
        return self._furthest
