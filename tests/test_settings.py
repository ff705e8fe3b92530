"""Settings: four layers, each telling what it set, and none taking a name that does not exist."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.errors import SettingsError
from ui.settings import Configuration, Setting, known_settings


@pytest.fixture(autouse=True)
def no_settings_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.upper().startswith("IBID_")]:
        monkeypatch.delenv(variable)


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def setting(configuration: Configuration, name: str) -> Setting:
    return next(told for told in configuration.all() if told.name == name)


def test_without_anything_set_every_setting_has_its_default() -> None:
    assert {told.layer for told in Configuration().all()} == {"default"}


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, about in known_settings().items() if len(about) < 15] == []


def test_each_layer_wins_over_the_one_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(
        tmp_path,
        "chunking: {tokens: 100, overlap: 2}\nserver: {port: 8001}\nanswer:\n  papers: 3\n",
    )
    monkeypatch.setenv("IBID_SERVER__PORT", "8002")
    monkeypatch.setenv("IBID_CHUNKING__TOKENS", "120")
    configuration = Configuration(path, {"server.port": 8003, "server.host": None})
    seen = {told.name: (told.value, told.layer) for told in configuration.all()}
    assert seen["server.port"] == (8003, "flag")
    assert seen["chunking.tokens"] == (120, "environment")
    assert seen["chunking.overlap"] == (2, str(path))
    assert seen["answer.papers"] == (3, str(path))
    assert seen["server.host"] == ("127.0.0.1", "default")


def test_what_is_set_reaches_the_part_that_takes_it(tmp_path: Path) -> None:
    path = written(
        tmp_path, "library: /somewhere\nchunking:\n  tokens: 64\nembedding:\n  model: ollama:bge-m3\n"
    )
    settings = Configuration(path).settings
    assert settings.library == Path("/somewhere")
    assert settings.index.chunking.tokens == 64
    assert settings.index.embedding.model == "ollama:bge-m3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chunkng:\n  tokens: 100\n", "unknown setting 'chunkng' in .*mine.yaml; did you mean 'chunking'"),
        ("chunking:\n  token: 100\n", "unknown setting 'chunking.token' in .*did you mean 'chunking.tokens'"),
        ("zzzzzz: 1\n", "unknown setting 'zzzzzz' in .*`ibid config` lists them all"),
        ("chunking: 3\n", r"chunking = 3 \(.*mine.yaml\)"),
        ("chunking:\n  tokens: many\n", r"chunking.tokens = 'many' \(.*mine.yaml\)"),
        ("chunking:\n  tokens: 19\n", r"chunking.tokens = 19 \(.*mine.yaml\): .*greater than or equal to 20"),
        ("server:\n  port: 70000\n", r"server.port = 70000 \(.*mine.yaml\)"),
        (
            "server:\n  host: papers\n",
            "server.host = 'papers' .*is no IP address to listen on; use 127.0.0.1",
        ),
        (
            "server:\n  proxies: 10.0.0.0/8, lb\n",
            "server.proxies = .*'lb' is neither an IP address nor a network",
        ),
        (
            "access:\n  oidc_issuer: http://id.example.org\n",
            "access.oidc_issuer = .*must begin with https://",
        ),
        ("access:\n  oidc_issuer: https://id.example.org\n", "access.oidc_client = .*must be set with"),
        ("access:\n  address: papers.example.org\n", "access.address = .*must begin with https://"),
        ("access:\n  oidc_secret: abc\n", "access.oidc_secret may not be set in .*IBID_ACCESS__OIDC_SECRET"),
        ("- a\n- b\n", "must hold names and values, not list"),
        ("words\n", "must hold names and values, not str"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Configuration(written(tmp_path, text))


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert Configuration(written(tmp_path, "# nothing\n")).settings == Configuration().settings


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"configuration .*absent.yaml cannot be read: No such file"):
        Configuration(tmp_path / "absent.yaml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Configuration(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00 nonsense")
    with pytest.raises(SettingsError, match=r"mine.yaml is not YAML"):
        Configuration(path)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("IBID_CHUNKNG__TOKENS", "100", "unknown setting IBID_CHUNKNG__TOKENS in the environment; did you mean "
         "'IBID_CHUNKING__TOKENS'"),
        ("IBID_CHUNKING_TOKENS", "100", "did you mean 'IBID_CHUNKING__TOKENS'"),
        ("IBID_CHUNKING__TOKENS", "many", r"chunking.tokens = 'many' \(environment\)"),
        ("IBID_SERVER__HOST", "example.org", r"server.host = 'example.org' \(environment\)"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        Configuration()


def test_a_wrong_flag_is_told_from_the_other_layers(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {port: 8001}\n")
    with pytest.raises(SettingsError, match=r"server.port = 0 \(flag\)"):
        Configuration(path, {"server.port": 0})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "2001:db8::1"])
def test_an_address_that_others_reach_is_listened_on_only_where_one_has_to_sign_in(
    tmp_path: Path, host: str
) -> None:
    path = written(tmp_path, f"server: {{host: '{host}'}}\n")
    with pytest.raises(SettingsError) as refused:
        Configuration(path)
    said = str(refused.value)
    assert said.startswith(
        f"server.host = '{host}' ({path}) is not a loopback address, and access.login is off"
    )
    assert "Set access.login to true (docs/accounts.md), or server.host to 127.0.0.1." in said
    assert Configuration(path, {"access.login": True}).settings.server.host == host


def test_the_address_listened_on_is_a_name_of_the_server_where_it_is_one(tmp_path: Path) -> None:
    def names(host: str, hosts: str = "") -> frozenset[str]:
        flags = {"server.host": host, "server.hosts": hosts, "access.login": True}
        return Configuration(None, flags).settings.server.names

    assert names("192.168.1.5", "papers.example") == {"192.168.1.5", "papers.example"}
    assert names("0.0.0.0") == names("127.0.0.1") == set()


@pytest.mark.parametrize(
    ("host", "hosts", "home"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:7860"),
        ("0.0.0.0", "", "http://127.0.0.1:7860"),
        ("0.0.0.0", "papers.example", "http://papers.example:7860"),
        ("::1", "", "http://[::1]:7860"),
    ],
)
def test_a_server_is_told_to_be_where_it_can_be_reached(host: str, hosts: str, home: str) -> None:
    flags = {"server.host": host, "server.hosts": hosts, "access.login": True}
    assert Configuration(None, flags).settings.server.home == home


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_every_loopback_address_may_be_listened_on(host: str) -> None:
    configuration = Configuration(None, {"server.host": host})
    assert setting(configuration, "server.host").value == host
