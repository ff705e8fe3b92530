"""The keyword cache: BM25 in tantivy, with English stemming, over chunks and over whole papers.

Holds nothing that the catalog does not. A paper is one document of its title and all its text, since
words of a question that lie in different chunks of it should count together; a chunk is one of its own
words and its paper's title. The two are separate indexes, so that each has statistics of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tantivy

from index.acronyms import Expansion, in_singular
from index.disk import trouble
from index.errors import LibraryError
from index.failpoints import reached
from index.filters import Bounds, organization_key
from index.fusion import rarity_weight
from index.late import Floats
from index.rows import Indexed
from index.vectors import Hit

_WRITER_BYTES = 50_000_000
_COMMON = 0.2  # share of papers above which an acronym narrows nothing down


class Wanted(NamedTuple):
    """Stems to look for, and phrases with their weights that may stand instead of them.

    An item scores for the stems or for one of the phrases, whichever is more: saying both is no merit.
    """

    stems: list[str]
    instead: tuple[tuple[list[str], float], ...] = ()


class Keywords:
    """The two indexes in a folder. Raises LibraryError where one cannot be opened."""

    def __init__(self, folder: Path) -> None:
        self.chunks = WordIndex(folder / "chunks")
        self.papers = WordIndex(folder / "papers")
        self._stem = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.remove_long(40))
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.stopword("english"))
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )
        self._spell = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )

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
        weights = np.zeros(len(spans), np.float32)
        for word in re.finditer(r"\w+", text):
            shares = self.rarity(self.stems(word.group()))
            for position, (start, end) in enumerate(spans):
                if shares and word.start() <= start and end <= word.end():
                    weights[position] = math.sqrt(rarity_weight(max(shares)))
        return weights

    def count(self) -> int:
        """How many chunks are held."""
        return self.chunks.count()

    def ids(self) -> set[str]:
        """Every chunk id held."""
        return self.chunks.ids()


class WordIndex:
    """One tantivy index of items with the facts that filters look at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = _schema()
        try:
            self._index = tantivy.Index(self._schema, path=str(folder))
            self._index.reload()
        except (ValueError, OSError) as error:
            told = trouble(error, folder)
            raise told or LibraryError(f"The keyword index {folder} cannot be opened: {error}") from error

    def write(self, items: dict[str, tuple[Indexed, str]], removed: Sequence[str]) -> None:
        """Write each item's text under its paper's facts, take others away, and commit once."""
        try:
            writer = self._index.writer(_WRITER_BYTES, 1)
            writer.garbage_collect_files()  # what a killed commit left has the names that this one would give
            for item in (*removed, *items):
                writer.delete_documents_by_term("id", item)
            for item, (row, text) in items.items():
                writer.add_document(_document(item, row, text))
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
        except (ValueError, OSError) as error:
            told = trouble(error, self.folder)
            raise told or LibraryError(
                f"The keyword index {self.folder} cannot be written: {error}"
            ) from error

    def probe(self) -> None:
        """Find a stored item again by its id; LibraryError where that fails."""
        try:
            searcher = self._index.searcher()
            for _, address in searcher.search(tantivy.Query.all_query(), limit=1).hits:
                item = searcher.doc(address)["id"][0]
                found = searcher.search(tantivy.Query.term_query(self._schema, "id", item), limit=1)
                if not found.hits:
                    raise ValueError(f"{item} is stored and not found")
        except (ValueError, OSError, KeyError, IndexError) as error:
            raise LibraryError(f"The keyword index {self.folder} cannot be searched: {error}") from error

    def best(self, wanted: Sequence[Wanted], count: int, scope: Bounds) -> list[Hit]:
        if not wanted or scope.papers == ():
            return []
        any_word = _any([self._clause(each) for each in wanted])
        searcher = self._index.searcher()
        found = searcher.search(self._within(scope, [any_word]), limit=count, count=False)
        return [Hit(item=searcher.doc(address)["id"][0], score=score) for score, address in found.hits]

    def holding(
        self, stems: Sequence[str], begun: tuple[str, str] | None, scope: Bounds, offset: int, limit: int
    ) -> tuple[list[str], int]:
        """The items in scope that hold every stem and the word `begun`, given as (typed, stem)."""
        if scope.papers == () or not (stems or begun):
            return [], 0
        term = tantivy.Query.term_query
        clauses = [term(self._schema, "text", stem) for stem in stems]
        if begun:
            clauses.append(self._beginning(*begun))
        searcher = self._index.searcher()
        found: Any = searcher.search(self._within(scope, clauses), limit=limit, offset=offset, count=True)
        return [searcher.doc(address)["id"][0] for _, address in found.hits], found.count or 0

    def rarity(self, stems: Sequence[str]) -> list[float]:
        searcher = self._index.searcher()
        total = max(searcher.num_docs, 1)
        return [min(searcher.doc_freq("text", stem) / total, 1.0) for stem in stems]

    def count(self) -> int:
        return int(self._index.searcher().num_docs)

    def ids(self) -> set[str]:
        searcher = self._index.searcher()
        found = searcher.search(tantivy.Query.all_query(), limit=max(self.count(), 1), count=False)
        return {searcher.doc(address)["id"][0] for _, address in found.hits}

    def _clause(self, wanted: Wanted) -> tantivy.Query:
        typed = _any([self._phrase([stem]) for stem in wanted.stems])
        worth = self._worth(wanted.stems)
        others = [
            tantivy.Query.boost_query(self._phrase(form), weight * worth / self._worth(form))
            for form, weight in wanted.instead
        ]
        return tantivy.Query.disjunction_max_query([typed, *others]) if others else typed

    def _worth(self, stems: Sequence[str]) -> float:
        """The sum of the stems' idf, as BM25 has it: what forms are weighed by, to count as much as the one typed."""
        searcher = self._index.searcher()
        total = searcher.num_docs
        held = [min(searcher.doc_freq("text", stem), total) for stem in stems]
        return sum(math.log1p((total - number + 0.5) / (number + 0.5)) for number in held)

    def _phrase(self, stems: list[str]) -> tantivy.Query:
        if len(stems) == 1:
            return tantivy.Query.term_query(self._schema, "text", stems[0])
        return tantivy.Query.phrase_query(self._schema, "text", list(stems))

    def _beginning(self, typed: str, stem: str) -> tantivy.Query:
        """Words that begin as typed, and the word itself, which is indexed by its stem."""
        ways = [
            tantivy.Query.term_query(self._schema, "text", stem),
            tantivy.Query.regex_query(self._schema, "text", f"{typed}.*"),
        ]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, way) for way in ways])

    def _within(self, scope: Bounds, clauses: Sequence[tantivy.Query]) -> tantivy.Query:
        """All of the clauses, in scope; the scope adds nothing to the score."""
        limits = [tantivy.Query.const_score_query(limit, 0.0) for limit in self._limits(scope)]
        wanted = [(tantivy.Occur.Must, clause) for clause in (*clauses, *limits)]
        if scope.excluded:
            left_out = tantivy.Query.term_set_query(self._schema, "paper_id", list(scope.excluded))
            wanted.append((tantivy.Occur.MustNot, left_out))
        return tantivy.Query.boolean_query(wanted)

    def _limits(self, scope: Bounds) -> list[tantivy.Query]:
        query, schema = tantivy.Query, self._schema
        limits = []
        if scope.papers is not None:
            limits.append(query.term_set_query(schema, "paper_id", list(scope.papers)))
        if scope.first_day is not None or scope.last_day is not None:
            limits.append(
                query.range_query(schema, "day", tantivy.FieldType.Integer, scope.first_day, scope.last_day)
            )
        if scope.organizations:
            limits.append(query.term_set_query(schema, "organization", list(scope.organizations)))
        if scope.min_comments is not None:
            limits.append(
                query.range_query(schema, "comments", tantivy.FieldType.Integer, scope.min_comments, None)
            )
        if scope.sources:
            limits.append(query.term_set_query(schema, "source", list(scope.sources)))
        return limits


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


def _any(clauses: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("paper_id", "organization", "source"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("day", "comments"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name="en_stem", index_option="position")
    return builder.build()


def _document(item: str, row: Indexed, text: str) -> tantivy.Document:
    paper = row.paper
    document = tantivy.Document()
    document.add_text("id", item)
    document.add_text("paper_id", paper.id)
    document.add_text("text", f"{paper.title}\n{text}")
    if paper.organization:
        document.add_text("organization", organization_key(paper.organization))
    for source in row.sources:
        document.add_text("source", source)
    if row.day is not None:
        document.add_integer("day", row.day)
    if paper.comments is not None:
        document.add_integer("comments", paper.comments)
    return document
