"""Words in a folder: one tantivy index, with English stemming.

Refuses to know what its items are made of, but for the facts of their papers that filters look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tantivy

from index.bm25 import inverse_frequency
from index.disk import trouble
from index.errors import LibraryError
from index.filters import Bounds, organization_key
from index.rows import Indexed
from index.vectors import Hit
from index.words import Wanted

_WRITER_BYTES = 50_000_000


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
        return sum(inverse_frequency(number, total) for number in held)

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
