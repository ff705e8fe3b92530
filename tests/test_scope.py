"""The scope: read from the panel, worded as chips, changed by a click."""

from __future__ import annotations

import pytest

from index.schema import Filters
from ui.parts import render, scope


def test_filters_are_worded_and_each_can_be_dropped() -> None:
    filters = Filters(since="2025-06", organizations=("NVIDIA", "Meta"), min_comments=3)
    worded = render.scope_words(filters)
    assert [words for _, words in worded] == ["since Jun 2025", "NVIDIA", "Meta", "at least 3 comments"]
    for part, _ in worded:
        filters = scope.without(filters, part)
    assert filters.empty


def test_dropping_what_is_not_there_changes_nothing() -> None:
    filters = Filters(since="2025")
    assert scope.without(filters, "nonsense") == filters
    assert scope.without(filters, "organizations:x") == filters


def test_the_panel_is_read_in_words_and_a_date_that_is_none_is_named() -> None:
    assert scope.read_panel(scope.Panel(since="June 2025", min_comments=0)) == Filters(since="2025-06")
    with pytest.raises(ValueError, match="'soon' is not a date"):
        scope.read_panel(scope.Panel(until="soon"))


def test_the_chip_to_drop_is_the_one_that_brings_most_papers_back() -> None:
    counts = {("NVIDIA",): 2, (): 7}
    filters = Filters(since="2030", organizations=("NVIDIA",))
    advice = scope.part_to_drop(filters, lambda left: 0 if left.since else counts[left.organizations])
    assert advice == ("since", "since 2030", 2)
    assert scope.part_to_drop(filters, lambda left: 0) is None


def test_what_has_no_field_in_the_panel_comes_back_from_it() -> None:
    filters = Filters(papers=("a", "b"), excluded=("c",), since="2025", sources=("one.txt",))
    assert scope.read_panel(scope.panel_of(filters)) == filters
    assert scope.read_panel(scope.Panel(), filters) == Filters(papers=("a", "b"), excluded=("c",))


def test_papers_are_named_while_they_are_few_and_known() -> None:
    titles = {"a": "TideNet", "b": "KilnBench"}
    filters = Filters(papers=("a", "b"), excluded=("c",))
    assert render.scope_words(filters, titles) == [
        ("papers:a", "TideNet"),
        ("papers:b", "KilnBench"),
        ("excluded", "without 1 paper"),
    ]
    assert render.scope_words(filters) == [("papers", "2 chosen papers"), ("excluded", "without 1 paper")]
    many = Filters(papers=tuple("abcd"))
    assert render.scope_words(many, dict.fromkeys("abcd", "T")) == [("papers", "4 chosen papers")]


def test_a_paper_is_picked_held_to_and_left_out() -> None:
    picked = scope.with_paper(scope.with_paper(Filters(since="2025"), "a"), "b")
    assert picked == Filters(since="2025", papers=("a", "b"))
    assert scope.only(picked, "b").papers == ("b",)
    assert scope.without_paper(picked, "a") == Filters(since="2025", papers=("b",))
    assert scope.without_paper(Filters(papers=("a",)), "a") == Filters(papers=("a",), excluded=("a",))
    assert scope.with_paper(Filters(excluded=("a", "b")), "a") == Filters(papers=("a",), excluded=("b",))
