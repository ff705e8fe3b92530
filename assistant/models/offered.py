"""Which models a server offers, and whether one answers: for a list to choose from, and for `ibid doctor`."""

from __future__ import annotations

import asyncio
import queue
from typing import Any

import httpx

from assistant.models.faults import trouble
from assistant.models.keys import required_key
from assistant.models.loop import Running
from assistant.models.model import load_model
from assistant.models.registry import find_provider
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings
from assistant.models.spec import read_spec
from assistant.models.wire import Exchange, client_options
from index.errors import IbidError

_SECONDS = 10.0
_SHOWN = 8
_MOST_BYTES = 20_000_000
_TRIED = [Message(role="user", text="Answer with the one word: yes")]


def offered(spec: str, settings: ModelSettings, seconds: float = _SECONDS) -> list[str]:
    """The names of the models that a server offers, sorted; empty where it lists none.

    `spec` is a provider (`ollama`), a provider at an address (`openai-compatible@http://localhost:8080/v1`),
    or any model of it. Raises as `load_model` does, and ModelError where the server does not tell in time.
    """
    named = read_spec(_with_a_model(spec))
    provider = find_provider(named)
    address = provider.offered_at(named.address or provider.address or "")
    if address is None:
        return []
    key = required_key(named, provider.variable, provider.needs_key, settings)
    options = client_options(provider.key_header, key)
    options["headers"] = {**options["headers"], **provider.headers}
    listed = _fetched(address, options, seconds, key.get_secret_value())
    try:
        return sorted(set(provider.names(listed)))
    except (KeyError, TypeError) as error:
        raise ModelError("malformed", address, "is no list of models as this provider gives it") from error


def check(spec: str, settings: ModelSettings, seconds: float = 30.0) -> str:
    """One line that says that a model answers, after asking it one word; raises what `load_model` and `ask` do.

    A model that is not there is told together with those that are.
    """
    model = load_model(spec, settings.model_copy(update={"cache": False}))
    try:
        reply = model.ask(_TRIED, seconds=seconds)
    except ModelError as error:
        if error.fault != "missing":
            raise
        raise ModelError("missing", spec, f"is not there. {_instead(spec, settings)}") from error
    usage = reply.usage
    return (
        f"{spec!r} answers: {reply.seconds:.1f} s, "
        f"{usage.prompt_tokens} tokens read and {usage.completion_tokens} written"
    )


def _instead(spec: str, settings: ModelSettings) -> str:
    try:
        names = offered(spec, settings)
    except IbidError:
        names = []
    if not names:
        return "The server does not tell which models it has"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"The server offers {', '.join(names[:_SHOWN])}{more}"


def _with_a_model(spec: str) -> str:
    """The spec of some model at the server that is meant."""
    provider, colon, rest = spec.partition(":")
    if not colon:
        return f"{provider}:any"
    if "@" in provider:
        return spec.replace("@", ":any@", 1)
    return f"{provider}:any{rest}" if rest.startswith("@") else spec


def _fetched(address: str, options: dict[str, Any], seconds: float, secret: str) -> Any:
    """The JSON at an address, fetched on the loop so that the whole of it has a deadline."""
    arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()

    async def fetch() -> None:
        status = None
        try:
            async with asyncio.timeout(seconds), httpx.AsyncClient(**options) as client:
                with Exchange(_MOST_BYTES):
                    response = await client.get(address)
                status = response.status_code
                if status >= 300:
                    raise _Refusal(response)
                arrived.put(response.json())
        except TimeoutError:
            arrived.put(ModelError("late", address, f"did not tell within {seconds:g} s which models it has"))
        except Exception as error:  # noqa: BLE001  (raised where it is waited for)
            found = trouble(error, status, (secret,))
            arrived.put(ModelError(found.fault, address, f"does not tell which models it has: {found.said}"))

    running = Running(fetch())
    found = arrived.get()
    running.wait(1.0)
    if isinstance(found, ModelError):
        raise found
    return found


class _Refusal(Exception):
    """A response that is no list, told apart as the integrations' own errors are."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.reason_phrase)
        self.status_code = response.status_code
        try:
            self.body = response.json()
        except ValueError:
            self.body = None
