"""The values of an evaluation: sets of cases in, a run of outcomes out. A run is what `--json` writes."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import Field

from index.schema import Value

SetKind = Literal["retrieval", "questions", "unanswerable", "conversations", "claims", "answerability"]


class Case(Value):
    """One question with what is known of its answer.

    `gold` is the gain of each right paper, by id or title; `sentences` are spans that answer; `before`
    is the turn that came first and `standalone` the question as it would be asked alone; `label` sorts
    cases of a kind (the kind of refusal or follow-up, a claim's verdict); `scope` names the papers that
    may be looked at, all where empty.
    """

    id: str
    question: str
    gold: dict[str, int] = Field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    before: str = ""
    standalone: str = ""
    label: str = ""
    scope: tuple[str, ...] = ()


class CaseSet(Value):
    """Cases of one kind, and the files of the papers they are about; none means the library at hand."""

    name: str
    kind: SetKind
    cases: tuple[Case, ...]
    papers: tuple[Path, ...] = ()


class StepCost(Value):
    """What a step of an answer takes: seconds, and the tokens that models read and write for it."""

    seconds: float
    tokens: float


class Row(Value):
    """What came of one case under one system.

    `measures` are in [0, 1] but for "sentences"; `place` is the rank of the best gold paper, None where
    it was not ranked; `above` are the titles ranked before it; `said` shows an answer that was amiss;
    `steps` are those of a language model's answer, with what all of one name took together.
    """

    id: str
    question: str
    label: str = ""
    measures: dict[str, float] = Field(default_factory=dict)
    gold: tuple[str, ...] = ()
    place: int | None = None
    above: tuple[str, ...] = ()
    said: str = ""
    confidence: float | None = None
    answered: bool | None = None
    milliseconds: dict[str, float] = Field(default_factory=dict)
    steps: dict[str, StepCost] = Field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether something else ranked above every right paper, or the answer was not what it should be."""
        return bool(self.said) or (bool(self.gold) and self.place != 1)


class Outcome(Value):
    """A set's rows under one system; `totals` are figures that no single row has.

    `confusion` counts, by true label, what was said.
    """

    name: str
    kind: SetKind
    system: str
    papers: int
    rows: tuple[Row, ...]
    totals: dict[str, float] = Field(default_factory=dict)
    confusion: dict[str, dict[str, int]] = Field(default_factory=dict)

    @property
    def means(self) -> dict[str, float]:
        """Each measure's mean over the rows that have it, in the order first met."""
        names = dict.fromkeys(name for row in self.rows for name in row.measures)
        return {name: fmean(self.values(name).values()) for name in names}

    @property
    def figures(self) -> dict[str, float]:
        """Means and totals together."""
        return self.means | self.totals

    @property
    def steps(self) -> dict[str, StepCost]:
        """The mean cost of each step over the answered questions that took steps, one without it counting 0."""
        told = [row.steps for row in self.rows if row.answered and row.steps]
        nothing = StepCost(seconds=0, tokens=0)
        return {
            name: StepCost(
                seconds=fmean(steps.get(name, nothing).seconds for steps in told),
                tokens=fmean(steps.get(name, nothing).tokens for steps in told),
            )
            for name in dict.fromkeys(name for steps in told for name in steps)
        }

    def values(self, measure: str) -> dict[str, float]:
        """The measure by row id, of the rows that have it."""
        return {row.id: row.measures[measure] for row in self.rows if measure in row.measures}

    @property
    def misses(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.missed)


class Run(Value):
    """One evaluation: what was evaluated, on which machine, with which settings, and what came out."""

    version: str
    machine: str
    settings: dict[str, str]
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()


class Difference(Value):
    """How a measure changed between two runs, with its 95 % interval by paired bootstrap."""

    name: str
    system: str
    measure: str
    before: float
    after: float
    low: float
    high: float
    cases: int

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out no change at all."""
        return self.low > 0 or self.high < 0
