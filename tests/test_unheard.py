"""Words of a question that no paper has, and names that papers have as a word only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.engine import Assistant
from assistant.unheard import unheard, writes
from index.library import Library

Open = Callable[..., Library]
Write = Callable[..., Path]

PAPERS = (
    {"title": "Kilns at Dawn", "abstract": "A warm kiln fires evenly. We keep the kiln warm by night."},
    {"title": "Pots and Glazes", "abstract": "Glazes crack where pots cool fast. The potter GLOM cools them slowly."},
    {"title": "Clay", "abstract": "We mix clay with Adam, who sieves it. The method kvlm is not ours."},
)  # fmt: skip


@pytest.fixture
def library(open_library: Open, write_papers: Write) -> Library:
    found = open_library()
    found.add([write_papers("papers.jsonl", *PAPERS)])
    return found


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What does WARM propose for kilns?", ["WARM", "propose"]),
        ("Is a warm kiln even?", []),
        ("How does GLOM cool pots?", []),
        ("What do GLOMs cool?", []),
        ("What does ADAM sieve?", []),
        ("What is KVLM?", []),
        ("WHAT KEEPS A KILN WARM?", []),
        ("Does Warm clay crack?", []),
        ("Which zeppelin carries clay and WARM?", ["zeppelin", "carries", "WARM"]),
    ],
)
def test_a_name_in_capitals_is_unheard_where_papers_have_it_as_a_word(
    question: str, words: list[str], library: Library
) -> None:
    assert unheard(question, library) == words


def test_what_papers_tell_of_a_word_is_no_answer_about_a_name(library: Library) -> None:
    assistant = Assistant(library)
    known, name = assistant.ask("What fires evenly, a warm kiln?"), assistant.ask("What is WARM?")
    assert known.answered
    assert not name.answered
    assert "No paper has: WARM." in name.text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("we call it WARM.", True),
        ("we call it WaRM.", True),
        ("(WARMs) and others", True),
        ("we, like Warm, do", True),
        ("It is late. Warm days follow", False),
        ("Warm days follow", False),
        ("a warm day", False),
        ("the SWARM and WARMTH", False),
    ],
)
def test_a_name_is_written_with_capitals_inside_or_within_a_sentence(text: str, written: bool) -> None:
    assert writes("WARM", text) == written
