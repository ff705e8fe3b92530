"""Saved questions: whether what came into the library changes their answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from assistant.conversation_tables import saved_answers
from assistant.engine import Assistant
from assistant.saved_questions import QuestionNotFound, SavedQuestions
from index.errors import IbidError
from index.library import Library
from index.schema import Filters

ASKED = "How are sea levels forecast?"
NEW = {
    "title": "SurgeCast: Forecasting Sea Levels by Radar",
    "abstract": "SurgeCast forecasts sea levels from coastal radar alone. Sea levels are forecast two days ahead. "
    "No buoy is needed.",
    "published": "2025-07-01",
    "organization": "Harbor Institute",
}


@pytest.fixture
def saved(library: Library) -> SavedQuestions:
    return SavedQuestions(Assistant(library))


def days_ago(days: int) -> date:
    return date.today() - timedelta(days=days)


def let_pass(saved: SavedQuestions, days: int) -> None:
    """Let all kept answers be of some days earlier."""
    engine = saved.assistant.library.catalog.engine
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
    with engine.begin() as connection:
        connection.execute(update(saved_answers).values(asked=then))
        connection.execute(text("UPDATE arrivals SET arrived = :then"), {"then": then[:19] + "+00:00"})


def test_a_question_is_saved_once_and_listed_until_it_is_forgotten(saved: SavedQuestions) -> None:
    first = saved.save(f"  {ASKED} ")
    assert saved.save(ASKED.upper()) == first
    other = saved.save(ASKED, Filters(organizations=("Aviary Lab",)))
    assert saved.list() == [first, other]
    assert saved.forget(other.id) == other
    assert saved.forget(ASKED.lower()) == first
    assert saved.list() == []
    with pytest.raises(QuestionNotFound, match="ibid digest --questions"):
        saved.forget(ASKED)


@pytest.mark.parametrize("question", ["", "  \n", "x" * 1001], ids=["empty", "blank", "long"])
def test_what_is_no_question_is_not_saved(saved: SavedQuestions, question: str) -> None:
    with pytest.raises(ValueError, match="1 to 1,000 characters"):
        saved.save(question)


def test_an_answer_stays_while_nothing_comes(saved: SavedQuestions) -> None:
    saved.save(ASKED)
    (outcome,) = saved.outcomes(days_ago(7))
    assert not outcome.changed
    assert outcome.now is not None
    assert outcome.now.answered


def test_a_new_paper_that_is_cited_changes_the_answer_for_as_long_as_the_period_lasts(
    saved: SavedQuestions, library: Library, write_papers: Callable[..., Path]
) -> None:
    saved.save(ASKED)
    let_pass(saved, 3)
    library.add([write_papers("new.jsonl", NEW)])
    for _ in range(2):  # asking does not wear the news out
        (outcome,) = saved.outcomes(days_ago(1))
        assert [paper.title for paper in outcome.came] == [NEW["title"]]
        assert outcome.new == (outcome.came[0].id,)
        assert outcome.changed
    let_pass(saved, 3)
    (outcome,) = saved.outcomes(days_ago(1))
    assert not outcome.changed


def test_a_paper_that_comes_within_the_second_is_new(
    saved: SavedQuestions, library: Library, write_papers: Callable[..., Path]
) -> None:
    saved.save(ASKED)
    library.add([write_papers("new.jsonl", NEW)])
    (outcome,) = saved.outcomes(days_ago(1))
    assert outcome.new == (outcome.came[0].id,)


def test_a_new_paper_that_is_not_cited_changes_nothing(
    saved: SavedQuestions, library: Library, write_papers: Callable[..., Path]
) -> None:
    saved.save(ASKED)
    let_pass(saved, 3)
    other = {"title": "On Bread", "abstract": "We bake bread in a wood oven and measure its crust by ear."}
    library.add([write_papers("new.jsonl", other)])
    (outcome,) = saved.outcomes(days_ago(1))
    assert not outcome.changed


def test_a_paper_removed_has_gone_from_the_answer(saved: SavedQuestions, library: Library) -> None:
    saved.save(ASKED)
    library.remove(["TideNet"])
    (outcome,) = saved.outcomes(days_ago(1))
    assert [paper.title.split()[0] for paper in outcome.went] == ["TideNet:"]
    assert outcome.new == ()


def test_a_question_is_asked_again_only_once_the_library_has_changed(
    saved: SavedQuestions,
    library: Library,
    write_papers: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = Assistant.ask
    monkeypatch.setattr(Assistant, "ask", lambda *a, **k: asked.append(a[1]) or real(*a, **k))
    saved.save(ASKED)
    saved.outcomes(days_ago(1))
    assert len(asked) == 1
    library.add([write_papers("new.jsonl", NEW)])
    saved.outcomes(days_ago(1))
    saved.outcomes(days_ago(1))
    assert len(asked) == 2


def test_a_question_is_held_to_its_organisations(saved: SavedQuestions) -> None:
    saved.save("What tells good seeds from hollow ones?", Filters(organizations=("Aviary Lab",)))
    (outcome,) = saved.outcomes(days_ago(1))
    assert outcome.now is not None
    assert {one.paper.organization for one in outcome.now.citations} == {"Aviary Lab"}


def test_one_question_that_fails_keeps_none_of_the_others_from_being_told(
    saved: SavedQuestions, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved.save("Who forgets sooner, steep glaciers or flat ones?")
    saved.save(ASKED)
    library.remove(["Sorting"])  # so that both are asked again
    real = Assistant.ask

    def ask(assistant: Assistant, question: str, **more: Filters) -> object:
        if "glaciers" in question:
            raise IbidError("The model does not answer.")
        return real(assistant, question, **more)

    monkeypatch.setattr(Assistant, "ask", ask)
    failed, told = saved.outcomes(days_ago(1))
    assert failed.error == "The model does not answer."
    assert told.now is not None


def test_saved_questions_outlast_the_process(
    saved: SavedQuestions, library: Library, open_library: Callable[..., Library]
) -> None:
    saved.save(ASKED)
    again = SavedQuestions(Assistant(open_library(library.folder)))
    assert [one.question for one in again.list()] == [ASKED]
