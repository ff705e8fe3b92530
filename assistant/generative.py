"""An answer with a language model, from its question to its last sentence; where the model fails, with quotes.

Owns the order of the steps, and that there is an answer whatever the model does. `stream` of the engine calls
`read`, `find` and `compose` in turn; each yields the events that a reader sees on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from assistant.answering import NOTHING, Scoped, compared, composed, reading_of
from assistant.citations import referred
from assistant.clarify import options
from assistant.evidence import support
from assistant.extractive import Composed, followed
from assistant.models.model import Model, load_model
from assistant.models.schema import ModelError
from assistant.models.settings import ModelSettings
from assistant.plain import as_markdown
from assistant.refusal import refusal
from assistant.schema import Delta, Event, FoundPassage, Kind, Stepped, Turn
from assistant.settings import AnswerSettings, WritingSettings
from assistant.stopping import Stop
from assistant.understanding import merged
from assistant.writing.course import Course
from assistant.writing.finding import Finder
from assistant.writing.plan import Plan, scope_of
from assistant.writing.writer import Writer
from index.library import Library
from index.schema import Filters, Paper, Passage

WRITTEN: frozenset[Kind] = frozenset({"find", "list", "compare", "summarize"})
"""The kinds of answer that a model writes; the others are computed."""

Body = tuple[Composed, str, Kind]


@dataclass(frozen=True)
class Models:
    """The models of an assistant by their roles, which one model may play both, and how they are used."""

    write: Model
    judge: Model
    settings: WritingSettings
    llm: ModelSettings = field(default_factory=ModelSettings)

    def written_by(self, spec: str) -> Models:
        """The same with another model that writes, and judges where no other does."""
        judge = self.judge if self.llm.judge else load_model(spec, self.llm.of_judge)
        return replace(self, write=load_model(spec, self.llm), judge=judge)

    @classmethod
    def load(cls, llm: ModelSettings, writing: WritingSettings) -> Models | None:
        """The models that the settings name; None where they name none that writes. Raises what `load_model` does."""
        if not llm.write:
            return None
        judge = load_model(llm.judge or llm.write, llm.of_judge)
        return cls(load_model(llm.write, llm), judge, writing, llm)


class Generative:
    """One question's answer with models."""

    def __init__(
        self, models: Models, library: Library, settings: AnswerSettings, today: date, stop: Stop
    ) -> None:
        self.models = models
        self.library = library
        self.settings = settings
        self.today = today
        self.course = Course(models.settings.seconds, stop)
        self.wrote = False
        self._finder = Finder(models.judge, models.settings, self.course)
        self._plan: Plan | None = None
        self._told = 0

    def read(self, question: str, turns: Sequence[Turn]) -> Iterator[Event]:
        """Reads the question with a model; what it stands for alone is then `standalone`."""
        self._plan = self._finder.plan(question, turns, self.today)
        self._spoken = " ".join([question, *(turn.question for turn in turns)])
        yield from self._steps()

    @property
    def standalone(self) -> str | None:
        """The question as the model reads it; None where it was not asked or said nothing of use."""
        return self._plan.question if self._plan else None

    def narrowed(self, asked: Scoped) -> Scoped:
        """The question held to the dates and organisations that the model read in it, where these leave papers."""
        if self._plan is None:
            return asked
        organizations = [name for name, _ in self.library.catalog.organizations()]
        stated = scope_of(self._plan, self._spoken, organizations)
        filters = merged(asked.filters, stated)
        papers = self.library.count(filters) if filters and not stated.empty else 0
        if filters is None or not papers:
            return asked
        told = {"filters": filters, "papers": papers, "stated": merged(asked.stated, stated) or stated}
        return asked.model_copy(update=told)

    def find(self, asked: Scoped) -> Iterator[Event]:
        """Searches for the question and its parts; what is found is then `found`."""
        self.found: list[Passage] = []
        self._sides = self._named(asked)
        if asked.papers:
            self.found = self._finder.find(
                asked.query, self._parts(asked), lambda query: self._search(query, asked)
            )
        yield from self._steps()

    def compose(self, asked: Scoped, listed: Sequence[FoundPassage]) -> Iterator[Event]:
        """Writes the answer; what came of it is then `body`."""
        if self._plan and self._plan.readings and not self.course.broken:
            self.body: Body = (NOTHING, options(self._plan.readings), "clarify")
            yield Delta(text=self.body[1])
            return
        basis = [support(query, self.found, self.library) for query in (asked.query, *self._parts(asked))]
        if not any(each.holds for each in basis) and not asked.question.papers:
            yield from self._refused(asked, listed)
            return
        if asked.kind == "compare" and len(self._sides) < 2:
            yield from self._computed(asked, listed)
            return
        yield from self._written(asked, listed)

    def _computed(self, asked: Scoped, listed: Sequence[FoundPassage]) -> Iterator[Event]:
        """The answer as it is without a model."""
        self.body = composed(asked, self.found, listed, self.library, self.settings)
        yield Delta(text=self.body[1], citations=self.body[0].citations)

    def _written(self, asked: Scoped, listed: Sequence[FoundPassage]) -> Iterator[Event]:
        note = f"{asked.note}\n\n" if asked.note else ""
        shown = ""
        writer = Writer(
            self.models.write, self.models.judge, self.models.settings, self.course, self._finder.summaries
        )
        if not self.course.broken:
            for piece in writer.write(asked.query, asked.kind, self.found, self.library, self._translated):
                piece = piece if shown else note + piece
                shown += piece
                yield Delta(text=piece, citations=referred(shown, writer.composed.citations))
        yield from self._steps()
        body = writer.composed
        self.wrote = bool(body.citations)
        if writer.refused and not self.wrote:
            yield from self._refused(asked, listed)
        elif self.course.broken or not self.wrote:
            yield from self._quoted(asked, listed, body, shown)
        else:
            self.body = (body, shown, asked.kind)

    def _quoted(
        self, asked: Scoped, listed: Sequence[FoundPassage], body: Composed, shown: str
    ) -> Iterator[Event]:
        """Quotes the papers where the model did not write or stopped; what it wrote stays before that."""
        quoted, text, kind = composed(asked, self.found, listed, self.library, self.settings)
        line = f"*{as_markdown(_why(self.course.broken))}*"
        whole = followed(body, quoted)
        if shown and quoted.citations:
            piece = f"\n\n{line}\n\n{whole.text[len(body.text) :].lstrip()}"
        else:
            piece = f"\n\n{line}" if shown else f"{line}\n\n{text}"
        yield Delta(text=piece, citations=referred(shown + piece, whole.citations))
        self.body = (whole, shown + piece, kind)

    def _refused(self, asked: Scoped, listed: Sequence[FoundPassage]) -> Iterator[Event]:
        basis = support(asked.query, self.found, self.library)
        text = refusal(basis, asked.papers, listed)
        text = f"{asked.note}\n\n{text}" if asked.note else text
        self.body = (NOTHING, text, asked.kind)
        yield Delta(text=text)

    def _search(self, query: str, asked: Scoped) -> list[Passage]:
        """The passages for a query in the question's scope; of papers that it compares or sums up, for each."""
        if self._sides:
            each = [self.library.passages(query, Filters(papers=(paper.id,))) for paper in self._sides]
            return [
                passage
                for rank in range(max(map(len, each)))
                for found in each
                for passage in found[rank : rank + 1]
            ]
        return self.library.passages(query, asked.filters)

    @property
    def _translated(self) -> bool:
        """Whether the question is in another language than the papers, which are taken to be in English."""
        return bool(self._plan and self._plan.language not in ("", "en"))

    def _named(self, asked: Scoped) -> Sequence[Paper]:
        """The papers that a question compares or sums up; none where it asks for something else."""
        if asked.kind == "compare":
            return compared(asked, self.library)[0]
        return asked.question.papers[:1] if asked.kind == "summarize" else ()

    def _parts(self, asked: Scoped) -> tuple[str, ...]:
        """What else to search for, less the scope that these queries state again."""
        parts = self._plan.searches if self._plan else ()
        return tuple(reading_of(part, self.library, self.today).rest or part for part in parts)

    def _steps(self) -> Iterator[Event]:
        """The steps that ended since this was last asked."""
        steps = self.course.steps[self._told :]
        self._told = len(self.course.steps)
        for step in steps:
            yield Stepped(step=step)


def _why(broken: ModelError | None) -> str:
    if broken is None:
        return "What the model wrote could not be traced to the papers; they are quoted instead."
    told = str(broken)
    return f"{told}{'' if told.endswith(('.', '?', '!')) else '.'} The papers are quoted instead."
