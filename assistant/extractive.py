"""Answers without a language model: quoted sentences, composed and cited."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.citations import Citations, numbers, renumbered, unmarked, with_markers
from assistant.evidence import Evidence
from assistant.question import label
from assistant.schema import Citation, Sentence, Table
from assistant.settings import AnswerSettings
from assistant.tabulated import tabulated
from index.dates import date_words
from index.schema import Paper, Value

_DANGLING = re.compile(
    r"^(?:(?:it|its|they|their|this|these|that|those|we|our|here|specifically|in particular|moreover|"
    r"furthermore|additionally|however|extensive experiments|experiments)\b)",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"^(?:it|its|they|their|these|those|also|besides|furthermore|moreover|additionally|in addition|"
    r"second(?:ly)?|third(?:ly)?|because (?:it|this|these|they|of this)|"
    r"this(?! (?:paper|work|study|survey|report|article|technical report)\b)|we (?:also|further|additionally))\b",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\b(?:code|data|models?|demo|project page|weights|dataset)\b.{0,60}\b(?:available|released?|open-?sourced?)\b"
    r"|https?://",
    re.IGNORECASE,
)
_AGAIN = 0.3  # what each sentence already taken from a paper costs its next one, in standard deviations
_BEHIND = 3.0  # how far a further sentence may lie behind the best one, in standard deviations
_LISTED = 0.55  # the share of the best paper's score from which on a paper belongs in a list


class Composed(Value):
    """The body of an answer: Markdown, its sentences, what they cite, and how many papers were read for it.

    `computed` says that it was counted from the catalog and answers without citing.
    """

    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    papers: int = 0
    table: Table | None = None
    computed: bool = False

    @property
    def answered(self) -> bool:
        return self.computed or bool(self.citations)


def compose_find(
    evidence: Sequence[Evidence], settings: AnswerSettings, boilerplate: bool = False
) -> Composed:
    """The sentences that answer best, the best first; the rows of one table together, where the first would stand."""
    citations = Citations()
    written: list[Sentence] = []
    blocks: list[str] = []
    table: Table | None = None
    for group in _groups(_chosen(evidence, settings.sentences, boilerplate)):
        if group[0].grid is not None:
            block, sentences, found = tabulated(group, citations)
            table = table or found
        else:
            sentences = _in_words(group, citations)
            block = " ".join(with_markers(sentence.text, sentence.citations) for sentence in sentences)
        blocks.append(block)
        written += sentences
    read = len({item.paper.id for item in evidence})
    return Composed(
        text="\n\n".join(blocks),
        sentences=tuple(written),
        citations=citations.all,
        papers=read,
        table=table,
    )


def _groups(chosen: Sequence[Evidence]) -> list[list[Evidence]]:
    """What is shown together: the rows of each table, and the sentences between."""
    groups: list[list[Evidence]] = []
    tables: dict[tuple[str, int], list[Evidence]] = {}
    for item in chosen:
        if item.grid is not None:
            table = (item.paper.id, item.grid.rows[0].start)
            if table not in tables:
                tables[table] = []
                groups.append(tables[table])
            tables[table].append(item)
        elif groups and groups[-1][0].grid is None:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _in_words(group: Sequence[Evidence], citations: Citations) -> list[Sentence]:
    written: list[Sentence] = []
    before = ""
    for item in group:
        number = citations.cite(item.paper, item.chunk, item.text, item.start)
        text = standing_alone(item.text, item.paper, named=item.paper.id == before)
        written.append(Sentence(text=text, citations=(number,), support="verbatim"))
        before = item.paper.id
    return written


def compose_list(
    evidence: Sequence[Evidence], standings: Mapping[str, float], settings: AnswerSettings
) -> Composed:
    """A bullet a paper, best first: title, organisation and date, and the sentence, no row, that makes it belong.

    A paper is named while its score is near enough to the best one's: there is no fixed number of them.
    """
    best: dict[str, Evidence] = {}
    for item in evidence:
        if not is_boilerplate(item.text) and item.grid is None:
            best.setdefault(item.paper.id, item)
    floor = _LISTED * max((standings[paper] for paper in best), default=0.0)
    kept = [paper for paper, score in standings.items() if paper in best and score >= floor]
    citations = Citations()
    written, lines = [], []
    for item in (best[paper] for paper in kept[: settings.papers]):
        number = citations.cite(item.paper, item.chunk, item.text, item.start)
        written.append(Sentence(text=item.text, citations=(number,), support="verbatim"))
        named = f"**{unmarked(item.paper.title)}**{unmarked(_origin(item.paper))}"
        lines.append(f"- {named}: {with_markers(item.text, [number])}")
    return Composed(
        text="\n".join(lines), sentences=tuple(written), citations=citations.all, papers=len(best)
    )


def followed(first: Composed, second: Composed) -> Composed:
    """Two bodies as one: the second's citations numbered on from the first's, those of the same span as there."""
    spans = {(c.paper.id, c.start, c.end): c.number for c in first.citations}
    citations = list(first.citations)
    now: dict[int, int] = {}
    for citation in second.citations:
        span = (citation.paper.id, citation.start, citation.end)
        if span not in spans:
            spans[span] = len(citations) + 1
            citations.append(citation.model_copy(update={"number": spans[span]}))
        now[citation.number] = spans[span]
    sentences = [
        each.model_copy(update={"citations": tuple(now[number] for number in each.citations)})
        for each in second.sentences
    ]
    return Composed(
        text="\n\n".join(text for text in (first.text, renumbered(second.text, now)) if text),
        sentences=(*first.sentences, *sentences),
        citations=tuple(citations),
        papers=max(first.papers, second.papers),
        table=second.table,
        computed=second.computed,
    )


def leans_on_another(text: str) -> bool:
    """Whether a sentence goes on from the one before it, so that it says little where it stands alone."""
    return _LEANING.match(text) is not None


def is_boilerplate(text: str) -> bool:
    """Whether a sentence only says where something is to be had."""
    return _BOILERPLATE.search(text) is not None


def _chosen(evidence: Sequence[Evidence], most: int, boilerplate: bool) -> list[Evidence]:
    """The best sentence again and again, each further one of a paper counting a little less."""
    telling = [item for item in evidence if not item.text.endswith("?")]
    left = [item for item in telling if boilerplate or not is_boilerplate(item.text)] or list(evidence)
    chosen: list[Evidence] = []
    used: dict[str, int] = {}

    def worth(item: Evidence) -> float:
        return item.score - _AGAIN * used.get(item.paper.id, 0)

    while left and len(chosen) < most:
        best = max(left, key=worth)
        if chosen and worth(best) < chosen[0].score - _BEHIND:
            break
        chosen.append(best)
        used[best.paper.id] = used.get(best.paper.id, 0) + 1
        left = [item for item in left if item is not best and not _repeats(item, best)]
    return chosen


def _repeats(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say the same in nearly the same words."""
    mine, theirs = (set(re.findall(r"\w+", item.text.lower())) for item in (one, other))
    return len(mine & theirs) > 0.7 * min(len(mine), len(theirs))


def standing_alone(text: str, paper: Paper, named: bool = False) -> str:
    """The sentence, introduced by its paper's name where it opens with a word that points back.

    A name that would bring in a number the quote does not hold is left out.
    """
    name = label(paper)
    if named or not _DANGLING.match(text) or set(numbers(name)) - set(numbers(text)):
        return text
    first = text.split(None, 1)[0]
    lowered = text[0].lower() + text[1:] if first.istitle() else text
    return f"In *{name}*, {lowered}"


def _origin(paper: Paper) -> str:
    known = [fact for fact in (paper.organization, date_words(paper.published)) if fact]
    return f" ({', '.join(known)})" if known else ""
