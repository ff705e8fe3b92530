"""A conversation to take away: as Markdown, as a page of its own, as data, and its papers as references.

Owns the forms and the names of the files. Nothing in them is alive: no scripts, no images, nothing that is
fetched from elsewhere, whatever the papers hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from assistant.conversation import Conversation
from assistant.schema import Answer, Citation, Turn
from index.dates import date_words
from index.errors import IbidError
from index.schema import Value
from ui.parts.bibliography import as_json, bibtex, csl_json, ris
from ui.parts.markup import FLAG, clean, escape, link, markdown, mathematics
from ui.parts.render import answer_text, cited_papers, credit, scope_words
from ui.parts.spreadsheet import papers_csv

_MARKER = re.compile(r"\[(\d+)\](?!\()")
_MARKS = re.compile(r"([\\`*_\[\]<>&|~])")
_ALIVE = re.compile(r"<(?=[A-Za-z/!?])|(?<!\\)\[(?=\^)")  # the beginnings of HTML and of a footnote
_LONGEST_NAME = 60
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)"
)  # on Windows these are devices, whatever their ending


class Export(Value):
    """A file to be saved."""

    name: str
    media_type: str
    text: str


def as_markdown(conversation: Conversation) -> str:
    """The conversation with a footnote a citation, numbered throughout; a span cited again keeps its number."""
    notes: dict[tuple[str, int, int], tuple[int, Citation]] = {}
    parts = [f"# {plain(conversation.title)}", f"*{plain(_said_of(conversation))}*"]
    for turn in conversation.turns:
        numbers = {
            citation.number: notes.setdefault(_span(citation), (len(notes) + 1, citation))[0]
            for citation in turn.answer.citations
        }
        parts += [f"## {plain(turn.question)}", _with_footnotes(_inert(answer_text(turn)), numbers)]
    footnotes = [f"[^{number}]: {footnote(citation)}" for number, citation in notes.values()]
    return "\n\n".join([*parts, *(["\n".join(footnotes)] if footnotes else [])]) + "\n"


def as_html(conversation: Conversation) -> str:
    """The conversation as a page that needs nothing else, each marker a link to the words it cites."""
    turns = "\n".join(_section(number, turn) for number, turn in enumerate(conversation.turns, start=1))
    return page(conversation.title, _said_of(conversation), turns)


def page(title: str, about: str, body: str) -> str:
    """A page that needs nothing else: `title` and `about` as text, `body` as safe HTML."""
    title = escape(title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1 dir="auto">{title}</h1>\n<p class="about">{escape(about)}</p>\n'
        f"{body}\n</body>\n</html>\n"
    )


def as_data(conversation: Conversation) -> str:
    """The conversation as it is kept, as JSON: `Conversation.model_validate_json` reads it back."""
    return as_json(conversation.model_dump(mode="json"))


def _cited(write: Callable[..., str]) -> Callable[[Conversation], str]:
    return lambda conversation: write(cited_papers([turn.answer for turn in conversation.turns]))


FORMATS: Mapping[str, tuple[str, str, Callable[[Conversation], str]]] = MappingProxyType(
    {
        "md": ("Markdown with footnotes", "text/markdown", as_markdown),
        "html": ("a page of its own", "text/html", as_html),
        "json": ("data, as it is kept", "application/json", as_data),
        "csv": ("the cited papers as CSV", "text/csv", _cited(papers_csv)),
        "bib": ("the cited papers as BibTeX", "application/x-bibtex", _cited(bibtex)),
        "ris": ("the cited papers as RIS", "application/x-research-info-systems", _cited(ris)),
        "csl": ("the cited papers as CSL-JSON", "application/vnd.citationstyles.csl+json", _cited(csl_json)),
    }
)
"""What a conversation is exported as: the words for it, its media type, and what writes it."""


def export(conversation: Conversation, form: str) -> Export:
    """The conversation in one of `FORMATS`; IbidError names them where `form` is none."""
    if form not in FORMATS:
        raise IbidError(f"No export is called {form!r}. Known: {', '.join(FORMATS)}.")
    _, media_type, write = FORMATS[form]
    ending = "csl.json" if form == "csl" else form
    return Export(
        name=f"{_file_name(conversation.title)}.{ending}", media_type=media_type, text=write(conversation)
    )


# Markdown


def plain(text: str) -> str:
    """Text on one line that Markdown reads as nothing but text."""
    return _MARKS.sub(r"\\\1", " ".join(clean(text).split()))


def _inert(text: str) -> str:
    """An answer's Markdown without what is no part of it: HTML, images, odd links, footnotes."""
    text = _ALIVE.sub(lambda match: f"\\{match.group()}", clean(text).replace(FLAG, "")).replace("![", "!\\[")
    return re.sub(r"\]\((?!https?://)", r"]\\(", text)


def _with_footnotes(text: str, numbers: Mapping[int, int]) -> str:
    def footnote(match: re.Match[str]) -> str:
        number = numbers.get(int(match[1]))
        return match.group() if number is None else f"[^{number}]"

    return re.sub(r" (?=\[\^)", "", _MARKER.sub(footnote, text))


def footnote(citation: Citation) -> str:
    address = link(citation.paper.url)
    fetched = f"<{address}>" if address and not re.search(r"[\s<>]", address) else ""
    words = (plain(credit(citation.paper)), fetched, plain(place(citation)), f"“{plain(citation.quote)}”")
    return " ".join(part for part in words if part)


def _span(citation: Citation) -> tuple[str, int, int]:
    return (citation.paper.id or citation.paper.title, citation.start, citation.end)


# HTML

_STYLE = (
    "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif;"
    "color:#1b1b1b;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}"
    ".about,.sources{color:#555;font-size:.9rem}a{color:#1a4fa0}"
    "q{font-style:italic}li:target{background:#fff3c4}"
    "table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:start}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#16181c}.about,.sources{color:#aaa}"
    "a{color:#8ab4f8}li:target{background:#4a4000}}"
)


def _section(number: int, turn: Turn) -> str:
    body = markdown(answer_text(turn).replace(FLAG, ""), _linked(number, turn.answer))
    cited = "".join(_source(number, citation) for citation in turn.answer.citations)
    sources = f'<ol class="sources">{cited}</ol>' if cited else ""
    return (
        f'<section id="turn-{number}">\n<h2 dir="auto">{escape(turn.question)}</h2>\n'
        f'<div dir="auto">{body}</div>\n{sources}\n</section>'
    )


def _linked(turn: int, answer: Answer) -> Callable[[int], str | None]:
    known = {citation.number for citation in answer.citations}
    return lambda number: f'<a href="#cite-{turn}-{number}">[{number}]</a>' if number in known else None


def _source(turn: int, citation: Citation) -> str:
    address = link(citation.paper.url)
    named = mathematics(credit(citation.paper))
    if address:
        named = f'<a href="{escape(address)}" rel="noopener noreferrer">{named}</a>'
    words = " ".join(part for part in (named, escape(place(citation))) if part)
    quote = f"<q>{mathematics(citation.quote)}</q>"
    return f'<li id="cite-{turn}-{citation.number}" value="{citation.number}" dir="auto">{words} {quote}</li>'


# What the forms share


def _said_of(conversation: Conversation) -> str:
    scope = ", ".join(words for _, words in scope_words(conversation.scope))
    return f"{date_words(conversation.updated[:10])}, {scope or 'all papers'}"


def place(citation: Citation) -> str:
    """`(p. 4, Results)`, as far as it is known."""
    known = [f"p. {citation.page}" if citation.page else "", citation.section or ""]
    told = ", ".join(part for part in known if part)
    return f"({told})" if told else ""


def _file_name(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    words = words[:_LONGEST_NAME].rstrip("-")
    return "conversation" + (f"-{words}" if words else "") if _RESERVED.fullmatch(words or "con") else words
