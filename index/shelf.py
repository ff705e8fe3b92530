"""The reading half of the catalog: papers, passages and counts, as readers may see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Engine, exists, func, or_, select

from index.acronyms import Acronym, Explained
from index.among import among
from index.authors import written_by
from index.filters import Bounds, bounds
from index.merge import title_key
from index.remembered import Remembered
from index.rows import CHUNK, chunk_of, document_of, paper_of, sections_of
from index.schema import Chunk, Document, Filters, Paper, Section, Unreadable
from index.tables import CHANGE, MARKED, acronyms, chunks, facts, failures, papers, records, vectors
from index.tags import Tags

Located = dict[str, tuple[Paper, Chunk]]
"""Chunks with their papers, by chunk id."""


class Spot(NamedTuple):
    """Where a chunk stands: in which paper, and whether in its list of references. Enough to rank it by."""

    paper_id: str
    lists: bool


Spots = dict[str, Spot]
"""Spots by chunk id."""

_PAGE = 500


class Shelf:
    """What can be read of a library's database; papers are shown only once they are ready."""

    engine: Engine
    remembered: Remembered

    @property
    def tags(self) -> Tags:
        return Tags(self.engine)

    def bounds(self, filters: Filters) -> Bounds:
        """The filters in the terms of all three stores, tags as the papers that carry them."""
        return bounds(filters, self.tags.papers(filters.tags) if filters.tags else None)

    def paper(self, paper_id: str) -> Paper | None:
        document = self.document(paper_id)
        return document.paper if document else None

    def document(self, paper_id: str) -> Document | None:
        """A ready paper with its text."""
        query = select(papers).where(papers.c.id == paper_id, papers.c.state == "ready")
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
            return document_of(row) if row else None

    def find(self, name: str, limit: int = 5) -> list[Paper]:
        """Ready papers whose id, arXiv id, DOI or normalised title is `name`, else whose title begins so."""
        key = title_key(name)
        exact = or_(
            papers.c.id == name, papers.c.arxiv_id == name, papers.c.doi == name, papers.c.title_key == key
        )
        for condition in (exact, papers.c.title_key.startswith(key, autoescape=True)):
            found = self._papers(
                select(papers.c.paper).where(papers.c.state == "ready", condition).limit(limit)
            )
            if found:
                return found
        return []

    def named(self, keys: Sequence[str]) -> list[Paper]:
        """Ready papers whose normalised title or short name is one of `keys`."""
        found: dict[str, Paper] = {}
        for page in pages(keys):
            called = or_(papers.c.title_key.in_(page), papers.c.name_key.in_(page))
            query = select(papers.c.paper).where(papers.c.state == "ready", called)
            found |= {paper.id: paper for paper in self._papers(query)}
        return list(found.values())

    def chunks_of(self, paper_id: str) -> list[Chunk]:
        """A ready paper's chunks in order."""
        query = chunk_columns().where(chunks.c.paper_id == paper_id, papers.c.state == "ready")
        with self.engine.connect() as connection:
            return [chunk_of(row) for row in connection.execute(query.order_by(chunks.c.position))]

    def opening(self, paper_id: str, characters: int) -> list[Chunk]:
        """The chunks of a ready paper that begin within the first characters of its text, in order; no references."""
        begins = (
            chunks.c.paper_id == paper_id,
            chunks.c.start < characters,
            papers.c.state == "ready",
            own_words(),
        )
        with self.engine.connect() as connection:
            rows = connection.execute(chunk_columns().where(*begins).order_by(chunks.c.position))
            return [chunk_of(row) for row in rows]

    def layout(self, paper_id: str) -> tuple[bytes, str] | None:
        """A ready paper's layout, packed, and the SHA-256 of its file; None where there is no such paper."""
        query = select(papers.c.layout, papers.c.file).where(
            papers.c.id == paper_id, papers.c.state == "ready"
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
            return (row.layout or b"", row.file or "") if row else None

    def sections(self, paper_ids: Sequence[str]) -> dict[str, tuple[Section, ...]]:
        """The sections of ready papers by paper id."""
        query = select(papers.c.id, papers.c.sections).where(papers.c.state == "ready")
        with self.engine.connect() as connection:
            return {
                row.id: sections_of(row.sections)
                for page in pages(paper_ids)
                for row in connection.execute(query.where(papers.c.id.in_(page)))
            }

    def papers(self, filters: Filters, words: str, offset: int, limit: int) -> list[Paper]:
        """Ready papers in scope, newest first, of which each word stands in the title or is an author's family name.

        Where all the words together are an author's name, that is what they mean.
        """
        said = _told_of(words)
        if len(words.split()) > 1 and self.written_by(words):
            said = [named for named in (written_by(words),) if named is not None]
        query = select(papers.c.paper).where(*in_scope(self.bounds(filters)), *said)
        newest = (papers.c.day.desc().nulls_last(), papers.c.title_key)  # as an index has it
        return self._papers(query.order_by(*newest).offset(offset).limit(limit))

    def written_by(self, name: str) -> list[str]:
        """The ids of the ready papers one of whose authors has that name or family name, in order."""
        condition = written_by(name)
        if condition is None:
            return []
        query = select(papers.c.id).where(papers.c.state == "ready", condition).order_by(papers.c.id)
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def state(self) -> tuple[int, int, str]:
        """Differs where other papers are ready: the last change, the last that was marked, and when a paper was."""
        numbers = select(facts.c.key, facts.c.value).where(facts.c.key.in_((CHANGE, MARKED)))
        with self.engine.connect() as connection:
            told = {row.key: int(row.value) for row in connection.execute(numbers)}
        return told.get(CHANGE, 0), told.get(MARKED, 0), self.updated() or ""

    def count(self, filters: Filters) -> int:
        """How many ready papers are in scope."""
        if filters.empty:
            return self.remembered.get("count", lambda: self._count(filters))
        return self._count(filters)

    def _count(self, filters: Filters) -> int:
        query = select(func.count()).select_from(papers).where(*in_scope(self.bounds(filters)))
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def counts(self) -> dict[str, int]:
        """Rows by kind: papers ready and pending, chunks, vectors, failures."""
        states = select(papers.c.state, func.count()).group_by(papers.c.state)
        with self.engine.connect() as connection:
            found = {"ready": 0, "pending": 0} | {row[0]: row[1] for row in connection.execute(states)}
            for table in (chunks, vectors, failures):
                found[table.name] = connection.scalar(select(func.count()).select_from(table)) or 0
            return found

    def days(self) -> tuple[str | None, str | None]:
        """The publication dates of the oldest and the newest dated paper."""
        dated = select(papers.c.paper).where(papers.c.state == "ready", papers.c.day.is_not(None)).limit(1)
        oldest = self._papers(dated.order_by(papers.c.day))
        newest = self._papers(dated.order_by(papers.c.day.desc()))
        return (oldest[0].published if oldest else None, newest[0].published if newest else None)

    def updated(self) -> str | None:
        """When a paper was last written, ISO 8601 in UTC."""
        with self.engine.connect() as connection:
            latest: str | None = connection.scalar(select(func.max(papers.c.updated)))
            return latest

    def organizations(self) -> list[tuple[str, int]]:
        """Organisations with their number of papers, most first."""
        return list(self.remembered.get("organizations", self._organizations))

    def _organizations(self) -> list[tuple[str, int]]:
        query = (
            select(func.max(papers.c.organization), func.count())
            .where(papers.c.state == "ready", papers.c.organization_key.is_not(None))
            .group_by(papers.c.organization_key)
            .order_by(func.count().desc(), papers.c.organization_key)
        )
        with self.engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def sources(self) -> list[tuple[str, int]]:
        """Source names with their number of papers, in alphabetical order."""
        number = func.count(records.c.paper_id.distinct())
        query = select(records.c.name, number).group_by(records.c.name).order_by(records.c.name)
        with self.engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def unreadable(self) -> list[Unreadable]:
        with self.engine.connect() as connection:
            query = select(failures.c.place, failures.c.reason).order_by(failures.c.place)
            return [Unreadable(place=row.place, reason=row.reason) for row in connection.execute(query)]

    def located(self, chunk_ids: Sequence[str]) -> Located:
        """The chunks of those ids, with their papers; those of papers not ready are left out."""
        query = chunk_columns().where(papers.c.state == "ready")
        with self.engine.connect() as connection:
            return {
                row.id: (paper_of(row.paper), chunk_of(row))
                for page in pages(chunk_ids)
                for row in connection.execute(query.where(chunks.c.id.in_(page))).all()
            }

    def spots(self, chunk_ids: Sequence[str]) -> Spots:
        """Where the chunks of those ids stand, whether or not their papers are ready; no text is read."""
        return self._spots(chunks.c.id, chunk_ids)

    def first_spots(self, paper_ids: Sequence[str]) -> Spots:
        """The same for the first chunk of each paper."""
        return self._spots(chunks.c.paper_id, paper_ids, chunks.c.position == 0)

    def _spots(self, column: Any, wanted: Sequence[str], *conditions: ColumnElement[bool]) -> Spots:
        query = select(chunks.c.id, chunks.c.paper_id, chunks.c.kind).where(*conditions)
        with self.engine.connect() as connection:
            return {
                chunk_id: Spot(paper_id, kind == "references")
                for page in pages(wanted)
                for chunk_id, paper_id, kind in connection.execute(query.where(column.in_(page))).all()
            }

    def acronyms(self, forms: Sequence[str]) -> list[Explained]:
        """All explanations of each short form that is one of `forms` or means one, spelled as by `spelling`."""
        counted = select(acronyms.c.short, acronyms.c.long, func.count().label("papers"))
        found: dict[Acronym, int] = {}
        with self.engine.connect() as connection:
            for page in pages(forms):
                used = or_(acronyms.c.short.in_(page), acronyms.c.spelling.in_(page))
                shorts = select(acronyms.c.short).where(used)
                explained = counted.where(acronyms.c.short.in_(shorts)).group_by("short", "long")
                for row in connection.execute(explained):
                    found[Acronym(row.short, row.long)] = row.papers
        return [Explained(acronym, number) for acronym, number in found.items()]

    def unfit(self, model: str) -> int:
        """How many chunks have no vector of `model`, or do not lie inside their paper's text."""
        wanting = select(func.count()).select_from(
            chunks.join(papers, papers.c.id == chunks.c.paper_id).outerjoin(
                vectors, (vectors.c.chunk_id == chunks.c.id) & (vectors.c.model == model)
            )
        )
        outside = (chunks.c.start >= chunks.c.end) | (chunks.c.end > func.length(papers.c.text))
        with self.engine.connect() as connection:
            return connection.scalar(wanting.where(vectors.c.chunk_id.is_(None) | outside)) or 0

    def paper_ids(self) -> list[str]:
        """Every paper's id, in any state, in order."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(papers.c.id).order_by(papers.c.id)))

    def files(self) -> set[str]:
        """The files that papers' pages are shown from, by their SHA-256."""
        with self.engine.connect() as connection:
            return set(connection.scalars(select(papers.c.file).where(papers.c.file.is_not(None)).distinct()))

    def chunk_ids(self) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(select(chunks.c.id)))

    def chunk_beginnings(self) -> NDArray[np.uint64]:
        """The first 16 hex digits of all chunks' ids as numbers, in order: eight bytes a chunk."""
        with self.engine.connect() as connection:
            ids = connection.scalars(select(chunks.c.id)).yield_per(10_000)
            return np.sort(np.fromiter((int(chunk_id[:16], 16) for chunk_id in ids), np.uint64))

    def _papers(self, query: Any) -> list[Paper]:
        with self.engine.connect() as connection:
            return [paper_of(row.paper) for row in connection.execute(query)]


def own_words() -> ColumnElement[bool]:
    """What holds of the chunks of a paper's own words: a list of references is of others' titles."""
    return or_(chunks.c.kind.is_(None), chunks.c.kind != "references")


def pages(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]


def in_scope(scope: Bounds, pending: bool = False) -> list[ColumnElement[bool]]:
    """What holds of the papers in scope; `pending` lets in those that readers may not see yet."""
    conditions: list[ColumnElement[bool]] = [] if pending else [papers.c.state == "ready"]
    if scope.papers is not None:
        conditions.append(among(papers.c.id, scope.papers))
    if scope.excluded:
        conditions.append(~among(papers.c.id, scope.excluded))
    if scope.first_day is not None:
        conditions.append(papers.c.day >= scope.first_day)
    if scope.last_day is not None:
        conditions.append(papers.c.day <= scope.last_day)
    if scope.organizations:
        conditions.append(papers.c.organization_key.in_(scope.organizations))
    if scope.min_comments is not None:
        conditions.append(papers.c.comments >= scope.min_comments)
    if scope.sources:
        conditions.append(
            exists().where(records.c.paper_id == papers.c.id, records.c.name.in_(scope.sources))
        )
    return conditions


def _told_of(words: str) -> list[ColumnElement[bool]]:
    """For each of `words`, that it stands in the title or is an author's family name."""
    conditions = []
    for word in words.split():
        spelled = any(character.isalnum() for character in word)  # then an index tells, in whatever accents
        column, sought = (papers.c.title_key, title_key(word)) if spelled else (papers.c.title, word)
        titled, written = column.contains(sought, autoescape=True), written_by(word)
        conditions.append(titled if written is None else or_(titled, written))
    return conditions


def chunk_columns() -> Any:
    """Chunks as `chunk_of` reads them, each with its paper."""
    text = func.substr(papers.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start).label("text")
    kind = func.coalesce(chunks.c.kind, "text").label("kind")
    named = {column.name: column for column in (*chunks.c, text, kind)}
    told = (named[name] for name in CHUNK)
    return select(*told, papers.c.paper, papers.c.day).join(papers, papers.c.id == chunks.c.paper_id)
