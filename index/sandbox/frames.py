"""What passes through the pipes of a sandbox: a kind, a length, and so many bytes.

Nothing is pickled: what a child says is data of somebody's, and is read as such.
"""

from __future__ import annotations

import os
import select
import struct
from typing import NamedTuple

_HEAD = struct.Struct(">cI")
_BLOCK = 2**20
LARGEST = 256 * 2**20  # bytes of one frame

TROUBLE, ENDED, JOB = "!", "#", "?"
"""Kinds that are not a job's own: why it gave up; how its process ended; what is to be done."""
NO_MEMORY = 77
"""The exit status of a child that had no more memory and knew it."""


class Frame(NamedTuple):
    """One message; `kind` is a single ASCII character."""

    kind: str
    content: bytes


class Frames:
    """The frames that come through a pipe. Where `asker` is hung up meanwhile, nobody wants them any more."""

    def __init__(self, pipe: int, asker: int | None = None) -> None:
        self._pipe = pipe
        self._asker = asker
        self._kept = bytearray()

    def next(self, timeout: float | None = None) -> Frame | None:
        """The next frame; None at the end, and where the pipe breaks off or says what is no frame.

        TimeoutError where nothing came for `timeout` seconds, ConnectionError where nobody wants it.
        """
        head = self._taken(_HEAD.size, timeout)
        if head is None:
            return None
        kind, size = _HEAD.unpack(head)
        content = self._taken(size, timeout) if size <= LARGEST else None
        return None if content is None else Frame(kind.decode("ascii", "replace"), content)

    def _taken(self, size: int, timeout: float | None) -> bytes | None:
        while len(self._kept) < size:
            ready = select.select(
                [self._pipe, *([] if self._asker is None else [self._asker])], [], [], timeout
            )[0]
            if not ready:
                raise TimeoutError
            if self._pipe not in ready:
                raise ConnectionError("hung up")
            block = os.read(self._pipe, _BLOCK)
            if not block:
                return None
            self._kept += block
        taken = bytes(self._kept[:size])
        del self._kept[:size]
        return taken


def send(pipe: int, frame: Frame) -> None:
    """ValueError where the content is too large for a frame; OSError where nobody reads any more."""
    if len(frame.content) > LARGEST:
        raise ValueError(f"holds more than {LARGEST // 2**20} MB in one piece")
    left = memoryview(_HEAD.pack(frame.kind.encode("ascii"), len(frame.content)) + frame.content)
    while left:
        left = left[os.write(pipe, left) :]
