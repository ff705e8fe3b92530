"""Replies kept on disk: what makes two requests the same, exact replays, and room."""

from __future__ import annotations

import logging
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.models.cache import Kept, ReplyCache, request_key
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError, Usage
from assistant.models.settings import ModelSettings

ASKED = [Message(role="user", text="Do glaciers forget?")]


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(
        file=tmp_path / "deep" / "models.sqlite", retries=0, key="sk-planted-key", seconds=20
    )


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    with Rehearsal([Scripted(pieces=("Gla", "ciers [1]", ".")), "Another reply."]) as running:
        yield running


def test_asking_again_is_free_and_exact(server: Rehearsal, settings: ModelSettings) -> None:
    first = list(load_model(server.spec("openai"), settings).stream(ASKED))
    again = load_model(server.spec("openai"), settings).stream(ASKED)
    assert list(again) == first == ["Gla", "ciers [1]", "."]
    assert again.usage == Usage(
        prompt_tokens=7, completion_tokens=11, requests=0, counted="provider", cost=0.0
    )
    assert len(server.asked) == 1


def test_without_the_cache_every_call_is_a_request(server: Rehearsal, settings: ModelSettings) -> None:
    model = load_model(server.spec("openai"), settings.model_copy(update={"cache": False}))
    assert model.ask(ASKED).text != model.ask(ASKED).text
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("messages", "options"),
    [
        ([Message(role="user", text="Do glaciers forget? ")], {}),
        ([Message(role="system", text="Do glaciers forget?")], {}),
        ([Message(role="user", text="Do glaciers"), Message(role="user", text=" forget?")], {}),
        (ASKED, {"tokens": 10}),
    ],
    ids=["another text", "another role", "cut elsewhere", "another limit"],
)
def test_another_request_is_another(
    messages: list[Message], options: dict[str, Any], server: Rehearsal, settings: ModelSettings
) -> None:
    model = load_model(server.spec("openai"), settings)
    assert model.ask(ASKED).text != model.ask(messages, **options).text


def test_a_request_is_told_by_model_address_messages_and_options() -> None:
    base = request_key("openai:m", "", ASKED, {"a": 1, "b": None})
    assert base == request_key("openai:m", "", ASKED, {"b": None, "a": 1})
    others = [
        request_key("openai:n", "", ASKED, {"a": 1, "b": None}),
        request_key("openai:m", "http://x", ASKED, {"a": 1, "b": None}),
        request_key("openai:m", "", ASKED, {"a": 2, "b": None}),
    ]
    assert len({base, *others}) == 4
    assert request_key(
        "m", "", [Message(role="user", text="\ud800")], {}
    )  # half a character, as files may hold


@pytest.mark.parametrize("fault", ["cut", "empty", "malformed", "server"])
def test_only_whole_replies_are_kept(fault: Any, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="one two", fault=fault), "Whole."]) as server:
        model = load_model(server.spec("openai"), settings)
        with pytest.raises(ModelError):
            model.ask(ASKED)
        assert model.ask(ASKED).text == "Whole."


def test_a_stream_that_was_closed_is_not_kept(settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="one two", fault="endless", pause=0.01), "Whole."]) as server:
        model = load_model(server.spec("openai"), settings)
        with model.stream(ASKED) as stream:
            next(stream)
        assert model.ask(ASKED).text == "Whole."


def test_neither_key_nor_prompt_is_in_the_file_and_only_its_owner_reads_it(
    server: Rehearsal, settings: ModelSettings
) -> None:
    load_model(server.spec("openai"), settings).ask(ASKED)
    held = b"".join(file.read_bytes() for file in settings.file.parent.iterdir())
    assert b"ciers [1]" in held
    assert b"sk-planted-key" not in held
    assert b"Do glaciers" not in held
    assert stat.S_IMODE(settings.file.stat().st_mode) == 0o600


def kept(text: str) -> Kept:
    return Kept(pieces=(text,), usage=Usage())


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    now = iter(range(100))
    cache = ReplyCache(tmp_path / "c.sqlite", 0.0005, clock=lambda: float(next(now)))
    for name in "abcd":
        cache.keep(name, kept(name * 100))
    assert cache.find("a") is not None
    cache.keep("e", kept("e" * 100))
    assert [name for name in "abcde" if cache.find(name)] == ["a", "c", "d", "e"]


def test_a_file_that_is_no_database_costs_the_saving_only(
    server: Rehearsal, settings: ModelSettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.file.parent.mkdir(parents=True)
    settings.file.write_text("not a database, and longer than a header of one would be" * 20)
    with caplog.at_level(logging.WARNING):
        assert load_model(server.spec("openai"), settings).ask(ASKED).text == "Glaciers [1]."
    assert "cannot be read" in caplog.text


def test_a_damaged_row_is_no_reply(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "c.sqlite", 1)
    cache.keep("a", kept("text"))
    connection = sqlite3.connect(tmp_path / "c.sqlite")
    connection.execute("UPDATE replies SET pieces = '[\"tex'")
    connection.commit()
    connection.close()
    assert cache.find("a") is None


@pytest.mark.parametrize("new", [f"{number}.sqlite" for number in range(30)])
def test_threads_that_keep_at_once_in_a_new_file_all_do(tmp_path: Path, new: str) -> None:
    begin = threading.Barrier(4)

    def work(number: int) -> None:
        cache = ReplyCache(tmp_path / new, 1)
        begin.wait()
        for position in range(3):
            cache.keep(f"{number}-{position}", kept(f"{number} {position}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache = ReplyCache(tmp_path / new, 1)
    found = [cache.find(f"{number}-{position}") for number in range(4) for position in range(3)]
    assert all(found)
