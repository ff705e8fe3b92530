"""Making one ranking of several retrievers' scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fusion import standardised_sum

ITEMS = "abcdefgh"
SCORES = st.fixed_dictionaries({item: st.integers(0, 50).map(float) for item in ITEMS})


def test_scores_are_summed_in_standard_deviations_with_their_weights() -> None:
    fused = standardised_sum([{"a": 1.0, "b": 3.0}, {"a": 30.0, "b": 10.0}], [1.0, 0.5])
    assert fused == pytest.approx({"b": 0.5, "a": -0.5})
    assert list(fused) == ["b", "a"]


def test_a_retriever_that_scores_all_alike_adds_nothing() -> None:
    assert standardised_sum([{"a": 1.0, "b": 2.0}, {"a": 7.0, "b": 7.0}], [1, 9]) == pytest.approx(
        {"b": 1.0, "a": -1.0}
    )


def test_ties_keep_the_order_given() -> None:
    assert list(standardised_sum([{"b": 1.0, "a": 1.0, "c": 2.0}], [1])) == ["c", "b", "a"]


def test_nothing_found_fuses_to_nothing() -> None:
    assert standardised_sum([{}, {}], [1, 1]) == {}
    assert standardised_sum([], []) == {}


@given(st.lists(SCORES, min_size=1, max_size=3))
def test_everything_found_is_kept_and_scores_never_rise(scores: list[dict[str, float]]) -> None:
    fused = standardised_sum(scores, [1.0] * len(scores))
    values = list(fused.values())
    assert set(fused) == set(ITEMS)
    assert values == sorted(values, reverse=True)


@given(SCORES, st.floats(0.1, 100), st.floats(-50, 50))
def test_the_unit_a_retriever_scores_in_does_not_matter(
    scores: dict[str, float], scale: float, shift: float
) -> None:
    other = {item: score * scale + shift for item, score in scores.items()}
    assert standardised_sum([other], [1]) == pytest.approx(standardised_sum([scores], [1]), abs=1e-6)
