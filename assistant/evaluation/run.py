"""A whole evaluation: sets grouped by the papers they are about, each group asked of one library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from assistant.engine import Assistant
from assistant.evaluation.corpora import corpus_library
from assistant.evaluation.evaluate import Evaluation, Told
from assistant.evaluation.machine import machine_words
from assistant.evaluation.nuggets import Rubric
from assistant.evaluation.ranking import require_measures
from assistant.evaluation.schema import CaseSet, Outcome, Run
from assistant.evaluation.systems import Ranker
from assistant.generative import Models
from assistant.models.model import Model
from assistant.settings import AnswerSettings
from index.course import Step
from index.library import Library
from index.settings import IndexSettings


class Evaluator:
    """Runs sets and gathers a `Run`. Libraries of sets that bring their papers are kept below `work`."""

    def __init__(
        self,
        index: IndexSettings,
        answer: AnswerSettings,
        systems: Mapping[str, Ranker],
        work: Path,
        told: Told,
        models: Models | None = None,
        judge: Model | None = None,
    ) -> None:
        """With a `judge`, answers are scored by facts drawn from their gold sentences as well."""
        self.index = index
        self.answer = answer
        self.systems = systems
        self.work = work
        self.told = told
        self.models = models
        self.rubric = Rubric(judge) if judge else None
        self.outcomes: list[Outcome] = []
        self.notes: list[str] = []

    def run(self, case_sets: Sequence[CaseSet], at_hand: Callable[[], Library]) -> None:
        """Evaluate sets; `at_hand` opens the library for those that bring no papers.

        Raises ExtraMissing without the extra `eval`, and ReadError where a set's papers cannot be read.
        """
        require_measures()
        groups: dict[tuple[Path, ...], list[CaseSet]] = {}
        for case_set in case_sets:
            groups.setdefault(case_set.papers, []).append(case_set)
        for papers, group in groups.items():
            opened = corpus_library(papers, self.index, self.work, self._adding) if papers else at_hand()
            with opened as library:
                self.ask(library, group)

    def ask(self, library: Library, case_sets: Sequence[CaseSet]) -> None:
        """Evaluate sets on one open library."""
        require_measures()
        assistant = Assistant(library, self.answer, models=self.models)
        evaluation = Evaluation(assistant, self.systems, self.told, self.rubric)
        for case_set in case_sets:
            absent = evaluation.rows.absent(case_set.cases)
            if absent:
                papers = "1 gold paper is" if len(absent) == 1 else f"{len(absent)} gold papers are"
                self.notes.append(f"{case_set.name}: {papers} not in the library, as {absent[0]!r}")
        self.outcomes += evaluation.run(case_sets)

    def result(self) -> Run:
        groups = [*self.index.model_dump().items(), ("answer", self.answer.model_dump())]
        if self.models:
            roles = {"write": self.models.write.spec, "judge": self.models.judge.spec}
            groups += [("llm", roles), ("writing", self.models.settings.model_dump())]
        if self.rubric:
            groups.append(("nuggets", {"judge": self.rubric.judge.spec}))
        settings = {
            f"{group}.{name}": str(value)
            for group, values in groups
            for name, value in values.items()
            if name != "models"
        }
        return Run(
            version=version("ibid"),
            machine=machine_words(),
            settings=settings,
            outcomes=tuple(self.outcomes),
            notes=(*self.notes, *self._unjudged()),
        )

    def _unjudged(self) -> list[str]:
        missed = self.rubric.unjudged if self.rubric else {}
        first = next(iter(missed.items()), ("", ""))
        return [f"nugget coverage: {len(missed)} not judged, as {first[0]!r}: {first[1]}"] if missed else []

    def _adding(self, step: Step) -> None:
        self.told(f"adding {step.file}", step.entries, 0)
