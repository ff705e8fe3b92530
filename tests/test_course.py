"""How far an addition has come."""

from __future__ import annotations

from index.course import Course


def test_files_count_by_their_bytes_and_entries_by_their_part_of_a_file() -> None:
    found = {"a": 4, "b": 2}
    course = Course({"a": 300, "b": 100}, found)
    assert course.done(0.0) == 0
    course.begin(["a", "a"])
    assert course.done(0.5) == 300 * 1 / 4 / 400
    course.store([])
    assert course.done(0.0) == 300 * 2 / 4 / 400
    course.begin(["a", "a"])
    course.store(["a"])
    assert course.done(0.0) == 300 / 400
    course.begin([])
    course.store(["b"])
    assert course.done(0.0) == 1


def test_what_is_done_never_goes_back_when_more_is_found() -> None:
    found = {"a": 1}
    course = Course({"a": 10}, found)
    course.begin(["a"])
    course.store([])
    before = course.done(0.0)
    found["a"] = 100
    assert course.done(0.0) == before


def test_an_addition_of_nothing_has_come_nowhere() -> None:
    assert Course({}, {}).done(1.0) == 0
