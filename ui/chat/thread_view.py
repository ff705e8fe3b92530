"""The conversation's middle column as HTML: turns, the one being answered, errors, the empty page.

Pure: values in, escaped HTML out. Buttons carry `data-do`, which the page's script sends on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.schema import Answer, Turn
from index.dates import date_words
from index.lookup import LibraryFacts
from index.schema import Paper
from ui.chat.evidence_view import nearest, place
from ui.chat.run import Progress
from ui.parts.markup import FLAG, escape, markdown, mathematics
from ui.parts.render import (
    byline,
    conversation_spent,
    counted,
    coverage_words,
    nothing_found,
    remarks,
    scope_words,
    step_words,
    unsupported,
)
from ui.parts.signs import icon

_FLAG = '<span class="flag" role="img" aria-label="This sentence has no source" title="No source">⚠</span>'
_SPAN = 20  # turns
_NEXT = '<div class="offered" data-offer="follow_ups"></div>'


def thread(turns: Sequence[Turn]) -> str:
    """The latest finished turns, oldest first, of which the last may be retried; the others on request."""
    before = earlier_turns(len(turns))
    articles = [_turn(n, turn, n == len(turns)) for n, turn in enumerate(turns[before:], before + 1)]
    spent = conversation_spent(turns) if len(turns) > 1 else ""
    told = f'<p class="spent">This conversation: {escape(spent)}</p>' if spent else ""
    return f'<div class="turns" data-before="{before}">{_more(before)}{"".join(articles)}</div>{told}'


def earlier(turns: Sequence[Turn]) -> str:
    """The turns that `thread` leaves out."""
    before = earlier_turns(len(turns))
    return "".join(_turn(number, turn, False) for number, turn in enumerate(turns[:before], 1))


def earlier_turns(turns: int) -> int:
    """How many turns are shown on request only, so that a long conversation paints as fast as a short one.

    The number changes seldom: what was shown stays where it stood while more is asked.
    """
    return max((turns - 1) // _SPAN - 1, 0) * _SPAN


def live(progress: Progress) -> str:
    """The turn being answered, or the error it ended with; empty once it is part of the thread."""
    if progress.stage in ("done", "stopped"):
        return ""
    if progress.stage == "failed":
        return _failed(progress)
    found = f" · {counted(len(progress.passages), 'passage')} found" if progress.stage == "writing" else ""
    line = f"{'Searched' if found else 'Searching'} {counted(progress.papers, 'paper')}{found}"
    text = (
        markdown(progress.text, lambda n: f'<span class="cite pending">[{n}]</span>') if progress.text else ""
    )
    done = "".join(f" · {escape(step_words(step))}" for step in progress.steps)
    return (
        f'<article class="turn live" aria-label="Turn {progress.number}">{_asked(progress.question)}'
        f'<p class="searching"><span class="pulse" aria-hidden="true"></span>{line}{done}</p>'
        f'<div class="answer" aria-busy="true">{text}</div></article>'
    )


def status(progress: Progress) -> str:
    """One line for a screen reader."""
    lines = {
        "searching": f"Searching {counted(progress.papers, 'paper')}.",
        "writing": f"{counted(len(progress.passages), 'passage')} found. Writing the answer.",
        "done": "The answer is complete.",
        "stopped": "Stopped. What was written is kept.",
        "failed": f"The question failed: {progress.error}",
    }
    return escape(lines[progress.stage])


def empty(facts: LibraryFacts, papers: Sequence[Paper]) -> str:
    """The page before the first question: what the library holds; the page's script asks for `starters`."""
    if not facts.papers:
        return (
            '<div class="welcome" id="no-papers"><h2>This library holds no papers yet</h2>'
            '<p class="lead">Add a saved listing, notes, or records of papers, and ask them here.</p>'
            '<a class="quiet-button" href="library?view=add">Add papers on the Library page</a>'
            "<p>Or in a terminal:</p><pre><code>ibid add PATH</code></pre></div>"
        )
    days = " – ".join(dict.fromkeys(date_words(day) for day in (facts.oldest, facts.newest) if day))
    shown = [
        ("Papers", f"{facts.papers:,}"),
        ("Published", days or "unknown"),
        ("Organisations", f"{len(facts.organizations):,}"),
        ("Last update", date_words((facts.updated or "")[:10]) or "unknown"),
    ]
    figures = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in shown)
    cards = "".join(
        f'<li class="paper-card"><strong dir="auto">{mathematics(paper.title)}</strong>'
        f'<span class="byline">{escape(byline(paper))}</span></li>'
        for paper in papers
    )
    return (
        '<div class="welcome"><h2>Ask your papers</h2><p class="lead">Every sentence of an answer points at '
        f'the place it came from.</p><dl class="facts">{figures}</dl>'
        '<div class="offered" data-offer="starters"></div>'
        f'<h3>Newest papers</h3><ul class="paper-cards">{cards}</ul></div>'
    )


def listing(words: str, filters: Sequence[tuple[str, str]], papers: Sequence[Paper], more: bool) -> str:
    """Papers that were looked up, each with the way to its page; nothing of it is kept."""
    about = " · ".join([*([f"“{words}”"] if words else []), *(said for _, said in filters)])
    found = f"The first {len(papers)}" if more else counted(len(papers), "paper")
    rows = "".join(
        f'<li><a href="{place(paper.id)}" dir="auto">{mathematics(paper.title)}</a>'
        f'<span class="byline">{escape(byline(paper))}</span></li>'
        for paper in papers
    )
    return (
        f'<section class="listing" aria-label="Papers"><h2>{found}{f": {escape(about)}" if about else ""}</h2>'
        f"<ul>{rows}</ul></section>"
    )


def starters(questions: Sequence[str]) -> str:
    """Questions to begin with."""
    if not questions:
        return ""
    return f'<h3>Questions these papers answer</h3><ul class="starters">{_offered(questions, "starter")}</ul>'


def follow_ups(questions: Sequence[str]) -> str:
    """Questions to go on with."""
    if not questions:
        return ""
    return f'<ul class="follow-ups" aria-label="Ask next">{_offered(questions, "follow-up")}</ul>'


def _offered(questions: Sequence[str], name: str) -> str:
    return "".join(
        f'<li><button type="button" class="{name}" data-do="ask" data-question="{escape(question)}" dir="auto">'
        f"{mathematics(question)}</button></li>"
        for question in questions
    )


def _more(before: int) -> str:
    if not before:
        return ""
    return (
        '<button type="button" class="quiet-button earlier" data-do="earlier">'
        f"Show the {counted(before, 'earlier turn')}</button>"
    )


def _turn(number: int, turn: Turn, last: bool) -> str:
    answer = turn.answer
    refused = not answer.answered and not turn.stopped and answer.kind not in ("clarify", "smalltalk")
    body = _not_found(answer) if refused else _answer(number, turn)
    return (
        f'<article class="turn{" refused" if refused else ""}" id="turn-{number}" data-turn="{number}" '
        f'aria-label="Turn {number}">{_question(number, turn.question)}{_reading(answer, last)}{body}'
        f"{_bar(number, turn, last)}{_note(turn)}{_NEXT if last else ''}</article>"
    )


def _asked(question: str) -> str:
    return (
        f'<div class="question" dir="auto"><span class="sr-only">You asked: </span>'
        f'<span class="said">{escape(question)}</span></div>'
    )


def _question(number: int, question: str) -> str:
    """A question that can be edited; the page's script puts the box in its place."""
    return (
        f'<div class="asked">{_asked(question)}<button type="button" class="action edit" data-do="edit" '
        f'data-turn="{number}" aria-label="Edit question {number}">Edit</button></div>'
    )


def _reading(answer: Answer, last: bool) -> str:
    """How the question was read, where that is not as typed: standing alone, and the scope that it states.

    The last question can be asked again without a part of that scope.
    """
    said = []
    if answer.standalone != answer.question:
        said.append(f'<span>Understood as: <bdi class="alone">{escape(answer.standalone)}</bdi></span>')
    if chips := "".join(_stated(part, words, last) for part, words in scope_words(answer.scope.stated)):
        said.append(f"<span>Held to what the question says: {chips}</span>")
    return f'<div class="reading">{"".join(said)}</div>' if said else ""


def _stated(part: str, words: str, last: bool) -> str:
    if not last:
        return f'<span class="stated" dir="auto">{escape(words)}</span>'
    return (
        f'<button type="button" class="chip" data-do="unstate" data-part="{escape(part)}" '
        f'aria-label="Ask again without: {escape(words)}"><span dir="auto">{escape(words)}</span>'
        '<span aria-hidden="true">×</span></button>'
    )


def _answer(number: int, turn: Turn) -> str:
    answer = turn.answer
    flagged = unsupported(answer)
    text = answer.text.replace(FLAG, "")
    for sentence in flagged:
        whole = rf"(?<!\S){re.escape(sentence)}(?!\S)"  # not as a part of another
        text = re.sub(whole, lambda found: found.group() + FLAG, text, count=1)
    body = markdown(text, _marker(number, answer), _FLAG)
    if not text and turn.stopped:
        body = "<p>Nothing had been written yet.</p>"
    sourceless = counted(len(flagged), "sentence")
    verb = "has" if len(flagged) == 1 else "have"
    warning = f'<p class="warning">⚠ {sourceless} {verb} no source</p>' if flagged else ""
    stopped = '<p class="stopped">stopped</p>' if turn.stopped else ""
    return f'<div class="answer" dir="auto">{body}</div>{warning}{stopped}'


def _marker(turn: int, answer: Answer) -> Callable[[int], str | None]:
    """Links for the markers that resolve; the first of each number is where its card leads back to."""
    titles = {citation.number: citation.paper.title for citation in answer.citations}
    met: set[int] = set()

    def link(number: int) -> str | None:
        if number not in titles:
            return None
        place = "" if number in met else f' id="from-{turn}-{number}"'
        met.add(number)
        title = escape(titles[number])
        return (
            f'<a class="cite"{place} href="#cite-{turn}-{number}" title="{title}" '
            f'aria-label="Citation {number}: {title}">[{number}]</a>'
        )

    return link


def _not_found(answer: Answer) -> str:
    papers = answer.scope.papers or answer.coverage.searched
    headline = nothing_found(papers)
    said = markdown(remarks(answer), lambda n: None)
    widen = (
        '<button type="button" class="quiet-button widen" data-do="widen">Widen scope</button>'
        if not answer.scope.filters.empty
        else ""
    )
    near = nearest(answer.passages)
    lead = "<p>The nearest passages, for you to judge:</p>" if near else ""
    return f'<div class="not-found"><h2>{headline}.</h2>{said}{lead}{near}{widen}</div>'


def _bar(number: int, turn: Turn, may_retry: bool) -> str:
    answer = turn.answer
    cited = bool(answer.citations)
    buttons = [*_thumbs(number, turn), _action("copy", number, "Copy")]
    if cited:
        buttons += [
            _action("copy-references", number, "Copy with references"),
            _action("bibtex", number, "BibTeX"),
            f'<button type="button" class="action evidence-action" data-do="show-evidence" data-turn="{number}">'
            "Evidence</button>",
        ]
    if answer.table:
        buttons.append(_action("csv", number, "CSV"))
    if may_retry:
        buttons.append(_action("retry", number, "Retry"))
    summary = f'<span class="coverage">{escape(coverage_words(answer))}</span>' if cited else ""
    return f'<div class="turn-bar">{summary}<span class="actions">{"".join(buttons)}</span></div>{_steps(answer)}'


def _steps(answer: Answer) -> str:
    """The steps that a model took to the answer, folded; empty for an answer without one."""
    if not answer.steps:
        return ""
    items = "".join(
        f"<li><span>{escape(step_words(step))}</span>"
        f"{f' <span class=step-note>{escape(step.note)}</span>' if step.note else ''}</li>"
        for step in answer.steps
    )
    return f'<details class="steps"><summary>{counted(len(answer.steps), "step")}</summary><ol>{items}</ol></details>'


def _thumbs(number: int, turn: Turn) -> list[str]:
    given = turn.feedback.verdict if turn.feedback else None
    return [
        f'<button type="button" class="action thumb" data-do="rate" data-turn="{number}" data-verdict="{verdict}" '
        f'aria-pressed="{"true" if given == verdict else "false"}" aria-label="{label}" title="{label}">'
        f"{icon(f'thumb-{verdict}')}</button>"
        for verdict, label in (("up", "Good answer"), ("down", "Poor answer"))
    ]


def _note(turn: Turn) -> str:
    comment = turn.feedback.comment if turn.feedback else ""
    return f'<p class="note"><span>Your note:</span> <bdi>{escape(comment)}</bdi></p>' if comment else ""


def _action(name: str, number: int, label: str) -> str:
    return f'<button type="button" class="action" data-do="{name}" data-turn="{number}">{label}</button>'


def _failed(progress: Progress) -> str:
    return (
        f'<article class="turn failed" aria-label="Turn {progress.number}">{_asked(progress.question)}'
        '<div class="error" id="error" role="alert"><h2>This question could not be answered</h2>'
        f"<p>{escape(progress.error)}</p>"
        '<div class="actions"><button type="button" class="action" data-do="retry">Retry</button>'
        '<button type="button" class="action" data-do="copy-details">Copy details</button></div>'
        f'<pre class="details" hidden>{escape(progress.details)}</pre></div></article>'
    )
