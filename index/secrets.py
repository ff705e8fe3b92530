"""The secrets that this process knows, and words without them.

Owns the last line behind all others: whoever makes a message keeps secrets out of it at its source, and what is
logged or shown is searched once more for each secret in the forms in which libraries repeat them. Knows no setting
by name: whatever is a SecretStr is one, and whatever the environment calls a key, a token or a password.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

HIDDEN = "…"
_SHORTEST = 6  # a shorter word than this stands in too many others to be hidden wherever it stands
_NAMED = re.compile(r"(^|_)(KEY|TOKEN|PASSWORD|PASSWD|SECRET)$", re.IGNORECASE)
_BORN = (
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',;]+"),
    re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"),
)
"""What is a secret by where it stands: after `Bearer`, and before an address's `@`."""

_known: set[str] = set()


def learn(settings: BaseModel) -> None:
    """Know the secrets among settings, at any depth, from now on."""
    _known.update(secret for secret in _of(settings) if len(secret) >= _SHORTEST)


def learn_words(words: str) -> None:
    """Know one more secret, such as one that a file held."""
    if len(words) >= _SHORTEST:
        _known.add(words)


def hidden(text: str) -> str:
    """The text with every secret in it replaced by `…`."""
    for secret in sorted({*_known, *_of_environment()}, key=len, reverse=True):
        for form in _forms(secret):
            if form in text:
                text = text.replace(form, HIDDEN)
    for pattern in _BORN:
        text = pattern.sub(HIDDEN, text)
    return text


def _of(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _of(getattr(value, name))


def _of_environment() -> Iterator[str]:
    return (
        value.strip()
        for name, value in os.environ.items()
        if _NAMED.search(name) and len(value.strip()) >= _SHORTEST
    )


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as addresses, JSON, Python and logins spell it."""
    spelled = (
        *(secret, quote(secret), quote(secret, safe=""), quote_plus(secret)),
        *(json.dumps(secret)[1:-1], repr(secret)[1:-1]),
        base64.b64encode(secret.encode()).decode(),
    )
    return tuple(dict.fromkeys(spelled))
