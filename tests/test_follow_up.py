"""What the words of a follow-up point back to."""

from __future__ import annotations

import pytest

from assistant.engine import Assistant
from assistant.follow_up import PLAIN, Grounds, stand_alone
from assistant.schema import FoundPassage, Turn
from index.library import Library
from index.schema import Paper
from tests.turns import DRIFT, turn

KILN = Paper(id="kiln", title="KilnBench: Firing Pots")
TIDE = Paper(id="tide", title="Tides and Their Tables")


LISTED = [turn("Which papers are there?", DRIFT, KILN, DRIFT, TIDE, kind="list")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Does [2] need labels?", "Does KilnBench need labels?"),
        ("Does the second one need labels?", "Does KilnBench need labels?"),
        ("What does the third paper use?", "What does Tides and Their Tables use?"),
        ("Compare the first two", "Compare DriftNet and KilnBench"),
        ("What about the last one?", "Which papers are there, Tides and Their Tables?"),
        ("Do they need labels?", "Do DriftNet, KilnBench and Tides and Their Tables need labels?"),
        ("Does [9] need labels?", "Does [9] need labels?"),
        ("On how many coasts does it help?", "On how many coasts does DriftNet help?"),
        ("Which is the first paper on birds that sing?", "Which is the first paper on birds that sing?"),
    ],
)
def test_numbers_and_ordinals_stand_for_papers_in_the_order_cited(asked: str, expected: str) -> None:
    assert stand_alone(asked, LISTED) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Compare the first two", "Compare KilnBench and DriftNet"),
        ("Compare the first three papers", "Compare KilnBench, DriftNet and Tides and Their Tables"),
        ("Compare the first four", "Compare the first four"),
        ("Which kiln was the first to cool, and why?", "Which kiln was the first to cool, and why?"),
        ("What does the second one use, and why there?", "What does the second one use, and why there?"),
    ],
)
def test_several_ordinals_go_on_to_the_papers_that_were_found(asked: str, expected: str) -> None:
    said = turn("What fires pots?", KILN)
    found = tuple(
        FoundPassage(rank=rank, score=1.0, paper=paper, text="t", start=0, end=1, found_by={})
        for rank, paper in enumerate((DRIFT, KILN, TIDE), start=1)
    )
    shown = said.model_copy(update={"answer": said.answer.model_copy(update={"passages": found})})
    assert stand_alone(asked, [shown]) == expected


@pytest.mark.parametrize(
    "asked",
    [
        "Is it possible to forecast floods?",
        "Is it true that buoys drift?",
        "Why is it better to fire slowly?",
        "Does it help to fire slowly?",
    ],
)
def test_an_it_that_stands_for_nothing_is_left_alone(asked: str) -> None:
    assert stand_alone(asked, [turn("What is DriftNet?", DRIFT)]) == asked


def grounds(elsewhere: bool) -> Grounds:
    return Grounds(
        content=PLAIN.content, elsewhere=lambda text, ids: elsewhere, nearest=lambda word, options: None
    )


@pytest.mark.parametrize("elsewhere", [True, False])
def test_the_library_decides_whether_a_late_pronoun_points_back(elsewhere: bool) -> None:
    asked = "Why do steep glaciers lose their memory?"
    alone = stand_alone(asked, [turn("What is DriftNet?", DRIFT)], grounds(elsewhere))
    assert (alone == asked) is elsewhere


def test_a_whole_question_after_and_is_a_question_of_its_own() -> None:
    alone = stand_alone("And which datasets hold bird songs?", [turn("What is DriftNet?", DRIFT)])
    assert alone == "Which datasets hold bird songs?"


def test_a_bare_word_is_asked_of_the_paper_before() -> None:
    assert (
        stand_alone("Any limitations?", [turn("What is DriftNet?", DRIFT)]) == "Any limitations, in DriftNet?"
    )


def test_the_same_thing_is_the_nearest_word_of_the_question_before() -> None:
    nearest = Grounds(
        content=PLAIN.content,
        elsewhere=lambda text, ids: False,
        nearest=lambda word, options: "chess" if word == "game" and "chess" in options else None,
    )
    asked = stand_alone(
        "Is there a contest in the same game?", [turn("Who plays chess well?", DRIFT)], nearest
    )
    assert asked == "Is there a contest in chess?"


def test_a_new_topic_does_not_drag_the_old_one_along(sample_library: Library) -> None:
    assistant = Assistant(sample_library)
    first = assistant.ask("What does ColBERT propose?")
    asked = "Which share of word pieces does BERT mask?"
    second = assistant.ask(asked, [Turn(question=first.question, answer=first)])
    assert second.standalone == asked
    assert second.citations[0].paper.short_name == "BERT"


OFFERS = "Which do you mean?\n\n- Best on coasts?\n- Best for \\*birds\\*?\n- Tides and Buoys"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the second one", "Best for *birds*?"),
        ("2", "Best for *birds*?"),
        ("on coasts", "Best on coasts?"),
        ("The last", "What is best, in Tides and Buoys?"),
        ("the fourth", "the fourth"),
        ("best", "best"),
    ],
)
def test_a_choice_that_was_offered_is_taken(said: str, meant: str) -> None:
    asked = turn("What is best?", kind="clarify")
    answer = asked.answer.model_copy(update={"text": OFFERS})
    assert stand_alone(said, [asked.model_copy(update={"answer": answer})]) == meant
