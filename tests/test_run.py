"""A question under way: followed, stopped, failed, kept once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from assistant.schema import Answer, Answered, Citation, Delta, Event, Retrieved, Turn
from assistant.stopping import Stop
from index.errors import IbidError
from index.schema import Filters, Paper
from ui.chat.run import Progress, Run

WAIT = 10.0
CITED = Citation(number=1, paper=Paper(id="tide", title="TideNet"), quote="It drifts.", start=0, end=10)


class Script:
    """An assistant that says two pieces and waits between them until told to go on."""

    def __init__(self, trouble: Exception | None = None, first: str = "It drifts [1]. ") -> None:
        self.trouble = trouble
        self.first = first
        self.go = threading.Event()
        self.closed = threading.Event()
        self.kept: list[Turn] = []

    def begin(self, stop: Stop) -> Iterator[Event]:
        try:
            yield Retrieved(standalone="q, alone", searched=7, passages=())
            yield Delta(text=self.first, citations=(CITED,))
            assert self.go.wait(WAIT)
            if self.trouble:
                raise self.trouble
            yield Delta(text="And on [2].")
            yield Answered(answer=said("It drifts [1]. And on [2]."))
        finally:
            self.closed.set()

    def run(self) -> Run:
        return Run(Progress(question="q", number=1), Filters(), self.begin, self.kept.append)


def said(text: str) -> Answer:
    return Answer(question="q", standalone="q", kind="find", answered=True, text=text)


def until_written(run: Run) -> Progress:
    return next(progress for progress in run.follow() if progress.text)


def test_a_run_is_followed_to_its_end_and_kept_once() -> None:
    script = Script()
    run = script.run()
    assert until_written(run).papers == 7
    script.go.set()
    assert [progress.stage for progress in run.follow()][-1] == "done"
    assert [turn.answer.text for turn in script.kept] == ["It drifts [1]. And on [2]."]


def test_stopping_keeps_what_was_written_and_what_it_cites_and_ends_the_work() -> None:
    script = Script()
    run = script.run()
    assert until_written(run).citations == (CITED,)
    run.stop()
    assert run.progress.stage == "stopped"
    assert [(turn.stopped, turn.answer.text) for turn in script.kept] == [(True, "It drifts [1].")]
    answer = script.kept[0].answer
    assert (answer.citations, answer.coverage.cited) == ((CITED,), 1)
    assert answer.standalone == "q, alone"
    script.go.set()
    assert run.join(WAIT)
    assert script.closed.is_set()
    run.stop()
    assert len(script.kept) == 1


def test_a_stopped_answer_keeps_no_marker_whose_citation_was_to_come() -> None:
    script = Script(first="It drifts [1]. And on [2]. As in \\[3\\] too [")
    run = script.run()
    until_written(run)
    run.stop()
    answer = script.kept[0].answer
    assert answer.text == "It drifts [1]. And on. As in \\[3\\] too"
    assert answer.citations == (CITED,)
    script.go.set()
    assert run.join(WAIT)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (IbidError("The model is away. Start it."), "The model is away. Start it."),
        (OSError("disk"), "OSError: disk"),
    ],
    ids=["ours", "another's"],
)
def test_a_failure_is_told_and_the_partial_answer_kept(trouble: Exception, words: str) -> None:
    script = Script(trouble)
    run = script.run()
    script.go.set()
    last = list(run.follow())[-1]
    assert (last.stage, last.error) == ("failed", words)
    assert "Traceback" in last.details
    assert [turn.stopped for turn in script.kept] == [True]


def test_an_answer_that_cannot_be_kept_is_a_failure() -> None:
    def refuse(turn: Turn) -> None:
        raise IbidError("The disk is full.")

    script = Script()
    script.go.set()
    run = Run(Progress(question="q", number=1), Filters(), script.begin, refuse)
    last = list(run.follow())[-1]
    assert last.stage == "failed"
    assert last.error == "The answer could not be kept: The disk is full."


def test_an_assistant_that_ends_without_an_answer_is_a_failure() -> None:
    def begin(stop: Stop) -> Iterator[Event]:
        yield Retrieved(standalone="q", searched=1, passages=())

    run = Run(Progress(question="q", number=1), Filters(), begin, lambda turn: None)
    assert "without an answer" in list(run.follow())[-1].error


def test_a_burst_of_pieces_is_painted_a_few_times() -> None:
    def begin(stop: Stop) -> Iterator[Event]:
        yield from (Delta(text="word ") for _ in range(5000))
        yield Answered(answer=said("word " * 5000))

    run = Run(Progress(question="q", number=1), Filters(), begin, lambda turn: None)
    assert len(list(run.follow())) < 50
