"""All settings, and which layer set each.

Defaults in code < the `--config` YAML < the environment (`IBID_CHUNKING__TOKENS=…`) < flags. A name that
no setting has is an error with a suggestion, in every layer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

import yaml
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from assistant.accounts.settings import AccessSettings, loopback
from assistant.models.settings import ModelSettings
from assistant.settings import AnswerSettings, WritingSettings
from index.errors import SettingsError
from index.schema import Value
from index.secrets import hidden, learn
from index.settings import (
    ChunkingSettings,
    EmbeddingSettings,
    Group,
    IndexSettings,
    OnlineSettings,
    ReadingSettings,
    RetrievalSettings,
    StorageSettings,
)
from ui.parts.schedule import read_schedule
from ui.watch.settings import WatchSettings

_PREFIX = "IBID_"

Layer = tuple[str, dict[str, Any]]
Security = Literal["starttls", "tls", "none"]
NewBy = Literal["added", "published"]


class ServerSettings(Group):
    host: str = "127.0.0.1"
    """The IP address the server listens on; one that is not loopback needs `access.login`."""
    port: int = Field(7860, ge=1, le=65535)
    """The port the chat page listens on."""
    mcp: bool = False
    """Whether the server offers the library's tools by MCP, at /mcp."""
    hosts: str = ""
    """Further names that the server answers to, such as a proxy's in front of it, separated by commas."""
    proxies: str = "127.0.0.1"
    """Proxies whose word on who asks, and whether by https, is taken: addresses and networks, separated by commas."""

    @property
    def names(self) -> frozenset[str]:
        """`hosts`, one by one, with the address listened on where it is one that others use."""
        named = {name.strip().lower() for name in self.hosts.split(",") if name.strip()}
        own = self.host if not loopback(self.host) and not ip_address(self.host).is_unspecified else ""
        return frozenset(named | ({own} if own else set()))

    @property
    def home(self) -> str:
        """An address that it can be reached at."""
        anywhere = not loopback(self.host) and ip_address(self.host).is_unspecified
        host = (sorted(self.names) or ["127.0.0.1"])[0] if anywhere else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        if host != "localhost":
            try:
                ip_address(host)
            except ValueError:
                raise ValueError("is no IP address to listen on; use 127.0.0.1, or 0.0.0.0 for all") from None
        return host

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: str) -> str:
        for name in filter(None, map(str.strip, proxies.split(","))):
            try:
                ip_network(name)
            except ValueError:
                raise ValueError(f"{name!r} is neither an IP address nor a network") from None
        return proxies


class DigestSettings(Group):
    smtp_host: str = ""
    """The mail server that digests are sent through; empty: they are not sent."""
    smtp_port: int = Field(587, ge=1, le=65535)
    """Its port: 587 for STARTTLS, 465 for TLS, as a rule."""
    smtp_security: Security = "starttls"
    """How the connection is secured: starttls, tls from its beginning, or none."""
    smtp_user: str = ""
    """The name to log in with; empty: without logging in."""
    smtp_password: SecretStr = SecretStr("")
    """The password to log in with; taken from the environment alone, never shown."""
    sender: str = ""
    """The address that digests are sent from."""
    recipients: str = ""
    """The addresses that digests are sent to, separated by commas."""
    schedule: str = ""
    """When `ibid serve` sends one: `Monday 07:00`, `Tue, Thu 18:30`, `daily 07:00`; empty: never."""
    since: str = "7d"
    """The period that a digest tells of: 7d, 2w or a date."""
    by: NewBy = "added"
    """Whether papers are new by being added to the library, or by being published."""
    topic: str = ""
    """The topic or question that a digest is on; empty: all topics."""
    organizations: str = ""
    """The organisations that a digest is held to, separated by commas; empty: all."""
    questions: bool = False
    """Whether a digest asks the saved questions again."""

    @field_validator("schedule")
    @classmethod
    def _readable(cls, schedule: str) -> str:
        """Told at once, and not when the first digest should have come."""
        if schedule:
            read_schedule(schedule)
        return schedule


class LimitSettings(Group):
    question: int = Field(8000, ge=0)
    """The most characters a question may have that comes to the server; 0: any number, as for all limits."""
    body: int = Field(1_000_000, ge=0)
    """The most bytes of a request that is no upload."""
    upload: int = Field(50 * 2**20, ge=0)
    """The most bytes of a file that is sent to the library page."""
    files: int = Field(20, ge=0)
    """How many files may be sent at once, and how many of a user's may lie waiting to be added."""
    questions_a_minute: int = Field(20, ge=0)
    """How many questions a user may ask within a minute."""
    questions_at_once: int = Field(2, ge=0)
    """How many questions of a user are answered at once."""
    queue: int = Field(64, ge=0)
    """How many of all users' requests wait for their turn before another is refused."""


class Settings(BaseSettings):
    """Everything that can be set; each group goes to the part that needs it."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    library: Path = user_data_path("ibid") / "library"
    """The folder of the library."""
    storage: StorageSettings = StorageSettings()
    """Where the library is kept, where that is not its folder."""
    reading: ReadingSettings = ReadingSettings()
    """How files are read, and what reading one may cost."""
    chunking: ChunkingSettings = ChunkingSettings()
    """How papers are cut into chunks."""
    embedding: EmbeddingSettings = EmbeddingSettings()
    """Which model embeds them."""
    retrieval: RetrievalSettings = RetrievalSettings()
    """How passages are found."""
    online: OnlineSettings = OnlineSettings()
    """What is fetched when a user asks for it, and from whom."""
    answer: AnswerSettings = AnswerSettings()
    """How answers are made."""
    llm: ModelSettings = ModelSettings()
    """Which language models write and judge, if any: docs/models.md."""
    writing: WritingSettings = WritingSettings()
    """How answers are made with them."""
    server: ServerSettings = ServerSettings()
    """Where the server listens, and what it answers to."""
    access: AccessSettings = AccessSettings()
    """Who may use the server: docs/accounts.md."""
    watch: WatchSettings = WatchSettings()
    """How a running server is watched: docs/operations.md."""
    limits: LimitSettings = LimitSettings()
    """How much may be asked of the server."""
    digest: DigestSettings = DigestSettings()
    """What a digest tells, and how and when it is sent by e-mail."""

    @property
    def index(self) -> IndexSettings:
        return IndexSettings(
            storage=self.storage,
            reading=self.reading,
            chunking=self.chunking,
            embedding=self.embedding,
            retrieval=self.retrieval,
            online=self.online,
        )


class Setting(Value):
    """One setting as it stands: its dotted name, its value, what it is for, and who set it."""

    name: str
    value: Any
    about: str
    layer: str


class Configuration:
    """The settings and, for each, the layer it came from."""

    def __init__(self, config: Path | None = None, flags: Mapping[str, Any] | None = None) -> None:
        self.layers = [_file_layer(config)] if config else []
        self.layers += [("environment", _environment()), ("flag", _nested(flags or {}))]
        merged: dict[str, Any] = {}
        for name, layer in self.layers:
            _refuse_unknown(name, layer)
            _refuse_secrets(name, layer)
            _lay_over(merged, layer)
        try:
            self.settings = Settings.model_validate(merged)
        except ValidationError as error:
            raise SettingsError(self._explained(error)) from None  # the original quotes all that was given
        learn(self.settings)
        self._refuse_an_open_door()

    def all(self) -> list[Setting]:
        """Every setting in order."""
        return [
            Setting(name=name, value=_value(self.settings, name), about=about, layer=self._layer(name))
            for name, about in known_settings().items()
        ]

    def _refuse_an_open_door(self) -> None:
        """Without accounts, whoever reaches the server may read and delete everything."""
        host = self.settings.server.host
        if not (self.settings.access.login or loopback(host)):
            raise SettingsError(
                f"server.host = {host!r} ({self._layer('server.host')}) is not a loopback address, and access.login is "
                f"off ({self._layer('access.login')}): anybody could read and change everything. Set access.login to "
                "true (docs/accounts.md), or server.host to 127.0.0.1."
            )

    def _layer(self, name: str) -> str:
        setting = [layer for layer, values in self.layers if _holds(values, name)]
        return setting[-1] if setting else "default"

    def _explained(self, error: ValidationError) -> str:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        given = "" if _secret(name) or isinstance(first["input"], Mapping) else f" = {first['input']!r}"
        return hidden(f"{name}{given} ({self._layer(name)}): {said}")


def known_settings() -> dict[str, str]:
    """Each setting's dotted name with what it is for, in order."""
    return dict(_described(Settings))


def _described(model: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            yield from _described(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", " ".join((field.description or "").split())


def _file_layer(path: Path) -> Layer:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # Told without its lines, since they may hold what belongs into no file.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = "" if line is None else f" from line {line + 1} on"
        raise SettingsError(f"The configuration {path} is not YAML{place}.") from None
    if not isinstance(found, dict):
        raise SettingsError(
            f"The configuration {path} must hold names and values, not {type(found).__name__}."
        )
    return str(path), found


def _environment() -> dict[str, Any]:
    known = {_PREFIX + name.upper().replace(".", "__"): name for name in known_settings()}
    for variable in os.environ:
        if variable.upper().startswith(_PREFIX) and variable.upper() not in known:
            raise SettingsError(
                f"unknown setting {variable} in the environment{_suggestion(variable, known)}"
            )
    return EnvSettingsSource(Settings)()


def _refuse_unknown(layer: str, values: Mapping[str, Any]) -> None:
    known = known_settings()
    groups = {name.rpartition(".")[0] for name in known}
    for name in _names(values):
        if name not in known and name not in groups:
            raise SettingsError(f"unknown setting {name!r} in {layer}{_suggestion(name, [*known, *groups])}")


def _refuse_secrets(layer: str, values: Mapping[str, Any]) -> None:
    """Files are copied, shared and kept in repositories: no password belongs into one."""
    for name in () if layer == "environment" else _names(values):
        if _secret(name):
            variable = _PREFIX + name.upper().replace(".", "__")
            raise SettingsError(f"{name} may not be set in {layer}: set {variable} in the environment.")


def _secret(name: str) -> bool:
    return name in known_settings() and isinstance(_value(Settings.model_construct(), name), SecretStr)


def _suggestion(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "; `ibid config` lists them all"


def _names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{name}.")


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in flat.items():
        if value is not None:
            *groups, last = name.split(".")
            target = found
            for group in groups:
                target = target.setdefault(group, {})
            target[last] = value
    return found


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for name, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(name), dict):
            _lay_over(below[name], value)
        else:
            below[name] = dict(value) if isinstance(value, Mapping) else value


def _holds(values: Any, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _value(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings
