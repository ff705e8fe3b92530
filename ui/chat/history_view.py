"""The list of conversations as HTML: by day, what a search found, and what was just removed.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assistant.conversation import ConversationSummary
from ui.parts.markup import escape, highlighted
from ui.parts.render import day_words
from ui.parts.signs import icon

SEARCH = (
    '<input type="search" id="words" placeholder="Search conversations…" aria-label="Search conversations" '
    'autocomplete="off"><div id="found"></div>'
)
_MORE = '<button type="button" class="quiet-button older" data-do="older">Earlier…</button>'


def history(
    conversations: Sequence[ConversationSummary], current: str, today: date, more: bool = False
) -> str:
    """Conversations by day, latest first; where there are more, with the way to them."""
    if not conversations:
        return '<p class="quiet">Your conversations will be kept here.</p>'
    days: dict[str, list[str]] = {}
    for one in conversations:
        days.setdefault(day_words(one.updated, today), []).append(_entry(one, one.id == current))
    return "".join(_group(day, entries) for day, entries in days.items()) + (_MORE if more else "")


def found(conversations: Sequence[ConversationSummary], words: str, current: str, more: bool = False) -> str:
    """Conversations that hold the words, best first, each with the place that does."""
    if not conversations:
        return f'<p class="quiet">No conversation has “<bdi>{escape(words)}</bdi>”.</p>'
    entries = [_entry(one, one.id == current) for one in conversations]
    return _group(f"The best {len(entries)}" if more else f"Found {len(entries)}", entries)


def removed(conversation: str, title: str) -> str:
    """That a conversation was deleted, and the way back."""
    return (
        f'<p class="notice">Deleted “<bdi>{escape(title)}</bdi>”. <button type="button" class="link-button" '
        f'data-do="restore" data-conversation="{escape(conversation)}">Undo</button></p>'
    )


def _group(heading: str, entries: Sequence[str]) -> str:
    return f'<h2 class="day">{heading}</h2><ul class="conversations">{"".join(entries)}</ul>'


def _entry(one: ConversationSummary, current: bool) -> str:
    title, name = escape(one.title or "New conversation"), escape(one.id)
    here = ' aria-current="page"' if current else ""
    snippet = (
        f'<span class="snippet" dir="auto">{highlighted(one.snippet, one.matches)}</span>'
        if one.snippet
        else ""
    )
    return (
        f'<li data-conversation="{name}"><a class="conversation" href="?c={name}" data-do="open" '
        f'data-conversation="{name}"{here} title="{title}"><bdi>{title}</bdi>{snippet}</a>'
        f'<span class="entry-actions">{_action("rename", "pencil", f"Rename conversation: {title}", name)}'
        f"{_action('delete', 'trash', f'Delete conversation: {title}', name)}</span></li>"
    )


def _action(name: str, sign: str, label: str, conversation: str) -> str:
    return (
        f'<button type="button" class="entry-action {name}" data-do="{name}" '
        f'data-conversation="{conversation}" aria-label="{label}">{icon(sign)}</button>'
    )
