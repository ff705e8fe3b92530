"""The digest page's parts as HTML: what is asked for, the papers by topic, the saved questions.

Pure: values in, escaped HTML out. Every link is an address, so that it works without the script too;
`data-do` tells the script what it may do instead. What stands in the fields is the script's business: it
reads them from the address.
"""

from __future__ import annotations

from assistant.digest import Noted, Topic, Wish
from assistant.saved_questions import LONGEST, Outcome
from assistant.schema import Citation
from index.dates import date_words
from index.lookup import LibraryFacts
from index.schema import Paper
from ui.digest.address import OTHERS, elsewhere, write
from ui.digest.forms import Edition, heading, outcome_words, summary
from ui.library.address import Address, to_paper
from ui.library.address import write as library_address
from ui.library.papers_view import OFFERED, told, trouble
from ui.parts.exports import place
from ui.parts.markup import escape, mathematics
from ui.parts.render import byline, counted

__all__ = ["controls", "papers", "questions", "told", "trouble"]

_PERIODS = ("1d", "7d", "2w", "30d", "90d")
_FORMS = {"md": "Markdown", "html": "HTML", "atom": "Atom feed", "json": "JSON"}
_LONGER = "90d"


def controls(facts: LibraryFacts) -> str:
    """The fields that say what is asked for, empty; the script writes into them what the address says."""
    names = "".join(f'<option value="{escape(name)}">' for name, _ in facts.organizations[:OFFERED])
    periods = "".join(f'<option value="{period}">' for period in _PERIODS)
    return (
        '<form class="wishes" id="wishes" role="search" aria-label="What is new" data-do="none">'
        '<label class="field"><span>Since</span><input type="text" data-wish="since" placeholder="7d" '
        'list="known-periods" autocomplete="off"></label>'
        '<label class="field"><span>New by</span><select data-wish="by"><option value="">being added</option>'
        '<option value="published">being published</option></select></label>'
        '<label class="field"><span>Organisation</span><input type="text" data-wish="organization" '
        'list="new-organizations" autocomplete="off"></label>'
        '<label class="field wide"><span>Topic or question</span><input type="search" data-wish="topic" '
        f'placeholder="all topics" autocomplete="off" maxlength="{LONGEST}"></label></form>'
        f'<datalist id="known-periods">{periods}</datalist><datalist id="new-organizations">{names}</datalist>'
    )


# The papers


def papers(edition: Edition, whole: int) -> str:
    """The digest, or why there is none; `whole` counts the library's papers."""
    digest = edition.digest
    if not whole:
        return (
            '<div class="nothing" id="no-papers"><h2>This library holds no papers yet</h2>'
            "<p>What is added to it will be told here.</p>"
            f'<a class="quiet-button" href="library{escape(library_address(Address(part="add")))}">Add papers</a></div>'
        )
    if not digest.total:
        return f"{_bar(edition)}{_nothing(digest.wish)}"
    return _bar(edition) + "".join(_topic(topic, edition) for topic in digest.topics)


def _bar(edition: Edition) -> str:
    wish = edition.digest.wish
    chips = "".join(
        _removable(
            wish.model_copy(
                update={"organizations": tuple(one for one in wish.organizations if one != name)}
            ),
            name,
            "organisation",
        )
        for name in wish.organizations
    )
    if wish.topic:
        chips = _removable(wish.model_copy(update={"topic": ""}), f"“{wish.topic}”", "topic") + chips
    links = "".join(f'<a href="{escape(elsewhere(wish, form))}">{_FORMS[form]}</a>' for form in OTHERS)
    keep = '<button type="button" class="link-button" data-do="keep-topic">Save as a question</button>'
    return (
        f'<div class="list-bar">{chips}<span class="count" id="digest-count">{escape(summary(edition.digest))}</span>'
        f'{keep if wish.topic else ""}<span class="forms" role="group" aria-label="This digest as">{links}</span></div>'
    )


def _removable(wish: Wish, words: str, kind: str) -> str:
    return (
        f'<a class="chip" href="{escape(write(wish))}" data-do="wish" '
        f'aria-label="Remove {kind}: {escape(words)}"><span dir="auto">{escape(words)}</span>'
        '<span aria-hidden="true">×</span></a>'
    )


def _nothing(wish: Wish) -> str:
    ways = []
    if wish.topic or wish.organizations:
        ways.append((wish.model_copy(update={"topic": "", "organizations": ()}), "All new papers"))
    if wish.since != _LONGER:
        ways.append((wish.model_copy(update={"since": _LONGER}), "Look back 90 days"))
    if wish.by == "published":
        ways.append((wish.model_copy(update={"by": "added"}), "Papers added instead"))
    links = "".join(
        f'<a class="quiet-button" href="{escape(write(way))}" data-do="wish">{words}</a>'
        for way, words in ways
    )
    return f'<div class="nothing" id="nothing-new"><h2>Nothing is new</h2>{links}</div>'


def _topic(topic: Topic, edition: Edition) -> str:
    items = "".join(_paper(noted, edition.digest.cited(noted)) for noted in topic.papers)
    return (
        f'<section class="topic"><h2 dir="auto">{escape(heading(topic, edition.digest))} '
        f'<span class="quiet">{counted(len(topic.papers), "paper")}</span></h2><ul>{items}</ul></section>'
    )


def _paper(noted: Noted, cited: Citation | None) -> str:
    paper = noted.paper
    address = escape(f"library{to_paper(paper.id)}")
    return (
        f'<li class="noted" data-paper="{escape(paper.id)}">'
        f'<h3 dir="auto"><a href="{address}">{mathematics(paper.title)}</a></h3>'
        f'<p class="byline" dir="auto">{escape(byline(paper))}</p>{_sentence(cited) if cited else ""}</li>'
    )


def _sentence(cited: Citation) -> str:
    """The quoted words with the way to where they stand."""
    address = escape(f"library{to_paper(cited.paper.id, cited.start, cited.end)}")
    where = place(cited)
    at = f' <span class="quiet">{escape(where)}</span>' if where else ""
    return (
        f'<p class="sentence" dir="auto"><q>{mathematics(cited.quote)}</q>{at} <a class="cite" href="{address}" '
        f'aria-label="Citation {cited.number}: open in {escape(cited.paper.title)}">[{cited.number}]</a></p>'
    )


# The saved questions


def questions(outcomes: tuple[Outcome, ...], wish: Wish) -> str:
    """The saved questions with what has become of their answers, and a field for another one."""
    items = "".join(_question(one, wish) for one in outcomes)
    listed = f"<ul>{items}</ul>" if items else '<p class="quiet" id="no-questions">None yet.</p>'
    return (
        '<section class="saved"><h2>Saved questions</h2><p class="quiet">Each is asked again when papers come; '
        "a changed answer is told here, in the feed, and in the e-mail.</p>"
        f'{listed}<form class="saver" data-do="none">'
        '<label class="sr-only" for="new-question">A question to save</label>'
        f'<input id="new-question" placeholder="Ask this again…" autocomplete="off" maxlength="{LONGEST}">'
        '<button type="submit" class="quiet-button">Save question</button></form></section>'
    )


def _question(outcome: Outcome, wish: Wish) -> str:
    saved = outcome.question
    state = "changed" if outcome.changed else "failed" if outcome.error else "same"
    held = ", ".join(saved.scope.organizations)
    scope = f' <span class="quiet" dir="auto">only {escape(held)}</span>' if held else ""
    new = escape(write(wish.model_copy(update={"topic": saved.question})))
    name = escape(saved.question)
    return (
        f'<li class="saved-question {state}" data-question="{escape(saved.id)}"><h3 dir="auto">{name}</h3>{scope}'
        f'<p class="outcome" dir="auto">{escape(outcome_words(outcome))}</p>{_moved(outcome)}'
        f'<p class="ways"><a href="{new}" data-do="wish" aria-label="New papers on: {name}">New papers on it</a>'
        f'<button type="button" class="link-button" data-do="forget" data-question="{escape(saved.id)}" '
        f'aria-label="Forget: {name}">Forget</button></p></li>'
    )


def _moved(outcome: Outcome) -> str:
    """The papers that the answer cites now and did not, and those that it no longer cites."""
    came = "".join(_moved_paper(paper, "+", "now cited", outcome) for paper in outcome.came)
    went = "".join(_moved_paper(paper, "−", "no longer cited", None) for paper in outcome.went)
    return f'<ul class="moved">{came}{went}</ul>' if came or went else ""


def _moved_paper(paper: Paper, sign: str, words: str, outcome: Outcome | None) -> str:
    first = next(
        (
            one
            for one in (outcome.now.citations if outcome and outcome.now else ())
            if one.paper.id == paper.id
        ),
        None,
    )
    facts = " · ".join(fact for fact in (paper.organization or "", date_words(paper.published)) if fact)
    address = to_paper(paper.id, first.start, first.end) if first else to_paper(paper.id)
    return (
        f'<li><span aria-hidden="true">{sign}</span><span class="sr-only">{words}: </span>'
        f'<a href="library{escape(address)}" dir="auto">{mathematics(paper.title)}</a> '
        f'<span class="byline">{escape(facts)}</span></li>'
    )
