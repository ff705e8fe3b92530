"""A connection to a model's server is closed to the end, whatever interrupts the closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx

from assistant.models.wire import Exchange


class _Slow(httpx.AsyncByteStream):
    """A response's body whose connection takes a while to close."""

    def __init__(self) -> None:
        self.closing, self.may_close = asyncio.Event(), asyncio.Event()
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data"

    async def aclose(self) -> None:
        self.closing.set()
        await self.may_close.wait()
        self.closed = True


async def _interrupted() -> bool:
    """Whether a connection ends up closed where a call is cancelled while it closes it."""
    exchange, body = Exchange(1000), _Slow()
    exchange.note(httpx.Response(200, stream=body))
    task = asyncio.create_task(exchange.close())
    await body.closing.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    body.may_close.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return body.closed


def test_a_call_that_is_cancelled_while_it_closes_leaves_nothing_open() -> None:
    assert asyncio.run(_interrupted())


async def _undisturbed() -> bool:
    exchange, body = Exchange(1000), _Slow()
    body.may_close.set()
    exchange.note(httpx.Response(200, stream=body))
    await exchange.close()
    return body.closed


def test_it_waits_for_the_connection_to_close() -> None:
    assert asyncio.run(_undisturbed())
