"""A digest to read elsewhere: in words, as Markdown, as a page of its own, as data.

Owns the wording of a digest, which the page, the feed and the e-mail share, and the forms. Pure: values in,
text out. Nothing in them is alive, whatever the papers hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from assistant.digest import Digest, Noted, Topic
from assistant.saved_questions import Outcome
from assistant.schema import Citation
from index.dates import date_words
from index.schema import Paper, Value
from ui.library.address import to_paper
from ui.parts.bibliography import as_json
from ui.parts.exports import footnote, page, place, plain
from ui.parts.markup import escape, link, mathematics
from ui.parts.render import authors_words, byline, counted

OTHERS = "On their own"  # the name of the papers that share no topic
WHOLE = "New papers"  # the name of all papers, where they are not sorted


class Edition(Value):
    """What is told at once: a digest, and what has become of the saved questions; None where none was asked.

    `home` is the address of the running server, with its slash, that links to the library begin with; empty
    where there is none.
    """

    digest: Digest
    questions: tuple[Outcome, ...] | None = None
    home: str = ""

    @property
    def changed(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.questions or () if one.changed)

    @property
    def news(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.digest.total or self.changed or any(one.error for one in self.questions or ()))


# Words


def title(digest: Digest) -> str:
    """`What is new: “reward models”, NVIDIA`"""
    wish = digest.wish
    about = [f"“{wish.topic.strip()}”"] if wish.topic.strip() else []
    held = ", ".join([*about, *wish.organizations])
    return f"What is new: {held}" if held else "What is new"


def summary(digest: Digest) -> str:
    """`12 papers added since 14 Nov 2026`, and how many of them are shown where not all are."""
    said = f"{counted(digest.total, 'paper')} {digest.wish.by} since {date_words(digest.since)}"
    shown = len(digest.papers)
    return said if shown == digest.total else f"{said}; the latest {shown:,} are shown"


def heading(topic: Topic, digest: Digest) -> str:
    """A topic's name as a heading."""
    if topic.name:
        return topic.name[0].upper() + topic.name[1:]
    return OTHERS if len(digest.topics) > 1 else WHOLE


def outcome_words(outcome: Outcome) -> str:
    """What has become of a saved question's answer, in one sentence."""
    if outcome.error:
        return f"It could not be asked: {outcome.error}"
    if not outcome.changed:
        return f"No change since {date_words(outcome.before[:10])}."
    parts = []
    if outcome.came:
        new = f", {len(outcome.new):,} of them new" if 0 < len(outcome.new) < len(outcome.came) else ""
        kind = "new paper" if len(outcome.new) == len(outcome.came) else "further paper"
        parts.append(f"cites {counted(len(outcome.came), kind)}{new}")
    if outcome.went:
        parts.append(f"no longer cites {counted(len(outcome.went), 'paper')}")
    return f"The answer has changed: it {' and '.join(parts)}."


def in_library(citation: Citation, home: str) -> str:
    """The address of a sentence in the library; empty where no server is known."""
    return f"{home}library{to_paper(citation.paper.id, citation.start, citation.end)}" if home else ""


# Markdown


def as_markdown(edition: Edition) -> str:
    """The digest with a footnote a citation."""
    digest = edition.digest
    parts = [f"# {plain(title(digest))}", f"*{plain(summary(digest))}*"]
    for topic in digest.topics:
        parts += [
            f"## {plain(heading(topic, digest))}",
            "\n".join(_item(noted, digest) for noted in topic.papers),
        ]
    if edition.questions:
        parts += ["## Saved questions", "\n".join(_question_item(one) for one in edition.questions)]
    notes = [f"[^{citation.number}]: {footnote(citation)}" for citation in digest.citations]
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else [])]) + "\n"


def _item(noted: Noted, digest: Digest) -> str:
    line = byline(noted.paper)
    named = f"- **{plain(noted.paper.title)}**{f' ({plain(line)})' if line else ''}"
    cited = digest.cited(noted)
    return f"{named}  \n  {plain(cited.quote)}[^{cited.number}]" if cited else named


def _question_item(outcome: Outcome) -> str:
    asked = f"- **{plain(outcome.question.question)}** {plain(outcome_words(outcome))}"
    came = [f"  - + {plain(_named(paper))}" for paper in outcome.came]
    went = [f"  - − {plain(_named(paper))}" for paper in outcome.went]
    return "\n".join([asked, *came, *went])


def _named(paper: Paper) -> str:
    return " · ".join(fact for fact in (paper.title, paper.organization, date_words(paper.published)) if fact)


# HTML


def as_html(edition: Edition) -> str:
    """The digest as a page that needs nothing else."""
    return page(title(edition.digest), summary(edition.digest), body(edition))


def body(edition: Edition) -> str:
    """What stands on that page below its title."""
    digest = edition.digest
    topics = "\n".join(
        f'<section><h2 dir="auto">{escape(heading(topic, digest))}</h2>'
        f"<ul>{''.join(f'<li>{told(noted, edition)}</li>' for noted in topic.papers)}</ul></section>"
        for topic in digest.topics
    )
    return topics + _questions(edition)


def told(noted: Noted, edition: Edition) -> str:
    """A paper: its title, what is known of it, and its sentence with its place."""
    paper, cited = noted.paper, edition.digest.cited(noted)
    quote = ""
    if cited is not None:
        where = escape(place(cited))
        home = in_library(cited, edition.home)
        way = f' <a href="{escape(home)}">in the library</a>' if home else ""
        quote = f'<br><q dir="auto">{mathematics(cited.quote)}</q> {where}{way}'
    facts = byline(paper)
    about = f' <span class="about">{escape(facts)}</span>' if facts else ""
    return f"{_linked(paper)}{about}{quote}"


def _linked(paper: Paper) -> str:
    address, name = link(paper.url), f'<b dir="auto">{mathematics(paper.title)}</b>'
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{name}</a>' if address else name


def _questions(edition: Edition) -> str:
    if not edition.questions:
        return ""
    items = "".join(f"<li>{question_told(one)}</li>" for one in edition.questions)
    return f"<section><h2>Saved questions</h2><ul>{items}</ul></section>"


def question_told(outcome: Outcome) -> str:
    """A saved question, what has become of its answer, and the papers that came and went."""
    came = "".join(f"<li>+ {_credited(paper)}</li>" for paper in outcome.came)
    went = "".join(f"<li>− {_credited(paper)}</li>" for paper in outcome.went)
    papers = f"<ul>{came}{went}</ul>" if came or went else ""
    return f'<b dir="auto">{escape(outcome.question.question)}</b> {escape(outcome_words(outcome))}{papers}'


def _credited(paper: Paper) -> str:
    facts = " · ".join(
        fact for fact in (paper.organization, authors_words(paper), date_words(paper.published)) if fact
    )
    return f'{_linked(paper)} <span class="about">{escape(facts)}</span>'


# Data


def as_data(edition: Edition) -> str:
    """The digest and the outcomes as JSON."""
    questions = edition.questions
    outcomes = None if questions is None else [one.model_dump(mode="json") for one in questions]
    return as_json(edition.digest.model_dump(mode="json") | {"questions": outcomes})


FORMS: Mapping[str, tuple[str, Callable[[Edition], str]]] = MappingProxyType(
    {
        "md": ("text/markdown", as_markdown),
        "html": ("text/html", as_html),
        "json": ("application/json", as_data),
    }
)
"""What a digest is written as: the media type, and what writes it."""
