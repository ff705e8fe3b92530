"""Language models behind their door: whole replies and streams, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from assistant.models import loop
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Asked, Dialect, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError, Usage
from assistant.models.settings import ModelSettings
from assistant.models.spec import read_spec
from index.errors import SettingsError

ASKED = [Message(role="system", text="Be brief."), Message(role="user", text="Do glaciers forget?")]


@pytest.fixture(params=get_args(Dialect))
def dialect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Dialect:
    """Each protocol in turn; the key is none, since the server here asks for none."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-rehearsal")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(file=tmp_path / "models.sqlite", seconds=20)


def open_files() -> int:
    """How many files and sockets this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def echo(asked: Asked) -> Scripted:
    return Scripted(text=f"You said: {asked.messages[-1].text}")


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    with Rehearsal(echo) as running:
        yield running


def test_a_reply_is_whole_with_what_it_used(
    server: Rehearsal, dialect: Dialect, settings: ModelSettings
) -> None:
    reply = load_model(server.spec(dialect), settings).ask(ASKED)
    assert reply.text == "You said: Do glaciers forget?"
    assert reply.usage == Usage(prompt_tokens=7, completion_tokens=11, requests=1, counted="provider")
    assert 0 < reply.seconds < 20
    assert server.asked[0].messages == tuple(ASKED)
    assert server.asked[0].stream
    assert server.quiet()


def test_a_stream_gives_the_pieces_as_they_were_sent(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(pieces=("Gla", "ciers ", "rem", "ember."))]) as server:
        stream = load_model(server.spec(dialect), settings).stream(ASKED)
        assert list(stream) == ["Gla", "ciers ", "rem", "ember."]
        assert stream.usage.completion_tokens == 11
        assert list(stream) == []


def test_tokens_are_estimated_where_the_server_counts_none(settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="Glaciers remember.", prompt_tokens=None)]) as server:
        usage = load_model(server.spec("openai"), settings).ask(ASKED).usage
    assert usage == Usage(prompt_tokens=15, completion_tokens=5, requests=1, counted="estimated")


def test_a_closed_stream_ends_the_request(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="one two", fault="endless", pause=0.01)]) as server:
        stream = load_model(server.spec(dialect), settings).stream(ASKED)
        assert next(stream) == "one"
        assert server.open_connections == 1
        stream.close()
        assert server.quiet()
        assert list(stream) == []
        assert stream.usage.counted == "estimated"
        assert loop.quiet()


def test_a_stream_is_closed_from_another_thread_while_one_waits(
    dialect: Dialect, settings: ModelSettings
) -> None:
    with Rehearsal([Scripted(fault="silent")]) as server:
        stream = load_model(server.spec(dialect), settings).stream(ASKED)
        said: list[str] = []
        waiting = threading.Thread(target=lambda: said.extend(stream))
        waiting.start()
        while not server.asked:
            assert waiting.is_alive()
        stream.close()
        waiting.join(5)
        assert not waiting.is_alive()
        assert said == []
        assert server.quiet()


def test_a_hundred_streams_cut_short_leave_nothing_behind(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="one two", fault="endless", pause=0.001)]) as server:
        model = load_model(server.spec(dialect), settings)
        with model.stream(ASKED) as stream:
            next(stream)
        threads, files = threading.active_count(), open_files()
        for _ in range(100):
            with model.stream(ASKED) as stream:
                next(stream)
        assert server.quiet()
        assert loop.quiet()
        assert threading.active_count() <= threads
        assert open_files() <= files
    assert len(server.asked) == 101


def test_a_model_is_shared_between_threads(
    server: Rehearsal, dialect: Dialect, settings: ModelSettings
) -> None:
    model = load_model(server.spec(dialect), settings)
    said: dict[int, str] = {}

    def ask(number: int) -> None:
        said[number] = model.ask([Message(role="user", text=f"number {number}")]).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: f"You said: number {number}" for number in range(8)}


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("gpt", "is not provider:model"),
        ("openai:", "is not provider:model"),
        ("openai-compatible:m@localhost:8080", "is not provider:model or provider:model@address"),
        ("openai-compatible:m", "names no server"),
        ("openai:m@http://localhost", "has an address of its own"),
        ("best:one", "unknown provider 'best' of language models. Known: .*openai-compatible"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_what_to_write(
    spec: str, reason: str, settings: ModelSettings
) -> None:
    with pytest.raises(SettingsError, match=reason):
        load_model(spec, settings)


def test_a_key_in_an_address_is_refused_and_not_repeated(settings: ModelSettings) -> None:
    for address in ("http://user:hunter2@localhost/v1", "http://localhost/v1?key=hunter2"):
        with pytest.raises(SettingsError, match="a key belongs into the environment") as caught:
            load_model(f"openai-compatible:m@{address}", settings)
        assert "hunter2" not in str(caught.value)


def test_names_may_hold_colons_and_slashes() -> None:
    assert read_spec("ollama:qwen3:8b@http://localhost:11434").name == "qwen3:8b"
    assert str(read_spec("openai-compatible:meta/llama:free@https://host/api/v1/")) == (
        "openai-compatible:meta/llama:free@https://host/api/v1"
    )


def test_a_model_without_a_key_says_which_variable_to_set(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="needs a key: set OPENAI_API_KEY in the environment") as caught:
        load_model("openai:gpt-5-mini", settings)
    assert caught.value.fault == "key"
