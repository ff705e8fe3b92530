"""Papers set aside: removed, with a way back until a day has passed.

Owns the rows of what was removed: each paper's document and what its sources said. Its vectors, its tags
and its arrival stay where they are meanwhile, so that bringing it back embeds nothing. Refuses to know the
caches: to them a paper set aside is gone, and one brought back is new.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select

from index.arrivals import drop_arrivals
from index.catalog import Catalog
from index.failpoints import reached
from index.rows import Entry
from index.tables import chunks, papers, removed, vectors
from index.tags import drop_tags

KEPT = timedelta(days=1)


class Aside:
    """What was removed from one catalog and can still be brought back."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def put(self, paper_ids: Sequence[str]) -> str:
        """Take papers out of the catalog in one change; returns the mark to bring them back by."""
        mark, now = secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")
        rows = []
        for paper_id in paper_ids:
            document = self.catalog.entry(paper_id)
            if document is None:
                continue
            entry = Entry(document=document, chunks=(), records=tuple(self.catalog.records(paper_id)))
            held = [chunk.id for chunk in self.catalog.chunks_of(paper_id)]
            packed = zlib.compress(entry.model_dump_json().encode(), 1)
            rows.append(
                {"mark": mark, "paper_id": paper_id, "since": now, "entry": packed, "chunks": " ".join(held)}
            )
        with self.catalog.engine.begin() as connection:
            if rows:
                connection.execute(insert(removed), rows)
        reached("aside.noted")
        self.catalog.remove(paper_ids, for_good=False)
        return mark

    def take(self, mark: str) -> list[Entry]:
        """What stands under a mark, without chunks, and without papers that the library holds again."""
        query = (
            select(removed.c.entry)
            .outerjoin(papers, papers.c.id == removed.c.paper_id)
            .where(removed.c.mark == mark, papers.c.id.is_(None))
            .order_by(removed.c.paper_id)
        )
        with self.catalog.engine.connect() as connection:
            return [
                Entry.model_validate_json(zlib.decompress(packed)) for packed in connection.scalars(query)
            ]

    def files(self) -> set[str]:
        """The files whose pages would be shown again."""
        with self.catalog.engine.connect() as connection:
            packed = connection.scalars(select(removed.c.entry))
            entries = [Entry.model_validate_json(zlib.decompress(each)) for each in packed]
        return {entry.document.file for entry in entries if entry.document.file}

    def forget(self, mark: str | None = None) -> None:
        """Forget what stands under a mark, or all that was set aside more than a day ago."""
        old = (datetime.now(UTC) - KEPT).isoformat(timespec="seconds")
        which = removed.c.since < old if mark is None else removed.c.mark == mark
        with self.catalog.engine.begin() as connection:
            rows = connection.execute(select(removed.c.paper_id, removed.c.chunks).where(which)).all()
            connection.execute(delete(removed).where(which))
            for row in rows:
                if connection.scalar(select(papers.c.id).where(papers.c.id == row.paper_id)) is None:
                    drop_tags(connection, [row.paper_id])
                    drop_arrivals(connection, [row.paper_id])
                held = row.chunks.split()
                used = set(connection.scalars(select(chunks.c.id).where(chunks.c.id.in_(held))))
                gone = [chunk_id for chunk_id in held if chunk_id not in used]
                connection.execute(delete(vectors).where(vectors.c.chunk_id.in_(gone)))
        reached("aside.forgotten")
