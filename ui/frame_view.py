"""What stands around the conversation, as HTML: header, history, scope bar, help.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from assistant.conversation import ConversationSummary
from index.schema import Filters
from ui.markup import escape
from ui.render import counted, day_words, scope_words

ASSETS = Path(__file__).parent / "assets"
PLACES = (("Chat", "./"), ("Library", "library"))  # relative: the application may be served below a path
_ALL = '<span class="all">all papers</span>'
_KEYS = (
    ("/", "write a question"),
    ("Enter", "send it"),
    ("Shift Enter", "new line"),
    ("Esc", "stop the answer, or close a panel"),
    ("n", "new conversation"),
    ("[ and ]", "previous and next citation"),
    ("?", "this help"),
)


def header(engine: str, papers: int, current: str = "Chat") -> str:
    """The line at the top of each page; `current` is the one of `PLACES` that is shown."""
    chatting = current == "Chat"
    panels = [
        _icon_button("history", "menu", "Conversations and filters"),
        _icon_button("evidence", "quote", "Evidence"),
    ]
    left, right = panels if chatting else ("", "")
    keys = "".join(f"<div><dt><kbd>{escape(key)}</kbd></dt><dd>{what}</dd></div>" for key, what in _KEYS)
    return (
        f"{_icons()}<header class='top'>{left}<h1>Ibid</h1>{_places(current)}"
        f'<span class="meta"><span id="paper-count">{counted(papers, "paper")}</span>'
        f'<span id="engine" title="What writes the answers">{escape(engine)}</span></span>'
        f"{right}{_icon_button('theme', 'contrast', 'Light or dark')}"
        f"{_icon_button('help', 'help', 'Keyboard help')}</header>"
        f'<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keyboard</h2><dl>{keys}</dl>'
        '<form method="dialog"><button class="quiet-button">Close</button></form></dialog>'
    )


def _places(current: str) -> str:
    here = {current: ' aria-current="page"'}
    links = "".join(
        f'<li><a href="{address}"{here.get(name, "")}>{name}</a></li>' for name, address in PLACES
    )
    return f'<nav class="places" aria-label="Pages"><ul>{links}</ul></nav>'


def banner(engine: str) -> str:
    if engine != "extractive":
        return ""
    return (
        '<p class="banner" role="note">No language model configured: answers are quoted from the papers.</p>'
    )


def history(conversations: Sequence[ConversationSummary], current: str, today: date) -> str:
    """Conversations by day, latest first."""
    if not conversations:
        return '<p class="quiet">Your conversations will be kept here.</p>'
    days: dict[str, list[str]] = {}
    for one in conversations:
        days.setdefault(day_words(one.updated, today), []).append(_entry(one, one.id == current))
    return "".join(
        f'<h3 class="day">{day}</h3><ul class="conversations">{"".join(entries)}</ul>'
        for day, entries in days.items()
    )


def scope_bar_trouble(words: str) -> str:
    """What went wrong, where the scope stands."""
    return f'<div class="scope trouble" role="alert">{escape(words)}</div>'


def scope_bar(filters: Filters, papers: int, advice: tuple[str, str, int] | None = None) -> str:
    """The filters in force as removable chips, and how many papers they leave."""
    chips = "".join(
        f'<button type="button" class="chip" data-do="drop" data-part="{escape(part)}" '
        f'aria-label="Remove filter: {escape(words)}"><span dir="auto">{escape(words)}</span>'
        '<span aria-hidden="true">×</span></button>'
        for part, words in scope_words(filters)
    )
    if papers or filters.empty:
        label = "" if filters.empty else "in scope"
        open_filters = '<button type="button" class="link-button" data-do="filters">filters</button>'
        return (
            f'<div class="scope"><span class="label">Scope</span>{chips or _ALL}'
            f'<span class="count" id="scope-count">{counted(papers, "paper")} {label}</span>{open_filters}</div>'
        )
    return f'<div class="scope none"><span class="label">Scope</span>{chips}{_advice(advice)}</div>'


def _advice(advice: tuple[str, str, int] | None) -> str:
    start = '<span class="count" id="scope-count">0 papers match.</span>'
    if advice is None:
        return (
            f'{start}<span>No single filter is to blame.</span><button type="button" class="link-button" '
            'data-do="widen">Drop them all</button>'
        )
    part, words, papers = advice
    return (
        f'{start}<button type="button" class="link-button" id="drop-advice" data-do="drop" '
        f'data-part="{escape(part)}">Drop “{escape(words)}” for {counted(papers, "paper")}</button>'
    )


def _entry(one: ConversationSummary, current: bool) -> str:
    title = escape(one.title or "New conversation")
    here = ' aria-current="page"' if current else ""
    return (
        f'<li><a class="conversation" href="?c={escape(one.id)}" data-do="open" data-conversation="{escape(one.id)}"'
        f'{here} title="{title}"><bdi>{title}</bdi></a>'
        f'<button type="button" class="delete" data-do="delete" data-conversation="{escape(one.id)}" '
        f'aria-label="Delete conversation: {title}">{_icon("trash")}</button></li>'
    )


def _icon(name: str) -> str:
    return f'<svg class="icon" aria-hidden="true" focusable="false"><use href="#icon-{name}"></use></svg>'


def _icon_button(action: str, icon: str, label: str) -> str:
    return (
        f'<button type="button" class="icon-button" id="{action}-button" data-do="{action}" aria-label="{label}" '
        f'title="{label}">{_icon(icon)}</button>'
    )


@cache
def _icons() -> str:
    return (ASSETS / "icons.svg").read_text(encoding="utf-8")
