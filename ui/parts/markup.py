"""Untrusted text to safe HTML.

Owns escaping, the small Markdown that answers are written in, mathematics, and marking a quote in its
passage. Knows nothing of answers or pages. Every value that reaches the browser passes through here:
papers and language models write what they like, so HTML, images, forms and links to other places are
dropped on the server (the page's own sanitiser keeps remote images, which can carry data away).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

FLAG = "\ue000"  # private use: stands in Markdown where a sentence without support ends
_JOINER = "\u202f"  # a narrow space that no line breaks at: a marker stays with its word
_MARKER = re.compile(r"\[(\d{1,6})\](?!\()")
# Pandoc's rule for inline mathematics, which leaves "$5 and $10" alone.
_MATH = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?!\s)(?P<line>(?:\\.|[^$\\])+)(?<!\s)\$(?!\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The text without control characters and without those that reorder what stands around them."""
    return _CONTROL.sub("", text)


def escape(value: object) -> str:
    """The value as HTML text, safe in an attribute too."""
    return html.escape(clean(str(value)), quote=True)


def link(url: str | None) -> str | None:
    """The URL where it is a web address, else None: a paper's metadata may hold `javascript:`."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def mathematics(text: str) -> str:
    """Escaped text whose `$…$` parts are marked for the page to typeset; the source stays as it was."""
    pieces, done = [], 0
    for match in _MATH.finditer(text):
        pieces += [escape(text[done : match.start()]), _math_span(match)]
        done = match.end()
    return "".join([*pieces, escape(text[done:])])


def marked(passage: str, quote: str, start: int) -> str | None:
    """The passage with the quote marked; None unless the quote stands there word for word.

    `start` is where the quote is expected in the passage; where it is not, its first occurrence counts.
    """
    if not quote:
        return None
    if start < 0 or passage[start : start + len(quote)] != quote:
        start = passage.find(quote)
    if start < 0:
        return None
    end = start + len(quote)
    return f"{mathematics(passage[:start])}<mark>{mathematics(quote)}</mark>{mathematics(passage[end:])}"


def highlighted(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Escaped text with the spans of it marked, as words that match and not as a quote; formulas stay whole."""
    formulas = [match.span() for match in _MATH.finditer(text)]
    pieces, done = [], 0
    for start, end in spans:
        if any(start < last and first < end for first, last in formulas):
            continue
        word = f'<b class="match">{escape(text[start:end])}</b>'
        pieces += [mathematics(text[done:start]), word]
        done = end
    return "".join([*pieces, mathematics(text[done:])])


def markdown(text: str, marker: Callable[[int], str | None], flag: str = "") -> str:
    """An answer's Markdown as HTML without raw HTML, images or links.

    `marker(n)` gives the HTML that stands for `[n]`, or None to leave the text; `flag` is the HTML that
    stands for the character `FLAG`.
    """
    tokens = _MARKDOWN.parse(clean(text))
    for token in tokens:
        if token.children:
            token.children = _with_markers(token.children, marker, flag)
    rendered: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return rendered


def _math_span(match: re.Match[str]) -> str:
    source = match["block"] or match["line"]
    display = " display" if match["block"] else ""
    return f'<span class="math{display}" data-tex="{escape(source)}">{escape(match.group())}</span>'


def _math_rule(state: StateInline, silent: bool) -> bool:
    match = _MATH.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = _math_span(match)
    state.pos = match.end()
    return True


def _marker_rule(state: StateInline, silent: bool) -> bool:
    """A marker is one where it is written, not where an escaped bracket has become one."""
    match = _MARKER.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("marker", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _with_markers(tokens: list[Token], marker: Callable[[int], str | None], flag: str) -> list[Token]:
    out: list[Token] = []
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            continue
        if token.type == "marker":
            shown = marker(int(token.content))
            _stick(out)
            out.append(_html(shown) if shown is not None else _text(f"[{token.content}]"))
        elif token.type == "text":
            out += _flagged(token.content, flag)
        else:
            out.append(token)
    return out


def _flagged(content: str, flag: str) -> list[Token]:
    before, *rest = content.split(FLAG)
    out = [_text(before)]
    for part in rest:
        _stick(out)
        out += [_html(flag), _text(part)]
    return out


def _stick(tokens: list[Token]) -> None:
    """Let what comes next stay on the line of the word before it."""
    if tokens and tokens[-1].type == "text" and tokens[-1].content.endswith(" "):
        tokens[-1] = _text(f"{tokens[-1].content[:-1]}{_JOINER}")


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _build() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable("table")
    parser.disable(["image", "html_block", "html_inline", "reference", "autolink"])
    parser.inline.ruler.before("escape", "math", _math_rule)
    parser.inline.ruler.before("link", "marker", _marker_rule)
    return parser


_MARKDOWN = _build()
