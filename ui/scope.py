"""Between the filter panel and `Filters`.

Owns reading what was typed, dropping one part, and advice where nothing is left. Counting is asked of
the caller, so that all of it can be tried without a library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.dates import parse_bound
from index.schema import Filters, Value
from ui.render import scope_words


class Panel(Value):
    """The filter panel's fields as typed."""

    since: str = ""
    until: str = ""
    organizations: tuple[str, ...] = ()
    min_comments: int | None = None


def panel_of(filters: Filters) -> Panel:
    return Panel(
        since=filters.since or "",
        until=filters.until or "",
        organizations=filters.organizations,
        min_comments=filters.min_comments,
    )


def read_panel(panel: Panel, before: Filters = Filters()) -> Filters:
    """`before` with what the panel says in place of its own; ValueError names a date that is none."""
    since = parse_bound(panel.since) if panel.since.strip() else None
    until = parse_bound(panel.until) if panel.until.strip() else None
    return before.model_copy(
        update={
            "since": since,
            "until": until,
            "organizations": panel.organizations,
            "min_comments": panel.min_comments or None,
        }
    )


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


def part_to_drop(filters: Filters, count: Callable[[Filters], int]) -> tuple[str, str, int] | None:
    """The (part, words, papers) whose removal brings most papers back; None where no single one does."""
    tried = [(part, words, count(without(filters, part))) for part, words in scope_words(filters)]
    best = max(tried, key=lambda one: one[2], default=None)
    return best if best and best[2] else None
