"""Where keys are found: in the environment, or in a file that only its owner can read.

Owns finding them, and refusing a file that others can read. A key is a SecretStr from here on, and only
the wire looks into it. The file is YAML, a key by provider or by the address it is for:

    anthropic: sk-ant-…
    https://openrouter.ai/api/v1: sk-or-…
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import yaml
from pydantic import SecretStr

from assistant.models.schema import ModelError
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from index.errors import SettingsError
from index.secrets import learn_words


def required_key(named: Spec, variable: str, needed: bool, settings: ModelSettings) -> SecretStr:
    """As `find_key`; raises ModelError where one is needed and there is none."""
    key = find_key(named, variable, settings)
    if needed and not key.get_secret_value():
        reason = f"needs a key: set {variable} in the environment, or name a file of keys, llm.keys"
        raise ModelError("key", str(named), reason)
    return key


def find_key(named: Spec, variable: str, settings: ModelSettings) -> SecretStr:
    """The key for a model's server, empty where there is none; raises SettingsError for a file as it must not be.

    What the file says of an address goes before all, so that no server is sent another one's key; then the
    environment, then what the file says of the provider.
    """
    kept = read_keys(settings.keys) if settings.keys else {}
    if named.address and (by_address := kept.get(named.address)):
        return by_address
    if named.provider == "openai-compatible" and settings.key.get_secret_value():
        return settings.key
    if variable and (found := os.environ.get(variable, "").strip()):
        return SecretStr(found)
    return kept.get(named.provider, SecretStr(""))


def read_keys(file: Path) -> dict[str, SecretStr]:
    """The keys in a file, by provider or address, addresses without a slash at their end."""
    file = file.expanduser()
    try:
        mode = file.stat().st_mode
        _refuse_readable_by_others(file, mode)
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The file of keys {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        # Neither error goes along: both quote the line, and with it a key.
        raise SettingsError(f"The file of keys {file} is not YAML of the form `provider: key`.") from None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found.values()):
        raise SettingsError(f"The file of keys {file} must hold lines of the form `provider: key`.")
    for key in found.values():
        learn_words(key.strip())
    return {str(name).rstrip("/"): SecretStr(key.strip()) for name, key in found.items()}


def _refuse_readable_by_others(file: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"The file of keys {file} is open to others (its mode is {stat.S_IMODE(mode):04o}). "
            f"Close it first: chmod 600 {file}"
        )
