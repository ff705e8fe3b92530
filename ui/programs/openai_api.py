"""A library as a model: OpenAI's `/v1/models` and `/v1/chat/completions`, streamed or whole.

A chat client sends the whole conversation each time. Its earlier questions need their answers, for a
follow-up points into them; those given lately are remembered by their text, others are answered anew. The
work is stepped through from the event loop, so that it ends at its next step once the client is gone.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from assistant.engine import Assistant
from assistant.schema import Answer, Answered, Delta, Event, Turn
from index.errors import IbidError, NotAllowed
from ui.programs.message import Harmless, closing, url_citations
from ui.programs.openai_schema import (
    Completion,
    CompletionError,
    Conversation,
    Request,
    conversation,
    error_object,
    model_object,
    read_request,
    usage,
)
from ui.watch.requests import request_name

_log = logging.getLogger(__name__)
_REMEMBERED = 256  # answers
_CLIENT_GONE = 499  # nobody reads it; the number that servers' logs use

Handler = Callable[[HttpRequest], Awaitable[Response]]


def routes(api_of: Callable[[HttpRequest], ChatApi]) -> list[BaseRoute]:
    """The routes below `/v1`; `api_of` tells whose library a request is for."""

    def to(answer: Callable[[ChatApi, HttpRequest], Awaitable[Response]]) -> Handler:
        async def respond(http: HttpRequest) -> Response:
            try:
                api = await run_in_threadpool(api_of, http)
            except IbidError as error:
                return _failed(error)
            return await answer(api, http)

        return respond

    return [
        Route("/v1/models", to(ChatApi.models), methods=["GET"]),
        Route("/v1/models/{name:path}", to(ChatApi.one_model), methods=["GET"]),
        Route("/v1/chat/completions", to(ChatApi.complete), methods=["POST"]),
        Route("/v1/{rest:path}", to(ChatApi.unknown), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


class ChatApi:
    """The endpoints over one assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._given = GivenAnswers()

    @property
    def model(self) -> str:
        return f"ibid:{self.assistant.engine}"

    async def models(self, http: HttpRequest) -> Response:
        created = await run_in_threadpool(self._updated)
        return JSONResponse({"object": "list", "data": [model_object(self.model, created)]})

    async def one_model(self, http: HttpRequest) -> Response:
        try:
            self._require(http.path_params["name"])
        except CompletionError as error:
            return _failed(error)
        return JSONResponse(model_object(self.model, await run_in_threadpool(self._updated)))

    async def unknown(self, http: HttpRequest) -> Response:
        known = "/v1/models and /v1/chat/completions"
        return _failed(
            CompletionError(f"No {http.method} {http.url.path} here; there are {known}.", status=404)
        )

    async def complete(self, http: HttpRequest) -> Response:
        try:
            request = read_request(await http.body())
            self._require(request.model)
            asked = conversation(request)
        except CompletionError as error:
            return _failed(error)
        if request.stream:
            body = self._streamed(request, asked)
            return StreamingResponse(
                body, media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
            )
        try:
            return await self._whole(http, request, asked)
        except Exception as error:  # noqa: BLE001  (models and stores raise what they like)
            return _failed(error)

    async def _whole(self, http: HttpRequest, request: Request, asked: Conversation) -> Response:
        said = Said()
        async with aclosing(stepped(self._events(asked))) as events:
            async for event in events:
                said.take(event)
                if await http.is_disconnected():
                    return Response(status_code=_CLIENT_GONE)
        answer, _ = said.end()
        self._given.keep(asked.question, said.content, answer)
        completion = Completion.begin(self.model)
        notes = url_citations(said.written, answer)
        counted = usage(request, said.content)
        return JSONResponse(completion.whole(said.content, notes, answer.model_dump(mode="json"), counted))

    async def _streamed(self, request: Request, asked: Conversation) -> AsyncGenerator[str]:
        completion, said = Completion.begin(self.model), Said()
        yield _line(completion.chunk({"role": "assistant", "content": ""}))
        try:
            async with aclosing(stepped(self._events(asked))) as events:
                async for event in events:
                    if piece := said.take(event):
                        yield _line(completion.chunk({"content": piece}))
            answer, rest = said.end()
        except Exception as error:  # noqa: BLE001  (the same)
            yield _line(error_object(_logged(error)))
            return
        self._given.keep(asked.question, said.content, answer)
        yield _line(completion.chunk({"content": rest}))
        notes = {"annotations": url_citations(said.written, answer)}
        yield _line(completion.chunk(notes, "stop", answer=answer.model_dump(mode="json")))
        if request.wants_usage:
            yield _line(completion.usage_chunk(usage(request, said.content)))
        yield "data: [DONE]\n\n"

    def _events(self, asked: Conversation) -> Iterator[Event]:
        turns: list[Turn] = []
        for exchange in asked.before:
            answer = self._given.recall(exchange.question, exchange.reply or "")
            answer = answer or self.assistant.ask(exchange.question, turns)
            turns.append(Turn(question=exchange.question, answer=answer))
        yield from self.assistant.stream(asked.question, turns)

    def _require(self, name: str) -> None:
        if name != self.model:
            message = f"The model {name!r} does not exist; this library is {self.model!r}."
            raise CompletionError(message, "model", "model_not_found", 404)

    def _updated(self) -> int:
        """When the library last changed, in seconds since 1970; 0 for one that never did."""
        updated = self.assistant.library.facts().updated
        return int(datetime.fromisoformat(updated).timestamp()) if updated else 0


class GivenAnswers:
    """The answers given lately, by the question and the text they were given as."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._guard = threading.Lock()

    def keep(self, question: str, content: str, answer: Answer) -> None:
        with self._guard:
            self._answers[question, content.strip()] = answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)

    def recall(self, question: str, content: str) -> Answer | None:
        with self._guard:
            return self._answers.get((question, content.strip()))


class Said:
    """What one answer's message holds so far: what was `written`, and then its closing."""

    def __init__(self) -> None:
        self.written = ""
        self.content = ""
        self._harmless = Harmless()
        self._answer: Answer | None = None

    def take(self, event: Event) -> str:
        """What the event adds to the message."""
        if isinstance(event, Answered):
            self._answer = event.answer
        return self._write(self._harmless.take(event.text)) if isinstance(event, Delta) else ""

    def end(self) -> tuple[Answer, str]:
        """The answer, and what is still to be added to the message."""
        if self._answer is None:
            raise IbidError("The assistant ended without an answer. Ask again; if it stays so, report it.")
        rest = self._write(self._harmless.rest())
        ending = closing(self._answer)
        self.content += ending
        return self._answer, rest + ending

    def _write(self, text: str) -> str:
        self.written += text
        self.content += text
        return text


async def stepped(events: Iterator[Event]) -> AsyncGenerator[Event]:
    """The events, each made on a worker thread; closed when nobody waits for the next any more."""
    try:
        while (event := await run_in_threadpool(next, events, None)) is not None:
            yield event
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def _failed(error: Exception) -> Response:
    status = error.status if isinstance(error, CompletionError) else 500
    status = 403 if isinstance(error, NotAllowed) else status
    return JSONResponse(error_object(_logged(error)), status_code=status)


def _logged(error: Exception) -> Exception:
    if not isinstance(error, IbidError):
        _log.warning("a completion failed", exc_info=error, extra={"request": request_name()})
    return error


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
