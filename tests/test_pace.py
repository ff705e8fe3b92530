"""Requests and tokens a minute: when the next may go, and that threads share it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assistant.models.model import load_model
from assistant.models.pace import Pace, shared_pace
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_next_request_waits_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    pace = Pace(2, None, clock)
    pace.enter(1)
    clock.now += 10
    pace.enter(1)
    clock.now += 5
    assert pace.wait(1) == 45
    clock.now += 45
    assert pace.wait(1) == 0


def test_tokens_wait_until_enough_are_a_minute_old() -> None:
    clock = Clock()
    pace = Pace(None, 100, clock)
    for tokens in (30, 30, 30):
        pace.enter(tokens)
        clock.now += 10
    assert pace.wait(10) == 0
    assert pace.wait(40) == 30
    assert pace.wait(60) == 40
    assert pace.wait(1000) == 50  # more than ever allowed: it goes alone


def test_tokens_are_corrected_when_they_are_known() -> None:
    pace = Pace(None, 100, Clock())
    entry = pace.enter(100)
    assert pace.wait(50) == 60
    entry.tokens = 10
    assert pace.wait(50) == 0


def test_in_any_minute_the_limits_hold() -> None:
    clock = Clock()
    pace = Pace(3, 100, clock)
    went: list[tuple[float, int]] = []
    for tokens in (10, 60, 40, 5, 5, 90, 20, 100, 1, 1, 1, 1):
        clock.now += pace.wait(tokens)
        pace.enter(tokens)
        went.append((clock.now, tokens))
    for at, _ in went:
        within = [tokens for other, tokens in went if at <= other < at + 60]
        assert len(within) <= 3
        assert sum(within) <= 100


def test_without_limits_nothing_waits() -> None:
    pace = Pace(None, None, Clock())
    for _ in range(1000):
        assert pace.wait(10**6) == 0
        pace.enter(10**6)


def test_models_at_one_server_share_its_pace() -> None:
    assert shared_pace("http://a", 1, None) is shared_pace("http://a", 1, None)
    assert shared_pace("http://a", 1, None) is not shared_pace("http://b", 1, None)


def test_a_wait_beyond_the_deadline_is_told_at_once(tmp_path: Path) -> None:
    settings = ModelSettings(file=tmp_path / "m.sqlite", requests_a_minute=2, cache=False)
    results: list[str] = []

    def ask(number: int) -> None:
        try:
            results.append(model.ask([Message(role="user", text=str(number))], seconds=10).text)
        except ModelError as error:
            results.append(f"{error.fault}: {error}")

    with Rehearsal(["Yes."]) as server:
        model = load_model(server.spec("openai"), settings)
        began = time.monotonic()
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.asked) == 2
    assert sorted(results)[:2] == ["Yes.", "Yes."]
    assert (
        len([line for line in results if line.startswith("limit") and "llm.requests_a_minute" in line]) == 3
    )
    assert time.monotonic() - began < 9


def test_a_reply_out_of_the_cache_takes_no_turn(tmp_path: Path) -> None:
    settings = ModelSettings(file=tmp_path / "m.sqlite", requests_a_minute=1)
    with Rehearsal(["Yes."]) as server:
        model = load_model(server.spec("openai"), settings)
        asked = [Message(role="user", text="Again?")]
        assert [model.ask(asked).text for _ in range(3)] == ["Yes."] * 3
        with pytest.raises(ModelError, match="takes no more requests"):
            model.ask([Message(role="user", text="Else?")], seconds=1)
