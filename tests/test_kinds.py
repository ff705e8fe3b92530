"""Which kind of answer a question gets."""

from __future__ import annotations

import pytest

from assistant.kinds import claim, kind_of, metadata_request, sides
from assistant.schema import Kind


@pytest.mark.parametrize(
    ("question", "papers", "kind"),
    [
        ("Hello!", 0, "smalltalk"),
        ("What drifts at sea?", 0, "find"),
        ("How many tokens does it read?", 0, "find"),
        ("Which papers follow buoys?", 0, "list"),
        ("Compare LoRA and BERT", 2, "compare"),
        ("How does LoRA differ from BERT?", 2, "compare"),
        ("How does fine-tuning compare to prompting for drift?", 0, "find"),
        ("What are the differences between buoys and gliders?", 0, "compare"),
        ("Summarize LoRA", 1, "summarize"),
        ("Summarize the field", 0, "find"),
        ("How many papers are there?", 0, "metadata"),
        ("How many papers on drift are there?", 0, "metadata"),
        ("How many papers mention LoRA?", 1, "metadata"),
        ("How many of the papers are about LoRA?", 1, "metadata"),
        ("How many of the papers in LoRA come with a date?", 1, "find"),
        ("How many papers did LoRA survey?", 1, "find"),
        ("How many paper cards did sailors open?", 0, "find"),
        ("What is the most recent paper on drift?", 0, "metadata"),
        ("most discussed this month", 0, "metadata"),
        ("Which organisations have the most papers?", 0, "metadata"),
        ("papers per year", 0, "metadata"),
        ("When was LoRA published?", 1, "metadata"),
        ("When was the Moon landing published?", 0, "find"),
        ("/verify buoys drift", 0, "verify"),
        ("Is it true that buoys drift?", 0, "verify"),
    ],
)
def test_the_words_of_a_question_tell_its_kind(question: str, papers: int, kind: Kind) -> None:
    assert kind_of(question, papers) == kind


@pytest.mark.parametrize(
    "asked", ["/verify Buoys drift.", "Is it true that Buoys drift.?", "True or false: Buoys drift."]
)
def test_a_claim_is_what_stands_after_the_asking(asked: str) -> None:
    assert claim(asked) == "Buoys drift."


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Compare LoRA with full fine-tuning.", ("LoRA", "full fine-tuning")),
        ("What is the difference between A, B and C?", ("A", "B", "C")),
        ("LoRA vs. BERT?", ("LoRA", "BERT")),
        ("What drifts?", ()),
    ],
)
def test_the_sides_of_a_comparison_are_read(question: str, expected: tuple[str, ...]) -> None:
    assert sides(question) == expected


@pytest.mark.parametrize(
    ("question", "request_"),
    [
        ("How many papers are there?", "count"),
        ("the newest papers", "newest"),
        ("the oldest papers", "oldest"),
        ("most discussed papers", "discussed"),
        ("papers by organisation", "group"),
        ("When was LoRA published?", "facts"),
    ],
)
def test_a_metadata_question_asks_for_one_thing(question: str, request_: str) -> None:
    assert metadata_request(question) == request_
