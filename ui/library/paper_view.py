"""One paper's page as HTML: its facts, its text with a sentence marked, what is like it, where it was cited.

Pure: values in, escaped HTML out. Of a paper that has pages each part leads to the picture of its page; how tables
and references are set is `parts_view`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from assistant.cited import CitedIn
from index.dates import date_words
from index.schema import Conflict, Document, Filters, Notice, Paper, PaperSource, Section, Value
from index.similar import Similar
from ui.library import parts_view
from ui.library.address import Address, to_paper, write
from ui.parts.leaf import leaf_link
from ui.parts.markup import escape, link, mathematics
from ui.parts.render import authors_words, counted, version_words

_BACK = '<a class="back" href="{}" data-do="back">← All papers</a>'


class Opened(Value):
    """What is known of a paper that is opened; `start` and `end` are the characters to mark."""

    document: Document
    tags: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    sources: tuple[PaperSource, ...] = ()
    versions: tuple[Paper, ...] = ()
    similar: tuple[Similar, ...] | None = None
    cited: tuple[CitedIn, ...] = ()
    bibtex: str = ""
    start: int | None = None
    end: int | None = None


def paper(opened: Opened) -> str:
    """The whole page of a paper."""
    about = opened.document.paper
    return (
        f'<article class="paper-page" aria-labelledby="paper-title" data-paper="{escape(about.id)}">'
        f'<div class="paper-main">{_BACK.format(escape(write(Address())))}{_head(about, opened.tags)}'
        f"{_notices(about, opened.document.notices)}{_text(opened)}</div>"
        f'<aside class="beside" aria-label="About this paper">{_actions(about)}'
        f"{_versions(opened.versions)}{_similar(opened.similar)}{_cited(opened.cited)}"
        f"{_conflicts(opened.conflicts)}{_sources(opened.sources)}{_bibtex(opened.bibtex)}</aside></article>"
    )


def absent(paper_id: str) -> str:
    """What stands for a paper that the library does not hold, or not any more."""
    return (
        f'<div class="nothing" id="no-paper"><h2>This paper is not in the library</h2><p>No paper has the id '
        f"“{escape(paper_id)}”. It may have been removed.</p>"
        f'<a class="quiet-button" href="{escape(write(Address()))}" data-do="show">Show all papers</a></div>'
    )


# Its facts


def _head(about: Paper, tags: Sequence[str]) -> str:
    facts = (
        ("Organisation", _narrowed("organizations", about.organization)),
        ("Published", escape(date_words(about.published))),
        ("Authors", escape(", ".join(about.authors) or authors_words(about))),
        ("Comments", "" if about.comments is None else f"{about.comments:,}"),
        ("Source", _narrowed("sources", about.source)),
        ("arXiv", escape(about.arxiv_id or "")),
        ("DOI", escape(about.doi or "")),
    )
    rows = "".join(f'<div><dt>{name}</dt><dd dir="auto">{value}</dd></div>' for name, value in facts if value)
    labels = "".join(_tag(tag) for tag in tags)
    return (
        f'<h2 id="paper-title" dir="auto">{mathematics(about.title)}</h2><dl class="paper-facts">{rows}</dl>'
        f'<div class="paper-tags">{labels}<form class="tagger" data-do="none" data-paper="{escape(about.id)}">'
        '<label class="sr-only" for="paper-tag">New tag</label><input id="paper-tag" list="known-tags" '
        'placeholder="Tag…" autocomplete="off" maxlength="60"><button type="submit" class="action">Add tag</button>'
        "</form></div>"
    )


def _narrowed(field: Literal["organizations", "sources", "tags"], name: str | None) -> str:
    """A link to the papers that have this in common."""
    if not name:
        return ""
    filters = Filters().model_copy(update={field: (name,)})
    return f'<a href="{escape(write(Address(filters=filters)))}" data-do="show">{escape(name)}</a>'


def _tag(tag: str) -> str:
    name = escape(tag)
    return (
        f'<span class="tag" dir="auto">{_narrowed("tags", tag)}<button type="button" data-do="untag-paper" '
        f'data-tag="{name}" aria-label="Remove tag: {name}">×</button></span>'
    )


def _actions(about: Paper) -> str:
    address = link(about.url)
    outside = (
        f'<a class="action" href="{escape(address)}" target="_blank" rel="noopener noreferrer">Open at its source</a>'
        if address
        else ""
    )
    return (
        '<div class="paper-actions"><button type="button" class="action primary" data-do="ask-paper">'
        'Ask only this paper</button><button type="button" class="action" data-do="remove-paper">Remove</button>'
        f"{outside}</div>"
    )


_WARNED = {
    "hidden text": "Its file holds text that no reader of its pages sees. It is used in no answer.",
    "invisible characters": "Its file holds characters that cannot be seen.",
    "not read": "Not all of its file could be read.",
}


def _notices(about: Paper, notices: Sequence[Notice]) -> str:
    """What its reader should know of its file, by kind."""
    said: dict[str, list[str]] = {}
    for notice in notices:
        page = leaf_link(about.id, about.title, notice.page, 0, 0) if notice.page else ""
        words = f'<span dir="auto">{escape(notice.text)}</span>'
        said.setdefault(notice.kind, []).append(f"<li>{page} {words}</li>")
    boxes = "".join(f"<p>{_WARNED[kind]}</p><ul>{''.join(items)}</ul>" for kind, items in said.items())
    return f'<section class="warnings" aria-label="Warnings">{boxes}</section>' if boxes else ""


# Its text


def _text(opened: Opened) -> str:
    text, sections = opened.document.text, opened.document.sections
    parts = sections or (Section(name=None, start=0, end=len(text)),)
    told = [part for part in parts if text[part.start : part.end].strip()]
    body = "".join(
        _section(opened, part, name) for part, name in zip(told, _headings(text, told), strict=True)
    )
    abstract = opened.document.paper.abstract.strip()
    apart = f"<h3>Abstract</h3><p>{mathematics(abstract)}</p>" if abstract and abstract not in text else ""
    heading = "" if parts[0].name else f"<h3>{'Abstract' if text.strip() == abstract else 'Text'}</h3>"
    return f'<div class="full-text" id="full-text" dir="auto">{apart}{heading}{body}</div>'


def _headings(text: str, parts: Sequence[Section]) -> Iterator[str]:
    """What stands above each part: its name, which is not said again of parts that follow.

    A caption that begins with its own name, such as `Table 2`, stands within what it interrupts.
    """
    said: str | None = None
    for part in parts:
        if part.kind in ("caption", "table") and (not part.name or text.startswith(part.name, part.start)):
            yield ""
            continue
        yield "" if part.kind == "references" or part.name == said else part.name or ""
        said = part.name


def _section(opened: Opened, part: Section, name: str) -> str:
    heading = f'<h3 dir="auto">{mathematics(name)}</h3>' if name else ""
    page = f' data-page="{part.page}"' if part.page is not None else ""
    body = parts_view.part(opened.document, part, opened.start, opened.end)
    return f"<section{page}>{heading}{body}</section>"


# What stands beside it


def _similar(found: Sequence[Similar] | None) -> str:
    if found is None:
        return _box("Similar papers", '<p class="quiet">They cannot be found now.</p>')
    items = "".join(
        f'<li><a href="{escape(to_paper(one.paper.id))}" data-do="show" dir="auto">{mathematics(one.paper.title)}</a>'
        f'<span class="byline">{escape(_place(one.paper))}<span class="likeness" title="Cosine of the papers’ '
        f'mean vectors">{one.similarity:.2f}</span></span></li>'
        for one in found
    )
    return _box("Similar papers", f"<ul>{items}</ul>" if items else '<p class="quiet">None yet.</p>')


def _place(about: Paper) -> str:
    return " · ".join(fact for fact in (about.organization or "", date_words(about.published)) if fact)


def _cited(turns: Sequence[CitedIn]) -> str:
    if not turns:
        return _box("In your conversations", '<p class="quiet">Not cited yet.</p>')
    items = "".join(
        f'<li><a href="./?c={escape(one.conversation)}" dir="auto">{escape(one.question)}</a>'
        f'<q dir="auto">{mathematics(one.quote)}</q></li>'
        for one in turns
    )
    return _box(
        f"Cited {counted(len(turns), 'time')} in your conversations", f'<ul class="citing">{items}</ul>'
    )


def _versions(found: Sequence[Paper]) -> str:
    """The same work under other DOIs, as a preprint and the article are."""
    if not found:
        return ""
    items = "".join(
        f'<li><a href="{escape(to_paper(one.id))}" data-do="show" dir="auto">{escape(version_words(one))}</a></li>'
        for one in found
    )
    return _box("Other versions", f'<ul id="versions">{items}</ul>')


def _conflicts(found: Sequence[Conflict]) -> str:
    """What its sources disagree on, and which of them says what."""
    if not found:
        return ""
    items = "".join(
        f'<li><span>{escape(one.field)}: <b dir="auto">{escape(one.kept)}</b>{_said_by(one.kept_source)}</span>'
        f'<span class="byline" dir="auto">{escape(one.source)} says {escape(one.other)}</span></li>'
        for one in found
    )
    return _box("Its sources disagree", f"<ul>{items}</ul>")


def _said_by(source: str) -> str:
    return f' <span dir="auto">({escape(source)})</span>' if source else ""


def _sources(found: Sequence[PaperSource]) -> str:
    """Where what is known of it comes from, where that is more than one source."""
    if len(found) < 2:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape(one.name)}</span><span class="byline">'
        f"{counted(one.characters, 'character')} of text</span></li>"
        for one in found
    )
    return _box("Its sources", f'<ul id="sources">{items}</ul>')


def _bibtex(entry: str) -> str:
    copy = '<button type="button" class="action" data-do="copy-bibtex">Copy</button>'
    return _box("BibTeX", f'<pre id="bibtex" tabindex="0"><code>{escape(entry)}</code></pre>{copy}')


def _box(title: str, body: str) -> str:
    return f'<section class="box"><h3>{title}</h3>{body}</section>'
