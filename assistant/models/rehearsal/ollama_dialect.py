"""Ollama's chat: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assistant.models.rehearsal.dialect import Failure, Wording, said, without
from assistant.models.rehearsal.schema import Asked, Refusal, Scripted

_SOME_TIME = "1970-01-01T00:00:00Z"
_ENDINGS = {"stop": "stop", "full": "length", "filter": "stop"}
_FAILURES: dict[Refusal, tuple[int, str]] = {
    "key": (401, "unauthorized"),
    "limit": (429, "too many requests"),
    "server": (500, "llama runner process has terminated: exit status 2"),
    "missing": (404, "model '{model}' not found"),
    "context": (400, "the input length exceeds the context length"),
}


class Ollama(Wording):
    """Lines, of which the last says `done` and counts."""

    name = "ollama"
    asked_at = "/api/chat"
    offered_at = "/api/tags"
    content_type = "application/x-ndjson"
    broken = b'{"model": "rehearsal", "message": {"ro\n'

    def read(self, body: dict[str, Any]) -> Asked:
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            messages=said(body.get("messages", [])),
            stream=bool(body.get("stream", True)),
            options=without(body, "model", "messages", "stream"),
        )

    def opening(self, asked: Asked, scripted: Scripted) -> bytes:
        return b""

    def piece(self, asked: Asked, text: str) -> bytes:
        return _line(_said(asked, text) | {"done": False})

    def closing(self, asked: Asked, scripted: Scripted) -> bytes:
        return _line(_said(asked, "") | _done(scripted))

    def whole(self, asked: Asked, scripted: Scripted) -> dict[str, Any]:
        return _said(asked, "".join(scripted.parts)) | _done(scripted)

    def failure(self, refusal: Refusal, model: str) -> Failure:
        status, message = _FAILURES[refusal]
        return status, {"error": message.format(model=model)}

    def offered(self, models: Sequence[str]) -> dict[str, Any]:
        rows = [{"name": name, "model": name, "modified_at": _SOME_TIME, "size": 0} for name in models]
        return {"models": rows}


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def _said(asked: Asked, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"model": asked.model, "created_at": _SOME_TIME, "message": message}


def _done(scripted: Scripted) -> dict[str, Any]:
    counts = {"prompt_eval_count": scripted.prompt_tokens, "eval_count": scripted.completion_tokens}
    told = {name: count for name, count in counts.items() if count is not None}
    return {"done": True, "done_reason": _ENDINGS[scripted.ending], "total_duration": 1} | told
