"""Questions to ask next, each known to be answerable before it is offered.

They are drawn from what the cited papers hold and no answer has quoted yet: what a paper's own sentences
tell of an aspect, how two papers compare, which papers share a topic. Each is read by the code that will
answer it, after the same turns, and dropped where it would be read otherwise, or where the papers it was drawn
from would not answer it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from assistant.answering import Scoped, named_papers, scoped
from assistant.aspects import Aspect, aspect_scores
from assistant.compare import Outline, outline
from assistant.evidence import gather, support
from assistant.extractive import compose_find
from assistant.grounds import grounds_of
from assistant.question import understand
from assistant.schema import Answer, Kind, Turn
from assistant.settings import AnswerSettings
from assistant.topics import speaks_of, topics
from index.filters import bounds
from index.fusion import rarity_weight
from index.library import Library
from index.schema import Paper, Passage, Value

_MOST = 3
_LONGEST = 140  # characters of a question that is still read at a glance
_READ = 6000  # characters of a paper's text that are read for what it holds
_ASKS: dict[Aspect, str] = {
    "result": "What results does {} report?",
    "method": "What does {} propose?",
    "data": "What data does {} use?",
    "problem": "What problem does {} address?",
}
_CUES = 1.0  # of an aspect in its sentence, wherever that stands: less makes a poor question
_NEAR = 8  # passages that are looked at for papers alike
_RARE = 0.35  # share of papers that the rarest word of a topic may stand in: beyond, it tells nothing apart
_TRIED = 2  # aspects of a paper that are tried, since each costs embedding a question
_EARLY = 2  # citations of a paper asked alone that will stand when it is asked among others
_IN_COMMON = 2  # aspects that two papers must both tell to be set side by side


class Source(Value):
    """A paper with its opening passages and the sentence that serves each aspect best."""

    paper: Paper
    passages: tuple[Passage, ...]
    outline: Outline


def follow_ups(
    answer: Answer, turns: Sequence[Turn], library: Library, settings: AnswerSettings, today: date
) -> tuple[str, ...]:
    """Up to three questions to ask after an answer; `turns` are those before it, oldest first.

    Each stands alone, was not asked before, and is answered with citations when it is asked next in the
    same scope. Empty where the answer cites nothing.
    """
    if not answer.answered or not answer.citations:
        return ()
    conversation = (*turns, Turn(question=answer.question, answer=answer))
    papers = dict.fromkeys(citation.paper.id for citation in answer.citations)
    sources = [source for paper in list(papers)[:_MOST] if (source := _source(paper, library))]
    asking = Asking(conversation, library, settings, today)
    sorts = [
        *(_of_aspects(source, asking) for source in sources[:1]),
        _of_comparison(sources, asking),
        _of_topic(sources, asking),
        *(_of_aspects(source, asking) for source in sources[1:]),
    ]
    told = (text for turn in conversation for text in (turn.question, turn.answer.standalone))
    return _in_turn(sorts, {_words(text) for text in told})


class Asking:
    """How a question would be read and answered if it were asked next."""

    def __init__(
        self, conversation: Sequence[Turn], library: Library, settings: AnswerSettings, today: date
    ) -> None:
        """`conversation` ends with the turn whose answer is followed up."""
        self.conversation = conversation
        self.answer = conversation[-1].answer
        self.library = library
        self._settings = settings
        self._today = today

    def read(self, question: str) -> Scoped | None:
        """The question as it will be read; None where that would be as another one, or in another scope."""
        if len(question) > _LONGEST:
            return None
        grounds = grounds_of(self.library)
        scope = self.answer.scope.filters
        named = partial(named_papers, library=self.library, filters=scope)
        read = understand(question, self.conversation, grounds, named)
        asked = scoped(read, scope, self.library, self._today)
        unchanged = read.standalone == question == asked.query and asked.filters == scope
        return asked if unchanged and not asked.note else None

    def named(
        self, words: str, sources: Sequence[Source], kind: Kind, quoting: int | None = None
    ) -> str | None:
        """`words` with names that call exactly these papers, short names before titles; None without such.

        `quoting` is where a sentence of the first paper begins that the answer must quote.
        """
        wanted = {source.paper.id for source in sources}
        for names in (list(map(_short, sources)), list(map(_full, sources))):
            question = words.format(*names)
            asked = self.read(question) if len(set(names)) == len(wanted) else None
            if asked and asked.kind == kind and {paper.id for paper in asked.question.papers} == wanted:
                return question if quoting is None or self._quotes(asked, sources[0], quoting) else None
        return None

    def listed(self, question: str, passages: Sequence[Passage]) -> bool:
        """Whether the question asks for a list, and these passages are enough for one.

        A search will find none that are further from the question.
        """
        asked = self.read(question)
        if asked is None or asked.kind != "list" or asked.question.papers:
            return False
        model, ids = self.library.embedder.fingerprint.key, [passage.chunk.id for passage in passages]
        vectors, query = self.library.catalog.vectors_of(ids, model), self.library.embedder.query(question)
        rated = [
            passage.model_copy(update={"similarity": float(vectors[passage.chunk.id] @ query)})
            for passage in passages
            if passage.chunk.id in vectors
        ]
        return support(question, rated, self.library).holds

    def _quotes(self, asked: Scoped, source: Source, start: int) -> bool:
        """Whether the paper, asked alone, is quoted early with the sentence that begins at `start` of its text.

        Then it is among others too, as good as always; to search for those would cost as much as an answer.
        """
        if not support(asked.query, source.passages, self.library).holds:
            return False
        evidence = gather(asked.query, source.passages, self.library)
        early = compose_find(evidence, self._settings).citations[:_EARLY]
        return any(citation.start == start for citation in early)


def _of_aspects(source: Source, asking: Asking) -> Iterator[str]:
    """What the paper's own sentences tell most plainly, and no answer has quoted yet."""
    quoted = {
        (citation.paper.id, citation.start)
        for turn in asking.conversation
        for citation in turn.answer.citations
    }
    cues: dict[Aspect, float] = {}
    for aspect, (chunk, start, end) in source.outline.said.items():
        if (source.paper.id, start) not in quoted:
            text = chunk.text[start - chunk.start : end - chunk.start]
            cues[aspect] = aspect_scores(text, 0.4)[aspect]
    plainest = sorted((aspect for aspect in cues if cues[aspect] >= _CUES), key=lambda told: -cues[told])
    for aspect in plainest[:_TRIED]:
        start = source.outline.said[aspect][1]
        if question := asking.named(_ASKS[aspect], [source], "find", quoting=start):
            yield question


def _of_comparison(sources: Sequence[Source], asking: Asking) -> Iterator[str]:
    """The first cited paper beside the next one that has as much to tell, else beside one that is like it."""
    for other in (*sources[1:], *_alike(sources[:1], asking)):
        told = sources[0].outline.said.keys() & other.outline.said.keys()
        if len(told) >= _IN_COMMON:
            pair = [sources[0], other]
            if question := asking.named("How does {} compare with {}?", pair, "compare"):
                yield question
                return


def _of_topic(sources: Sequence[Source], asking: Asking) -> Iterator[str]:
    """The papers on a topic that the question or a cited title has, the most telling topic first."""
    answer, keywords = asking.answer, asking.library.caches.keywords
    found = {passage.paper.id: passage.paper.title for passage in answer.passages}
    texts = {key: "\n".join(p.text for p in answer.passages if p.paper.id == key) for key in found}
    asked = "" if answer.kind == "list" else answer.standalone
    told = [
        topic
        for words in (asked, *(source.paper.title for source in sources))
        for topic in topics(words, list(found.values()), list(texts.values()))
        if asked or not speaks_of(answer.standalone, topic)
    ]
    shares = {topic: keywords.rarity(keywords.stems(topic)) for topic in told}
    telling = {
        topic: sum(map(rarity_weight, rare))
        for topic, rare in shares.items()
        if min(rare, default=1) <= _RARE
    }
    for topic in sorted(telling, key=lambda topic: -telling[topic]):
        question = f"Which papers are about {topic}?"
        speaking = [key for key in found if speaks_of(f"{found[key]}\n{texts[key]}", topic)]
        passages = [passage for key in speaking for passage in _opening(key, asking.library)]
        if asking.listed(question, passages):
            yield question


def _alike(sources: Sequence[Source], asking: Asking) -> Iterator[Source]:
    """Papers in scope that are like those given and not cited, the most alike first."""
    library = asking.library
    first = [source.passages[0].chunk.id for source in sources if source.passages]
    cited = {citation.paper.id for citation in asking.answer.citations}
    for vector in library.catalog.vectors_of(first, library.embedder.fingerprint.key).values():
        near = library.caches.nearest(vector, _NEAR, bounds(asking.answer.scope.filters))
        located = library.catalog.located([hit.item for hit in near])
        papers = dict.fromkeys(located[hit.item][0].id for hit in near if hit.item in located)
        for paper in papers:
            if paper not in cited and (source := _source(paper, library)):
                yield source


def _in_turn(sorts: Sequence[Iterator[str]], asked: set[frozenset[str]]) -> tuple[str, ...]:
    """One of each sort, then a second of each, until there are enough; made only as they are taken."""
    offered: list[str] = []
    left = list(sorts)
    while left and len(offered) < _MOST:
        sort = left.pop(0)
        question = next((one for one in sort if _words(one) not in asked), None)
        if question is not None:
            asked.add(_words(question))
            offered.append(question)
            left.append(sort)
    return tuple(offered)


def _source(paper_id: str, library: Library) -> Source | None:
    """The paper as it is now; None where it was removed."""
    passages = _opening(paper_id, library)
    if not passages:
        return None
    paper = passages[0].paper
    return Source(paper=paper, passages=passages, outline=outline(paper, passages))


def _opening(paper_id: str, library: Library) -> tuple[Passage, ...]:
    """The passages that a paper begins with; none where it was removed."""
    paper = library.catalog.paper(paper_id)
    chunks = library.catalog.opening(paper_id, _READ) if paper else []
    return tuple(Passage(paper=paper, chunk=chunk, score=1.0) for chunk in chunks if paper)


def _short(source: Source) -> str:
    return source.paper.short_name or _full(source)


def _full(source: Source) -> str:
    return f"“{source.paper.title}”"


def _words(question: str) -> frozenset[str]:
    """The words of a question: two with the same ones ask the same."""
    return frozenset(re.findall(r"\w+", question.casefold()))
