"""What a scripted server is asked, and what it is to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from assistant.models.schema import Message
from index.schema import Value

Dialect = Literal["openai", "anthropic", "ollama"]

Misfortune = Literal[
    "silent",  # takes the request and says nothing
    "refused",  # resets the connection without a word
    "key",  # 401
    "limit",  # 429, with a Retry-After where the script has one
    "server",  # 500
    "malformed",  # one piece, then what is no protocol
    "cut",  # half the pieces, then the connection ends
    "drip",  # a character at a time, `pause` seconds apart
    "endless",  # the pieces over and over
    "empty",  # a reply without text
    "format",  # chatter instead of what was asked for
    "context",  # the prompt is too long
]

Refusal = Literal["key", "limit", "server", "context", "missing"]
"""What is told by a status and a body; `missing` is what becomes of a model that the server does not have."""

CHATTER = "Sure! I would be happy to help you with that. Here is some general background instead."


class Asked(Value):
    """One request as it arrived; `options` is whatever else stood in its body."""

    dialect: Dialect
    model: str
    messages: tuple[Message, ...]
    stream: bool
    options: dict[str, Any]

    @property
    def prompt(self) -> str:
        """Everything said, one message after the other."""
        return "\n".join(message.text for message in self.messages)


class Scripted(Value):
    """One reply: its text, or its pieces as they are to be cut; `pause` is in seconds between pieces.

    `ending` says what ended it: itself, the most tokens allowed, or the provider's filter. `prompt_tokens` and
    `completion_tokens` are what the server reports; None: nothing is reported.
    """

    text: str = ""
    pieces: tuple[str, ...] = ()
    fault: Misfortune | None = None
    pause: float = 0.0
    retry_after: str | None = None
    ending: Literal["stop", "full", "filter"] = "stop"
    prompt_tokens: int | None = 7
    completion_tokens: int | None = 11

    @property
    def parts(self) -> tuple[str, ...]:
        """The pieces that are sent: those given, else the text word by word."""
        if self.fault == "empty":
            return ()
        if self.fault == "format":
            return tuple(re.findall(r"\s*\S+", CHATTER))
        return self.pieces or tuple(re.findall(r"\s*\S+\s*$|\s*\S+", self.text))


Line = Scripted | str
Script = Callable[[Asked], Line] | Sequence[Line]
"""Reads what is asked and says the reply; or the replies in order, of which the last is repeated."""
