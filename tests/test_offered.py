"""Which models a server offers, and whether one answers, in one line."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any, get_args

import pytest

from assistant.models import registry
from assistant.models.model import load_model
from assistant.models.offered import check, offered
from assistant.models.rehearsal.__main__ import main, read_script
from assistant.models.rehearsal.schema import Dialect, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings
from index import providers
from index.errors import ExtraMissing, SettingsError


@pytest.fixture(params=get_args(Dialect))
def dialect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Dialect:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-rehearsal")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(file=tmp_path / "models.sqlite", retries=0, seconds=20)


def test_the_models_of_a_server_are_listed(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal(["."], models=("small", "large", "medium")) as server:
        assert offered(server.spec(dialect), settings) == ["large", "medium", "small"]
        provider, address = server.spec(dialect).split(":rehearsal")
        assert offered(provider + address, settings) == ["large", "medium", "small"]
        assert offered(f"{provider}:{address}", settings) == ["large", "medium", "small"]


def test_a_server_that_is_gone_lists_nothing(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal(["."]) as server:
        spec = server.spec(dialect)
    with pytest.raises(ModelError, match="does not tell which models it has") as caught:
        offered(spec, settings)
    assert caught.value.fault == "unreachable"


def test_a_provider_alone_is_asked_at_its_own_address(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="needs a key: set OPENAI_API_KEY"):
        offered("openai", settings)
    with pytest.raises(SettingsError, match="names no server"):
        offered("openai-compatible", settings)


def test_another_form_of_list_is_told(settings: ModelSettings) -> None:
    with Rehearsal(["."]) as server:
        wrong = server.spec("openai").replace("/v1", "/api/tags").replace("rehearsal@", "x@")
        with pytest.raises(
            ModelError, match=r"does not tell which models it has: There is nothing at .*\(404\)"
        ):
            offered(wrong, settings)


def test_a_model_that_answers_is_told_in_one_line(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal(["yes"]) as server:
        for _ in range(2):  # never out of the cache
            line = check(server.spec(dialect), settings)
        assert "answers: " in line
        assert "7 tokens read and 11 written" in line
        assert "\n" not in line
        assert len(server.asked) == 2


def test_a_model_that_is_not_there_is_told_with_those_that_are(
    dialect: Dialect, settings: ModelSettings
) -> None:
    names = tuple(f"model-{number}" for number in range(10))
    with (
        Rehearsal(["yes"], models=names) as server,
        pytest.raises(ModelError, match=r"is not there\. The server offers model-0, .* and 2 more") as caught,
    ):
        check(server.spec(dialect, "absent"), settings)
    assert caught.value.fault == "missing"


def test_what_is_wrong_is_told_in_one_line(dialect: Dialect, settings: ModelSettings) -> None:
    with (
        Rehearsal([Scripted(fault="key")]) as server,
        pytest.raises(ModelError, match="did not take the key") as caught,
    ):
        check(server.spec(dialect), settings)
    assert "\n" not in str(caught.value)


# ---- What must be installed


@pytest.mark.parametrize("provider", sorted(registry.BUILT_IN))
def test_a_provider_that_is_not_installed_names_its_extra(
    provider: str, settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "find_spec", lambda name: None)
    address = "@http://localhost" if provider == "openai-compatible" else ""
    extra = "openai" if provider == "openai-compatible" else provider
    with pytest.raises(ExtraMissing, match=rf"pip install 'ibid\[{extra}\]'"):
        load_model(f"{provider}:m{address}", settings)


def test_loading_a_model_imports_no_integration(settings: ModelSettings) -> None:
    script = (
        "import sys; from assistant.models.model import load_model; "
        "from assistant.models.settings import ModelSettings; load_model('ollama:m', ModelSettings()); "
        "names = ('openai', 'anthropic', 'ollama', 'llama_index.core', 'tiktoken'); "
        "print([name for name in names if name in sys.modules])"
    )
    root = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True
    )
    assert found.stdout.strip() == "[]"


def test_gemini_is_reached_by_its_own_address(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "sk-x")
    model: Any = load_model("gemini:gemini-2.5-flash", settings)._llm()
    assert model.api_base == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert registry.BUILT_IN["gemini"].names({"data": [{"id": "models/gemini-2.5-flash"}]}) == [
        "gemini-2.5-flash"
    ]


# ---- The scripted server by hand


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text("- Plain text.\n- {fault: limit, retry_after: '3'}\n")
    assert read_script(file) == ["Plain text.", Scripted(fault="limit", retry_after="3")]
    for text in ("[]", "text", "- {faults: limit}", "- ["):
        file.write_text(text)
        with pytest.raises(SettingsError, match=r"The script .* (is not one|must be a list of replies)"):
            read_script(file)
    assert main([str(tmp_path / "none.yaml")]) == 2


def test_the_server_runs_by_hand(
    settings: ModelSettings, free_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    enough = Event()
    thread = Thread(target=main, args=(["--dialect", "ollama", "--port", str(free_port)], enough))
    thread.start()
    spec, began = "", time.monotonic()
    while not spec:
        spec += capfd.readouterr().out
        assert time.monotonic() - began < 20
    model = load_model(spec.strip().partition("=")[2], settings)
    assert model.ask([Message(role="user", text="Who?")]).text == "You asked: Who?"
    enough.set()
    thread.join()
