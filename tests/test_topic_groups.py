"""Papers sorted by topic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.topic_groups import grouped


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
