"""When papers came into the library.

Owns the moment of each paper's first coming, which no later change of the paper moves, unlike the moment it
was last written. A library made before these were kept has none: there a paper came when it was last
written. Refuses to know when a paper was published.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from index.rows import paper_of
from index.schema import Filters, Paper, Value
from index.shelf import Shelf, in_scope, pages
from index.tables import arrivals, papers

_CAME = func.coalesce(arrivals.c.arrived, papers.c.updated)
_WITH_PAPERS = papers.outerjoin(arrivals, arrivals.c.paper_id == papers.c.id)


class Arrived(Value):
    """A paper and when it first came in, ISO 8601 in UTC."""

    paper: Paper
    arrived: str


class Arrivals(Value):
    """Papers that came, the latest first, and how many there are of them in all."""

    papers: tuple[Arrived, ...] = ()
    total: int = 0


def arrived_since(catalog: Shelf, since: datetime | None, filters: Filters, limit: int) -> Arrivals:
    """The ready papers in scope that came at `since` or later; all in scope where it is None."""
    conditions = in_scope(catalog.bounds(filters))
    if since is not None:
        conditions.append(_moment(since) <= _CAME)
    number = select(func.count()).select_from(_WITH_PAPERS).where(*conditions)
    latest = (
        select(papers.c.paper, _CAME.label("came"))
        .select_from(_WITH_PAPERS)
        .where(*conditions)
        .order_by(_CAME.desc(), papers.c.day.desc().nulls_last(), papers.c.title_key)
        .limit(limit)
    )
    with catalog.engine.connect() as connection:
        found = tuple(
            Arrived(paper=paper_of(row.paper), arrived=row.came) for row in connection.execute(latest)
        )
        return Arrivals(papers=found, total=connection.scalar(number) or 0)


def note_arrivals(connection: Connection, paper_ids: Sequence[str]) -> None:
    """Note that papers are written, before they are: those not met yet come now."""
    now = _moment(datetime.now(UTC))
    for page in pages(paper_ids):
        known = set(connection.scalars(select(arrivals.c.paper_id).where(arrivals.c.paper_id.in_(page))))
        written = select(papers.c.id, papers.c.updated).where(papers.c.id.in_(page))
        earlier = {row.id: row.updated for row in connection.execute(written)}
        rows = [
            {"paper_id": paper_id, "arrived": earlier.get(paper_id, now)}
            for paper_id in dict.fromkeys(page)
            if paper_id not in known
        ]
        if rows:
            connection.execute(insert(arrivals), rows)


def drop_arrivals(connection: Connection, paper_ids: Sequence[str]) -> None:
    """Forget when papers came that are being removed for good: they would be new if they came again."""
    for page in pages(paper_ids):
        connection.execute(delete(arrivals).where(arrivals.c.paper_id.in_(page)))


def _moment(when: datetime) -> str:
    """ISO 8601 in UTC, without a fraction where there is none: such moments compare as strings."""
    return when.astimezone(UTC).isoformat()
