"""One call to a language model, as a task on the loop: asked, tried again, bounded, counted.

Owns what happens between the request and the end of its reply. Refuses to know who waits for the pieces:
they are given to a function.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from assistant.models.faults import Trouble, trouble
from assistant.models.provider import Heard, Provider
from assistant.models.retries import Patience
from assistant.models.schema import Fault, Message, ModelError, Usage
from assistant.models.wire import Exchange
from index.tokens import count_tokens

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse
    from llama_index.core.llms import LLM

_CHARACTERS_A_TOKEN = 12
_EVENTS_A_TOKEN = 4
_SOME_EVENTS = 200
"""A reply that is longer than its most tokens can be, or comes in more events, does not keep to them."""
_REMEDIES: dict[Fault, str] = {
    "unreachable": "could not be reached: {said}. Does the server run, and is its address right?",
    "late": "did not finish within {seconds:g} s. Ask again, or allow more: llm.seconds",
    "key": "did not take the key: {said}. Put the right one into the environment or the file of keys",
    "limit": "takes no more requests for now: {said}. Ask again later, or set llm.requests_a_minute",
    "server": "failed: {said}. Ask again later",
    "malformed": "sent what its protocol does not allow: {said}. Is that server of this kind?",
    "cut": "stopped in the middle of its reply: {said}. Ask again",
    "empty": "replied without a word. Ask again, or try another model",
    "context": "cannot read that much at once: {said}. Ask of fewer papers, or take a model that reads more",
    "refused": "refused the request: {said}. See docs/models.md for what this provider needs",
    "missing": "is not there: {said}. `ibid doctor --llm` names the models that the server offers",
}


class Call:
    """One request, and what came of it so far. It runs once."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        llm: LLM,
        messages: Sequence[Message],
        *,
        seconds: float,
        tokens: int,
        patience: Patience,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._name = name
        self._provider = provider
        self._llm = provider.fitted(llm, tokens)
        self._messages = tuple(messages)
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._tokens = tokens
        self._patience = patience
        self._secrets = secrets
        self._accepted = False
        self._told = Heard()
        self._length = 0
        self.requests = 0
        self.pieces: list[str] = []

    async def run(self, give: Callable[[str], None]) -> None:
        """Give each piece as it comes; raises ModelError unless the reply came whole."""
        try:
            async with asyncio.timeout(self._left()) as limit:
                await self._until_answered(give)
        except (TimeoutError, ModelError):
            if not limit.expired():
                raise
            raise self.late() from None
        if not "".join(self.pieces).strip():
            raise self._error("empty")

    def usage(self) -> Usage:
        """What it used so far: by the server's count where it told one, else estimated."""
        prompt, completion = self._told.prompt_tokens, self._told.completion_tokens
        if prompt is not None and completion is not None:
            return Usage(
                prompt_tokens=prompt,
                completion_tokens=completion,
                requests=self.requests,
                counted="provider",
            )
        if not self._accepted:
            return Usage(requests=self.requests)
        return Usage(
            prompt_tokens=prompt_tokens(self._messages),
            completion_tokens=count_tokens(["".join(self.pieces)])[0],
            requests=self.requests,
        )

    def late(self) -> ModelError:
        """That it did not finish in time."""
        return self._error("late")

    async def _until_answered(self, give: Callable[[str], None]) -> None:
        while True:
            exchange = Exchange()
            try:
                await self._attempt(exchange, give)
                return
            except ModelError:
                raise
            except Exception as error:  # each integration has errors of its own
                found = trouble(error, exchange.status, self._secrets)
                wait = self._patience.wait(self.requests, exchange.header("retry-after"))
                again = found.passing and not self.pieces and wait is not None
                if not again or wait is None or wait >= self._left():
                    raise self._of(found) from error
            await asyncio.sleep(wait)

    async def _attempt(self, exchange: Exchange, give: Callable[[str], None]) -> None:
        """One request; the connection is closed when this ends, however it ends."""
        self.requests += 1
        ending = None
        events = 0
        with exchange:
            try:
                async with aclosing(self._responses()) as responses:
                    async for response in responses:
                        self._accepted = True
                        events += 1
                        heard = self._provider.heard(response)
                        self._note(heard)
                        ending = heard.ending or ending
                        if heard.piece:
                            self.pieces.append(heard.piece)
                            self._length += len(heard.piece)
                            give(heard.piece)
                        self._bound(events)
            finally:
                self._accepted = self._accepted or exchange.accepted
                await exchange.close()
        if ending == "full":
            raise self._error("cut", f"it reached the {self._tokens} tokens that it may write (llm.tokens)")
        if ending is None and self._provider.tells_ending:
            raise self._error("cut", "the connection ended early")

    def _responses(self) -> AsyncGenerator[ChatResponse]:
        messages = _as_chat(self._messages)
        options = self._provider.options(self._tokens)
        if _only_sync(self._llm):
            return _in_a_thread(self._llm, messages, options)
        return _streamed(self._llm, messages, options)

    def _note(self, heard: Heard) -> None:
        told = heard.model_dump(include={"prompt_tokens", "completion_tokens"}, exclude_none=True)
        if told:
            self._told = self._told.model_copy(update=told)

    def _bound(self, events: int) -> None:
        too_long = self._length > _CHARACTERS_A_TOKEN * self._tokens
        if too_long or events > _EVENTS_A_TOKEN * self._tokens + _SOME_EVENTS:
            raise self._error("cut", f"it wrote on beyond the {self._tokens} tokens that it may (llm.tokens)")

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _of(self, found: Trouble) -> ModelError:
        return self._error(found.fault, found.said)

    def _error(self, fault: Fault, said: str = "") -> ModelError:
        words = _REMEDIES[fault].replace("{seconds:g}", f"{self._seconds:g}").replace("{said}", said)
        return ModelError(fault, self._name, words)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a prompt has: its texts', and a few a message for who says it."""
    return sum(count_tokens([message.text for message in messages])) + 4 * len(messages)


def _as_chat(messages: Sequence[Message]) -> list[ChatMessage]:
    from llama_index.core.base.llms.types import ChatMessage, MessageRole

    return [ChatMessage(role=MessageRole(message.role), content=message.text) for message in messages]


def _only_sync(llm: LLM) -> bool:
    """Whether its asynchronous stream is the synchronous one in disguise, which would hold up the loop."""
    from llama_index.core.llms import CustomLLM

    return isinstance(llm, CustomLLM) and type(llm).astream_chat is CustomLLM.astream_chat


async def _streamed(
    llm: LLM, messages: list[ChatMessage], options: dict[str, Any]
) -> AsyncGenerator[ChatResponse]:
    stream = await llm.astream_chat(messages, **options)
    try:
        async for response in stream:
            yield response
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _in_a_thread(
    llm: LLM, messages: list[ChatMessage], options: dict[str, Any]
) -> AsyncGenerator[ChatResponse]:
    """The synchronous stream, read by a thread of its own that ends with the first piece nobody waits for."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[ChatResponse | BaseException | None] = asyncio.Queue()
    left = threading.Event()

    def read() -> None:
        last: BaseException | None = None
        try:
            for response in llm.stream_chat(messages, **options):
                if left.is_set():
                    return
                loop.call_soon_threadsafe(arrived.put_nowait, response)
        except Exception as error:  # noqa: BLE001  (raised where the pieces are read)
            last = error
        loop.call_soon_threadsafe(arrived.put_nowait, last)

    threading.Thread(target=read, name="ibid-model-without-async", daemon=True).start()
    try:
        while (response := await arrived.get()) is not None:
            if isinstance(response, BaseException):
                raise response
            yield response
    finally:
        left.set()
