"""Language models that other packages bring: any llama-index LLM, asynchronous or not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import CompletionResponse, LLMMetadata
from llama_index.core.llms import LLM, CustomLLM, MockLLM

from assistant.models import loop
from assistant.models.model import load_model
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings
from index import providers
from index.errors import SettingsError

ASKED = [Message(role="user", text="Do glaciers forget?")]


class Sluggish(CustomLLM):
    """Has no asynchronous side, and waits before each word until it is let go."""

    words: tuple[str, ...] = ("Gla", "ciers")
    gate: Any = None
    ended: Any = None

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="sluggish")

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text="".join(self.words))

    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> Iterator[CompletionResponse]:
        def words() -> Iterator[CompletionResponse]:
            try:
                for word in self.words:
                    if self.gate is not None:
                        self.gate.wait()
                    yield CompletionResponse(text=word, delta=word)
            finally:
                if self.ended is not None:
                    self.ended.set()

        return words()


class Entry:
    """An entry point as a package declares it."""

    def __init__(self, name: str, llm: LLM) -> None:
        self.name = name
        self._llm = llm
        self.asked: list[str] = []

    def load(self) -> Any:
        def factory(model: str) -> LLM:
            self.asked.append(model)
            return self._llm

        return factory


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(file=tmp_path / "models.sqlite", retries=0, cache=False, seconds=20)


def added(monkeypatch: pytest.MonkeyPatch, llm: LLM) -> Entry:
    entry = Entry("mine", llm)
    monkeypatch.setattr(providers, "entry_points", lambda group: [entry] if group == "ibid.llms" else [])
    return entry


def test_a_third_partys_model_is_asked_like_any_other(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = added(monkeypatch, MockLLM())
    reply = load_model("mine:some@http://localhost:1", settings).ask(ASKED)
    assert "Do glaciers forget?" in reply.text  # a mock repeats its prompt
    assert reply.usage.counted == "estimated"
    assert reply.usage.cost is None
    assert entry.asked == ["some@http://localhost:1"]


def test_providers_that_were_added_are_known(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, MockLLM())
    with pytest.raises(
        SettingsError, match="Known: anthropic, gemini, mine, ollama, openai, openai-compatible"
    ):
        load_model("other:m", settings)


def test_a_model_without_an_asynchronous_side_does_not_hold_up_the_others(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    added(monkeypatch, Sluggish(gate=gate))
    waiting = load_model("mine:m", settings).stream(ASKED)
    added(monkeypatch, Sluggish())
    assert load_model("mine:m", settings).ask(ASKED).text == "Glaciers"
    gate.set()
    assert list(waiting) == ["Gla", "ciers"]


def test_a_model_without_an_asynchronous_side_has_a_deadline_too(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, ended = threading.Event(), threading.Event()
    added(monkeypatch, Sluggish(gate=gate, ended=ended))
    began = time.monotonic()
    with pytest.raises(ModelError, match=r"did not finish within 0\.2 s") as caught:
        load_model("mine:m", settings).ask(ASKED, seconds=0.2)
    assert caught.value.fault == "late"
    assert time.monotonic() - began < 1.2
    assert loop.quiet()
    gate.set()
    assert ended.wait(10), "its thread ends with the next word"


def test_what_a_model_raises_is_told(settings: ModelSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Sluggish):
        def stream_complete(self, *args: Any, **kwargs: Any) -> Any:
            raise ConnectionRefusedError("nobody there")

    added(monkeypatch, Broken())
    with pytest.raises(ModelError, match="could not be reached: nobody there") as caught:
        load_model("mine:m", settings).ask(ASKED)
    assert caught.value.fault == "unreachable"


def test_prompt_and_reply_must_fit_the_room_that_ollama_gives(settings: ModelSettings) -> None:
    small = settings.model_copy(update={"window": 1000})
    model = load_model("ollama:m@http://127.0.0.1:9", small)
    with pytest.raises(ModelError, match=r"given room for 1000 \(llm\.window\)") as caught:
        model.ask([Message(role="user", text="word " * 900)], tokens=200)
    assert caught.value.fault == "context"
