"""Schedules as one writes them, and the moment of them that passed last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path

import pytest

from index.errors import SettingsError
from ui.parts.schedule import read_schedule
from ui.settings import Configuration

WEDNESDAY = datetime(2026, 11, 18, 12, 0)  # on this machine's clock


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A time zone that knows summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("words", "days", "at"),
    [
        ("Monday 07:00", (0,), (7, 0)),
        (" tue, Thu at 18:30 ", (1, 3), (18, 30)),
        ("Friday and Wednesday 9:05", (2, 4), (9, 5)),
        ("daily 07:00", (0, 1, 2, 3, 4, 5, 6), (7, 0)),
        ("weekdays 23:59", (0, 1, 2, 3, 4), (23, 59)),
        ("Mon Mon 0:00", (0,), (0, 0)),
    ],
    ids=str,
)
def test_days_and_a_time_are_a_schedule(words: str, days: tuple[int, ...], at: tuple[int, int]) -> None:
    schedule = read_schedule(words)
    assert (schedule.days, schedule.at) == (days, time_of_day(*at))


@pytest.mark.parametrize(
    "words",
    ["07:00", "Monday", "T 07:00", "Mo 07:00", "someday 07:00", "Monday 24:00", "Monday 07:60", "0 7 * * 1",
     "and 07:00", "Monday 07:00 07:00"],
)  # fmt: skip
def test_what_is_no_schedule_is_told_with_how_one_is_written(words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="as 'Monday 07:00'"):
        read_schedule(words)
    path = tmp_path / "mine.yaml"
    path.write_text(f"digest: {{schedule: '{words}'}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"digest\.schedule = .* is no schedule; write days and a time"):
        Configuration(path)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Monday 07:00", 16),
        ("Wednesday 11:59", 18),
        ("Wednesday 12:00", 18),
        ("Wednesday 12:01", 11),
        ("daily 12:01", 17),
        ("Thu, Fri 00:00", 13),
    ],
    ids=str,
)
def test_the_last_moment_is_the_latest_that_passed(words: str, day: int, zone: None) -> None:
    last = read_schedule(words).last(WEDNESDAY.astimezone())
    assert (last.astimezone().day, last.utcoffset()) == (day, WEDNESDAY.astimezone().utcoffset())


def test_a_time_stays_the_same_on_the_clock_when_summer_time_begins_and_where_it_is_left_out(
    zone: None,
) -> None:
    before = read_schedule("daily 07:00").last(datetime(2026, 3, 28, 7, 30, tzinfo=UTC))
    after = read_schedule("daily 07:00").last(datetime(2026, 3, 29, 7, 30, tzinfo=UTC))
    assert (after - before).total_seconds() == 23 * 3600
    left_out = read_schedule("Sunday 02:30")  # no clock shows that on the 29th
    assert left_out.last(datetime(2026, 3, 29, 2, 0, tzinfo=UTC)).astimezone().date().day == 29
