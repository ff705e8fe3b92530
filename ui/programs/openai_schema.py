"""OpenAI's chat completions on the wire: what is asked, and the objects that answer.

Owns the reading of a request into a conversation and the shapes of responses, chunks and errors. Fields
that mean nothing to a library (temperature, tools, …) are let pass; what would be answered wrongly if it
were (images, several choices) is refused. Knows nothing of HTTP.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import IbidError
from index.schema import Value
from index.secrets import hidden
from index.tokens import count_tokens


class CompletionError(IbidError):
    """A request that cannot be answered, as OpenAI reports one."""

    def __init__(
        self, message: str, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status = status


class _Wire(BaseModel):
    """A part of a request, of which what is unknown is let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Part(_Wire):
    type: Literal["text", "refusal"]
    text: str = ""


class Message(_Wire):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | tuple[Part, ...] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or ())


class StreamOptions(_Wire):
    include_usage: bool = False


class Request(_Wire):
    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = None

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


_NAMES = {name for part in (Request, StreamOptions, Message, Part) for name in part.model_fields}


class Exchange(Value):
    """An earlier question and the reply it got, where the request tells one."""

    question: str
    reply: str | None = None


class Conversation(Value):
    """What a request asks: a question, after the exchanges before it, oldest first."""

    before: tuple[Exchange, ...]
    question: str


def read_request(body: bytes) -> Request:
    """The request; CompletionError where it is none, or asks for what a library cannot give."""
    try:
        request = Request.model_validate_json(body)
    except ValidationError as error:
        deepest = max(error.errors(), key=lambda one: len(one["loc"]))
        # Between the names stand those of a union's members, which no client wrote.
        names = [str(part) for part in deepest["loc"] if isinstance(part, int) or part in _NAMES]
        param = ".".join(names)
        raise CompletionError(f"{param or 'The body'}: {deepest['msg']}", param or None) from error
    if request.n not in (None, 1):
        raise CompletionError(f"n = {request.n}: a library gives one answer; leave n out.", "n")
    return request


def conversation(request: Request) -> Conversation:
    """The request's messages as a conversation; those of systems and tools are passed over."""
    exchanges: list[Exchange] = []
    for message in request.messages:
        if message.role == "user" and message.text.strip():
            exchanges.append(Exchange(question=message.text.strip()))
        elif message.role == "assistant" and exchanges:
            exchanges[-1] = exchanges[-1].model_copy(update={"reply": message.text.strip()})
    if not exchanges or exchanges[-1].reply is not None:
        raise CompletionError("messages: the last one must be a user's, with text in it.", "messages")
    *before, asked = exchanges
    return Conversation(before=tuple(before), question=asked.question)


class Completion(Value):
    """What all objects of one response share."""

    id: str
    created: int
    model: str

    @classmethod
    def begin(cls, model: str) -> Completion:
        return cls(id=f"chatcmpl-{secrets.token_hex(12)}", created=int(time.time()), model=model)

    def whole(self, content: str, notes: list[Any], answer: Any, usage: dict[str, int]) -> dict[str, Any]:
        """The response that is not streamed; `answer` is the answer contract's object."""
        message = {"role": "assistant", "content": content, "refusal": None, "annotations": notes}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return self._object("chat.completion", [choice]) | {"usage": usage, "answer": answer}

    def chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._object("chat.completion.chunk", [choice]) | more

    def usage_chunk(self, usage: dict[str, int]) -> dict[str, Any]:
        return self._object("chat.completion.chunk", []) | {"usage": usage}

    def _object(self, kind: str, choices: list[Any]) -> dict[str, Any]:
        return {**self.model_dump(), "object": kind, "choices": choices}


def usage(request: Request, content: str) -> dict[str, int]:
    """cl100k tokens of what was sent and of what came back; no model need have seen them."""
    sent = sum(count_tokens([message.text for message in request.messages]))
    (written,) = count_tokens([content])
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


def model_object(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "ibid"}


def error_object(error: Exception) -> dict[str, Any]:
    """The error as OpenAI writes one."""
    asked_wrongly = isinstance(error, CompletionError)
    return {
        "error": {
            "message": str(error)
            if isinstance(error, IbidError)
            else f"{type(error).__name__}: {hidden(str(error))}",
            "type": "invalid_request_error" if asked_wrongly else "server_error",
            "param": getattr(error, "param", None),
            "code": getattr(error, "code", None),
        }
    }
