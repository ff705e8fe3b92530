"""What models cost: the table that comes with Ibid, under the user's own.

Owns reading the two and finding a model's row. Prices change; the table says of which day it is, and a
model that it does not name has no cost rather than a guessed one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

import configs
from assistant.models.spec import Spec
from index.errors import SettingsError
from index.schema import Value

SHIPPED = Path(configs.__file__).parent / "prices.yaml"
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


class Price(Value):
    """US dollars per million tokens, of the prompt and of the reply."""

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What so many tokens cost, in US dollars."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1_000_000


def find_price(named: Spec, own: Path | None = None) -> Price | None:
    """The model's row, first of the user's own table; a name with a date takes the row without it."""
    for table in (read_prices(own) if own else {}, read_prices(SHIPPED)):
        rows = table.get(named.provider, {})
        for name in (named.name, _DATED.sub("", named.name)):
            if name in rows:
                return rows[name]
    return None


def read_prices(file: Path) -> dict[str, dict[str, Price]]:
    """A table's rows by provider and model; raises SettingsError for a file that is not one."""
    try:
        found = yaml.safe_load(file.expanduser().read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"The price table {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"The price table {file} is not YAML: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(rows, dict) for rows in found.values()):
        raise SettingsError(f"The price table {file} must hold providers, and under each its models.")
    return {
        str(provider): {str(name): _row(file, str(provider), str(name), row) for name, row in rows.items()}
        for provider, rows in found.items()
    }


def _row(file: Path, provider: str, name: str, row: Any) -> Price:
    try:
        return Price.model_validate(row)
    except ValidationError as error:
        raise SettingsError(
            f"The price table {file} has {provider}: {name}: {row!r}; "
            "write {prompt: …, completion: …} in US dollars per million tokens"
        ) from error
