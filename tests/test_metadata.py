"""Questions about the collection, computed from the catalog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.citations import faults
from assistant.engine import Assistant
from assistant.schema import Answer
from index.library import Library
from index.schema import Filters


def titles(answer: Answer) -> list[str]:
    return [row[0] for row in answer.table.rows] if answer.table else []


def test_a_count_is_exact_says_what_it_counts_and_cites_nothing(library: Library) -> None:
    answer = Assistant(library).ask("How many papers are from Aviary Lab?")
    assert answer.text.startswith("**2 papers** of the 6 in this library from Aviary Lab.")
    assert (answer.kind, answer.answered, answer.citations, answer.sentences) == ("metadata", True, (), ())
    assert answer.scope.filters == Filters(organizations=("Aviary Lab",))
    assert answer.grounded
    assert faults(answer, library.text) == []


def test_a_count_of_none_is_an_answer(library: Library) -> None:
    answer = Assistant(library).ask("How many papers are from before 1990?")
    assert answer.answered
    assert answer.text.startswith("**0 papers**")
    assert answer.table is None


def test_papers_on_something_have_every_word_of_it(library: Library) -> None:
    answer = Assistant(library).ask("How many papers mention buoys and storms?")
    assert titles(answer) == ["TideNet: Forecasting Sea Levels from Sparse Buoys"]


def test_the_newest_come_first_and_undated_ones_are_told(library: Library) -> None:
    answer = Assistant(library).ask("What are the most recent papers?")
    assert titles(answer)[0] == "Sorting Seeds by Sound"
    assert "On the Memory of Glaciers" not in titles(answer)
    assert "date is not known of 1 paper" in answer.text


def test_the_oldest_come_first_where_asked(library: Library) -> None:
    assert titles(Assistant(library).ask("What are the oldest papers?"))[0].startswith("TideNet")


def test_the_most_discussed_are_ordered_by_comments(library: Library) -> None:
    answer = Assistant(library).ask("Which papers are most discussed?")
    assert [row[3] for row in answer.table.rows] == ["17", "9", "4", "2", "0"] if answer.table else False


def test_organisations_are_counted(library: Library) -> None:
    answer = Assistant(library).ask("Which organisations have the most papers?")
    assert answer.table is not None
    assert answer.table.columns == ("Organisation", "Papers")
    assert ("Aviary Lab", "2") in answer.table.rows
    assert "not known of 1 paper" in answer.text


def test_papers_are_counted_by_year(library: Library) -> None:
    answer = Assistant(library).ask("How many papers per year?")
    assert answer.table is not None


def test_the_facts_of_a_paper_named_are_told(library: Library) -> None:
    answer = Assistant(library).ask("When was TideNet published?")
    assert answer.table is not None
    assert answer.table.rows[0][1:3] == ("Harbor Institute", "5 Mar 2024")


def test_a_list_that_asks_only_where_papers_are_from_is_computed(library: Library) -> None:
    answer = Assistant(library).ask("Which papers are from Aviary Lab?")
    assert answer.kind == "metadata"
    assert len(titles(answer)) == 2


@pytest.mark.parametrize("url", ["https://example.org/1", "javascript:alert(1)"])
def test_titles_link_to_web_addresses_only(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], url: str
) -> None:
    library = open_library()
    record = {"title": "Drift [3] | of Buoys", "abstract": "Buoys drift at sea for years.", "url": url}
    library.add([write_papers("one.jsonl", record)])
    answer = Assistant(library).ask("How many papers are there?")
    assert ("](https://example.org/1)" in titles(answer)[0]) == url.startswith("https")
    assert "javascript" not in answer.text
    assert faults(answer, library.text) == []
