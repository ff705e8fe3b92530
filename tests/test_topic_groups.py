"""Papers sorted by topic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.topic_groups import grouped, name_of


def around(*angles: float) -> NDArray[np.float32]:
    """Unit vectors in the plane."""
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)


def test_what_lies_together_is_one_group_and_the_largest_comes_first() -> None:
    means = around(0.0, 3.0, 0.1, 3.1, 0.2)
    assert grouped(means, np.zeros(2, np.float32)) == [[0, 2, 4], [1, 3]]


def test_what_all_papers_have_in_common_makes_no_topic() -> None:
    means = around(0.0, 0.1, 0.8, 0.9)
    assert len(grouped(means, np.zeros(2, np.float32))) == 1
    assert grouped(means, means.mean(axis=0)) == [[0, 1], [2, 3]]


def test_a_paper_alone_and_none_at_all_are_sorted_too() -> None:
    assert grouped(around(1.0), np.zeros(2, np.float32)) == [[0]]
    assert grouped(np.zeros((0, 2), np.float32), np.zeros(2, np.float32)) == []


def test_papers_that_are_all_the_same_are_one_group() -> None:
    assert grouped(around(1.0, 1.0, 1.0), np.zeros(2, np.float32)) == [[0, 1, 2]]


WEIGHTS = {"glacier": 5.0, "snow": 4.0, "learn": 0.2, "llm": 3.0, "the": 0.0}


def weigh(word: str) -> tuple[str, float]:
    stem = word.lower().rstrip("s").removesuffix("ing")
    return stem, WEIGHTS.get(stem, 6.0)


def test_a_group_is_named_by_the_rarest_words_its_titles_share() -> None:
    titles = ["Learning from Snow and Glaciers", "Glaciers and Snow", "Learning Glaciers Anew"]
    assert name_of(titles, weigh) == "glaciers, snow"


def test_words_that_papers_have_anyway_only_fill_a_name_up() -> None:
    assert name_of(["Learning Snow", "Learning of Snow"], weigh) == "snow, learning"


def test_an_acronym_keeps_its_capitals() -> None:
    assert name_of(["Snow for LLMs", "LLMs: an End"], weigh) == "LLMs"


def test_titles_that_share_nothing_have_no_name() -> None:
    assert name_of(["Glaciers", "Snow"], weigh) == ""
