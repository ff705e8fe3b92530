"""From a question that stands alone to the body of its answer: one path a kind.

Owns what is searched, in which scope, and which composer is given what was found. The pure modules it calls
decide; this one fetches for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assistant import clarify
from assistant.agreement import compose_agreement, foremost, positions
from assistant.citations import numbers
from assistant.compare import Outline, compose_compare, compose_summary, opening, outline
from assistant.evidence import Support, gather, paper_standings, support
from assistant.extractive import Composed, compose_find, compose_list
from assistant.kinds import asks_agreement, claim, metadata_request, sides
from assistant.metadata import compose_dates, compose_metadata, papers_with, topic_of
from assistant.question import Question, asks_for_code, label
from assistant.refusal import not_in_scope, refusal
from assistant.schema import FoundPassage, Kind
from assistant.settings import AnswerSettings
from assistant.understanding import Reading, merged, read_scope, scope_phrase
from assistant.verify import compose_verdict, judge, measure
from index.library import Library
from index.names import papers_named
from index.schema import Filters, Paper, Passage, Value

NOTHING = Composed()
_GREETING = (
    "I answer questions from the papers in this library, and quote the sentence each answer rests on. "
    "Ask what a paper does, which papers do something, or how much something helps."
)
_COMPARED = 4  # columns that can be read side by side
_OF_EACH = 3  # sentences of a paper that is asked whether it agrees
_CHECKED = 8  # sentences that a claim is held against


class Scoped(Value):
    """A question with the scope it is held to, and what of that it states itself.

    `query` is what is searched for, `note` what to say of the scope.
    """

    question: Question
    query: str
    filters: Filters
    papers: int
    stated: Filters = Filters()
    note: str = ""

    @property
    def kind(self) -> Kind:
        return self.question.kind


def scoped(question: Question, filters: Filters, library: Library, today: date) -> Scoped:
    """The question in the given scope narrowed by what it states itself; by nothing where that leaves none."""
    given = library.count(filters)
    plain = Scoped(question=question, query=question.standalone, filters=filters, papers=given)
    if question.kind in ("smalltalk", "verify") or not given:
        return plain
    reading = reading_of(question.standalone, library, today)
    if reading.filters.empty:
        return plain
    narrowed = merged(filters, reading.filters)
    papers = library.count(narrowed) if narrowed else 0
    if narrowed and papers:
        kind: Kind = question.kind
        if kind == "list" and not topic_of(reading.rest):
            kind = "metadata"  # nothing is asked but where they are from
        asked = question.model_copy(update={"kind": kind})
        return Scoped(
            question=asked, query=reading.rest, filters=narrowed, papers=papers, stated=reading.filters
        )
    if question.kind == "metadata":
        return plain.model_copy(update={"query": reading.rest, "filters": narrowed or filters, "papers": 0})
    note = f"No paper is{scope_phrase(reading.filters)}; this looks at all {given:,} in scope."
    return plain.model_copy(update={"query": reading.rest, "note": note})


def reading_of(question: str, library: Library, today: date) -> Reading:
    """The scope that a question states itself, and the question without it."""
    organizations = [name for name, _ in library.catalog.organizations()]
    return read_scope(question, today, lambda: organizations, library.catalog.written_by)


def passages_for(asked: Scoped, library: Library) -> list[Passage]:
    """What is found for a question; nothing where its kind needs no search."""
    if asked.kind in ("smalltalk", "metadata") or not asked.papers:
        return []
    query = claim(asked.query) if asked.kind == "verify" else asked.query
    return library.passages(query, asked.filters)


def composed(
    asked: Scoped,
    found: Sequence[Passage],
    listed: Sequence[FoundPassage],
    library: Library,
    settings: AnswerSettings,
) -> tuple[Composed, str, Kind]:
    """The body of the answer, the text to show whether there is one or not, and the kind it came out as."""
    kind = asked.kind
    if kind == "smalltalk":
        return NOTHING, _GREETING, kind
    if kind == "metadata":
        body = _metadata(asked, library, settings)
        return body, body.text, kind
    if kind == "find" and not asked.question.papers and clarify.vague(asked.query) and found:
        differing = clarify.choices(found, library)
        if differing:
            return NOTHING, clarify.asking_back(differing), "clarify"
    query = claim(asked.query) if kind == "verify" else asked.query
    basis = support(query, found, library)
    if kind == "compare":
        papers, outside = compared(asked, library)
        if outside:
            told = f"{asked.note} {not_in_scope(outside, asked.papers)}".strip()
            asked = asked.model_copy(update={"note": told})
        if len(papers) > 1:
            body = compose_compare([_outline(paper, library) for paper in papers[:_COMPARED]])
            return body, _noted(asked, body.text), kind
        if outside:
            return NOTHING, f"{asked.note} Widen the scope to compare.", kind
        kind = "find"
    body = _quoted(asked, kind, query, found, basis, library, settings)
    return body, _noted(asked, body.text or refusal(basis, asked.papers, listed)), kind


def _noted(asked: Scoped, text: str) -> str:
    return f"{asked.note}\n\n{text}" if asked.note else text


def _quoted(
    asked: Scoped,
    kind: Kind,
    query: str,
    found: Sequence[Passage],
    basis: Support,
    library: Library,
    settings: AnswerSettings,
) -> Composed:
    if kind == "summarize":
        return compose_summary(_outline(asked.question.papers[0], library))
    if not basis.holds:
        return NOTHING
    if kind == "verify" and asks_agreement(asked.question.standalone):
        return _agreed(query, found, library, settings)
    if kind == "verify":
        return _verified(query, found, library, settings)
    read = _of_best_papers(found, settings.papers if kind == "list" else settings.read)
    evidence = gather(query, read, library)
    if not evidence:
        return NOTHING
    if kind == "list":
        return compose_list(evidence, paper_standings(found), settings)
    return compose_find(evidence, settings, asks_for_code(query))


def _of_best_papers(found: Sequence[Passage], papers: int) -> list[Passage]:
    best = set(list(dict.fromkeys(passage.paper.id for passage in found))[:papers])
    return [passage for passage in found if passage.paper.id in best]


def _metadata(asked: Scoped, library: Library, settings: AnswerSettings) -> Composed:
    request = metadata_request(asked.question.standalone)
    total = library.count()
    if request == "facts" and asked.question.papers:
        return compose_metadata(request, asked.question.papers, "", total, settings.papers)
    words = topic_of(asked.query)
    papers = papers_with(words, library, asked.filters) if asked.papers else []
    about = scope_phrase(asked.filters)
    if words:
        about += f" with the word{'s' if len(words) > 1 else ''} *{' '.join(words)}* in title or text"
    spelled = asked.question.standalone.lower()
    if request == "group" and ("month" in spelled or "year" in spelled):
        return compose_dates(papers, about, "month" if "month" in spelled else "year")
    return compose_metadata(request, papers, about, total, settings.papers)


def _agreed(said: str, found: Sequence[Passage], library: Library, settings: AnswerSettings) -> Composed:
    read = [item for item in gather(said, _of_best_papers(found, settings.papers), library) if not item.grid]
    evidence = foremost(read, _OF_EACH)
    told = [(item.paper.title, item.text) for item in evidence]
    return compose_agreement(
        positions(said, evidence, measure(said, told, library.embedder, library.caches.keywords))
    )


def _verified(said: str, found: Sequence[Passage], library: Library, settings: AnswerSettings) -> Composed:
    """A row of a table bears on a claim only where it has the figures that the claim states."""
    stated = set(numbers(said))
    read = gather(said, _of_best_papers(found, settings.read), library)
    evidence = [item for item in read if not item.grid or (stated and stated <= set(numbers(item.text)))][
        :_CHECKED
    ]
    told = [(item.paper.title, item.told) for item in evidence]
    candidates = measure(said, told, library.embedder, library.caches.keywords)
    verdict = judge(said, candidates)
    return compose_verdict(verdict, evidence)


def named_papers(text: str, library: Library, filters: Filters = Filters()) -> list[Paper]:
    """The papers in scope that a text calls by their names, those of the longest names first."""
    if not library.count():
        return []
    return [found.paper for found in papers_named(text, library.catalog, library.caches.keywords, filters)]


def papers_outside(text: str, library: Library, filters: Filters) -> list[Paper]:
    """The papers that a text calls by their names and that are not in scope."""
    if filters.empty:
        return []
    inside = {paper.id for paper in named_papers(text, library, filters)}
    return [paper for paper in named_papers(text, library) if paper.id not in inside]


def compared(asked: Scoped, library: Library) -> tuple[list[Paper], list[Paper]]:
    """The papers to compare, and those named that are not in scope.

    A side that names no paper is compared by the paper found best for it; one that names a paper out of scope
    by none, since another paper is not what was asked for.
    """
    named, outside = asked.question.papers, {paper.id: paper for paper in asked.question.outside}
    if len(named) > 1:
        spelled = asked.question.standalone.casefold()
        return sorted(named, key=lambda paper: spelled.find(label(paper).casefold())), list(outside.values())
    chosen = {paper.id: paper for paper in named} if outside else dict[str, Paper]()
    for side in sides(asked.question.standalone):
        called = named_papers(side, library, asked.filters)
        beyond = [] if called else papers_outside(side, library, asked.filters)
        outside |= {paper.id: paper for paper in beyond[:1]}
        found = [] if called or beyond else library.passages(side, asked.filters)
        if called or (found and support(side, found, library).holds):
            paper = called[0] if called else found[0].paper
            chosen.setdefault(paper.id, paper)
    return list(chosen.values()), list(outside.values())


def _outline(paper: Paper, library: Library) -> Outline:
    return outline(paper, opening(paper, library))
