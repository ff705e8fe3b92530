"""The evidence pane: what one turn cites and what was retrieved for it, as HTML.

Pure: values in, escaped HTML out. One turn is shown at a time, so that a long conversation costs no more
than a short one. Card and marker name each other by id (`cite-<turn>-<n>`, `from-<turn>-<n>`); which turn
and which tab is shown is the page script's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from urllib.parse import urlencode

from assistant.schema import Answer, Citation, FoundPassage
from index.dates import date_words
from index.schema import Paper
from ui.parts.exports import FORMATS
from ui.parts.leaf import leaf_link
from ui.parts.markup import escape, highlighted, link, marked, mathematics
from ui.parts.render import byline, counted, likeness_words, passage_of, ranks_words, strength

EXCERPT = 220  # characters of a passage shown before it is opened
EMPTY = (
    '<div class="evidence-empty"><h2>Evidence</h2><p>The passages an answer stands on appear here, '
    "each with the cited words marked.</p></div>"
)


def evidence(number: int, answer: Answer, turns: int) -> str:
    """The evidence of turn `number` under the pane's head, which offers each of the `turns`."""
    return f"{_head(turns)}{section(number, answer)}"


def searching(number: int, passages: Sequence[FoundPassage]) -> str:
    """What was retrieved for the question of turn `number`, which is still being answered."""
    return f"{_head(number)}{_panels(number, '', passages, ())}"


def section(number: int, answer: Answer) -> str:
    """The evidence of one turn."""
    cards = "".join(_card(number, citation, answer.passages) for citation in answer.citations)
    cited = {(c.paper.id, c.start) for c in answer.citations}
    holding = tuple(
        p.rank for p in answer.passages if any(p.paper.id == i and p.start <= s < p.end for i, s in cited)
    )
    return _panels(number, cards, answer.passages, holding, len(answer.citations))


def why(passage: FoundPassage, spans: Sequence[tuple[int, int]]) -> str:
    """Why a passage was found: ranks, likeness, and the words that match the question marked at `spans`."""
    words = counted(len(spans), "word") if spans else "No word"
    return (
        f"<p>{escape(ranks_words(passage))}</p><p>{escape(likeness_words(passage))} · {words} of it "
        f"{'matches' if len(spans) <= 1 else 'match'} the question</p>"
        f'<p class="matched" dir="auto">{highlighted(passage.text, spans)}</p>'
    )


def similar(papers: Sequence[Paper]) -> str:
    """Papers like another one, each to be held to or opened."""
    if not papers:
        return '<p class="quiet">No other paper in the library is like it.</p>'
    entries = "".join(
        f'<li><a href="{place(paper.id)}" dir="auto">{mathematics(paper.title)}</a>'
        f'<span class="byline">{escape(byline(paper))}</span>{_action("only", "Only this paper", paper)}</li>'
        for paper in papers
    )
    return f"<h4>Similar papers</h4><ul>{entries}</ul>"


def nearest(passages: Sequence[FoundPassage], count: int = 3) -> str:
    """The nearest passages of an answer that was not found, labelled as not used."""
    cards = "".join(
        f'<li><span class="unused">not used</span><a class="title" dir="auto" '
        f'href="{place(p.paper.id, p.start, p.end)}">{mathematics(p.paper.title)}</a>'
        f'<span class="byline">{escape(_whence(p.paper))}</span>'
        f'<p dir="auto">{mathematics(_shortened(p.text))}</p></li>'
        for p in passages[:count]
    )
    label = f"The nearest {counted(min(count, len(passages)), 'passage')}"
    return f'<ul class="nearest" aria-label="{label}, not used">{cards}</ul>' if cards else ""


def _whence(paper: Paper) -> str:
    return " · ".join(known for known in (paper.organization, date_words(paper.published)) if known)


def _head(turns: int) -> str:
    options = "".join(f'<option value="{n}">Turn {n}</option>' for n in range(1, turns + 1))
    picker = (
        f'<select class="turn-picker" aria-label="Show the evidence of turn">{options}</select>'
        if turns > 1
        else ""
    )
    return f'<div class="evidence-head" data-turns="{turns}"><h2>Evidence</h2>{picker}{_exports()}</div>'


@cache
def _exports() -> str:
    """What the whole conversation can be saved as."""
    forms = "".join(
        f'<li><button type="button" class="card-action" data-do="save-as" data-form="{form}">{words}</button></li>'
        for form, (words, _, _) in FORMATS.items()
    )
    return f'<details class="exports"><summary>Export</summary><ul>{forms}</ul></details>'


def _panels(
    number: int, cards: str, passages: Sequence[FoundPassage], cited: Sequence[int], citations: int = 0
) -> str:
    retrieved = "".join(_retrieved(number, passage, passage.rank in cited) for passage in passages)
    cards = cards or '<p class="quiet">This answer cites nothing.</p>'
    retrieved = retrieved or '<p class="quiet">Nothing was retrieved.</p>'
    tab = (
        '<button type="button" role="tab" class="tab" id="tab-{name}-{n}" aria-controls="{name}-{n}" '
        'data-do="tab" data-tab="{name}" aria-selected="false">{label} <span class="count">{count}</span></button>'
    )
    tabs = tab.format(name="cited", n=number, label="Cited", count=citations) + tab.format(
        name="retrieved", n=number, label="Retrieved", count=len(passages)
    )
    panel = '<div role="tabpanel" class="panel {name}" id="{name}-{n}" aria-labelledby="tab-{name}-{n}">{body}</div>'
    return (
        f'<section class="evidence-turn" data-turn="{number}" data-cited="{citations}" '
        f'aria-label="Evidence of turn {number}"><div role="tablist" class="tabs" aria-label="Evidence">{tabs}</div>'
        + panel.format(name="cited", n=number, body=cards)
        + panel.format(name="retrieved", n=number, body=retrieved)
        + "</section>"
    )


def _card(number: int, citation: Citation, passages: Sequence[FoundPassage]) -> str:
    passage = passage_of(citation, passages)
    name = f"{number}-{citation.number}"
    return (
        f'<article class="card" id="cite-{name}" data-turn="{number}" tabindex="-1" '
        f'aria-labelledby="cite-{name}-title"><header><span class="number">{citation.number}</span>'
        f'<h3 id="cite-{name}-title" dir="auto">{mathematics(citation.paper.title)}</h3></header>'
        f'<p class="byline">{escape(byline(citation.paper))}</p>{_quoted(citation, passage)}'
        f"<footer>{_match(number, passage) if passage else ''}"
        f'<span class="place" dir="auto">{escape(citation.section or "")}</span>{_page(citation)}'
        f'<a class="back" href="#from-{name}">back to the answer</a></footer>'
        f"{_actions(citation.paper, citation.start, citation.end)}</article>"
    )


def _quoted(citation: Citation, passage: FoundPassage | None) -> str:
    body = marked(passage.text, citation.quote, citation.start - passage.start) if passage else None
    if body is None:
        return (
            f'<blockquote class="passage" dir="auto">{mathematics(citation.quote)}</blockquote>'
            '<p class="quiet">The surrounding passage was not retrieved.</p>'
        )
    return f'<blockquote class="passage" dir="auto">{body}</blockquote>'


def _match(number: int, passage: FoundPassage) -> str:
    """The word for how well it matched; the page asks for `why` when it is opened."""
    words = strength(passage)
    return (
        f'<details class="why" data-turn="{number}" data-rank="{passage.rank}"><summary>'
        f'<span class="strength {words.split()[0]}">{words}</span> <span>why?</span></summary>'
        f'<div class="reasons"><p>{escape(ranks_words(passage))}</p></div></details>'
    )


def _retrieved(number: int, passage: FoundPassage, cited: bool) -> str:
    excerpt = _shortened(passage.text)
    more = (
        f'<details class="more"><summary dir="auto"><span class="excerpt">{mathematics(excerpt)}</span> '
        f'<span class="toggle">more</span></summary><p dir="auto">{mathematics(passage.text)}</p></details>'
        if excerpt != passage.text
        else f'<p dir="auto">{mathematics(passage.text)}</p>'
    )
    use = '<span class="used">cited</span>' if cited else ""
    return (
        f'<article class="card retrieved-card" id="found-{number}-{passage.rank}" '
        f'aria-labelledby="found-{number}-{passage.rank}-title"><header>'
        f'<h3 id="found-{number}-{passage.rank}-title" dir="auto">{mathematics(passage.paper.title)}</h3>{use}</header>'
        f'<p class="byline">{escape(byline(passage.paper))}</p><div class="passage">{more}</div>'
        f"<footer>{_match(number, passage)}{_page(passage)}</footer>"
        f"{_actions(passage.paper, passage.start, passage.end)}</article>"
    )


def _actions(paper: Paper, start: int, end: int) -> str:
    """What can be done with a card's paper: read it here and where it is from, ask it alone, leave it out."""
    address = link(paper.url)
    source = (
        f'<a class="paper" href="{escape(address)}" target="_blank" rel="noopener noreferrer">Paper</a>'
        if address
        else ""
    )
    return (
        f'<div class="card-actions"><a class="open-paper" href="{place(paper.id, start, end)}">Open in Library</a>'
        f"{source}{_action('only', 'Only this paper', paper)}{_action('exclude', 'Exclude', paper)}"
        f'{_action("similar", "Find similar", paper)}</div><div class="similar" hidden></div>'
    )


def _action(name: str, label: str, paper: Paper) -> str:
    """A button that says in its accessible name which paper it is about."""
    return (
        f'<button type="button" class="card-action" data-do="{name}" data-paper="{escape(paper.id)}" '
        f'aria-label="{label}: {escape(paper.title)}">{label}</button>'
    )


def _page(of: Citation | FoundPassage) -> str:
    """The way to the page on which the words stand."""
    if of.page is None:
        return ""
    return leaf_link(of.paper.id, of.paper.title, of.page, of.start, of.end, f"PDF p. {of.page}")


def place(paper: str, start: int | None = None, end: int | None = None) -> str:
    """The address of a paper in the library, relative to the page, with a span of its text to mark."""
    span = {} if start is None else {"start": start, "end": end}
    return escape(f"library?{urlencode({'paper': paper, **span})}")


def _shortened(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0].rstrip('.,;: ')}…"
