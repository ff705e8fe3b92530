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
from dataclasses import dataclass
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from assistant.models.faults import Trouble, repeats, trouble
from assistant.models.ledger import Ledger
from assistant.models.pace import Pace
from assistant.models.prices import Price
from assistant.models.provider import Heard, Provider
from assistant.models.retries import Patience
from assistant.models.schema import Counted, Fault, Message, ModelError, Usage
from assistant.models.wire import Exchange
from index.tokens import count_tokens

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse
    from llama_index.core.llms import LLM

_CHARACTERS_A_TOKEN = 12
_BYTES_A_TOKEN = 4000
_SOME_BYTES = 1_000_000
_EVENTS_A_TOKEN = 4
_SOME_EVENTS = 200
"""A reply that is longer than its most tokens can be, on the wire or off it, or comes in more events."""
_LIMITS = "llm.requests_a_minute and llm.tokens_a_minute"
_REMEDIES: dict[Fault, str] = {
    "unreachable": "could not be reached: {said}. Does the server run, and is its address right?",
    "late": "did not finish within {seconds:g} s. Ask again, or allow more: llm.seconds",
    "key": "did not take the key: {said}. Put the right one into the environment or the file of keys",
    "limit": "takes no more requests for now: {said}. Ask again later",
    "server": "failed: {said}. Ask again later",
    "malformed": "sent what its protocol does not allow: {said}. Is that server of this kind?",
    "cut": "stopped in the middle of its reply: {said}. Ask again",
    "empty": "replied without a word. Ask again, or try another model",
    "context": "cannot read that much at once: {said}. Ask of fewer papers, or take a model that reads more",
    "refused": "refused the request: {said}. See docs/models.md for what this provider needs",
    "missing": "is not there: {said}. `ibid doctor --llm` names the models that the server offers",
}


@dataclass(frozen=True)
class Terms:
    """What holds for every call to one model: who speaks to it, how patiently, how fast, at what cost."""

    name: str
    provider: Provider
    key: SecretStr
    patience: Patience
    pace: Pace
    ledger: Ledger
    price: Price | None
    window: int | None


class Call:
    """One request, and what came of it so far. It runs once."""

    def __init__(
        self, terms: Terms, llm: LLM, messages: Sequence[Message], *, seconds: float, tokens: int
    ) -> None:
        self._terms = terms
        self._llm = terms.provider.fitted(llm, tokens)
        self._messages = tuple(messages)
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._tokens = tokens
        self._prompt_tokens = prompt_tokens(self._messages)
        self._accepted = False
        self._told = Heard()
        self._length = 0
        self._requests = 0
        self.pieces: list[str] = []

    async def run(self, give: Callable[[str], None]) -> None:
        """Give each piece as it comes; raises ModelError unless the reply came whole."""
        self._require_room()
        entry = self._terms.ledger.begin(self._terms.name, self._cost(self._prompt_tokens, self._tokens))
        try:
            await self._in_time(give)
        finally:
            self._terms.ledger.end(entry, self.usage())

    async def _in_time(self, give: Callable[[str], None]) -> None:
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
        counted: Counted = "provider"
        if prompt is None or completion is None:
            counted = "estimated"
            prompt = self._prompt_tokens if self._accepted else 0
            completion = count_tokens(["".join(self.pieces)])[0]
        return Usage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            requests=self._requests,
            counted=counted,
            cost=self._cost(prompt, completion),
        )

    def late(self) -> ModelError:
        """That it did not finish in time."""
        return self._error("late")

    async def _until_answered(self, give: Callable[[str], None]) -> None:
        while True:
            exchange = Exchange(_BYTES_A_TOKEN * self._tokens + _SOME_BYTES)
            try:
                await self._turn(exchange, give)
                return
            except ModelError:
                raise
            except Exception as error:  # noqa: BLE001  (each integration has errors of its own; raised below)
                key = self._terms.key.get_secret_value()
                found = trouble(error, exchange.status, (key,))
                cause = None if repeats(error, key) else error
                wait = self._terms.patience.wait(self._requests, exchange.header("retry-after"))
                again = found.passing and not self.pieces and wait is not None
            if not again or wait is None or wait >= self._left():
                raise self._of(
                    found
                ) from cause  # out here, so that an error that repeats the key goes no further
            await asyncio.sleep(wait)

    async def _turn(self, exchange: Exchange, give: Callable[[str], None]) -> None:
        """One request, when the server's limits a minute let it go."""
        most = self._prompt_tokens + self._tokens
        while (wait := self._terms.pace.wait(most)) > 0:
            if wait >= self._left():
                raise self._error("limit", f"{_LIMITS} let it go in {wait:.0f} s, after its deadline")
            await asyncio.sleep(wait)
        went = self._terms.pace.enter(most)
        try:
            await self._attempt(exchange, give)
        finally:
            used = self.usage()
            went.tokens = used.prompt_tokens + used.completion_tokens

    async def _attempt(self, exchange: Exchange, give: Callable[[str], None]) -> None:
        """One request; the connection is closed when this ends, however it ends."""
        self._requests += 1
        ending = None
        events = 0
        with exchange:
            try:
                async with aclosing(self._responses()) as responses:
                    async for response in responses:
                        self._accepted = True
                        events += 1
                        heard = self._terms.provider.heard(response)
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
        if ending == "withheld":
            raise self._error("refused", "the provider kept the rest of the reply back")
        if ending is None and self._terms.provider.tells_ending:
            raise self._error("cut", "the connection ended early")

    def _responses(self) -> AsyncGenerator[ChatResponse]:
        messages = _as_chat(self._messages)
        options = self._terms.provider.options(self._tokens)
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

    def _require_room(self) -> None:
        whole, window = self._prompt_tokens + self._tokens, self._terms.window
        if window is not None and whole > window:
            raise self._error(
                "context",
                f"prompt and reply may take {whole} tokens, and it is given room for {window} (llm.window)",
            )

    def _cost(self, prompt: int, completion: int) -> float | None:
        return self._terms.price.cost(prompt, completion) if self._terms.price else None

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _of(self, found: Trouble) -> ModelError:
        return self._error(found.fault, found.said)

    def _error(self, fault: Fault, said: str = "") -> ModelError:
        words = _REMEDIES[fault].replace("{seconds:g}", f"{self._seconds:g}").replace("{said}", said)
        return ModelError(fault, self._terms.name, words)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a prompt has: its texts', and a few a message for who says it."""
    return sum(count_tokens([message.text for message in messages])) + 4 * len(messages)


def _as_chat(messages: Sequence[Message]) -> list[ChatMessage]:
    from llama_index.core.base.llms.types import ChatMessage, MessageRole

    return [ChatMessage(role=MessageRole(message.role), content=message.text) for message in messages]


def _only_sync(llm: LLM) -> bool:
    """Whether its asynchronous stream is the synchronous one in disguise, which would hold up the loop."""
    from llama_index.core.llms import CustomLLM

    own, plain = unwrap(type(llm).astream_chat), unwrap(CustomLLM.astream_chat)
    return isinstance(llm, CustomLLM) and own is plain  # llama-index wraps the methods of each subclass anew


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
