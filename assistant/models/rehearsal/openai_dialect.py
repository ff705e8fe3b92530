"""OpenAI's chat completions, which most servers speak too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.models.rehearsal.dialect import Failure, Wording, event, said, without
from assistant.models.rehearsal.schema import Asked, Refusal, Scripted

_ENDINGS = {"stop": "stop", "full": "length", "filter": "content_filter"}
_FAILURES: dict[Refusal, tuple[int, str, str | None, str]] = {
    "key": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "limit": (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    "server": (500, "server_error", None, "The server had an error while processing your request."),
    "missing": (404, "invalid_request_error", "model_not_found", "The model `{model}` does not exist."),
    "context": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    ),
}


class OpenAI(Wording):
    """Server-sent events without names, each a chunk, and `[DONE]` at the end."""

    name = "openai"
    asked_at = "/v1/chat/completions"
    offered_at = "/v1/models"
    content_type = "text/event-stream"
    broken = b'data: {"choices": [{"delta": {"cont\n\n'

    def read(self, body: dict[str, Any]) -> Asked:
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            messages=said(body.get("messages", [])),
            stream=bool(body.get("stream")),
            options=without(body, "model", "messages", "stream"),
        )

    def opening(self, asked: Asked, scripted: Scripted) -> bytes:
        return event(_chunk(asked, {"role": "assistant", "content": ""}))

    def piece(self, asked: Asked, text: str) -> bytes:
        return event(_chunk(asked, {"content": text}))

    def closing(self, asked: Asked, scripted: Scripted) -> bytes:
        told = asked.options.get("stream_options") or {}
        last = event(_chunk(asked, {}, _ENDINGS[scripted.ending]))
        if told.get("include_usage") and (usage := _usage(scripted)):
            last += event(_head(asked, "chat.completion.chunk") | {"choices": [], "usage": usage})
        return last + b"data: [DONE]\n\n"

    def whole(self, asked: Asked, scripted: Scripted) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(scripted.parts), "refusal": None}
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": _ENDINGS[scripted.ending],
            "logprobs": None,
        }
        return _head(asked, "chat.completion") | {"choices": [choice], "usage": _usage(scripted)}

    def failure(self, refusal: Refusal, model: str) -> Failure:
        status, kind, code, message = _FAILURES[refusal]
        return status, {
            "error": {"message": message.format(model=model), "type": kind, "param": None, "code": code}
        }

    def offered(self, models: Sequence[str]) -> dict[str, Any]:
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "rehearsal"} for name in models]
        return {"object": "list", "data": rows}


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-rehearsal", "object": kind, "created": 0, "model": asked.model}


def _chunk(asked: Asked, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _head(asked, "chat.completion.chunk") | {"choices": [choice]}


def _usage(scripted: Scripted) -> dict[str, int] | None:
    prompt, completion = scripted.prompt_tokens, scripted.completion_tokens
    if prompt is None or completion is None:
        return None
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
