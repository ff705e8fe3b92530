"""Keys: where they are found, which file is refused, and that nothing ever shows one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from assistant.models.keys import find_key, read_keys
from assistant.models.model import load_model
from assistant.models.offered import offered
from assistant.models.rehearsal.schema import Dialect, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings
from assistant.models.spec import read_spec
from index.errors import SettingsError

SECRET = "planted+secret/0123456789"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys.yaml"
    file.write_text(f"anthropic: {SECRET}\nopenai-compatible: of-the-rest\nhttps://one.example/v1/: of-one\n")
    file.chmod(0o600)
    return file


def test_a_file_that_others_can_read_is_refused_with_what_to_run(keys: Path) -> None:
    keys.chmod(0o640)
    with pytest.raises(SettingsError, match=rf"open to others \(its mode is 0640\).* chmod 600 {keys}"):
        read_keys(keys)


@pytest.mark.parametrize("text", [f"a: [{SECRET}", f"- {SECRET}", SECRET, f"a: {{b: {SECRET}}}"])
def test_a_file_of_another_form_is_refused_without_quoting_it(text: str, keys: Path) -> None:
    keys.write_text(text)
    with pytest.raises(SettingsError, match="of the form `provider: key`") as caught:
        read_keys(keys)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_keys(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("spec", "variable", "expected"),
    [
        ("anthropic:m", "ANTHROPIC_API_KEY", "of-the-environment"),
        ("anthropic:m", "", SECRET),
        ("openai-compatible:m@https://one.example/v1", "IBID_LLM__KEY", "of-one"),
        ("openai-compatible:m@https://two.example/v1", "IBID_LLM__KEY", "of-the-settings"),
        ("ollama:m", "OLLAMA_API_KEY", ""),
    ],
)
def test_an_address_goes_before_the_environment_and_that_before_the_file(
    spec: str, variable: str, expected: str, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "of-the-environment")
    monkeypatch.delenv("OLLAMA_API_KEY", raising=False)
    settings = ModelSettings(keys=keys, key="of-the-settings")
    assert find_key(read_spec(spec), variable, settings).get_secret_value() == expected


@pytest.mark.parametrize(
    ("dialect", "header", "form"),
    [
        ("openai", "authorization", "Bearer {}"),
        ("anthropic", "x-api-key", "{}"),
        ("ollama", "authorization", "Bearer {}"),
    ],
)
def test_the_key_goes_to_the_server_and_nowhere_else(
    dialect: Dialect,
    header: str,
    form: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    monkeypatch.setenv("OLLAMA_API_KEY", SECRET)
    settings = ModelSettings(file=tmp_path / "m.sqlite", retries=0, key=SECRET)
    with Rehearsal([Scripted(text="Yes."), Scripted(fault="key")]) as server, caplog.at_level(logging.DEBUG):
        model = load_model(server.spec(dialect), settings)
        model.ask([Message(role="user", text="One?")])
        with pytest.raises(ModelError) as caught:
            model.ask([Message(role="user", text="Two?")])
        offered(server.spec(dialect), settings)
        assert server.headers[0][header] == form.format(SECRET)
    chain: list[BaseException | None] = [caught.value]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    shown = [
        repr(model),
        repr(settings),
        repr(model._llm()),
        caplog.text,
        *map(repr, chain),
        *map(str, chain),
    ]
    assert not [text for text in shown if SECRET in text]
    assert SECRET not in str(model._llm().to_dict())


def test_a_server_without_a_key_is_sent_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.delenv("OLLAMA_API_KEY", raising=False)
    settings = ModelSettings(file=tmp_path / "m.sqlite")
    with Rehearsal(["Yes."]) as server:
        for dialect in ("openai", "ollama"):
            load_model(server.spec(dialect), settings).ask([Message(role="user", text="One?")])
        assert not [headers for headers in server.headers if "authorization" in headers]
        assert SECRET not in str(server.headers)
