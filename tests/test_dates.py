"""Dates are read at the precision they have, and compared by the days they may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dates import earliest_day, latest_day, parse_bound, parse_date, with_year


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025", "2025"),
        ("2025-06", "2025-06"),
        ("2025-06-19", "2025-06-19"),
        ("2025/6/9", "2025-06-09"),
        ("2025-06-19T08:30:00Z", "2025-06-19"),
        ("Feb 13, 2024", "2024-02-13"),
        ("Sept. 3, 2023", "2023-09-03"),
        ("June 2025", "2025-06"),
        ("19 June 2025", "2025-06-19"),
        ("June 1st, 2025", "2025-06-01"),
        ("Jun 19", "--06-19"),
        ("Feb 29", "--02-29"),
        ("--06-19", "--06-19"),
        (" may 2021 ", "2021-05"),
    ],
)
def test_a_date_is_read_at_the_precision_it_has(text: str, date: str) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text", ["", "soon", "2025-13", "2025-02-30", "Feb 29, 2023", "Juni 3", "0000", "20250619", "Jun 0"]
)
def test_what_no_calendar_has_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date; write it as 2025, 2025-06"):
        parse_date(text)


def test_the_end_of_a_range_needs_a_year() -> None:
    assert parse_bound("June 2025") == "2025-06"
    with pytest.raises(ValueError, match="'Jun 19' has no year"):
        parse_bound("Jun 19")


@pytest.mark.parametrize(
    ("published", "first", "last"),
    [
        ("2025", 20250101, 20251231),
        ("2024-02", 20240201, 20240229),
        ("2025-06-19", 20250619, 20250619),
        ("--06-19", None, None),
        (None, None, None),
    ],
)
def test_a_coarse_date_spans_all_the_days_it_may_mean(
    published: str | None, first: int | None, last: int | None
) -> None:
    assert (earliest_day(published), latest_day(published)) == (first, last)


def test_a_badly_stored_date_is_named() -> None:
    with pytest.raises(ValueError, match="'June' is not a stored date"):
        earliest_day("June")


def test_a_leap_day_has_no_place_in_a_common_year() -> None:
    assert with_year("--02-29", 2024) == "2024-02-29"
    assert with_year("--02-29", 2025) is None


@given(st.dates())
def test_every_day_survives_being_written_and_read(day: object) -> None:
    assert parse_date(str(day)) == str(day)
    assert earliest_day(str(day)) == latest_day(str(day)) == int(str(day).replace("-", ""))
