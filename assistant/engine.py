"""The assistant: a library that is asked questions.

The façade of this package. `ask` drains `stream`, so there is one way an answer comes about.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from copy import copy
from datetime import date

from assistant.answering import (
    Scoped,
    composed,
    named_papers,
    papers_outside,
    passages_for,
    reading_of,
    scoped,
)
from assistant.citations import referred
from assistant.generative import WRITTEN, Body, Generative, Models
from assistant.grounds import grounds_of
from assistant.pages import Pages
from assistant.question import Question, understand
from assistant.schema import Answer, Answered, Coverage, Delta, Event, FoundPassage, Retrieved, Scope, Turn
from assistant.settings import AnswerSettings
from assistant.stopping import Stop
from assistant.suggestions import follow_ups
from assistant.understanding import Reading
from assistant.watched import NOBODY, Watch
from index.library import Library
from index.schema import Filters, Passage

QUOTED = "extractive"


class Assistant:
    """Answers questions from one library, quoting it. Safe to share between threads.

    Example:

        assistant = Assistant(library)
        answer = assistant.ask("What stops reward hacking?")
        print(answer.text, [citation.quote for citation in answer.citations])
    """

    def __init__(
        self,
        library: Library,
        settings: AnswerSettings | None = None,
        today: date | None = None,
        models: Models | None = None,
        watch: Watch = NOBODY,
    ) -> None:
        """`today` is what relative dates ("last year") are read against; by default the day of the question.

        With `models` a language model writes and Ibid checks; without, answers are quoted. `watch` is told of
        each question.
        """
        self.library = library
        self.settings = settings or AnswerSettings()
        self.today = today
        self.models = models
        self.watch = watch

    @property
    def engine(self) -> str:
        """What composes the answers: "extractive", or the name of the model that writes."""
        return self.models.write.spec if self.models else QUOTED

    @property
    def quoting(self) -> Assistant:
        """The same without language models: its answers are quoted, cost nothing and do not vary."""
        if self.models is None:
            return self
        return Assistant(self.library, self.settings, self.today, watch=self.watch)

    def over(self, library: Library) -> Assistant:
        """The same over another library."""
        return Assistant(library, self.settings, self.today, self.models, self.watch)

    def written_by(self, spec: str) -> Assistant:
        """The same with another model that writes; raises what `load_model` does. It has models already."""
        assert self.models is not None
        return Assistant(self.library, self.settings, self.today, self.models.written_by(spec), self.watch)

    def watched_by(self, watch: Watch) -> Assistant:
        """The same, with its questions told to `watch`."""
        same = copy(self)
        same.watch = watch
        return same

    def ask(self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()) -> Answer:
        """The answer to a question after the given turns, oldest first, held to the papers in scope."""
        for event in self.stream(question, turns, filters):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    def converse(self, questions: Iterable[str], filters: Filters = Filters()) -> list[Turn]:
        """The questions of one conversation, oldest first, each answered after the ones before it."""
        turns: list[Turn] = []
        for question in questions:
            turns.append(Turn(question=question, answer=self.ask(question, turns, filters)))
        return turns

    def stream(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        filters: Filters = Filters(),
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        """The answer as it comes about: `Retrieved`, then `Delta`s, then `Answered`; `Stepped` in between.

        Closing the iterator ends the work, a model's too; `stop` does so from another thread.
        """
        pages = Pages(self.library)
        with (
            self.watch.asked(self.engine) as tell,
            closing(self._stream(question, turns, filters, stop or Stop())) as events,
        ):
            for event in events:
                tell(event)
                yield pages.told(event)

    def _stream(self, question: str, turns: Sequence[Turn], filters: Filters, stop: Stop) -> Generator[Event]:
        clock = Clock()
        asked = self._scoped(question, turns, filters)
        if self.models and asked.kind in WRITTEN:
            yield from self._written(question, turns, filters, asked, clock, stop)
            return
        found = passages_for(asked, self.library)
        clock.retrieved()
        listed = _listed(found[: self.settings.passages])
        yield Retrieved(standalone=asked.question.standalone, searched=asked.papers, passages=listed)
        body, text, kind = composed(asked, found, listed, self.library, self.settings)
        written = ""
        for piece in _pieces(text):
            written += piece
            yield Delta(text=piece, citations=referred(written, body.citations))
        yield self._answered(question, asked, listed, (body, text, kind), clock)

    def _written(
        self,
        question: str,
        turns: Sequence[Turn],
        filters: Filters,
        asked: Scoped,
        clock: Clock,
        stop: Stop,
    ) -> Iterator[Event]:
        """The answer with a language model, however far it comes."""
        assert self.models is not None
        way = Generative(self.models, self.library, self.settings, self.today or date.today(), stop)
        yield from way.read(question, turns)
        if way.standalone is not None:
            reread = self._scoped(way.standalone, (), filters)
            asked = way.narrowed(reread if reread.kind in WRITTEN else asked)
        yield from way.find(asked)
        clock.retrieved()
        listed = _listed(way.found[: self.settings.passages])
        yield Retrieved(standalone=asked.question.standalone, searched=asked.papers, passages=listed)
        yield from way.compose(asked, listed)
        answered = self._answered(question, asked, listed, way.body, clock)
        told = {"usage": way.course.usage, "steps": tuple(way.course.steps)}
        engine = self.engine if way.wrote else QUOTED
        yield Answered(answer=answered.answer.model_copy(update=told | {"engine": engine}))

    def _answered(
        self, question: str, asked: Scoped, listed: tuple[FoundPassage, ...], made: Body, clock: Clock
    ) -> Answered:
        body, text, kind = made
        return Answered(
            answer=Answer(
                question=question,
                standalone=asked.question.standalone,
                kind=kind,
                answered=body.answered,
                text=text,
                sentences=body.sentences,
                citations=body.citations,
                passages=listed,
                table=body.table,
                scope=Scope(filters=asked.filters, stated=asked.stated, papers=asked.papers),
                coverage=Coverage(
                    searched=asked.papers,
                    relevant=body.papers,
                    cited=len({citation.paper.id for citation in body.citations}),
                    unreadable=len(self.library.unreadable()),
                ),
                engine=QUOTED,
                seconds=clock.seconds(),
            )
        )

    def understood(self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()) -> Question:
        """How a question after the given turns is read: standing alone, its kind, the papers in scope it names."""
        library = self.library
        return understand(
            question,
            turns,
            grounds_of(library),
            lambda text: named_papers(text, library, filters),
            lambda text: papers_outside(text, library, filters),
        )

    def stated(self, question: str) -> Reading:
        """The scope that a question states itself, and the question without it."""
        return reading_of(question, self.library, self.today or date.today())

    def starters(self, count: int = 4) -> tuple[str, ...]:
        """Questions about papers of this library that it is known to answer, newest papers first."""
        found: list[str] = []
        quoting = self.quoting.watched_by(NOBODY)
        for paper in self.library.papers(limit=8 * count):
            if len(found) == count:
                break
            if paper.short_name is None:
                continue
            question = f"What does {paper.short_name} propose?"
            cited = {citation.paper.id for citation in quoting.ask(question).citations}
            if paper.id in cited:
                found.append(question)
        return tuple(found)

    def follow_ups(self, answer: Answer, turns: Sequence[Turn] = ()) -> tuple[str, ...]:
        """Up to three questions to ask after an answer, known to be answered; `turns` are those before it."""
        return follow_ups(answer, turns, self.library, self.settings, self.today or date.today())

    def _scoped(self, question: str, turns: Sequence[Turn], filters: Filters) -> Scoped:
        understood = self.understood(question, turns, filters)
        return scoped(understood, filters, self.library, self.today or date.today())


class Clock:
    """When a question was asked, and when the search for it was done."""

    def __init__(self) -> None:
        self._started = self._retrieved = time.perf_counter()

    def retrieved(self) -> None:
        self._retrieved = time.perf_counter()

    def seconds(self) -> dict[str, float]:
        """What has gone into retrieving, answering and both, until now."""
        ended = time.perf_counter()
        return {
            "retrieve": round(self._retrieved - self._started, 4),
            "answer": round(ended - self._retrieved, 4),
            "total": round(ended - self._started, 4),
        }


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
