"""What is stored at once when papers are added: so many, or so much text.

Owns how large a batch gets, how much is stored before the caches follow, and whether two batches may tell of one
paper. The first and the last batch of an addition are small: nothing is embedded while the first is read, nor while
the last is stored. Refuses to know what is done with one.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.ahead import Making
from index.known import keys
from index.premade import Premade
from index.reading import Content
from index.rows import Entry
from index.schema import Document, Value

PAPERS = 256  # that are stored at once, or fewer of much text
FOLLOWED = 2000  # chunks after which the caches follow: the keyword index costs by the commit
_LARGEST = 250_000  # characters: an interruption loses seconds of embedding, and little is wasted on padding
_SMALL = 8  # how many times smaller the first and the last batch are


class Found(Value):
    """A document with the place in its source that it came from."""

    document: Document
    source: str
    ordinal: int


class Batch:
    """What is stored at once: documents, and the sources that end with them; then what becomes of these."""

    def __init__(self, small: bool = False) -> None:
        self.found: list[Found] = []
        self.premade = Premade()
        self.over: dict[str, Content | None] = {}
        self.entries: list[Entry] = []
        self.texts: dict[str, str] = {}
        self.making: Making | None = None
        self._characters = 0
        self._share = _SMALL if small else 1

    @property
    def full(self) -> bool:
        return len(self.found) * self._share >= PAPERS or self._characters * self._share >= _LARGEST

    def add(self, found: Found) -> None:
        self.found.append(found)
        self._characters += len(found.document.text)

    def parted(self) -> Iterator[Batch]:
        """The batch, or in its place two, where its end fills a small one and is the lesser half."""
        end, start = Batch(small=True), len(self.found)
        while start > 0 and not end.full:
            start -= 1
            end.add(self.found[start])
        if not end.full or start < len(end.found):
            yield self
            return
        end.found.reverse()
        rest = Batch()
        for found in self.found[:start]:
            rest.add(found)
        rest.premade = end.premade = self.premade
        end.over = self.over
        yield rest
        yield end

    def meets(self, other: Batch) -> bool:
        """Whether the other may tell of a paper that this one, whose papers are resolved, does."""
        mine = [found.document.paper for found in self.found] + [e.document.paper for e in self.entries]
        theirs = (found.document.paper for found in other.found)
        return not keys(mine).isdisjoint(keys(theirs))
