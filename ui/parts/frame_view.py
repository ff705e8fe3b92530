"""What stands around the conversation, as HTML: header, scope bar, help.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.schema import Filters
from ui.parts.commands import COMMANDS
from ui.parts.exports import FORMATS
from ui.parts.markup import escape
from ui.parts.reader import LABELS, Reader
from ui.parts.render import counted, engine_words, scope_words
from ui.parts.signs import icon_button, sprite

PLACES = (
    ("Chat", "./"),
    ("Library", "library"),
    ("Digest", "digest"),
)  # relative: the application may be served below a path
_ALL = '<span class="all">all papers</span>'
_ADD = '<a class="link-button" href="library?view=add">Add papers</a>'
_KEYS = (
    ("/", "write a question"),
    ("Enter", "send it"),
    ("Shift Enter", "new line"),
    ("Esc", "stop the answer, or close a panel"),
    ("n", "new conversation"),
    ("[ and ]", "previous and next citation"),
    ("?", "this help"),
)


def header(
    engine: str,
    papers: int,
    current: str = "Chat",
    engines: Sequence[tuple[str, str]] = (),
    chosen: str = "",
    reader: Reader = Reader(),
) -> str:
    """The line at the top of each page; `current` is the one of `PLACES` that is shown.

    `engines` are names and labels to choose what writes the answers from, where there is a choice; `chosen` is
    what the page's script takes for the reader's own choice.
    """
    chatting = current == "Chat"
    panels = [
        icon_button("history", "menu", "Conversations and filters"),
        icon_button("evidence", "quote", "Evidence"),
    ]
    left, right = panels if chatting else ("", "")
    return (
        f"{sprite()}<header class='top'>{left}<h1>Ibid</h1>{_places(current)}{_libraries(reader)}"
        f'<span class="meta"><span id="paper-count">{counted(papers, "paper")}</span>'
        f"{_engine(engine, engines, chosen)}</span>"
        f"{right}{icon_button('theme', 'contrast', 'Light or dark')}"
        f"{icon_button('help', 'help', 'Keyboard help')}{_account(reader)}</header>"
        f"{_help(chatting)}"
    )


def _libraries(reader: Reader) -> str:
    """Which library the pages are on, and the way to the reader's other one."""
    if len(reader.libraries) < 2:
        return ""
    choices = "".join(
        f'<button name="library" value="{name}" aria-pressed="{"true" if name == reader.library else "false"}">'
        f"{LABELS[name]}</button>"
        for name in reader.libraries
    )
    return (
        f'<form class="libraries" method="post" action="library-choice" aria-label="Library">{choices}</form>'
    )


def _account(reader: Reader) -> str:
    if not reader.name:
        return ""
    return f'<a class="account" href="account" title="Your account"><bdi>{escape(reader.name)}</bdi></a>'


def _engine(engine: str, engines: Sequence[tuple[str, str]], chosen: str) -> str:
    if len(engines) < 2:
        return f'<span id="engine" title="What writes the answers">{escape(engine_words(engine))}</span>'
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == engine else ""}>{escape(label)}</option>'
        for name, label in engines
    )
    own = f' data-chosen="{escape(chosen)}"' if chosen else ""
    return f'<select id="engine" aria-label="What writes the answers"{own}>{options}</select>'


def _help(chatting: bool) -> str:
    """The keys, and on the chat page the commands, from which the page's script completes what is typed."""
    keys = "".join(f"<div><dt><kbd>{escape(key)}</kbd></dt><dd>{what}</dd></div>" for key, what in _KEYS)
    commands = "".join(
        f'<div data-command="{known.name}" data-arguments="{escape(known.arguments)}"><dt><kbd>/{known.name}</kbd></dt>'
        f"<dd>{escape(known.help)}</dd></div>"
        for known in COMMANDS
    )
    typed = (
        "<h3>Commands</h3><dl><div><dt><kbd>@</kbd></dt><dd>ask a paper, by words of its title</dd></div>"
        f"{commands}</dl>"
    )
    return (
        '<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keyboard</h2>'
        f"<dl>{keys}</dl>{typed if chatting else ''}"
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


def indexing(words: str) -> str:
    """That papers are coming in; empty where none are."""
    if not words:
        return ""
    return (
        f'<p class="indexing"><span class="pulse" aria-hidden="true"></span><bdi>{escape(words)}</bdi> '
        '<span class="aside">What is ready can be asked.</span></p>'
    )


def notice(words: str) -> str:
    """What the page says beside the box until the next thing is done."""
    return f'<p class="notice">{escape(words)}</p>'


def exporting(form: str) -> str:
    """A file that the page's script saves at once, and again when it is asked to."""
    words = escape(FORMATS[form][0])
    return (
        f'<p class="notice">Saving this conversation: {words}. <button type="button" class="link-button" '
        f'data-do="save-as" data-form="{escape(form)}" data-now>Save again</button></p>'
    )


def scope_bar_trouble(words: str) -> str:
    """What went wrong, where the scope stands."""
    return f'<div class="scope trouble" role="alert">{escape(words)}</div>'


def scope_bar(
    filters: Filters,
    papers: int,
    advice: tuple[str, str, int] | None = None,
    titles: Mapping[str, str] = {},
) -> str:
    """The filters in force as removable chips, and how many papers they leave.

    On a narrow screen the page shows the count alone until it is opened.
    """
    chips = "".join(
        f'<button type="button" class="chip" data-do="drop" data-part="{escape(part)}" '
        f'aria-label="Remove filter: {escape(words)}" title="{escape(words)}"><span dir="auto">{escape(words)}</span>'
        '<span aria-hidden="true">×</span></button>'
        for part, words in scope_words(filters, titles)
    )
    if not papers and filters.empty:
        none = '<span class="count" id="scope-count">no papers yet</span>'
        return f'<div class="scope vacant"><span class="label">Scope</span>{none}{_ADD}</div>'
    if papers:
        label = counted(papers, "paper") if filters.empty else f"{counted(papers, 'paper')} in scope"
        return (
            f'<div class="scope"><button type="button" class="scope-toggle" data-do="scope" aria-expanded="false">'
            f'{label} <span aria-hidden="true">▾</span></button><span class="label">Scope</span>{chips or _ALL}'
            f'<span class="count" id="scope-count">{label}</span>'
            '<button type="button" class="link-button" data-do="filters">filters</button></div>'
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
