"""Answers without a language model: quoted sentences, composed and cited."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.citations import Citations, numbers, unmarked, with_markers
from assistant.evidence import Evidence
from assistant.question import label
from assistant.schema import Citation, Sentence
from assistant.settings import AnswerSettings
from index.dates import date_words
from index.schema import Paper, Value

_DANGLING = re.compile(
    r"^(?:(?:it|its|they|their|this|these|that|those|we|our|here|specifically|in particular|moreover|"
    r"furthermore|additionally|however|extensive experiments|experiments)\b)",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\b(?:code|data|models?|demo|project page|weights|dataset)\b.{0,60}\b(?:available|released?|open-?sourced?)\b"
    r"|https?://",
    re.IGNORECASE,
)
_FALLS_TO = 0.72  # a further sentence must score at least this share of the best one


class Composed(Value):
    """The body of an answer: Markdown, its sentences, what they cite, and how many papers were read for it."""

    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    papers: int = 0


def compose_find(evidence: Sequence[Evidence], settings: AnswerSettings) -> Composed:
    """The sentences that answer best, the best paper first, in their own order within a paper."""
    chosen = _chosen(evidence, settings.sentences)
    citations = Citations()
    written: list[Sentence] = []
    for paper_id in dict.fromkeys(item.paper.id for item in chosen):
        told = sorted((item for item in chosen if item.paper.id == paper_id), key=lambda item: item.start)
        for position, item in enumerate(told):
            number = citations.cite(item.paper, item.chunk, item.text, item.start)
            text = _standing_alone(item, named=position > 0)
            written.append(Sentence(text=text, citations=(number,), support="verbatim"))
    text = " ".join(with_markers(sentence.text, sentence.citations) for sentence in written)
    read = len({item.paper.id for item in evidence})
    return Composed(text=text, sentences=tuple(written), citations=citations.all, papers=read)


def compose_list(evidence: Sequence[Evidence], settings: AnswerSettings) -> Composed:
    """A bullet a paper, best first: title, organisation and date, and the sentence that makes it belong."""
    best: dict[str, Evidence] = {}
    for item in evidence:
        if not _BOILERPLATE.search(item.text):
            best.setdefault(item.paper.id, item)
    floor = _FALLS_TO * max((item.score for item in best.values()), default=0.0)
    kept = [item for item in best.values() if item.score >= floor][: settings.papers]
    citations = Citations()
    written, lines = [], []
    for item in kept:
        number = citations.cite(item.paper, item.chunk, item.text, item.start)
        written.append(Sentence(text=item.text, citations=(number,), support="verbatim"))
        named = f"**{unmarked(item.paper.title)}**{unmarked(_origin(item.paper))}"
        lines.append(f"- {named}: {with_markers(item.text, [number])}")
    return Composed(
        text="\n".join(lines), sentences=tuple(written), citations=citations.all, papers=len(best)
    )


def _chosen(evidence: Sequence[Evidence], most: int) -> list[Evidence]:
    chosen: list[Evidence] = []
    for item in evidence:
        if len(chosen) == most or item.score < _FALLS_TO * evidence[0].score:
            break
        if not _BOILERPLATE.search(item.text) and not any(_repeats(item, other) for other in chosen):
            chosen.append(item)
    return chosen or list(evidence[:1])


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say the same in nearly the same words."""
    mine, theirs = (set(re.findall(r"\w+", item.text.lower())) for item in (one, other))
    return len(mine & theirs) > 0.7 * min(len(mine), len(theirs))


def _standing_alone(item: Evidence, named: bool) -> str:
    """The sentence, introduced by its paper's name where it opens with a word that points back.

    A name that would bring in a number the quote does not hold is left out.
    """
    name = label(item.paper)
    if named or not _DANGLING.match(item.text) or set(numbers(name)) - set(numbers(item.text)):
        return item.text
    first = item.text.split(None, 1)[0]
    lowered = item.text[0].lower() + item.text[1:] if first.istitle() else item.text
    return f"In *{name}*, {lowered}"


def _origin(paper: Paper) -> str:
    known = [fact for fact in (paper.organization, date_words(paper.published)) if fact]
    return f" ({', '.join(known)})" if known else ""
