"""The values that pass through the door to language models.

Owns what is said to a model, what comes back, what that used, and the one error for whatever goes wrong.
Refuses to know any provider.
"""

from __future__ import annotations

from typing import Literal

from index.errors import IbidError
from index.schema import Value

Role = Literal["system", "user", "assistant"]

Counted = Literal["provider", "estimated"]

Fault = Literal[
    "unreachable",  # no connection, or it was reset before anything was said
    "late",  # not finished within the deadline
    "key",  # no key, or one that is not taken
    "limit",  # too many requests or tokens for now
    "server",  # the server failed
    "malformed",  # not what the protocol says
    "cut",  # ended before the reply was whole, or longer than allowed
    "empty",  # a reply without text
    "context",  # more than the model can read at once
    "spent",  # the day's spending limit is reached
    "refused",  # the server will not take the request as it stands
    "missing",  # the server has no such model
]


class Message(Value):
    """One thing said, and by whom."""

    role: Role
    text: str


class Usage(Value):
    """What a call used. `cost` is in USD, None where no price is known.

    `requests` counts every attempt, and is 0 for a reply out of the cache: its tokens are those that it
    took when it was made, and it cost nothing. `counted` says whose count of tokens it is.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 1
    counted: Counted = "estimated"
    cost: float | None = None


class Reply(Value):
    """A whole reply, and how long it took."""

    text: str
    usage: Usage
    seconds: float


class ModelError(IbidError):
    """A language model did not answer as asked; `fault` is the kind, `model` the model's name.

    The message is one line that says what happened, why, and what to do; it never holds a key.
    """

    def __init__(self, fault: Fault, model: str, message: str) -> None:
        super().__init__(f"{model!r} {message}")
        self.fault: Fault = fault
        self.model = model
