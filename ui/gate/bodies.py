"""Bodies of requests: read whole within a limit and given on, or counted while they pass.

Owns how much may come and how long it may take. A body that is read for a look at it reaches whoever answers as
it was sent.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from ui.gate.refused import Refused

SECONDS = 30.0  # for a whole body that is small, for the next piece of one that is not
_BOUNDARY = re.compile(r"boundary=\"?([^\";,]+)")


def large(size: int) -> str:
    """Bytes as a reader knows them: 1 MB, 400 kB."""
    return f"{size / 1_000_000:,.3g} MB" if size >= 1_000_000 else f"{size / 1000:,.3g} kB"


async def read(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body. Refused where it is longer than `most` bytes (0: any), or too slow."""
    stated = Headers(scope=scope).get("content-length", "")
    if most and stated.isdecimal() and int(stated) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(SECONDS):
            return await _all(receive, most)
    except TimeoutError as error:
        raise Refused(408, f"The request did not arrive within {SECONDS:.0f} s.") from error


async def _all(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request broke off.")
        body += message.get("body", b"")
        if most and len(body) > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return bytes(body)


def _too_large(most: int) -> Refused:
    return Refused(
        413, f"A request may have {large(most)}; this one has more. Files are sent on the library page."
    )


def again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be received once more; whatever comes after it is passed on."""
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def parsed(body: bytes) -> Any:
    """A body's JSON. Refused where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "The request is not JSON.") from error


class Upload:
    """An upload's body while it passes: `refused` says why it goes no further."""

    def __init__(self, scope: Scope, receive: Receive, file: int, files: int) -> None:
        """At most `files` files of `file` bytes each; 0 for any number or size."""
        headers = Headers(scope=scope)
        boundary = _BOUNDARY.search(headers.get("content-type", ""))
        self.receive = receive
        self.files = files
        self.most = (files or 1000) * (file + 10_000) if file else 0
        self.refused: Refused | None = None
        self._mark = b"--" + boundary[1].encode("latin-1") if boundary else b""
        self._tail = b""
        self._marks = self._size = 0
        stated = headers.get("content-length", "")
        if self.most and stated.isdecimal() and int(stated) > self.most:
            raise Refused(413, self._words)

    @property
    def _words(self) -> str:
        return f"An upload may have {large(self.most)} in {self.files or 1000} files; this one has more."

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout(SECONDS):
                message = await self.receive()
        except TimeoutError:
            return self._end(Refused(408, f"Nothing more of the upload arrived for {SECONDS:.0f} s."))
        piece = message.get("body", b"")
        self._size += len(piece)
        self._count(piece)
        # Each file and each field has a mark before it, and one more stands at the end.
        if (self.most and self._size > self.most) or (self.files and self._marks > self.files + 1):
            return self._end(Refused(413, self._words))
        return message

    def _count(self, piece: bytes) -> None:
        if self._mark:
            seen = self._tail + piece
            self._marks += seen.count(self._mark)
            self._tail = seen[max(len(seen) - len(self._mark) + 1, 0) :]

    def _end(self, refused: Refused) -> Message:
        self.refused = refused
        return {"type": "http.disconnect"}
