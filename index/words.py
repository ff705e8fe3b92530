"""What an index of words must be able to do, and what is looked for in one.

Two do it: tantivy in a folder (`index.word_index`) and PostgreSQL's full-text search (`index.full_text`). Their
scores are the same BM25, by the same numbers: both index stems as tantivy makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import tantivy

from index.filters import Bounds
from index.rows import Indexed
from index.vectors import Hit

_LONGEST = 40  # bytes of a word from which on it is left out


class Wanted(NamedTuple):
    """Stems to look for, and phrases with their weights that may stand instead of them.

    An item scores for the stems or for one of the phrases, whichever is more: saying both is no merit.
    """

    stems: list[str]
    instead: tuple[tuple[list[str], float], ...] = ()


class Words(Protocol):
    """Items, each a text under the facts of its paper. Raises LibraryError where it cannot be used."""

    def write(self, items: dict[str, tuple[Indexed, str]], removed: Sequence[str]) -> None:
        """Write each item's text under its paper's facts, take others away, and commit once."""

    def probe(self) -> None:
        """Find a stored item again by its id; LibraryError where that fails."""

    def best(self, wanted: Sequence[Wanted], count: int, scope: Bounds) -> list[Hit]:
        """The `count` items in scope with the highest BM25 score, best first."""

    def holding(
        self, stems: Sequence[str], begun: tuple[str, str] | None, scope: Bounds, offset: int, limit: int
    ) -> tuple[list[str], int]:
        """The items in scope that hold every stem and the word `begun`, given as (typed, stem), and how many."""

    def rarity(self, stems: Sequence[str]) -> list[float]:
        """For each stem the share of items that hold it, in [0, 1]."""

    def count(self) -> int:
        """How many items are held."""

    def ids(self) -> set[str]:
        """Every item held."""


def analyzer(*, longest: int | None = _LONGEST, plain: bool = False) -> tantivy.TextAnalyzer:
    """What makes stems of a text; `plain` leaves function words in, as both indexes do."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    if longest is not None:
        builder = builder.filter(tantivy.Filter.remove_long(longest))
    builder = builder.filter(tantivy.Filter.lowercase())
    if not plain:
        builder = builder.filter(tantivy.Filter.stopword("english"))
    return builder.filter(tantivy.Filter.stemmer("english")).build()
