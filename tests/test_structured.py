"""Reading the JSON that models write, whole or nearly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import BaseModel

from assistant.writing.plan import Plan, planned, uncovered
from assistant.writing.ranking import Weighed, ordered
from assistant.writing.structured import read


class Shape(BaseModel):
    question: str = ""
    searches: list[str] = []


@pytest.mark.parametrize(
    "reply",
    [
        '{"question": "Why?", "searches": ["a", "b"]}',
        'Sure! Here it is:\n```json\n{"question": "Why?", "searches": ["a", "b"]}\n```\nAnything else?',
        "{'question': 'Why?', 'searches': ['a', 'b']}",
        '{"question": "Why?", "searches": ["a", "b"],}',
        '{"question": "Why?", "searches": ["a", "b"',
        '{question: "Why?", searches: ["a", "b"], "more": 1}',
    ],
    ids=["whole", "fenced", "single quotes", "trailing comma", "broken off", "bare names"],
)
def test_json_is_read_where_it_can_be_mended(reply: str) -> None:
    assert read(reply, Shape) == Shape(question="Why?", searches=["a", "b"])


@pytest.mark.parametrize("reply", ["", "I cannot do that.", "[1, 2]", "{", '"question"', '{"other": 1}'])
def test_what_holds_nothing_of_use_is_nothing(reply: str) -> None:
    assert read(reply, Shape) is None


def test_a_field_of_another_type_is_left_out_and_the_rest_kept() -> None:
    assert read('{"question": "Why?", "searches": 7}', Shape) == Shape(question="Why?")


@settings(deadline=None)
@given(some.text(max_size=200))
def test_no_reply_raises(reply: str) -> None:
    read(reply, Shape)
    read("{" + reply, Shape)


def test_a_plan_keeps_what_can_be_asked_and_no_more_than_three_searches() -> None:
    reply = '{"question": "Does TideNet\\n need labels?", "searches": ["a", "", "b", "a", "c", "d"], "readings": ["x"]}'
    assert planned(reply, "and labels?") == Plan(
        question="Does TideNet need labels?", searches=("a", "b", "c")
    )


def test_a_plan_without_a_question_keeps_the_one_asked() -> None:
    assert planned('{"searches": ["a"]}', "and labels?") == Plan(question="and labels?", searches=("a",))


def test_a_question_of_thousands_of_characters_is_no_plan() -> None:
    assert planned('{"question": "' + "x" * 5000 + '"}', "why?") is None


def test_parts_that_are_not_covered_are_searched_for_again() -> None:
    reply = '{"covered": [true, false], "searches": ["tide tables"]}'
    assert uncovered(reply, ["one", "two"]) == (("two",), ("tide tables",))


def test_a_judgement_of_another_length_is_none() -> None:
    assert uncovered('{"covered": [false], "searches": ["x"]}', ["one", "two"]) is None


@pytest.mark.parametrize(
    ("reply", "order"),
    [
        ("[3] > [1] > [2]", [2, 0, 1]),
        ("3, 1", [2, 0, 1]),
        ("[9] > [2] > [2]", [1, 0, 2]),
        ("They are all fine.", [0, 1, 2]),
    ],
)
def test_an_order_is_made_whole(reply: str, order: list[int]) -> None:
    assert ordered(reply, 3) == order


def test_a_relevance_outside_its_scale_is_left_out() -> None:
    assert read('{"summary": "s", "relevance": 11}', Weighed) == Weighed(summary="s")
