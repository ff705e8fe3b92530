"""Anthropic's messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.models.rehearsal.dialect import Failure, Wording, event, said, text_of, without
from assistant.models.rehearsal.schema import Asked, Refusal, Scripted
from assistant.models.schema import Message

_ENDINGS = {"stop": "end_turn", "full": "max_tokens", "filter": "refusal"}
_FAILURES: dict[Refusal, tuple[int, str, str]] = {
    "key": (401, "authentication_error", "invalid x-api-key"),
    "limit": (429, "rate_limit_error", "This request would exceed your organization's rate limit."),
    "server": (500, "api_error", "Internal server error"),
    "missing": (404, "not_found_error", "model: {model}"),
    "context": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
}


class Anthropic(Wording):
    """Server-sent events with names, around blocks of content."""

    name = "anthropic"
    asked_at = "/v1/messages"
    offered_at = "/v1/models"
    content_type = "text/event-stream"
    broken = b'event: content_block_delta\ndata: {"type": "content_block_delta", "delta": {"te\n\n'

    def read(self, body: dict[str, Any]) -> Asked:
        system = text_of(body.get("system"))
        messages = said(body.get("messages", []))
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            messages=(Message(role="system", text=system), *messages) if system else messages,
            stream=bool(body.get("stream")),
            options=without(body, "model", "messages", "system", "stream"),
        )

    def opening(self, asked: Asked, scripted: Scripted) -> bytes:
        message = _message(asked) | {"usage": _usage(scripted.prompt_tokens, 1)}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return (
            _named({"type": "message_start", "message": message}) + _named(block) + _named({"type": "ping"})
        )

    def piece(self, asked: Asked, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return _named({"type": "content_block_delta", "index": 0, "delta": delta})

    def closing(self, asked: Asked, scripted: Scripted) -> bytes:
        delta = {"stop_reason": _ENDINGS[scripted.ending], "stop_sequence": None}
        usage = {"output_tokens": scripted.completion_tokens or 0}
        return (
            _named({"type": "content_block_stop", "index": 0})
            + _named({"type": "message_delta", "delta": delta, "usage": usage})
            + _named({"type": "message_stop"})
        )

    def whole(self, asked: Asked, scripted: Scripted) -> dict[str, Any]:
        text = "".join(scripted.parts)
        return _message(asked) | {
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": _ENDINGS[scripted.ending],
            "usage": _usage(scripted.prompt_tokens, scripted.completion_tokens),
        }

    def failure(self, refusal: Refusal, model: str) -> Failure:
        status, kind, message = _FAILURES[refusal]
        return status, {"type": "error", "error": {"type": kind, "message": message.format(model=model)}}

    def offered(self, models: Sequence[str]) -> dict[str, Any]:
        rows = [
            {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
            for name in models
        ]
        first, last = (models[0], models[-1]) if models else (None, None)
        return {"data": rows, "has_more": False, "first_id": first, "last_id": last}


def _named(data: dict[str, Any]) -> bytes:
    return event(data, data["type"])


def _message(asked: Asked) -> dict[str, Any]:
    return {
        "id": "msg_rehearsal",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(prompt: int | None, completion: int | None) -> dict[str, int]:
    return {"input_tokens": prompt or 0, "output_tokens": completion or 0}
