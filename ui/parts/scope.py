"""Between the filter panel, the scope's chips and `Filters`.

Owns reading what was typed, adding and dropping one part, and advice where nothing is left. Counting is
asked of the caller, so that all of it can be tried without a library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from index.dates import parse_bound
from index.schema import Filters, Value
from ui.parts.render import scope_words


class Panel(Value):
    """The filter panel's fields as typed; `unseen` are the filters that have no field, as JSON."""

    since: str = ""
    until: str = ""
    organizations: tuple[str, ...] = ()
    min_comments: int | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    unseen: str = ""


_FIELDS = set(Panel.model_fields) - {"unseen"}


def panel_of(filters: Filters) -> Panel:
    """The fields that say these filters."""
    return Panel(
        since=filters.since or "",
        until=filters.until or "",
        organizations=filters.organizations,
        min_comments=filters.min_comments,
        sources=filters.sources,
        tags=filters.tags,
        unseen=filters.model_dump_json(exclude=_FIELDS, exclude_defaults=True),
    )


def read_panel(panel: Panel, before: Filters | None = None) -> Filters:
    """`before`, by default what the panel keeps unseen, with what the panel's fields say in place of its own.

    ValueError names a date that is none.
    """
    since = parse_bound(panel.since) if panel.since.strip() else None
    until = parse_bound(panel.until) if panel.until.strip() else None
    if before is None:
        before = Filters.model_validate_json(panel.unseen) if panel.unseen else Filters()
    return before.model_copy(
        update={
            "since": since,
            "until": until,
            "organizations": panel.organizations,
            "min_comments": panel.min_comments or None,
            "sources": panel.sources,
            "tags": panel.tags,
        }
    )


def only(filters: Filters, paper: str) -> Filters:
    """The filters held to one paper."""
    return with_paper(filters.model_copy(update={"papers": ()}), paper)


def with_paper(filters: Filters, paper: str) -> Filters:
    """The filters with one more hand-picked paper."""
    papers = (*(chosen for chosen in filters.papers if chosen != paper), paper)
    excluded = tuple(one for one in filters.excluded if one != paper)
    return filters.model_copy(update={"papers": papers, "excluded": excluded})


def without_paper(filters: Filters, paper: str) -> Filters:
    """The filters without one paper; the last hand-picked one stays picked, since none picked means all."""
    if len(filters.papers) > 1 and paper in filters.papers:
        return without(filters, f"papers:{paper}")
    excluded = (*(one for one in filters.excluded if one != paper), paper)
    return filters.model_copy(update={"excluded": excluded})


def without(filters: Filters, part: str) -> Filters:
    """The filters less one part as `scope_words` names them; `all` drops every part."""
    if part == "all":
        return Filters()
    field, colon, value = part.partition(":")
    if field not in Filters.model_fields:
        return filters
    if colon:
        kept: Sequence[str] = getattr(filters, field)
        return filters.model_copy(update={field: tuple(name for name in kept if name != value)})
    return filters.model_copy(update={field: Filters.model_fields[field].default})


def part_to_drop(
    filters: Filters, count: Callable[[Filters], int], titles: Mapping[str, str] = {}
) -> tuple[str, str, int] | None:
    """The (part, words, papers) whose removal brings most papers back; None where no single one does."""
    worded = scope_words(filters, titles)
    tried = [(part, words, count(without(filters, part))) for part, words in worded]
    best = max(tried, key=lambda one: one[2], default=None)
    return best if best and best[2] else None
