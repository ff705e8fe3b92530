"""The keyword cache: BM25 with English stemming, over chunks and over whole papers.

Holds nothing that the catalog does not. A paper is one document of its title and all its text, since
words of a question that lie in different chunks of it should count together; a chunk is one of its own
words and its paper's title. The two are separate indexes, so that each has statistics of its own. What keeps them,
tantivy or PostgreSQL, is behind `index.words`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.acronyms import Expansion, in_singular
from index.failpoints import reached
from index.filters import Bounds
from index.fusion import rarity_weight
from index.late import Floats
from index.rows import Indexed
from index.vectors import Hit
from index.word_index import WordIndex
from index.words import Wanted, Words, analyzer

_COMMON = 0.2  # share of papers above which an acronym narrows nothing down


class Keywords:
    """The two indexes of one library."""

    def __init__(self, chunks: Words, papers: Words) -> None:
        self.chunks = chunks
        self.papers = papers
        self._stem = analyzer()
        self._spell = analyzer(longest=None, plain=True)

    @classmethod
    def in_folder(cls, folder: Path) -> Keywords:
        """The two in a folder, kept by tantivy."""
        return cls(WordIndex(folder / "chunks"), WordIndex(folder / "papers"))

    def follow(self, rows: Sequence[Indexed], removed: Sequence[str]) -> None:
        """Write whole papers' chunks, replacing those already there, and take others away."""
        papers: dict[str, list[Indexed]] = {}
        for row in rows:
            papers.setdefault(row.paper.id, []).append(row)
        self.chunks.write({row.chunk.id: (row, row.chunk.text) for row in rows}, removed)
        reached("caches.chunk_words_written")
        whole = {paper_id: (chunks[0], whole_text(chunks)) for paper_id, chunks in papers.items()}
        self.papers.write(whole, removed)

    def best_chunks(self, query: str, count: int, scope: Bounds, also: Sequence[Expansion] = ()) -> list[Hit]:
        """The `count` chunks in scope with the highest BM25 score for the words of `query`, best first.

        `also` are other forms of acronyms that the query uses.
        """
        return self.chunks.best(self._wanted(query, also, count), count, scope)

    def best_papers(self, query: str, count: int, scope: Bounds, also: Sequence[Expansion] = ()) -> list[Hit]:
        """The same for whole papers; the hits' items are paper ids."""
        return self.papers.best(self._wanted(query, also, count), count, scope)

    def holding(self, words: str, scope: Bounds, offset: int, limit: int) -> tuple[list[str], int]:
        """The ids of papers in scope that hold each of `words`, the best first, and how many there are.

        The last word may be only begun, unless something follows it.
        """
        last = re.search(r"[^\W_]+$", words)
        if last is None:
            return self.papers.holding(self.stems(words), None, scope, offset, limit)
        whole, typed = self.stems(words[: last.start()]), last.group().lower()
        stem = next(iter(self.stems(typed)), None)
        begun = None if stem is None and whole else (typed, stem or typed)
        return self.papers.holding(whole, begun, scope, offset, limit)

    def stems(self, text: str) -> list[str]:
        """The distinct stemmed words of a text in order, as they are indexed, without function words."""
        return list(dict.fromkeys(self._stem.analyze(text)))

    def meanings(self, text: str) -> list[str]:
        """As `stems`, with an acronym's plural as the acronym: by what a text is held against another one."""
        return self.stems(in_singular(text))

    def _wanted(self, query: str, also: Sequence[Expansion], count: int) -> list[Wanted]:
        """What to look for; other forms only of acronyms that narrow the search, or where all papers are found."""
        stems, wanted = self.stems(query), []
        common = max(_COMMON, count / max(self.papers.count(), 1))
        for expansion in also:
            typed = [stem for stem in self.stems(expansion.typed) if stem in stems]
            instead = tuple((self._spell.analyze(form), weight) for form, weight in expansion.others)
            words = [form[0] for form in (typed, *(form for form, _ in instead)) if len(form) == 1]
            if typed and max(self.rarity(words), default=0.0) <= common:
                wanted.append(Wanted(typed, instead))
                stems = [stem for stem in stems if stem not in typed]
        return [*wanted, *(Wanted([stem]) for stem in stems)]

    def rarity(self, stems: Sequence[str]) -> list[float]:
        """For each stem the share of papers that hold it, in [0, 1]."""
        return self.papers.rarity(stems)

    def rarity_of(self, meanings: Sequence[str]) -> list[float]:
        """For each of `meanings` the share of papers that hold it, or its plural where that is indexed apart."""
        plurals = [f"{stem}s" if len(stem) > 1 else stem for stem in meanings]
        return [max(pair) for pair in zip(self.rarity(meanings), self.rarity(plurals), strict=True)]

    def probe(self) -> None:
        """Make both indexes answer; LibraryError where one does not."""
        self.chunks.probe()
        self.papers.probe()

    def weights_at(self, text: str, spans: Sequence[tuple[int, int]]) -> Floats:
        """For each span of `text` the square root of the idf of the word it lies in; 0 in function words.

        What late interaction weighs a question's tokens by.
        """
        words = [(*word.span(), self.stems(word.group())) for word in re.finditer(r"\w+", text)]
        stems = list(dict.fromkeys(stem for *_, told in words for stem in told))
        share = dict(zip(stems, self.rarity(stems), strict=True))
        weights = np.zeros(len(spans), np.float32)
        for first, last, told in words:
            for position, (start, end) in enumerate(spans):
                if told and first <= start and end <= last:
                    weights[position] = math.sqrt(rarity_weight(max(share[stem] for stem in told)))
        return weights

    def count(self) -> int:
        """How many chunks are held."""
        return self.chunks.count()

    def ids(self) -> set[str]:
        """Every chunk id held."""
        return self.chunks.ids()


def whole_text(chunks: Sequence[Indexed]) -> str:
    """A paper's text from its chunks in order, what they share counted once; what others wrote is left out.

    A paper is not about the titles in its list of references.
    """
    parts, reached = [], 0
    for row in sorted(chunks, key=lambda row: row.chunk.position):
        if row.chunk.kind == "references":
            continue
        parts.append(row.chunk.text[max(reached - row.chunk.start, 0) :])
        reached = max(reached, row.chunk.end)
    return "\n".join(parts)
