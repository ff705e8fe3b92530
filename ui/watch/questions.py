"""Questions while they are answered: how many, how long, and what became of them.

Owns what is counted and logged of each question; its words are neither. Knows an assistant by its events alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.schema import Answer, Answered, Delta, Event, Retrieved
from ui.watch import metrics
from ui.watch.metrics import Outcome
from ui.watch.requests import request_name

_log = logging.getLogger(__name__)


class Questions:
    """Watches assistants; see `assistant.engine.Watch`."""

    @contextmanager
    def asked(self, engine: str) -> Iterator[Callable[[Event], None]]:
        """While a question is answered by `engine`; gives what is to be told each event."""
        question = Question(engine)
        with metrics.answering():
            try:
                yield question.take
            except GeneratorExit:
                raise
            except Exception:
                question.outcome = "failed"
                raise
            finally:
                question.end()


class Question:
    """One question's way, by its events."""

    def __init__(self, engine: str) -> None:
        self.outcome: Outcome = "stopped"
        self._engine = engine
        self._began = time.perf_counter()
        self._found = self._first = 0.0
        self._answer: Answer | None = None

    def take(self, event: Event) -> None:
        """An event came."""
        if isinstance(event, Retrieved):
            self._found = self._found or self._seconds()
        elif isinstance(event, Delta):
            self._first = self._first or self._seconds()
        elif isinstance(event, Answered):
            self._answer, self._engine = event.answer, event.answer.engine
            self.outcome = outcome(event.answer)

    def end(self) -> None:
        """Nothing more comes."""
        seconds = self._seconds()
        metrics.question_ended(self.outcome, self._engine, seconds)
        for figure, reached in (
            (metrics.retrieve_seconds, self._found),
            (metrics.first_text_seconds, self._first),
        ):
            if reached:
                figure.observe(reached)
        _log.info("question", extra=self._facts(seconds))

    def _facts(self, seconds: float) -> dict[str, object]:
        answer = self._answer
        return {
            "request": request_name(),
            "outcome": self.outcome,
            "engine": self._engine,
            "kind": answer.kind if answer else "",
            "papers": answer.coverage.searched if answer else 0,
            "cited": answer.coverage.cited if answer else 0,
            "ms": round(1000 * seconds, 1),
            "retrieve_ms": round(1000 * self._found, 1),
            "first_text_ms": round(1000 * self._first, 1),
        }

    def _seconds(self) -> float:
        return time.perf_counter() - self._began


def outcome(answer: Answer) -> Outcome:
    """What became of a question that came to an answer."""
    if answer.kind == "clarify":
        return "asked back"
    return "answered" if answer.answered else "refused"
