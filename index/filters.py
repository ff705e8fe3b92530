"""What a filter means, once, for the three stores that apply it."""

from __future__ import annotations

from index.dates import earliest_day, latest_day, parse_bound
from index.schema import Filters, Value


class Bounds(Value):
    """Filters in stored terms: days as YYYYMMDD, organisations as keys. None and empty allow all."""

    papers: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    first_day: int | None = None
    last_day: int | None = None
    organizations: tuple[str, ...] = ()
    min_comments: int | None = None
    sources: tuple[str, ...] = ()


def organization_key(name: str) -> str:
    """The form under which an organisation is looked up: case and spacing do not matter."""
    return " ".join(name.casefold().split())


def bounds(filters: Filters) -> Bounds:
    """The stored form of `filters`. A paper is dated by the first day its date can mean.

    Raises ValueError naming a date that cannot be read, or that states no year.
    """
    return Bounds(
        papers=filters.papers,
        excluded=filters.excluded,
        first_day=earliest_day(parse_bound(filters.since)) if filters.since else None,
        last_day=latest_day(parse_bound(filters.until)) if filters.until else None,
        organizations=tuple(organization_key(name) for name in filters.organizations),
        min_comments=filters.min_comments,
        sources=filters.sources,
    )
