"""The evidence pane: what each turn cites and what was retrieved for it, as HTML.

Pure: turns in, escaped HTML out. Card and marker name each other by id (`cite-<turn>-<n>`,
`from-<turn>-<n>`); which turn and which tab is shown is the page script's business.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import Answer, Citation, FoundPassage, Turn
from index.dates import date_words
from ui.markup import escape, link, marked, mathematics
from ui.render import byline, counted, passage_of, ranks_words, strength

EXCERPT = 220  # characters of a passage shown before it is opened


def evidence(turns: Sequence[Turn], searching: tuple[FoundPassage, ...] = ()) -> str:
    """Every turn's evidence; `searching` are the passages of a question still being answered."""
    sections = [_section(number, turn.answer) for number, turn in enumerate(turns, 1)]
    if searching:
        sections.append(_panels(len(turns) + 1, "", searching, ()))
    if not sections:
        return (
            '<div class="evidence-empty"><h2>Evidence</h2><p>The passages an answer stands on appear here, '
            "each with the cited words marked.</p></div>"
        )
    return f'<div class="evidence-head"><h2>Evidence</h2>{_picker(len(sections))}</div>{"".join(sections)}'


def _picker(turns: int) -> str:
    if turns < 2:
        return ""
    options = "".join(f'<option value="{n}">Turn {n}</option>' for n in range(1, turns + 1))
    return f'<select class="turn-picker" aria-label="Show the evidence of turn">{options}</select>'


def _section(number: int, answer: Answer) -> str:
    cards = "".join(_card(number, citation, answer.passages) for citation in answer.citations)
    cited = {(c.paper.id, c.start) for c in answer.citations}
    holding = tuple(
        p.rank for p in answer.passages if any(p.paper.id == i and p.start <= s < p.end for i, s in cited)
    )
    return _panels(number, cards, answer.passages, holding, len(answer.citations))


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
    place = " · ".join(
        words
        for words in (citation.section or "", f"p. {citation.page}" if citation.page is not None else "")
        if words
    )
    match = _match(passage) if passage else ""
    return (
        f'<article class="card" id="cite-{name}" data-turn="{number}" tabindex="-1" '
        f'aria-labelledby="cite-{name}-title"><header><span class="number">{citation.number}</span>'
        f'<h3 id="cite-{name}-title" dir="auto">{mathematics(citation.paper.title)}</h3></header>'
        f'<p class="byline">{escape(byline(citation.paper))}</p>{_quoted(citation, passage)}'
        f'<footer>{match}<span class="place">{escape(place)}</span>'
        f'<a class="back" href="#from-{name}">back to the answer</a>{_paper_link(citation.paper.url)}'
        "</footer></article>"
    )


def _quoted(citation: Citation, passage: FoundPassage | None) -> str:
    body = marked(passage.text, citation.quote, citation.start - passage.start) if passage else None
    if body is None:
        return (
            f'<blockquote class="passage" dir="auto">{mathematics(citation.quote)}</blockquote>'
            '<p class="quiet">The surrounding passage was not retrieved.</p>'
        )
    return f'<blockquote class="passage" dir="auto">{body}</blockquote>'


def _match(passage: FoundPassage) -> str:
    words = strength(passage)
    return (
        f'<details class="why"><summary><span class="strength {words.split()[0]}">{words}</span> '
        f"<span>why?</span></summary><p>{escape(ranks_words(passage))}</p></details>"
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
        f"<footer>{_match(passage)}{_paper_link(passage.paper.url)}</footer></article>"
    )


def nearest(passages: Sequence[FoundPassage], count: int = 3) -> str:
    """The nearest passages of an answer that was not found, labelled as not used."""
    cards = "".join(
        f'<li><span class="unused">not used</span><strong dir="auto">{mathematics(p.paper.title)}</strong>'
        f'<span class="byline">{escape(p.paper.organization or "")} {escape(date_words(p.paper.published))}</span>'
        f'<p dir="auto">{mathematics(_shortened(p.text))}</p></li>'
        for p in passages[:count]
    )
    label = f"The nearest {counted(min(count, len(passages)), 'passage')}"
    return f'<ul class="nearest" aria-label="{label}, not used">{cards}</ul>' if cards else ""


def _shortened(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0].rstrip('.,;: ')}…"


def _paper_link(url: str | None) -> str:
    address = link(url)
    if address is None:
        return ""
    return f'<a class="paper" href="{escape(address)}" target="_blank" rel="noopener noreferrer">Paper</a>'
