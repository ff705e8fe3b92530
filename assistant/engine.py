"""The assistant: a library that is asked questions.

The façade of this package. `ask` drains `stream`, so there is one way an answer comes about.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assistant.citations import unmarked
from assistant.evidence import Support, gather, support
from assistant.extractive import Composed, compose_find, compose_list
from assistant.question import Question, understand
from assistant.schema import (
    Answer,
    Answered,
    Coverage,
    Delta,
    Event,
    FoundPassage,
    Retrieved,
    Scope,
    Turn,
)
from assistant.settings import AnswerSettings
from index.library import Library
from index.schema import Filters, Passage

_NEAREST = 3
_NOTHING = Composed()
_GREETING = (
    "I answer questions from the papers in this library, and quote the sentence each answer rests on. "
    "Ask what a paper does, which papers do something, or how much something helps."
)


class Assistant:
    """Answers questions from one library, quoting it. Safe to share between threads.

    Example:

        assistant = Assistant(library)
        answer = assistant.ask("What stops reward hacking?")
        print(answer.text, [citation.quote for citation in answer.citations])
    """

    engine = "extractive"

    def __init__(self, library: Library, settings: AnswerSettings | None = None) -> None:
        self.library = library
        self.settings = settings or AnswerSettings()

    def ask(self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()) -> Answer:
        """The answer to a question after the given turns, oldest first, held to the papers in scope."""
        for event in self.stream(question, turns, filters):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    def stream(
        self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()
    ) -> Iterator[Event]:
        """The answer as it comes about: `Retrieved`, then `Delta`s, then `Answered`.

        Closing the iterator ends the work.
        """
        started = time.perf_counter()
        understood = understand(question, turns)
        searched = self.library.count(filters)
        found = (
            [] if understood.kind == "smalltalk" else self.library.passages(understood.standalone, filters)
        )
        retrieved = time.perf_counter()
        listed = _listed(found[: self.settings.passages])
        yield Retrieved(standalone=understood.standalone, searched=searched, passages=listed)
        composed, text = self._answer(understood, found, searched, listed)
        for piece in _pieces(text):
            yield Delta(text=piece)
        ended = time.perf_counter()
        yield Answered(
            answer=Answer(
                question=question,
                standalone=understood.standalone,
                kind=understood.kind,
                answered=bool(composed.citations),
                text=text,
                sentences=composed.sentences,
                citations=composed.citations,
                passages=listed,
                scope=Scope(filters=filters, papers=searched),
                coverage=Coverage(
                    searched=searched,
                    relevant=composed.papers,
                    cited=len({citation.paper.id for citation in composed.citations}),
                    unreadable=len(self.library.unreadable()),
                ),
                engine=self.engine,
                seconds={
                    "retrieve": round(retrieved - started, 4),
                    "answer": round(ended - retrieved, 4),
                    "total": round(ended - started, 4),
                },
            )
        )

    def starters(self, count: int = 4) -> tuple[str, ...]:
        """Questions about papers of this library that it is known to answer, newest papers first."""
        found: list[str] = []
        for paper in self.library.papers(limit=8 * count):
            if len(found) == count:
                break
            if paper.short_name is None:
                continue
            question = f"What does {paper.short_name} propose?"
            cited = {citation.paper.id for citation in self.ask(question).citations}
            if paper.id in cited:
                found.append(question)
        return tuple(found)

    def _answer(
        self, question: Question, found: Sequence[Passage], searched: int, listed: Sequence[FoundPassage]
    ) -> tuple[Composed, str]:
        """What the papers say, and the text to show whether they say it or not."""
        if question.kind == "smalltalk":
            return _NOTHING, _GREETING
        basis = support(question.standalone, found, self.library.caches.keywords)
        composed = self._compose(question, found) if basis.holds else _NOTHING
        return composed, composed.text or _refusal(basis, searched, listed)

    def _compose(self, question: Question, found: Sequence[Passage]) -> Composed:
        listing = question.kind == "list"
        read = found[: self.settings.passages * (2 if listing else 1)]
        keywords, embedder = self.library.caches.keywords, self.library.embedder
        evidence = gather(question.standalone, read, embedder, keywords)
        compose = compose_list if listing else compose_find
        return compose(evidence, self.settings) if evidence else _NOTHING


def _refusal(found: Support, searched: int, listed: Sequence[FoundPassage]) -> str:
    """What is said where the papers do not say: which words no paper has, and what came nearest."""
    if searched == 0:
        return "There are no papers to look in. Add some, or widen the scope."
    papers = "this paper" if searched == 1 else f"these {searched:,} papers"
    lines = [f"Nothing in {papers} says."]
    if found.unknown:
        lines += ["", f"No paper has: {', '.join(found.unknown)}."]
    nearest = list(dict.fromkeys(passage.paper.title for passage in listed))[:_NEAREST]
    if nearest:
        lines += ["", "Nearest, not used:", *(f"- {unmarked(title)}" for title in nearest)]
    return "\n".join(lines)


def _listed(found: Sequence[Passage]) -> tuple[FoundPassage, ...]:
    return tuple(
        FoundPassage(
            rank=rank,
            score=passage.score,
            similarity=round(passage.similarity, 4),
            paper=passage.paper,
            text=passage.chunk.text,
            section=passage.chunk.section,
            page=passage.chunk.page,
            start=passage.chunk.start,
            end=passage.chunk.end,
            found_by=passage.found_by,
        )
        for rank, passage in enumerate(found, start=1)
    )


def _pieces(text: str) -> Iterator[str]:
    """The text a line or a dozen words at a time."""
    for line in text.splitlines(keepends=True):
        words = line.split(" ")
        for start in range(0, len(words), 12):
            tail = " " if start + 12 < len(words) else ""
            yield " ".join(words[start : start + 12]) + tail
