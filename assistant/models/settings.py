"""The settings of language models; where their values come from is `ui.settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator

from index.settings import Group


class ModelSettings(Group):
    """Which language models write and judge, and within which limits."""

    write: str = ""
    """The model that writes, as `provider:model`, such as `ollama:qwen3:8b`; see docs/models.md. Empty: none."""
    judge: str = ""
    """The model that rewrites and judges, likewise; empty: the one that writes."""
    key: SecretStr = SecretStr("")
    """The key for openai-compatible servers that ask for one; taken from the environment alone, never shown."""
    keys: Path | None = None
    """A YAML file of keys by provider that only its owner can read; keys in the environment come first."""
    seconds: float = Field(60, gt=0, le=3600)
    """How long a call may take, retries and waiting included."""
    tokens: int = Field(2000, ge=1, le=100_000)
    """The most tokens a model may write in one reply."""
    judge_seconds: float = Field(30, gt=0, le=3600)
    """How long a call to the judge may take, likewise."""
    judge_tokens: int = Field(1000, ge=1, le=100_000)
    """The most tokens the judge may write in one reply."""
    window: int = Field(8192, ge=512, le=2_000_000)
    """How many tokens, prompt and reply together, a model served by Ollama is given room for."""
    temperature: float | None = Field(None, ge=0, le=2)
    """How freely a model chooses its words; empty: as its server does by itself, and some models allow nothing else."""
    retries: int = Field(3, ge=0, le=10)
    """How often a call that failed in passing is tried again, as long as nothing of its reply has come."""
    requests_a_minute: int | None = Field(None, ge=1)
    """The most requests sent to one server in a minute; empty: no limit."""
    tokens_a_minute: int | None = Field(None, ge=1)
    """The most tokens sent to and had from one server in a minute; empty: no limit."""
    cache: bool = True
    """Whether replies are kept, so that the same prompt is answered again without a request."""
    cache_megabytes: int = Field(200, ge=1)
    """How large the kept replies may grow together, before the ones not used for longest are dropped."""
    file: Path = user_data_path("ibid") / "language_models.sqlite"
    """Where replies are kept, and what was spent."""
    daily_limit: float | None = Field(None, ge=0)
    """The most US dollars spent in a day (UTC), by the price table; empty: no limit."""
    prices: Path | None = None
    """A YAML file of prices that go before those of configs/prices.yaml."""

    @field_validator(
        "keys", "temperature", "requests_a_minute", "tokens_a_minute", "daily_limit", "prices", mode="before"
    )
    @classmethod
    def _unset(cls, value: Any) -> Any:
        """The environment can only say that a setting is empty, not that there is none."""
        return None if value == "" else value

    @property
    def of_judge(self) -> ModelSettings:
        """The same limits, with the judge's own budget."""
        return self.model_copy(update={"seconds": self.judge_seconds, "tokens": self.judge_tokens})
