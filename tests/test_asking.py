"""Words of asking, which say nothing of what papers are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.asking import topic
from index.library import Library


def test_the_words_of_asking_become_blanks_and_all_else_keeps_its_place() -> None:
    question = "Which works have explored tangled ropes?"
    assert topic(question) == "Which                     tangled ropes?"
    assert len(topic(question)) == len(question)


def test_a_question_of_nothing_but_words_of_asking_stays_as_it_is() -> None:
    assert topic("Any papers?") == "Any papers?"


def test_a_word_of_asking_inside_a_name_stays() -> None:
    assert topic("What does Learning to Present propose?", ["Learning to Present"]).split() == [
        "What",
        "Learning",
        "to",
        "Present",
        "?",
    ]


def test_a_paper_does_not_match_for_speaking_as_the_question_does(
    open_library: Callable[..., Library], write_papers: Callable[..., Path]
) -> None:
    library = open_library()
    asking = "This paper studies works that propose and explore papers, and discusses research that authors present."
    write = write_papers(
        "asking.jsonl",
        {"title": "A Study of Studies", "abstract": asking},
        {"title": "Ropes", "abstract": "Tangled ropes are undone by two arms."},
        {"title": "Sails", "abstract": "Sails are mended by one arm."},
    )
    library.add([write])
    found = library.passages(
        "Which papers propose or explore works on tangled ropes, and what research do they study?"
    )
    assert found[0].paper.title == "Ropes"
    assert all(
        "keyword" not in passage.found_by for passage in found if passage.paper.title == "A Study of Studies"
    )
