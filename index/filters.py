"""What a filter means, once, for the three stores that apply it."""

from __future__ import annotations

from collections.abc import Sequence

from index.dates import earliest_day, latest_day, parse_bound
from index.schema import Filters, Value


class Bounds(Value):
    """Filters in stored terms: days as YYYYMMDD, organisations as keys.

    None and empty allow all, but for `papers`, of which an empty tuple allows none.
    """

    papers: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    first_day: int | None = None
    last_day: int | None = None
    organizations: tuple[str, ...] = ()
    min_comments: int | None = None
    sources: tuple[str, ...] = ()


def organization_key(name: str) -> str:
    """The form under which an organisation is looked up: case and spacing do not matter."""
    return " ".join(name.casefold().split())


def tag_key(name: str) -> str:
    """The form under which a tag is looked up: case and spacing do not matter."""
    return organization_key(name)


def bounds(filters: Filters, tagged: Sequence[str] | None = None) -> Bounds:
    """The stored form of `filters`. A paper is dated by the first day its date can mean.

    `tagged` are the ids of the papers that carry one of the filters' tags, which the catalog alone knows:
    ask it for the bounds (`Shelf.bounds`) wherever filters may name tags.

    Raises ValueError naming a date that cannot be read, or that states no year.
    """
    if filters.tags and tagged is None:
        raise AssertionError("tags are known by the catalog: take its bounds")
    papers = filters.papers or None
    if tagged is not None:
        papers = tuple(tagged) if papers is None else tuple(set(papers) & set(tagged))
    return Bounds(
        papers=papers,
        excluded=filters.excluded,
        first_day=earliest_day(parse_bound(filters.since)) if filters.since else None,
        last_day=latest_day(parse_bound(filters.until)) if filters.until else None,
        organizations=tuple(organization_key(name) for name in filters.organizations),
        min_comments=filters.min_comments,
        sources=filters.sources,
    )
