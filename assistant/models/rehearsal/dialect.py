"""How one kind of server words its answers; each dialect is a file of its own."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from assistant.models.rehearsal.schema import Asked, Dialect, Refusal, Scripted
from assistant.models.schema import Message, Role

Failure = tuple[int, dict[str, Any]]
"""An HTTP status and the body that goes with it."""


class Wording(ABC):
    """One dialect: its addresses, how it is asked, and how it says each part of a reply."""

    name: ClassVar[Dialect]
    asked_at: ClassVar[str]
    offered_at: ClassVar[str]
    content_type: ClassVar[str]
    broken: ClassVar[bytes]
    """What no reader of this dialect can make sense of, in the middle of a stream."""

    @abstractmethod
    def read(self, body: dict[str, Any]) -> Asked:
        """The request of that body."""

    @abstractmethod
    def opening(self, asked: Asked, scripted: Scripted) -> bytes:
        """What a stream begins with, before its first piece."""

    @abstractmethod
    def piece(self, asked: Asked, text: str) -> bytes:
        """One piece of a stream."""

    @abstractmethod
    def closing(self, asked: Asked, scripted: Scripted) -> bytes:
        """What a whole stream ends with."""

    @abstractmethod
    def whole(self, asked: Asked, scripted: Scripted) -> dict[str, Any]:
        """The reply to a request that asked for no stream."""

    @abstractmethod
    def failure(self, refusal: Refusal, model: str) -> Failure:
        """How a request is refused."""

    @abstractmethod
    def offered(self, models: Sequence[str]) -> dict[str, Any]:
        """The list of models."""


def said(messages: Sequence[dict[str, Any]]) -> tuple[Message, ...]:
    """Messages with a role and a content, which is a text or a list of parts of which texts count."""
    return tuple(Message(role=_role(message), text=text_of(message.get("content"))) for message in messages)


def text_of(content: Any) -> str:
    """The text of a content."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content or "")


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """What else stands in a body."""
    return {name: value for name, value in body.items() if name not in names}


def event(data: dict[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _role(message: dict[str, Any]) -> Role:
    role = message.get("role")
    if role in ("system", "developer"):
        return "system"
    return "assistant" if role == "assistant" else "user"
