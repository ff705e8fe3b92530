"""The HTTP below the integrations: what a server said to a call, and that the call's connections end.

Owns the HTTP client that each integration is given. The key is put on a request here, last of all, so that
no integration holds it and none can show it. Connections are not kept for the next call: a call takes
seconds, a connection milliseconds, and so nothing is left open. Redirects are not followed: a prompt goes
where it was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextvars import ContextVar
from typing import Any, Literal

from pydantic import SecretStr

KeyHeader = Literal["Authorization", "X-Api-Key"]


class TooMuch(Exception):
    """A response is longer than it may be."""


class Exchange:
    """What the servers said to one attempt at a call, of which at most so many bytes are read."""

    def __init__(self, most_bytes: int) -> None:
        self._responses: list[Any] = []
        self._left = most_bytes

    def __enter__(self) -> Exchange:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def note(self, response: Any) -> None:
        """Take note of a response whose body is not read yet, and bound it."""
        response.stream = _bounded(response.stream, self._count)
        self._responses.append(response)

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooMuch("the response does not end")

    @property
    def status(self) -> int | None:
        """The HTTP status of the last response; None where there was none."""
        return self._responses[-1].status_code if self._responses else None

    @property
    def accepted(self) -> bool:
        """Whether the server began to answer."""
        return self.status is not None and self.status < 300

    def header(self, name: str) -> str | None:
        return self._responses[-1].headers.get(name) if self._responses else None

    async def close(self) -> None:
        """Close what is still open: an integration that was left in mid-stream may not have."""
        for response in self._responses:
            await response.aclose()


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def client_options(header: KeyHeader, key: SecretStr) -> dict[str, Any]:
    """How an integration's `AsyncClient` is to be made, be it httpx's or its successor's."""
    return {
        "timeout": None,  # the whole call has a deadline
        "follow_redirects": False,
        # Not compressed: a small reply would gain nothing, and a hostile one could unfold without end.
        "headers": {"Connection": "close", "Accept-Encoding": "identity"},
        "event_hooks": {"response": [_note]},
        "auth": _signing(header, key),
    }


async def _note(response: Any) -> None:
    exchange = _current.get()
    if exchange is not None:
        exchange.note(response)


def _bounded(stream: Any, count: Callable[[int], None]) -> Any:
    """The stream with each part's size counted, of the class that its package asks for."""
    (base,) = [kind for kind in type(stream).__mro__ if kind.__name__ == "AsyncByteStream"]

    class Counted(base):  # type: ignore[misc, valid-type]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in stream:
                count(len(part))
                yield part

        async def aclose(self) -> None:
            await _to_its_end(stream.aclose())

    return Counted()


async def _to_its_end(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for a connection to close. It does even where the wait is cancelled: half closed, it would stay open."""
    task = asyncio.ensure_future(closing)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    await asyncio.shield(task)


_closing: set[asyncio.Future[None]] = set()  # the loop keeps no task alive by itself


def _signing(header: KeyHeader, key: SecretStr) -> Any:
    def sign(request: Any) -> Any:
        request.headers.pop(header, None)
        if secret := key.get_secret_value():
            request.headers[header] = f"Bearer {secret}" if header == "Authorization" else secret
        return request

    return sign
