"""How far an addition has come: by the bytes of its files, each counted by the part of its entries that is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from index.schema import Value


class Step(Value):
    """Progress: which file was read last, and how many files, pages, entries and chunks have been read and stored.

    `share` is the part, in [0, 1], of the entries under way that is embedded, and `done` the part of the whole
    addition, by the bytes of its files.
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
        self._stored: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._furthest = 0.0

    def begin(self, entries: Iterable[str]) -> None:
        """Entries are under way, told by their sources."""
        self._under_way = Counter(entries)

    def store(self, ended: Iterable[str]) -> None:
        """What is under way is stored, with which sources come to their end."""
        self._stored += self._under_way
        self._under_way = Counter()
        for source in ended:
            self._stored_bytes += self._sizes.get(source, 0)
            del self._stored[source]

    def done(self, share: float) -> float:
        """The part that is done, in [0, 1], where `share` of what is under way is; it never goes back."""
        begun = sum(
            self._sizes.get(source, 0)
            * (self._stored[source] + share * self._under_way[source])
            / max(self._found.get(source, 0), 1)
            for source in {*self._stored, *self._under_way}
        )
        self._furthest = max(self._furthest, min((self._stored_bytes + begun) / self._all, 1.0))
        return self._furthest
