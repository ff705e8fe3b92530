"""Dates, organisations and authors that a question states, as filters."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.engine import Assistant
from assistant.understanding import merged, read_scope, scope_phrase
from index.library import Library
from index.schema import Filters

TODAY = date(2026, 2, 10)
KNOWN = ["NVIDIA", "Google", "Google DeepMind", "OpenAI"]


def read(question: str) -> tuple[dict[str, object], str]:
    found = read_scope(question, TODAY, lambda: KNOWN, lambda name: ("p1",) if name == "Mei Tan" else ())
    return found.filters.model_dump(exclude_defaults=True), found.rest


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("Which papers since June 2025 use rewards?", "2025-06", None),
        ("Which papers after March 5, 2024 use rewards?", "2024-03-06", None),
        ("Which papers after 2024 use rewards?", "2025", None),
        ("Which papers before March 2024 use rewards?", None, "2024-02-29"),
        ("Which papers in 2023 use rewards?", "2023", "2023"),
        ("Which papers between 2023 and May 2024 use rewards?", "2023", "2024-05"),
        ("What was published last year on rewards?", "2025", "2025"),
        ("What was published this month on rewards?", "2026-02", "2026-02"),
        ("Which papers from the last 3 months use rewards?", "2025-11-10", None),
        ("What was published in June on rewards?", "2025-06", "2025-06"),
    ],
)
def test_a_date_becomes_a_filter_and_is_no_longer_searched_for(
    question: str, since: str | None, until: str | None
) -> None:
    filters, rest = read(question)
    assert (filters.get("since"), filters.get("until")) == (since, until)
    assert "rewards" in rest
    assert not any(character.isdigit() for character in rest)


@pytest.mark.parametrize(
    "question",
    [
        "Is it trained in 2000 steps on one machine?",
        "What BLEU does it reach on WMT 2014?",
        "May rewards help?",
        "How many samples did Google use?",
        "What is learned from Human preferences?",
    ],
)
def test_a_number_or_a_name_that_states_no_scope_is_left_alone(question: str) -> None:
    assert read(question) == ({}, question)


@pytest.mark.parametrize(
    "question", ["Papers since 2025-13 on rewards", "What came between 2025-13 and 2025-02-31?"]
)
def test_a_date_that_no_calendar_has_is_left_alone(question: str) -> None:
    assert read(question) == ({}, question)


def test_an_organisation_stands_for_all_whose_names_begin_with_it() -> None:
    filters, rest = read("Which papers from Google use rewards?")
    assert filters == {"organizations": ("Google", "Google DeepMind")}
    assert rest == "Which papers use rewards?"


def test_whose_papers_is_an_organisation_too() -> None:
    assert read("NVIDIA's papers on video")[0] == {"organizations": ("NVIDIA",)}


def test_an_author_becomes_the_papers_they_wrote() -> None:
    assert read("What is there by Mei Tan?")[0] == {"papers": ("p1",)}


def test_both_scopes_hold_at_once() -> None:
    given = Filters(since="2024", until="2025-06", organizations=("nvidia", "OpenAI"), min_comments=2)
    both = merged(given, Filters(since="2024-05", until="2025", organizations=("NVIDIA",)))
    assert both == Filters(since="2024-05", until="2025-06", organizations=("NVIDIA",), min_comments=2)


def test_scopes_without_a_common_organisation_leave_nothing() -> None:
    assert merged(Filters(organizations=("OpenAI",)), Filters(organizations=("NVIDIA",))) is None


def test_a_scope_is_said_in_words() -> None:
    filters = Filters(organizations=("NVIDIA",), since="2025-06")
    assert scope_phrase(filters) == " from NVIDIA, since Jun 2025"
    assert scope_phrase(Filters()) == ""


def test_what_the_question_states_is_shown_as_scope(sample_library: Library) -> None:
    answer = Assistant(sample_library).ask("Which papers from OpenAI since 2022 study reward models?")
    assert answer.scope.filters == Filters(organizations=("OpenAI",), since="2022")
    assert answer.scope.papers == sample_library.count(answer.scope.filters)
    assert {citation.paper.organization for citation in answer.citations} == {"OpenAI"}


def test_a_stated_scope_without_papers_is_said_and_passed_over(sample_library: Library) -> None:
    answer = Assistant(sample_library).ask("Which papers from OpenAI before 2001 use human feedback?")
    assert answer.text.startswith("No paper is from OpenAI, until 31 Dec 2000")
    assert answer.answered
    assert answer.scope.filters.empty


def test_a_relative_date_is_read_against_the_day_given(sample_library: Library) -> None:
    answer = Assistant(sample_library, today=date(2023, 7, 1)).ask("How many papers are from last year?")
    assert answer.scope.filters == Filters(since="2022", until="2022")


def test_authors_narrow_the_scope_where_they_are_known(library: Library) -> None:
    answer = Assistant(library).ask("Which songs are unlikely in the grammar by Mei Tan?")
    assert {citation.paper.title for citation in answer.citations} == {"A Grammar of Bird Song"}
