"""One language model behind one door: asked for a whole reply, or for its pieces as they come.

Owns what callers see: `load_model`, `Model`, `Stream`. Refuses to know prompts, and which integration
speaks. A call is a task on the loop; who asked reads its pieces from a queue, so that a stream can be
ended from any thread at any time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from pydantic import SecretStr

from assistant.models.call import Call
from assistant.models.keys import find_key
from assistant.models.loop import Running
from assistant.models.provider import Provider
from assistant.models.registry import find_provider
from assistant.models.retries import Patience
from assistant.models.schema import Message, ModelError, Reply, Usage
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec, read_spec

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_GRACE = 1.0
"""How many seconds past its deadline a call is given up, whatever its task does."""


def load_model(spec: str, settings: ModelSettings, patience: Patience | None = None) -> Model:
    """The model named `provider:model` or `provider:model@address`; nothing is imported or sent yet.

    Raises SettingsError for a name that cannot be, ExtraMissing where a package is needed, and ModelError
    where a key is.
    """
    named = read_spec(spec)
    provider = find_provider(named)
    key = find_key(named.provider, provider.variable, settings)
    if provider.needs_key and not key.get_secret_value():
        raise ModelError(
            "key",
            str(named),
            f"needs a key: set {provider.variable} in the environment, or name a file: llm.keys",
        )
    return Model(named, provider, key, settings, patience or Patience(settings.retries))


class Model:
    """A language model. Shared between threads; each call is its own."""

    def __init__(
        self, named: Spec, provider: Provider, key: SecretStr, settings: ModelSettings, patience: Patience
    ) -> None:
        self.spec = str(named)
        self._named = named
        self._provider = provider
        self._key = key
        self._settings = settings
        self._patience = patience
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
        call = Call(
            self.spec,
            self._provider,
            self._llm(),
            messages,
            seconds=seconds or self._settings.seconds,
            tokens=tokens or self._settings.tokens,
            patience=self._patience,
            secrets=(self._key.get_secret_value(),),
        )
        return Stream(call, seconds or self._settings.seconds)

    def _llm(self) -> LLM:
        with self._building:
            if self._built is None:
                self._built = self._provider.build(self._named, self._key, self._settings)
            return self._built


class Stream(Iterator[str]):
    """The pieces of a reply; raises ModelError where the reply does not come whole.

    `close()` ends the request, and with it the connection; leaving its block does too.
    """

    def __init__(self, call: Call, seconds: float) -> None:
        self.usage = Usage(requests=0)
        self._call = call
        self._arrived: queue.SimpleQueue[str | ModelError | None] = queue.SimpleQueue()
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
            self._running.wait(_GRACE)
            self.usage = self._call.usage()
            self._arrived.put(None)  # for whoever waits for a piece in another thread

    async def _run(self) -> None:
        try:
            await self._call.run(self._arrived.put)
        except ModelError as error:
            self._arrived.put(error)
        else:
            self._arrived.put(None)
