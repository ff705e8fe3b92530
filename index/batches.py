"""What is stored at once when papers are added: so many, or so much text.

Owns how large a batch gets, how much is stored before the caches follow, and whether two batches may tell of one
paper. Refuses to know what is done with one.
"""

from __future__ import annotations

from index.ahead import Making
from index.known import keys
from index.premade import Premade
from index.reading import Content
from index.rows import Entry
from index.schema import Document, Value

PAPERS = 256  # that are stored at once, or fewer of much text
FOLLOWED = 800  # chunks after which the caches follow: the keyword index costs by the commit
_LARGEST = 250_000  # characters: an interruption loses seconds of embedding, and little is wasted on padding


class Found(Value):
    """A document with the place in its source that it came from."""

    document: Document
    source: str
    ordinal: int


class Batch:
    """What is stored at once: documents, and the sources that end with them; then what becomes of these."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.premade = Premade()
        self.over: dict[str, Content | None] = {}
        self.entries: list[Entry] = []
        self.texts: dict[str, str] = {}
        self.making: Making | None = None
        self._characters = 0

    @property
    def full(self) -> bool:
        return len(self.found) >= PAPERS or self._characters >= _LARGEST

    def add(self, found: Found) -> None:
        self.found.append(found)
        self._characters += len(found.document.text)

    def meets(self, other: Batch) -> bool:
        """Whether the other may tell of a paper that this one, whose papers are resolved, does."""
        mine = [found.document.paper for found in self.found] + [e.document.paper for e in self.entries]
        theirs = (found.document.paper for found in other.found)
        return not keys(mine).isdisjoint(keys(theirs))
