"""Work side by side, its results in order."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from index.lanes import in_order

WAIT = 30.0


def test_results_come_in_the_order_of_the_items_whichever_is_done_first() -> None:
    last = threading.Event()

    def work(item: int) -> Generator[str]:
        if item == 0:
            assert last.wait(WAIT)
        yield f"{item} first"
        yield f"{item} second"
        if item == 2:
            last.set()

    told = list(in_order(work, [0, 1, 2], workers=2, size=len, held=1000))
    assert told == [f"{item} {part}" for item in (0, 1, 2) for part in ("first", "second")]


def test_no_more_is_worked_on_than_may_wait() -> None:
    begun: list[int] = []

    def work(item: int) -> Generator[int]:
        begun.append(item)
        yield item

    results = in_order(work, range(100), workers=2, size=lambda _: 1, held=10, ahead=1)
    assert next(results) == 0
    assert len(begun) <= 4
    assert list(results) == list(range(1, 100))


def test_a_worker_waits_where_its_lane_is_full() -> None:
    made: list[int] = []

    def work(item: int) -> Generator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    results = in_order(work, [0], workers=1, size=lambda _: 1, held=5)
    assert next(results) == 0
    assert len(made) <= 8
    assert len(list(results)) == 999


def test_an_error_comes_where_the_results_would_have_come_and_ends_the_rest() -> None:
    def work(item: int) -> Generator[int]:
        yield item
        if item == 1:
            raise RuntimeError("broken")

    results = in_order(work, [0, 1, 2], workers=3, size=lambda _: 1, held=10)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(RuntimeError, match="broken"):
        next(results)
    assert not [thread for thread in threading.enumerate() if thread.name == "lane"]


def test_leaving_early_closes_the_work_under_way() -> None:
    closed = threading.Event()

    def work(item: int) -> Generator[int]:
        try:
            while True:
                yield item
        finally:
            closed.set()

    results = in_order(work, [0, 1], workers=1, size=lambda _: 1, held=3)
    next(results)
    results.close()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "lane"]


def test_no_items_give_no_results() -> None:
    assert list(in_order(lambda item: iter(()), [], workers=2, size=len, held=1)) == []  # type: ignore[arg-type,return-value]
