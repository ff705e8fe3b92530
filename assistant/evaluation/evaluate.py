"""Running sets against systems: rankings for all of them, answers for the assistant.

Owns which measures a kind of set gets. Refuses to know files and formats (`sets`) and how results are
shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from assistant.engine import Assistant
from assistant.evaluation.answers import answer_measures, step_costs, verdict
from assistant.evaluation.nuggets import Rubric
from assistant.evaluation.refusal import separation
from assistant.evaluation.rows import Rows
from assistant.evaluation.schema import Case, CaseSet, Outcome, Row
from assistant.evaluation.systems import Ranker, Ranking
from assistant.evaluation.timing import since
from assistant.evidence import support
from assistant.schema import Answer, Turn
from index.schema import Filters

OURS = "ibid"
Told = Callable[[str, int, int], None]
"""Told a set's name with its system's, the cases done, and all of them."""

_ORDER = ("retrieval", "questions", "unanswerable", "conversations", "claims", "answerability")


class Evaluation:
    """Sets that share one library, whose answerable questions are remembered to set refusals against."""

    def __init__(
        self,
        assistant: Assistant,
        systems: Mapping[str, Ranker],
        told: Told,
        rubric: Rubric | None = None,
    ) -> None:
        """With a `rubric`, answers to cases that have gold sentences are scored by a judge model too."""
        self.assistant = assistant
        self.library = assistant.library
        self.systems = systems
        self.told = told
        self.rubric = rubric
        self.rows = Rows(assistant.library)
        self.answerable: dict[str, list[Row]] = {name: [] for name in systems}

    def run(self, case_sets: Iterable[CaseSet]) -> list[Outcome]:
        """Every outcome; questions come before the refusals that are set against them."""
        ordered = sorted(case_sets, key=lambda case_set: _ORDER.index(case_set.kind))
        self.library.search("warm up", 1)  # models are loaded before anything is timed
        return [outcome for case_set in ordered for outcome in self._outcomes(case_set)]

    def _outcomes(self, case_set: CaseSet) -> list[Outcome]:
        if case_set.kind in ("retrieval", "questions"):
            return [self._ranked(case_set, name, ranker) for name, ranker in self.systems.items()]
        if case_set.kind == "unanswerable":
            return [self._unanswerable(case_set, name, ranker) for name, ranker in self.systems.items()]
        if OURS not in self.systems:
            return []
        if case_set.kind == "conversations":
            return self._conversations(case_set)
        return [self._claims(case_set) if case_set.kind == "claims" else self._answerability(case_set)]

    # Rankings, and the answers that go with them

    def _ranked(self, case_set: CaseSet, system: str, ranker: Ranker) -> Outcome:
        answers = system == OURS and case_set.kind == "questions"
        rows = []
        for case in self._each(case_set, system):
            started = time.perf_counter()
            ranked = ranker(self.library, case.question)
            row = self.rows.ranked(case, list(ranked), {"search": since(started)})
            rows.append(self._with_answer(row, case) if answers else _trusted(row, ranked))
        if case_set.kind == "questions":
            self.answerable[system] += rows
        return self._outcome(case_set, system, rows)

    def _with_answer(self, row: Row, case: Case) -> Row:
        started = time.perf_counter()
        answer = self.assistant.ask(case.question)
        taken = since(started)
        measures = self._measures(answer, case)
        amiss = not measures["gold cited"] or not measures.get("gold sentence quoted", 1.0)
        return row.model_copy(
            update={
                "measures": row.measures | measures,
                "said": answer.text if amiss else "",
                "confidence": self._confidence(case.question),
                "answered": answer.answered,
                "milliseconds": row.milliseconds | {"answer": taken},
                "steps": step_costs(answer),
            }
        )

    def _measures(self, answer: Answer, case: Case) -> dict[str, float]:
        """What the gold tells of an answer, and the judge where there is one."""
        measures = answer_measures(answer, case, self.rows.gold(case), self.library.text)
        covered = self.rubric.coverage(case, answer) if self.rubric else None
        return measures if covered is None else measures | {"nugget coverage": covered}

    # Questions that the papers may not answer

    def _unanswerable(self, case_set: CaseSet, system: str, ranker: Ranker) -> Outcome:
        rows = []
        for case in self._each(case_set, system):
            if system == OURS:
                rows.append(self._refusal(case, answerable=False))
            else:
                row = Row(id=case.id, question=case.question, label=case.label)
                rows.append(_trusted(row, ranker(self.library, case.question)))
        return self._outcome(case_set, system, rows, separation(self.answerable[system], rows))

    def _answerability(self, case_set: CaseSet) -> Outcome:
        """Each question held to its own passage."""
        rows = [
            self._refusal(case, case.label == "answerable", self.rows.scope(case))
            for case in self._each(case_set, OURS)
        ]
        answerable = [row for row in rows if row.label == "answerable"]
        others = [row for row in rows if row.label != "answerable"]
        return self._outcome(case_set, OURS, rows, separation(answerable, others))

    def _refusal(self, case: Case, answerable: bool, filters: Filters = Filters()) -> Row:
        started = time.perf_counter()
        answer = self.assistant.ask(case.question, filters=filters)
        return Row(
            id=case.id,
            question=case.question,
            label=case.label,
            measures={} if answerable else {"refused": float(not answer.answered)},
            said=answer.text if answer.answered != answerable else "",
            confidence=self._confidence(case.question, filters),
            answered=answer.answered,
            milliseconds={"answer": since(started)},
            steps=step_costs(answer),
        )

    def _confidence(self, question: str, filters: Filters = Filters()) -> float:
        """What the decision to answer rests on."""
        found = self.library.passages(question, filters)
        return support(question, found, self.library).closeness

    # Conversations

    def _conversations(self, case_set: CaseSet) -> list[Outcome]:
        """The second turn: as the assistant reads it, as it was typed, and as a person would rewrite it."""
        outcomes = [self._second_turns(case_set)]
        for reading, asked in (("as typed", "question"), ("rewritten by hand", "standalone")):
            cases = [case.model_copy(update={"question": getattr(case, asked)}) for case in case_set.cases]
            if all(case.question for case in cases):
                again = case_set.model_copy(update={"cases": tuple(cases)})
                outcomes.append(self._ranked(again, f"{OURS}, {reading}", self.systems[OURS]))
        return [_by_label(outcome) for outcome in outcomes]

    def _second_turns(self, case_set: CaseSet) -> Outcome:
        rows = []
        for case in self._each(case_set, OURS):
            before = [Turn(question=case.before, answer=self.assistant.ask(case.before))]
            started = time.perf_counter()
            answer = self.assistant.ask(case.question, before)
            taken = since(started)
            ranked = list(dict.fromkeys(passage.paper.id for passage in answer.passages))
            row = self.rows.ranked(case, ranked, {"answer": taken})
            found = {
                "measures": row.measures | self._measures(answer, case),
                "question": f"{case.before} → {case.question} ⇒ {answer.standalone}",
                "answered": answer.answered,
                "steps": step_costs(answer),
            }
            rows.append(row.model_copy(update=found))
        return self._outcome(case_set, OURS, rows)

    # Claims

    def _claims(self, case_set: CaseSet) -> Outcome:
        """Each claim checked against the papers it is known to be about."""
        rows: list[Row] = []
        confusion: dict[str, dict[str, int]] = {}
        for case in self._each(case_set, OURS):
            started = time.perf_counter()
            answer = self.assistant.ask(f"/verify {case.question}", filters=self.rows.scope(case))
            taken, said = since(started), verdict(answer)
            counts = confusion.setdefault(case.label, {})
            counts[said] = counts.get(said, 0) + 1
            rows.append(
                Row(
                    id=case.id,
                    question=case.question,
                    label=case.label,
                    measures={"verdict right": float(said == case.label)},
                    said="" if said == case.label else answer.text,
                    answered=answer.answered,
                    milliseconds={"answer": taken},
                )
            )
        return self._outcome(case_set, OURS, rows).model_copy(update={"confusion": confusion})

    # What all share

    def _each(self, case_set: CaseSet, system: str) -> Iterator[Case]:
        for done, case in enumerate(case_set.cases):
            self.told(f"{case_set.name} · {system}", done, len(case_set.cases))
            yield case

    def _outcome(
        self, case_set: CaseSet, system: str, rows: Sequence[Row], totals: Mapping[str, float] | None = None
    ) -> Outcome:
        return Outcome(
            name=case_set.name,
            kind=case_set.kind,
            system=system,
            papers=self.library.count(),
            rows=tuple(rows),
            totals=dict(totals or {}) | percentiles(rows),
        )


def percentiles(rows: Sequence[Row]) -> dict[str, float]:
    """p50 and p95 of each thing timed, in milliseconds."""
    found: dict[str, float] = {}
    for name in dict.fromkeys(name for row in rows for name in row.milliseconds):
        taken = [row.milliseconds[name] for row in rows if name in row.milliseconds]
        for share in (50, 95):
            found[f"{name} p{share} ms"] = round(float(np.percentile(taken, share)), 1)
    return found


def _trusted(row: Row, ranked: Ranking) -> Row:
    """With the best score as the confidence, which is none where nothing is found."""
    return row.model_copy(update={"confidence": next(iter(ranked.values()), 0.0)})


def _by_label(outcome: Outcome) -> Outcome:
    """With Recall@1 of each kind of follow-up among the totals."""
    rates: dict[str, list[float]] = {}
    for row in outcome.rows:
        if row.label:
            rates.setdefault(f"Recall@1, {row.label}", []).append(row.measures["Recall@1"])
    means = {name: sum(values) / len(values) for name, values in rates.items()}
    return outcome.model_copy(update={"totals": means | outcome.totals})
