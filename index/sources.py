"""A library's sources: which there are, and what becomes of papers when their sources go, shrink or move.

A paper that no source tells of any more goes; one that others tell of is what they make of it. A source that moved is
the same under another name: its papers keep their ids, their texts and their vectors. Each step can be repeated, so
that one that was cut off is completed by doing it again. Refuses to know folders and what changes in them
(`index.watching`) and the writer's lock, which the caller holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, exists, select, union, update

from index.catalog import Catalog
from index.merge import merge
from index.outcomes import AddReport
from index.readers.files import name_of
from index.reading import keys_below
from index.rows import Entry, Record
from index.schema import Document
from index.tables import contents, failures, records

_PORTION = 256  # papers that are merged anew at once


class Sources:
    """The sources of one library. `removed` and `updated` are the titles of the papers that changed so far."""

    def __init__(self, catalog: Catalog, restore: Callable[[Sequence[Entry]], None]) -> None:
        self.catalog = catalog
        self.restore = restore
        self.removed: list[str] = []
        self.updated: list[str] = []

    def forget(self, sources: Iterable[str]) -> None:
        """Have sources say nothing any more."""
        gone = set(sources)
        papers: dict[str, str] = {}
        for source in sorted(gone):
            papers |= self.catalog.papers_of(source)
        self._drop(papers, lambda paper_id, record: record.source in gone)
        with self.catalog.engine.begin() as connection:
            for source in gone:
                for table in (contents, failures):
                    connection.execute(delete(table).where(table.c.source == source))

    def keep_only(self, source: str, said: Collection[tuple[str, int]]) -> None:
        """Forget what a source said of papers but `said`: their ids, each with its ordinal in the source."""
        told = select(records.c.paper_id, records.c.ordinal).where(records.c.source == source)
        with self.catalog.engine.connect() as connection:
            stale = {row.paper_id for row in connection.execute(told) if tuple(row) not in said}
        if stale:
            told_of = self.catalog.papers_of(source)
            self._drop(
                {paper_id: told_of[paper_id] for paper_id in stale},
                lambda paper_id, record: record.source == source and (paper_id, record.ordinal) not in said,
            )

    def rename(self, moved: Mapping[str, str]) -> None:
        """Have sources, by their old names, go by their new ones. Embeds nothing."""
        for old, new in moved.items():
            if name_of(Path(old)) != name_of(Path(new)):
                self._rename_shown(old, new)
        with self.catalog.engine.begin() as connection:
            for old, new in moved.items():
                _rename_rows(connection, old, new)

    def told(self, report: AddReport) -> AddReport:
        """The report with what became of papers here."""
        updated = tuple(dict.fromkeys([*report.updated, *self.updated]))
        unchanged = tuple(title for title in report.unchanged if title not in {*updated, *self.removed})
        changes = {"updated": updated, "unchanged": unchanged, "removed": tuple(self.removed)}
        return report.model_copy(update=changes)

    def _rename_shown(self, old: str, new: str) -> None:
        """Write the papers of a source with the name that people are shown; the caches filter by it."""
        ids = list(self.catalog.papers_of(old))
        for start in range(0, len(ids), _PORTION):
            self.restore(
                [
                    _entry(paper_id, [_moved(record, old, new) for record in said if record.source != new])
                    for paper_id in ids[start : start + _PORTION]
                    for said in [self.catalog.records(paper_id)]
                ]
            )

    def _drop(self, titles: Mapping[str, str], dropped: Callable[[str, Record], bool]) -> None:
        ids = list(titles)
        for start in range(0, len(ids), _PORTION):
            entries, gone = [], []
            for paper_id in ids[start : start + _PORTION]:
                left = [record for record in self.catalog.records(paper_id) if not dropped(paper_id, record)]
                if left:
                    entries.append(_entry(paper_id, left))
                else:
                    gone.append(paper_id)
            self.updated += [entry.document.paper.title for entry in entries if self._differs(entry.document)]
            self.restore(entries)
            if gone:
                self.catalog.remove(gone)
            self.removed += [titles[paper_id] for paper_id in gone]

    def _differs(self, document: Document) -> bool:
        stored = self.catalog.entry(document.paper.id)
        return stored is None or stored != document.model_copy(update={"notices": stored.notices})


def sources_below(catalog: Catalog, folder: Path) -> dict[str, str]:
    """Every source whose file lies, or lay, below a folder, with its SHA-256 when it was read whole, else empty."""
    below = keys_below(folder)
    named = [
        select(t.c.source).where(t.c.source.startswith(below, autoescape=True)) for t in (records, failures)
    ]
    read = select(contents.c.source, contents.c.digest).where(
        contents.c.source.startswith(below, autoescape=True)
    )
    with catalog.engine.connect() as connection:
        found = dict.fromkeys(connection.scalars(union(*named)), "")
        found |= {row.source: row.digest for row in connection.execute(read)}
    return {source: digest for source, digest in found.items() if source.startswith(below)}


def wanting(catalog: Catalog, arrived: Iterable[str]) -> set[str]:
    """The sources that name a file of which, by its name, one of those that arrived may be the one they missed."""
    names = {name_of(Path(each)) for each in arrived}
    with catalog.engine.connect() as connection:
        missed = connection.execute(select(failures.c.source, failures.c.place)).all() if names else []
    return {row.source for row in missed if "/" in row.place and row.place.rpartition("/")[2] in names}


def _rename_rows(connection: Connection, old: str, new: str) -> None:
    """Rename what is kept of a source; what a move that was cut off left under the new name makes room."""
    for table in (contents, failures):
        connection.execute(delete(table).where(table.c.source == new))
        connection.execute(update(table).where(table.c.source == old).values(source=new))
    earlier = records.alias()
    met = exists().where(earlier.c.source == old, earlier.c.paper_id == records.c.paper_id)
    connection.execute(delete(records).where(records.c.source == new, met))
    connection.execute(update(records).where(records.c.source == old).values(source=new))


def _moved(record: Record, old: str, new: str) -> Record:
    """A record under its source's new name, told to people by it too."""
    if record.source != old:
        return record
    paper, was, now = record.document.paper, name_of(Path(old)), name_of(Path(new))
    if paper.source == was or paper.source.startswith(f"{was}/"):
        paper = paper.model_copy(update={"source": now + paper.source.removeprefix(was)})
    return Record.of(new, record.ordinal, record.document.model_copy(update={"paper": paper}))


def _entry(paper_id: str, said: Sequence[Record]) -> Entry:
    """A paper as what its records now make it; whoever stores it cuts it."""
    document = merge([record.document for record in said])[0]
    document = document.model_copy(update={"paper": document.paper.model_copy(update={"id": paper_id})})
    return Entry(document=document, chunks=(), records=tuple(said))
