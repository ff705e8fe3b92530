"""One language model behind one door: asked for a whole reply, or for its pieces as they come.

Owns what callers see: `load_model`, `Model`, `Stream`. Refuses to know prompts, and which integration
speaks. A call is a task on the loop; who asked reads its pieces from a queue, so that a stream can be
ended from any thread at any time.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from assistant.models.cache import ReplyCache, request_key
from assistant.models.call import Call, Terms
from assistant.models.keys import required_key
from assistant.models.ledger import Ledger
from assistant.models.loop import Running
from assistant.models.pace import shared_pace
from assistant.models.prices import find_price
from assistant.models.provider import Provider
from assistant.models.registry import find_provider
from assistant.models.replay import Recorded, Replay, Source
from assistant.models.retries import Patience
from assistant.models.schema import Message, Reply, Usage
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec, nearby, read_spec
from index.errors import SettingsError

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_GRACE = 1.0
"""How many seconds past its deadline a call is given up, whatever its task does."""


def load_model(spec: str, settings: ModelSettings, patience: Patience | None = None) -> Model:
    """The model named `provider:model` or `provider:model@address`; nothing is imported or sent yet.

    Raises SettingsError for a name that cannot be or a file that must not be as it is, ExtraMissing where a
    package is needed, and ModelError where a key is.
    """
    named = read_spec(spec)
    provider = find_provider(named)
    return Model(named, settings, _terms(named, provider, settings, patience or Patience(settings.retries)))


def _terms(named: Spec, provider: Provider, settings: ModelSettings, patience: Patience) -> Terms:
    address = named.address or provider.address or ""
    price = find_price(named, settings.prices)
    if settings.daily_limit is not None and price is None and not nearby(address):
        raise SettingsError(
            f"llm.daily_limit is set, and no price is known for '{named}': give it a row in a file of "
            "your own, llm.prices, as docs/models.md shows"
        )
    return Terms(
        name=str(named),
        provider=provider,
        key=required_key(named, provider.variable, provider.needs_key, settings),
        patience=patience,
        pace=shared_pace(address, settings.requests_a_minute, settings.tokens_a_minute),
        ledger=Ledger(settings.file, settings.daily_limit),
        price=price,
        window=provider.window(settings),
    )


class Model:
    """A language model. Shared between threads; each call is its own."""

    def __init__(self, named: Spec, settings: ModelSettings, terms: Terms) -> None:
        self.spec = str(named)
        self._named = named
        self._settings = settings
        self._terms = terms
        self._cache = ReplyCache(settings.file, settings.cache_megabytes) if settings.cache else None
        self._building = threading.Lock()
        self._built: LLM | None = None

    def __repr__(self) -> str:
        return f"Model({self.spec!r})"

    def ask(
        self, messages: Sequence[Message], *, seconds: float | None = None, tokens: int | None = None
    ) -> Reply:
        """The whole reply, of at most `tokens`, within `seconds`; raises ModelError."""
        began = time.monotonic()
        with self.stream(messages, seconds=seconds, tokens=tokens) as stream:
            text = "".join(stream)
        return Reply(text=text, usage=stream.usage, seconds=time.monotonic() - began)

    def stream(
        self, messages: Sequence[Message], *, seconds: float | None = None, tokens: int | None = None
    ) -> Stream:
        """The reply's pieces as they come; asking has begun when this returns."""
        seconds = min(seconds or math.inf, self._settings.seconds)
        tokens = tokens or self._settings.tokens
        key = self._request_key(messages, tokens)
        kept = self._cache.find(key) if self._cache else None
        if kept is not None:
            return Stream(Replay(kept), seconds)
        call = Call(self._terms, self._llm(), messages, seconds=seconds, tokens=tokens)
        return Stream(Recorded(call, self._cache, key) if self._cache else call, seconds)

    def _llm(self) -> LLM:
        with self._building:
            if self._built is None:
                self._built = self._terms.provider.build(self._named, self._terms.key, self._settings)
            return self._built

    def _request_key(self, messages: Sequence[Message], tokens: int) -> str:
        model = f"{self._named.provider}:{self._named.name}"
        options = {
            "tokens": tokens,
            "temperature": self._settings.temperature,
            "window": self._terms.window,
        }
        return request_key(model, self._named.address or "", messages, options)


class Stream(Iterator[str]):
    """The pieces of a reply; raises ModelError where the reply does not come whole.

    `close()` ends the request, and with it the connection; leaving its block does too.
    """

    def __init__(self, call: Source, seconds: float) -> None:
        self.usage = Usage(requests=0)
        self._call = call
        self._arrived: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self._deadline = time.monotonic() + seconds + _GRACE
        self._over = False
        self._running = Running(self._run())

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> str:
        if self._over:
            raise StopIteration
        try:
            arrived = self._arrived.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            self.close()
            raise self._call.late() from None
        if isinstance(arrived, str):
            return arrived
        self._over = True
        self._running.wait(_GRACE)
        self.usage = self._call.usage()
        if arrived is not None:
            raise arrived
        raise StopIteration

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the request, if it has not ended; pieces not yet read are dropped."""
        if not self._over:
            self._over = True
            self._running.cancel()
            self._arrived.put(None)  # another thread may be waiting for a piece
            self._running.wait(_GRACE)
            self.usage = self._call.usage()

    async def _run(self) -> None:
        try:
            await self._call.run(self._arrived.put)
        except Exception as error:  # noqa: BLE001  (raised where the pieces are read)
            self._arrived.put(error)
        else:
            self._arrived.put(None)
