"""Whether papers agree: each one's stance by its own sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.citations import faults
from assistant.engine import Assistant
from assistant.kinds import asks_agreement, claim, kind_of
from index.library import Library

PAPERS: tuple[dict[str, Any], ...] = (
    {
        "title": "Kelp and Waves",
        "abstract": "Kelp forests reduce the height of waves at the coast. We measured reefs.",
    },
    {
        "title": "Storms over Kelp",
        "abstract": "Kelp forests do not reduce the height of waves at the coast in storms.",
    },
    {
        "title": "A Coast in Two Seasons",
        "abstract": "In summer, kelp forests reduce the height of waves at the coast. "
        "In winter, kelp forests do not reduce the height of waves at the coast.",
    },
    {
        "title": "Songs of Warblers",
        "abstract": "We parse the songs of warblers with a probabilistic grammar.",
    },
)


@pytest.fixture
def coast(open_library: Callable[..., Library], write_papers: Callable[..., Path]) -> Library:
    library = open_library()
    library.add([write_papers("coast.jsonl", *PAPERS)])
    return library


@pytest.mark.parametrize(
    ("question", "stated"),
    [
        ("Do papers agree that kelp reduces waves?", "kelp reduces waves"),
        ("do the studies agree on whether kelp reduces waves", "kelp reduces waves"),
        ("Do these papers disagree about kelp?", "kelp"),
        ("Is there a consensus among papers that kelp reduces waves?", "kelp reduces waves"),
    ],
)
def test_a_question_of_agreement_is_told_with_its_claim(question: str, stated: str) -> None:
    assert asks_agreement(question)
    assert kind_of(question) == "verify"
    assert claim(question) == stated


@pytest.mark.parametrize(
    "question", ["Do papers use kelp?", "Which papers agree?", "verify that kelp agrees"]
)
def test_other_questions_are_none_of_agreement(question: str) -> None:
    assert not asks_agreement(question)


def test_each_paper_is_shown_with_its_stance_and_its_sentences(coast: Library) -> None:
    answer = Assistant(coast).ask(
        "Do papers agree that kelp forests reduce the height of waves at the coast?"
    )
    assert answer.table is not None
    stances = {row[0]: row[1] for row in answer.table.rows}
    assert stances == {
        "Kelp and Waves": "supports",
        "Storms over Kelp": "contradicts",
        "A Coast in Two Seasons": "mixed",
    }
    assert answer.text.startswith("**The papers do not agree**")
    assert faults(answer, coast.text) == []
    assert len(answer.citations) == 4


def test_papers_that_say_nothing_of_a_claim_are_no_answer(coast: Library) -> None:
    assert not Assistant(coast).ask("Do papers agree that the moon is made of cheese?").answered
