"""Mending what is wrong with a library, as far as that loses nothing.

Owns the mending of each kind of fault that `index.checks` finds. What can be made again is made again: papers from what
their sources said, chunks and vectors from papers, caches from the catalog. What cannot, and has to go, is written into
`taken-out.jsonl` in the library's folder before, and told. Each function says in words what it did.
"""

from __future__ import annotations

import base64
import json
import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, Table, delete, select, update

from index import checks
from index.checksums import digest_of
from index.contents import forget_contents
from index.library import Library
from index.merge import merge
from index.rows import Entry, Record, paper_row, record_of, sections_of
from index.schema import Document, Paper
from index.shelf import pages
from index.tables import acronyms, arrivals, authors, chunks, metadata, papers, records, tags, vectors

TAKEN_OUT = "taken-out.jsonl"


def take_out(library: Library, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep rows that are to be deleted, a line of JSON each; bytes in base64."""
    with (library.folder / TAKEN_OUT).open("a", encoding="utf-8") as file:
        for row in rows:
            held = {
                name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
                for name, value in row.items()
            }
            file.write(json.dumps({"table": table, "row": held}, ensure_ascii=False) + "\n")


def mend_unreadable(library: Library) -> str:
    """Papers anew from their records or from their columns; records and papers set aside are taken out."""
    anew, out = 0, 0
    for table, key in checks.unreadable_rows(library):
        if table == "papers":
            _write_again(library, str(key[0]))
            anew += 1
        else:
            _drop_row(library, metadata.tables[table], key)
            out += 1
    told = [f"{anew} papers written anew from what their sources said"] if anew else []
    if out:
        told.append(f"{out} rows taken out to {TAKEN_OUT}: add the files of those papers again")
    return "; ".join(told)


def _write_again(library: Library, paper_id: str) -> None:
    said = readable_records(library, paper_id)
    with library.catalog.engine.begin() as connection:
        row = connection.execute(select(papers).where(papers.c.id == paper_id)).one()._mapping
        document = _as_paper(
            merge([record.document for record in said])[0] if said else _of_columns(row), paper_id
        )
        known = ("layout", "file", "text", "state", "updated")
        values = paper_row(document, row["change"]) | {name: row[name] for name in known}
        connection.execute(update(papers).where(papers.c.id == paper_id).values(values))


def readable_records(library: Library, paper_id: str) -> list[Record]:
    """What sources said of a paper, as far as it can be read."""
    query = select(records).where(records.c.paper_id == paper_id).order_by(records.c.added, records.c.ordinal)
    said = []
    with library.catalog.engine.connect() as connection:
        for row in connection.execute(query):
            try:
                said.append(record_of(row))
            except (ValueError, zlib.error):
                continue
    return said


def _of_columns(row: RowMapping) -> Document:
    """A paper as far as its columns tell."""
    paper = Paper(
        id=row["id"],
        title=row["title"],
        abstract=row["text"],
        organization=row["organization"],
        comments=row["comments"],
        arxiv_id=row["arxiv_id"],
        doi=row["doi"],
    )
    try:
        sections = sections_of(row["sections"])
    except (ValueError, TypeError):
        sections = ()
    return Document(paper=paper, text=row["text"], sections=sections)


def _as_paper(document: Document, paper_id: str) -> Document:
    return document.model_copy(update={"paper": document.paper.model_copy(update={"id": paper_id})})


def _drop_row(library: Library, table: Table, key: Sequence[Any]) -> None:
    where = [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]
    with library.catalog.engine.begin() as connection:
        row = connection.execute(select(table).where(*where)).one()._mapping
        take_out(library, table.name, [dict(row)])
        if table is records:
            forget_contents(connection, [row["paper_id"]])
        connection.execute(delete(table).where(*where))


def bring_papers_back(library: Library) -> str:
    """Papers that only their records are left of."""
    ids = checks.records_without_paper(library)
    library.renew([_from_records(paper_id, readable_records(library, paper_id)) for paper_id in ids])
    return f"{len(ids)} papers made again from what their sources said"


def _from_records(paper_id: str, said: Sequence[Record]) -> Entry:
    document = _as_paper(merge([record.document for record in said])[0], paper_id)
    return Entry(document=document, chunks=(), records=tuple(said))


def drop_rows_of_no_paper(library: Library) -> str:
    rows = checks.rows_of_no_paper(library)
    lost = [dict(row._mapping) for row in rows if row.name_of_table in ("tags", "arrivals")]
    for row in lost:
        take_out(library, row.pop("name_of_table"), [row])
    with library.catalog.engine.begin() as connection:
        for table in (tags, arrivals, authors, acronyms):
            connection.execute(delete(table).where(checks.of_no_paper(table)))
    return f"{len(rows)} rows deleted, {len(lost)} of them (tags and arrivals) kept in {TAKEN_OUT}"


def cut_anew(library: Library) -> str:
    """Chunks and vectors as the papers' texts make them, and caches that hold them."""
    of_none = checks.chunks_of_no_paper(library)
    _, wrong = checks.chunks_without_vector(library)
    with library.catalog.engine.begin() as connection:
        for page in pages(of_none):
            connection.execute(delete(chunks).where(chunks.c.id.in_(page)))
        for page in pages([*of_none, *wrong, *checks.vectors_of_no_chunk(library)]):
            connection.execute(delete(vectors).where(vectors.c.chunk_id.in_(page)))
    uncut = checks.papers_not_cut(library)
    library.renew([_stored(library, paper_id) for paper_id in uncut])
    library.rebuild()
    return (
        f"{len(of_none)} chunks of no paper deleted, {len(wrong)} vectors made anew, {len(uncut)} papers cut"
    )


def _stored(library: Library, paper_id: str) -> Entry:
    document = library.catalog.entry(paper_id)
    assert document is not None
    return Entry(document=document, chunks=(), records=tuple(library.catalog.records(paper_id)))


def make_one(library: Library) -> str:
    """Of each pair of papers that are one, the earlier, with what the sources of both said and the tags of both."""
    told = []
    for first, second in checks.doubles(library):
        both = (library.catalog.entry(first), library.catalog.entry(second))
        if None in both:
            continue  # one of three that were one
        said = _together(library.catalog.records(first), library.catalog.records(second))
        with library.catalog.engine.begin() as connection:
            known = select(tags.c.key).where(tags.c.paper_id == first)
            moved = update(tags).where(tags.c.paper_id == second, tags.c.key.not_in(known))
            connection.execute(moved.values(paper_id=first))
        library.renew([_from_records(first, said)], gone=[second])
        told.append(f"{second} is now part of {first}")
    return "; ".join(told)


def _together(mine: Sequence[Record], theirs: Sequence[Record]) -> list[Record]:
    """Both papers' records as one paper's: a source that named both has named it more often."""
    said = list(mine)
    for record in theirs:
        taken = max((one.ordinal for one in said if one.source == record.source), default=0)
        said.append(record.model_copy(update={"ordinal": taken + 1}))
    return said


def make_caches_anew(library: Library) -> str:
    library.rebuild()
    return "caches made anew from the catalog"


def find_files(library: Library) -> str:
    """Kept files from the places they came from; papers whose file is nowhere are no longer shown by their pages."""
    found, lost = 0, []
    for name in checks.files_lost(library):
        with library.catalog.engine.connect() as connection:
            ids = list(connection.scalars(select(papers.c.id).where(papers.c.file == name)))
        damaged = library.originals.path(name)
        if damaged is not None:
            damaged.unlink()
        if _kept_again(library, ids, name):
            found += 1
        else:
            lost += ids
            for paper_id in ids:
                _forget_file(library, paper_id, name)
    told = [f"{found} files kept again from where they were added from"] if found else []
    if lost:
        told.append(f"pages of {', '.join(lost)} can no longer be shown: add their files again")
    return "; ".join(told)


def _kept_again(library: Library, paper_ids: Sequence[str], name: str) -> bool:
    for source in {record.source for paper_id in paper_ids for record in library.catalog.records(paper_id)}:
        path = Path(source)
        if path.is_file() and digest_of(path) == name:
            return library.originals.keep(path) == name
    return False


def _forget_file(library: Library, paper_id: str, name: str) -> None:
    without = {"file": "", "layout": b""}
    said = [
        Record.of(record.source, record.ordinal, record.document.model_copy(update=without))
        if record.document.file == name
        else record
        for record in library.catalog.records(paper_id)
    ]
    library.catalog.write_records(paper_id, said)
    with library.catalog.engine.begin() as connection:
        forget_contents(connection, [paper_id])
        values = {"file": None, "layout": None}
        connection.execute(update(papers).where(papers.c.id == paper_id).values(values))


def drop_files(library: Library) -> str:
    names = checks.files_unneeded(library)
    library.originals.sweep(library.originals.names() - set(names))
    return f"{len(names)} files deleted that no paper is shown from"


def drop_leftovers(library: Library) -> str:
    found = checks.leftovers(library)
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return f"{len(found)} leftovers deleted: {', '.join(sorted({path.name for path in found})[:5])}"
