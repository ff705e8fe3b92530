"""Where keys are found: in the environment, or in a file that only its owner can read.

Owns finding them, and refusing a file that others can read. A key is a SecretStr from here on, and only
the wire looks into it.
"""

from __future__ import annotations

import os

from pydantic import SecretStr

from assistant.models.settings import ModelSettings


def find_key(provider: str, variable: str, settings: ModelSettings) -> SecretStr:
    """The provider's key, empty where there is none."""
    if provider == "openai-compatible":
        return settings.key
    return SecretStr(os.environ.get(variable, "").strip())
