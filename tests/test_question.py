"""Questions read in the light of the turns before them."""

from __future__ import annotations

import pytest

from assistant.engine import Assistant
from assistant.question import understand
from assistant.schema import Turn
from index.library import Library
from tests.turns import DRIFT, turn


def test_a_first_question_stands_as_it_is() -> None:
    assert understand("What does it need?").standalone == "What does it need?"


def test_white_space_does_not_count() -> None:
    assert understand("  What\tdrifts\n here? ").standalone == "What drifts here?"


@pytest.mark.parametrize(
    ("asked", "standalone"),
    [
        ("Does it need labels?", "Does DriftNet need labels?"),
        ("What are its limits?", "What are DriftNet's limits?"),
        ("How fast is this method?", "How fast is DriftNet?"),
        ("Was the paper reviewed?", "Was DriftNet reviewed?"),
    ],
)
def test_a_pronoun_stands_for_the_paper_cited_first(asked: str, standalone: str) -> None:
    assert understand(asked, [turn("What is DriftNet?", DRIFT)]).standalone == standalone


def test_a_continuation_keeps_the_question_it_continues() -> None:
    standalone = understand("and for gliders?", [turn("How are buoys followed?", DRIFT)]).standalone
    assert "buoys" in standalone
    assert "gliders" in standalone


def test_small_talk_in_between_does_not_lose_the_topic() -> None:
    turns = [turn("What is DriftNet?", DRIFT), turn("Thanks!", kind="smalltalk")]
    assert "DriftNet" in understand("Does it need labels?", turns).standalone


def test_a_question_on_something_else_is_left_alone() -> None:
    asked = "Which datasets hold bird songs?"
    assert understand(asked, [turn("What is DriftNet?", DRIFT)]).standalone == asked


def test_a_pronoun_after_a_refusal_stands_for_nothing() -> None:
    assert understand("Does it need labels?", [turn("Who baked it?")]).standalone == "Does it need labels?"


@pytest.mark.parametrize("asked", ["Hi!", "hello there", "Thank you very much", "?!", "What can you do?"])
def test_small_talk_is_told_from_questions(asked: str) -> None:
    assert understand(asked).kind == "smalltalk"


@pytest.mark.parametrize(
    "asked", ["Which papers follow buoys?", "List the papers on drift", "What methods are there for drift?"]
)
def test_a_question_for_several_papers_is_a_list(asked: str) -> None:
    assert understand(asked).kind == "list"


def test_a_follow_up_is_answered_from_the_paper_before(sample_library: Library) -> None:
    assistant = Assistant(sample_library)
    first = assistant.ask("What does ColBERT propose?")
    asked = Turn(question=first.question, answer=first)
    second = assistant.ask("Does it make passage search efficient?", [asked])
    assert second.question == "Does it make passage search efficient?"
    assert "ColBERT" in second.standalone
    assert second.citations[0].paper == first.citations[0].paper


def test_a_change_of_subject_leaves_the_paper_before(sample_library: Library) -> None:
    assistant = Assistant(sample_library)
    first = assistant.ask("What does ColBERT propose?")
    asked = Turn(question=first.question, answer=first)
    second = assistant.ask("What does LoRA propose?", [asked])
    assert second.citations[0].paper.short_name == "LoRA"
