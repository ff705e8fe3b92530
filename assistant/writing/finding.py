"""What a model does before it writes: reading the question, ranking what was found, searching again.

Each step is accounted for in the `Course` and may be left out by the settings; one that fails changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from assistant.models.model import Model
from assistant.schema import Turn
from assistant.settings import WritingSettings
from assistant.writing import prompts
from assistant.writing.course import Course
from assistant.writing.plan import Plan, planned, uncovered
from assistant.writing.ranking import Weighed, listwise
from assistant.writing.searching import chosen, fused
from assistant.writing.structured import read
from index.schema import Passage

Search = Callable[[str], Sequence[Passage]]

_RERANKED = 20  # passages
_AT_ONCE = 4  # passages weighed at the same time
_LEAST_RELEVANT = 3  # of 10


class Finder:
    """Finds what a question is answered from, with a model's judgement."""

    def __init__(self, judge: Model, settings: WritingSettings, course: Course) -> None:
        self.judge = judge
        self.settings = settings
        self.course = course
        self.summaries: dict[str, str] = {}

    def plan(self, question: str, turns: Sequence[Turn], today: date) -> Plan | None:
        """What the judge makes of the question after the turns before it; None where it makes nothing of it."""
        if not self.settings.rewrite:
            return None
        earlier = [(turn.answer.standalone, turn.answer.text) for turn in turns]

        def work() -> tuple[Plan | None, str]:
            reply = self.course.ask(self.judge, prompts.reading(question, earlier, today))
            plan = planned(reply, question)
            return plan, f"to search for: {len(plan.searches)}" if plan else "skipped: the reply was no JSON"

        return self.course.step("rewrite", work, None)

    def find(self, question: str, parts: Sequence[str], search: Search) -> list[Passage]:
        """The passages for a question and its parts, ranked, and searched for again where a part lacks any."""
        started = time.monotonic()
        searches = [search(query) for query in dict.fromkeys([question, *parts])]
        found = fused(searches)
        self.course.note("retrieve", started, f"{len(found)} passages")
        found = self._ranked(question, found)
        for _ in range(self.settings.searches):
            if self.course.broken or not found:
                break
            again = self._missing(question, parts or [question], found)
            if not again:
                break
            found = fused([found, *(search(query) for query in again)])
            found = self._ranked(question, found)
        return found

    def _ranked(self, question: str, found: list[Passage]) -> list[Passage]:
        if self.settings.rerank == "none" or self.course.broken or len(found) < 2:
            return found
        best, rest = found[:_RERANKED], found[_RERANKED:]
        if self.settings.rerank == "listwise":
            return self.course.step("rerank", lambda: (self._ordered(question, best), ""), best) + rest
        return self.course.step("rerank", lambda: self._weighed(question, best), best) + rest

    def _ordered(self, question: str, best: Sequence[Passage]) -> list[Passage]:
        def order(window: Sequence[Passage]) -> str:
            return self.course.ask(self.judge, prompts.ordering(question, window))

        return listwise(best, order)

    def _weighed(self, question: str, best: Sequence[Passage]) -> tuple[list[Passage], str]:
        """The passages by the relevance that the judge gives each; those of no use come last."""

        def weigh(source: Passage) -> Weighed | None:
            return read(self.course.ask(self.judge, prompts.weighing(question, source)), Weighed)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            weighed = list(pool.map(weigh, best))
        for source, each in zip(best, weighed, strict=True):
            if each is not None and each.summary:
                self.summaries[source.chunk.id] = each.summary
        relevance = [each.relevance if each else _LEAST_RELEVANT for each in weighed]
        order = sorted(range(len(best)), key=lambda position: -relevance[position])
        kept = [best[position] for position in order if relevance[position] >= _LEAST_RELEVANT]
        return kept or list(best), f"{len(kept)} of {len(best)} of use"

    def _missing(self, question: str, parts: Sequence[str], found: Sequence[Passage]) -> tuple[str, ...]:
        """What to search for, where a part of the question is not covered by what was found."""

        def work() -> tuple[tuple[str, ...], str]:
            sources = chosen(found, self.settings.passages)
            reply = self.course.ask(self.judge, prompts.judging(question, parts, sources))
            judged = uncovered(reply, parts)
            if judged is None:
                return (), "skipped: the reply was no judgement"
            missing, again = judged
            return again, f"not covered: {'; '.join(missing)}" if missing else "all covered"

        return self.course.step("judge", work, ())
