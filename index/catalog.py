"""The catalog: the truth about a library, in SQL.

Owns papers, texts, chunks, vectors' bytes and the change number that the caches follow. Knows nothing
of Chroma, tantivy or models. A paper is `pending` from the transaction that writes it until the caches
have followed, and only `ready` papers are shown to readers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    delete,
    insert,
    or_,
    select,
    update,
)

from index.among import among
from index.arrivals import drop_arrivals, note_arrivals
from index.authors import author_rows
from index.contents import forget_contents
from index.database import file_database, server_database, shown
from index.disk import trouble, watch
from index.errors import LibraryError
from index.failpoints import reached
from index.identity import same_paper, share_identifier, versions_of_one
from index.merge import title_key
from index.migrate import Tables, bring_up
from index.remembered import Remembered
from index.rows import (
    Entry,
    Indexed,
    Record,
    Vector,
    acronym_rows,
    chunk_of,
    chunk_row,
    document_of,
    paper_of,
    paper_row,
    record_of,
    record_rows,
    vector_rows,
)
from index.schema import Document, Paper, Unreadable
from index.settings import StorageSettings
from index.shelf import Shelf, chunk_columns, pages
from index.tables import (
    CHANGE,
    MARKED,
    acronyms,
    authors,
    chunks,
    facts,
    failures,
    metadata,
    papers,
    records,
    removals,
    vectors,
)
from index.tags import drop_tags

CATALOG = Tables("catalog", metadata, Path(__file__).parent / "migrations" / "versions")
_OF_PAPERS = (papers.c.id, chunks.c.paper_id, records.c.paper_id, acronyms.c.paper_id, authors.c.paper_id)


class Catalog(Shelf):
    """A library's database. Each public method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.remembered = Remembered(self.state)
        self.fence: Callable[[Connection], None] = lambda connection: None
        """Called within each transaction that changes papers; what it raises undoes it."""
        try:
            bring_up(self.engine, CATALOG)
        except LibraryError:
            raise
        except Exception as error:
            raise trouble(error, shown(engine)) or LibraryError(
                f"The catalog {shown(engine)} cannot be opened: {error}"
            ) from error

    @classmethod
    def in_folder(cls, folder: Path) -> Catalog:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The library's folder {folder} cannot be made: {error.strerror}. Name another with --library."
            ) from error
        engine = file_database(folder)
        watch(engine, folder)
        return cls(engine)

    @classmethod
    def of(cls, folder: Path, storage: StorageSettings) -> Catalog:
        """The catalog of the library in a folder: on a server where the settings name one, else in the folder."""
        if not storage.database:
            return cls.in_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(server_database(storage))

    def close(self) -> None:
        self.engine.dispose()

    # Facts

    def fact(self, key: str) -> str | None:
        with self.engine.connect() as connection:
            value: str | None = connection.scalar(select(facts.c.value).where(facts.c.key == key))
            return value

    def set_fact(self, key: str, value: str) -> None:
        with self.engine.begin() as connection:
            _put_fact(connection, key, value)

    def change(self) -> int:
        """The number of the last change; 0 for a new library."""
        return int(self.fact(CHANGE) or 0)

    @property
    def pending(self) -> bool:
        """Whether a paper waits for the caches to follow, or for that to be noted."""
        with self.engine.connect() as connection:
            waiting = select(papers.c.id).where(papers.c.state == "pending").limit(1)
            return connection.scalar(waiting) is not None

    # Writing

    def known(self, paper: Paper) -> Paper | None:
        """The stored paper that a description is of, in any state, if there is one.

        Papers meet by their own id, arXiv id or DOI, else by normalised title and, where both are known, first
        author, unless ids that both carry say that they differ.
        """
        same = [papers.c.title_key == title_key(paper.title)]
        same += [papers.c.id == paper.id] if paper.id else []
        same += [papers.c.arxiv_id == paper.arxiv_id] if paper.arxiv_id else []
        same += [papers.c.doi == paper.doi] if paper.doi else []
        matching = [other for other in self._met(or_(*same)) if same_paper(paper, other)]
        return max(matching, key=lambda other: share_identifier(paper, other), default=None)

    def held(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are an id, an arXiv id, a DOI or a title key of a stored paper, in any state."""
        found: set[str] = set()
        with self.engine.connect() as connection:
            for column in (papers.c.id, papers.c.arxiv_id, papers.c.doi, papers.c.title_key):
                for page in pages(sorted(keys)):
                    found.update(connection.scalars(select(column).where(column.in_(page))))
        return found

    def versions(self, paper: Paper) -> list[Paper]:
        """The other ready papers that are versions of the same work, in the order of their ids."""
        same = self._met(papers.c.title_key == title_key(paper.title), papers.c.state == "ready")
        return [other for other in same if versions_of_one(paper, other)]

    def _met(self, *conditions: ColumnElement[bool]) -> list[Paper]:
        return self._papers(select(papers.c.paper).where(*conditions).order_by(papers.c.id))

    def records(self, paper_id: str) -> list[Record]:
        """What each source said of a paper, in the order first met."""
        query = (
            select(records).where(records.c.paper_id == paper_id).order_by(records.c.added, records.c.ordinal)
        )
        with self.engine.connect() as connection:
            return [record_of(row) for row in connection.execute(query)]

    def papers_of(self, source: str) -> dict[str, str]:
        """The titles of a source's papers, by id, in the order in which it was first read."""
        query = (
            select(records.c.paper_id, papers.c.title)
            .join(papers, papers.c.id == records.c.paper_id)
            .where(records.c.source == source)
            .order_by(papers.c.change, papers.c.id)
        )
        with self.engine.connect() as connection:
            return {row.paper_id: row.title for row in connection.execute(query)}

    def entry(self, paper_id: str) -> Document | None:
        """The stored document of a paper in any state."""
        with self.engine.connect() as connection:
            row = connection.execute(select(papers).where(papers.c.id == paper_id)).first()
            return document_of(row) if row else None

    def known_vectors(self, chunk_ids: Sequence[str], model: str, signed: bool = False) -> set[str]:
        """Which of the chunks have a vector of `model`; where `signed`, those of their tokens too."""
        query = select(vectors.c.chunk_id).where(vectors.c.model == model)
        if signed:
            query = query.where(vectors.c.signs.is_not(None))
        found: set[str] = set()
        with self.engine.connect() as connection:
            for page in pages(chunk_ids):
                found.update(connection.scalars(query.where(vectors.c.chunk_id.in_(page))))
        return found

    def write(
        self,
        entries: Sequence[Entry],
        new_vectors: Mapping[str, Vector],
        model: str,
        new_signs: Mapping[str, bytes] = MappingProxyType({}),
    ) -> int:
        """Store papers as pending with their records, chunks and new vectors; returns the change's number.

        `new_signs` are the chunks' token vectors as `index.late` keeps them, where the model tells them.
        """
        with self.engine.begin() as connection:
            self.fence(connection)
            change = _next_change(connection)
            ids = [entry.document.paper.id for entry in entries]
            before = set(connection.scalars(select(chunks.c.id).where(chunks.c.paper_id.in_(ids))))
            note_arrivals(connection, ids)
            for column in _OF_PAPERS:
                connection.execute(delete(column.table).where(column.in_(ids)))
            _insert(connection, papers, [paper_row(entry.document, change) for entry in entries])
            wrote = [row for entry in entries for row in author_rows(entry.document.paper)]
            _insert(connection, authors, wrote)
            said = [row for entry in entries for row in record_rows(entry.document.paper.id, entry.records)]
            _insert(connection, records, said)
            read = ((entry.document.paper, entry.document.text) for entry in entries)
            told = [row for paper, text in read for row in acronym_rows(paper.id, paper.title, text)]
            _insert(connection, acronyms, told)
            rows = [chunk_row(chunk) for entry in entries for chunk in entry.chunks]
            _insert(connection, chunks, rows)
            after = {row["id"] for row in rows}
            for page in pages([*after, *ids]):
                connection.execute(delete(removals).where(removals.c.item.in_(page)))
            _drop_chunks(connection, before - after, change)
            for page in pages(list(new_vectors)):
                stale = vectors.c.chunk_id.in_(page)
                connection.execute(delete(vectors).where(vectors.c.model == model, stale))
            _insert(connection, vectors, vector_rows(new_vectors, new_signs, model))
            reached("catalog.writing")
        reached("catalog.written")
        return change

    def write_records(self, paper_id: str, said: Sequence[Record]) -> None:
        """Replace a paper's records where the paper itself stays as it is."""
        with self.engine.begin() as connection:
            connection.execute(delete(records).where(records.c.paper_id == paper_id))
            _insert(connection, records, list(record_rows(paper_id, said)))
        reached("catalog.records_written")

    def mark_ready(self, change: int) -> None:
        """The caches hold everything up to `change`: its papers may be shown."""
        with self.engine.begin() as connection:
            pending = papers.c.state == "pending"
            connection.execute(update(papers).where(pending, papers.c.change <= change).values(state="ready"))
            connection.execute(delete(removals).where(removals.c.change <= change))
            _put_fact(connection, MARKED, str(change))
            reached("catalog.marking")
        reached("catalog.marked")

    def remove(self, paper_ids: Sequence[str], for_good: bool = True) -> int:
        """Forget papers and all that hangs on them; returns the change's number.

        Where it is not `for_good` their vectors, tags and arrivals stay, for `index.aside` to bring them back.
        """
        with self.engine.begin() as connection:
            self.fence(connection)
            change = _next_change(connection)
            gone = set(connection.scalars(select(chunks.c.id).where(among(chunks.c.paper_id, paper_ids))))
            forget_contents(connection, paper_ids)
            for column in _OF_PAPERS:
                connection.execute(delete(column.table).where(among(column, paper_ids)))
            if for_good:
                drop_tags(connection, paper_ids)
                drop_arrivals(connection, paper_ids)
            _drop_chunks(connection, gone, change, for_good)
            known = set(connection.scalars(select(removals.c.item).where(among(removals.c.item, paper_ids))))
            rows = [{"item": paper_id, "change": change} for paper_id in paper_ids if paper_id not in known]
            _insert(connection, removals, rows)
            reached("catalog.removing")
        reached("catalog.removed")
        return change

    def set_failures(self, source: str, found: Sequence[Unreadable]) -> None:
        """Replace what is known of a source's unreadable entries."""
        with self.engine.begin() as connection:
            connection.execute(delete(failures).where(failures.c.source == source))
            rows = {
                item.place: {"source": source, "place": item.place, "reason": item.reason} for item in found
            }
            _insert(connection, failures, list(rows.values()))
        reached("catalog.failures_written")

    # Following

    def changed(self, since: int) -> Iterator[list[Indexed]]:
        """Chunks of papers written after change `since`, a page at a time, in any state."""
        query = select(papers.c.id).where(papers.c.change > since).order_by(papers.c.change, papers.c.id)
        with self.engine.connect() as connection:
            ids = list(connection.scalars(query))
        for page in pages(ids):
            yield self._indexed(page)

    def removed(self, since: int) -> list[str]:
        """Ids of chunks and of papers taken away after change `since`."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(removals.c.item).where(removals.c.change > since)))

    def settled(self, change: int) -> set[str]:
        """The ids of the chunks of papers that were not written after a change."""
        query = select(chunks.c.id).join(papers, papers.c.id == chunks.c.paper_id)
        with self.engine.connect() as connection:
            return set(connection.scalars(query.where(papers.c.change <= change)))

    def vectors_of(self, chunk_ids: Sequence[str], model: str) -> dict[str, Vector]:
        """The stored vectors, float32 of shape (dimension,), by chunk id; those of other models are left out."""
        query = select(vectors.c.chunk_id, vectors.c.vector).where(vectors.c.model == model)
        found: dict[str, Vector] = {}
        with self.engine.connect() as connection:
            for page in pages(chunk_ids):
                for row in connection.execute(query.where(vectors.c.chunk_id.in_(page))).all():
                    found[row.chunk_id] = np.frombuffer(row.vector, dtype=np.float32)
        return found

    def signs_of(self, chunk_ids: Sequence[str], model: str) -> dict[str, bytes]:
        """The chunks' token vectors as `index.late` keeps them; those without are left out."""
        query = select(vectors.c.chunk_id, vectors.c.signs).where(
            vectors.c.model == model, vectors.c.signs.is_not(None)
        )
        with self.engine.connect() as connection:
            return {
                row.chunk_id: row.signs
                for page in pages(chunk_ids)
                for row in connection.execute(query.where(vectors.c.chunk_id.in_(page))).all()
            }

    def _indexed(self, paper_ids: Sequence[str]) -> list[Indexed]:
        named = select(records.c.paper_id, records.c.name).where(records.c.paper_id.in_(paper_ids)).distinct()
        wanted = (
            chunk_columns()
            .where(chunks.c.paper_id.in_(paper_ids))
            .order_by(chunks.c.paper_id, chunks.c.position)
        )
        with self.engine.connect() as connection:
            sources: dict[str, list[str]] = {}
            for row in connection.execute(named):
                sources.setdefault(row.paper_id, []).append(row.name)
            return [
                Indexed(
                    chunk=chunk_of(row),
                    paper=paper_of(row.paper),
                    day=row.day,
                    sources=tuple(sorted(sources.get(row.paper_id, ()))),
                )
                for row in connection.execute(wanted)
            ]


def _insert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _put_fact(connection: Connection, key: str, value: str) -> None:
    if connection.execute(update(facts).where(facts.c.key == key).values(value=value)).rowcount == 0:
        connection.execute(insert(facts).values(key=key, value=value))


def _next_change(connection: Connection) -> int:
    stored = select(facts.c.value).where(facts.c.key == CHANGE).with_for_update()
    change = int(connection.scalar(stored) or 0) + 1
    _put_fact(connection, CHANGE, str(change))
    return change


def _drop_chunks(connection: Connection, gone: set[str], change: int, for_good: bool = True) -> None:
    for page in pages(sorted(gone)):
        connection.execute(delete(chunks).where(chunks.c.id.in_(page)))
        if for_good:
            connection.execute(delete(vectors).where(vectors.c.chunk_id.in_(page)))
        _insert(connection, removals, [{"item": chunk_id, "change": change} for chunk_id in page])
