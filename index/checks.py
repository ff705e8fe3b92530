"""What can be wrong with a library, each kind told by what is wrong: ids, names, rows.

Owns the looking. Changes nothing, and refuses to know what is to be done (`index.repairs` does).
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, and_, func, not_, or_, select, text

from index.aside import Aside
from index.checksums import digest_of
from index.identity import same_paper
from index.library import Library
from index.rows import Entry, document_of, record_of
from index.schema import Paper
from index.shelf import pages
from index.tables import acronyms, arrivals, authors, chunks, papers, records, removed, tags, vectors

_A_DAY = 86400  # seconds: what is younger may be somebody's at work
_PASSING = ("fetching-*", "backup-*", "restoring-*", "received/*", "uploads/*", "files/*.part")


class Unreadable(NamedTuple):
    """A row of which a value is not what its column holds, by the values of its key."""

    table: str
    key: tuple[Any, ...]


def database_faults(library: Library) -> list[str]:
    """What SQLite finds wrong with its file."""
    engine = library.catalog.engine
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        return [told for told in connection.scalars(text("PRAGMA integrity_check")) if told != "ok"]


def unreadable_rows(library: Library) -> list[Unreadable]:
    """Papers, records and papers set aside that cannot be read as what they are."""
    found = []
    with library.catalog.engine.connect() as connection:
        for table, query, read in _READ:
            for row in connection.execute(query).yield_per(100):
                try:
                    read(row)
                except (ValueError, TypeError, zlib.error):
                    key = tuple(row._mapping[column] for column in table.primary_key.columns)
                    found.append(Unreadable(table.name, key))
    return found


def _read_aside(row: Row[Any]) -> Entry:
    return Entry.model_validate_json(zlib.decompress(row.entry))


_READ: Sequence[tuple[Any, Select[Any], Callable[[Row[Any]], Any]]] = (
    (papers, select(papers), document_of),
    (records, select(records), record_of),
    (removed, select(removed), _read_aside),
)


def pending(library: Library) -> int:
    return library.catalog.counts()["pending"]


def records_without_paper(library: Library) -> list[str]:
    """The ids of papers that only their records are left of."""
    query = select(records.c.paper_id).distinct().where(records.c.paper_id.not_in(select(papers.c.id)))
    with library.catalog.engine.connect() as connection:
        return sorted(connection.scalars(query))


def rows_of_no_paper(library: Library) -> list[Row[Any]]:
    """Tags, arrivals, authors and acronyms of papers that are neither there nor set aside; `name` is their table."""
    with library.catalog.engine.connect() as connection:
        return [
            row
            for table in (tags, arrivals, authors, acronyms)
            for row in connection.execute(
                select(text(f"'{table.name}' AS name_of_table"), table).where(of_no_paper(table))
            )
        ]


def of_no_paper(table: Any) -> ColumnElement[bool]:
    """What holds of the rows of papers that are neither there nor set aside."""
    return and_(
        table.c.paper_id.not_in(select(papers.c.id)), table.c.paper_id.not_in(select(removed.c.paper_id))
    )


def chunks_of_no_paper(library: Library) -> list[str]:
    return _ids(library, select(chunks.c.id).where(chunks.c.paper_id.not_in(select(papers.c.id))))


def chunks_outside(library: Library) -> list[str]:
    """The ids of the chunks that do not lie inside their paper's text."""
    beyond = or_(
        chunks.c.start < 0, chunks.c.start >= chunks.c.end, chunks.c.end > func.length(papers.c.text)
    )
    return _ids(library, select(chunks.c.id).join(papers, papers.c.id == chunks.c.paper_id).where(beyond))


def papers_not_cut(library: Library) -> list[str]:
    """The ids of the papers that have words to cut and no chunks, or chunks with one missing between them."""
    uncut = _ids(library, select(papers.c.id).where(papers.c.id.not_in(select(chunks.c.paper_id))))
    found = ((paper_id, library.catalog.entry(paper_id)) for paper_id in uncut)
    whole = func.count() == func.max(chunks.c.position) + 1
    gaps = select(chunks.c.paper_id).group_by(chunks.c.paper_id).having(not_(whole))
    known = _ids(library, select(papers.c.id).where(papers.c.id.in_(gaps)))
    return [paper_id for paper_id, document in found if document and library.chunker.chunks(document)] + known


def chunks_without_vector(library: Library) -> tuple[list[str], list[str]]:
    """The ids of the chunks that have no vector of the library's model, and of those whose vector is none."""
    fingerprint = library.embedder.fingerprint
    missing, wrong = [], []
    for page in pages(sorted(library.catalog.chunk_ids())):
        held = library.catalog.vectors_of(page, fingerprint.key)
        missing += [chunk_id for chunk_id in page if chunk_id not in held]
        wrong += [
            chunk_id for chunk_id, vector in held.items() if not _is_unit(vector, fingerprint.dimension)
        ]
    return missing, wrong


def _is_unit(vector: Any, dimension: int) -> bool:
    return vector.shape == (dimension,) and bool(abs(np.linalg.norm(vector) - 1) < 1e-3)


def vectors_of_no_chunk(library: Library) -> list[str]:
    """The ids of the chunks, gone and not set aside, whose vectors are still kept."""
    orphans = select(vectors.c.chunk_id).distinct().where(vectors.c.chunk_id.not_in(select(chunks.c.id)))
    aside = {chunk_id for held in _ids(library, select(removed.c.chunks)) for chunk_id in held.split()}
    return sorted(set(_ids(library, orphans)) - aside)


def doubles(library: Library) -> list[tuple[str, str]]:
    """Pairs of ids of papers that are one by an arXiv id or a DOI, the earlier one first."""
    found = []
    for column in (papers.c.arxiv_id, papers.c.doi):
        one, other = papers.alias(), papers.alias()
        mine, theirs = func.lower(one.c[column.name]), func.lower(other.c[column.name])
        twice = select(one.c.id, other.c.id, one.c.paper, other.c.paper)
        with library.catalog.engine.connect() as connection:
            for first, second, paper, another in connection.execute(
                twice.where(mine == theirs, one.c.id < other.c.id)
            ):
                if same_paper(Paper.model_validate_json(paper), Paper.model_validate_json(another)):
                    found.append((first, second))
    return sorted(set(found))


def differing(wanted: set[str], held: set[str]) -> tuple[int, int]:
    """How many are missing, and how many too many."""
    return len(wanted - held), len(held - wanted)


def files_lost(library: Library) -> list[str]:
    """The kept files that papers are shown from and that are not there, or not what their name says."""
    return [
        name for name in sorted(library.catalog.files()) if not _is_whole(library.originals.path(name), name)
    ]


def _is_whole(path: Path | None, name: str) -> bool:
    try:
        return path is not None and digest_of(path) == name
    except OSError:
        return False


def files_unneeded(library: Library) -> list[str]:
    """The kept files that no paper is shown from, nor one set aside."""
    return sorted(library.originals.names() - library.catalog.files() - Aside(library.catalog).files())


def leftovers(library: Library) -> list[Path]:
    """What interrupted work left in the library's folder, more than a day old."""
    old = time.time() - _A_DAY
    found = [path for pattern in _PASSING for path in library.folder.glob(pattern)]
    return sorted(path for path in found if path.stat().st_mtime < old)


def _ids(library: Library, query: Select[Any]) -> list[str]:
    with library.catalog.engine.connect() as connection:
        return sorted(connection.scalars(query))
