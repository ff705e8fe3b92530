"""Replies kept on disk, so that the same prompt is answered again without a request.

Owns what makes two requests the same, and how much is kept. A reply is kept only when it came whole; its
pieces come again as they came. No key is part of it. That the file cannot be used costs the saving and
nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.models.database import transaction
from assistant.models.schema import Message, Usage
from index.schema import Value

_LOG = logging.getLogger(__name__)
_ROOM = 0.9
"""How full the cache is left when it has been full."""


class Kept(Value):
    """A reply out of the cache."""

    pieces: tuple[str, ...]
    usage: Usage


def request_key(model: str, address: str, messages: Sequence[Message], options: Mapping[str, Any]) -> str:
    """What two requests have in common exactly when they are the same."""
    said = [[message.role, message.text] for message in messages]
    whole = {"model": model, "address": address, "messages": said, "options": dict(options)}
    canonical = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


class ReplyCache:
    """The replies in a file, up to a number of megabytes; the ones not used for longest make room."""

    def __init__(self, file: Path, megabytes: float, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._bytes = int(megabytes * 1_000_000)
        self._clock = clock

    def find(self, key: str) -> Kept | None:
        """The reply kept under that key."""
        try:
            with transaction(self._file) as connection:
                row = connection.execute("SELECT pieces, usage FROM replies WHERE key = ?", (key,)).fetchone()
                if row is None:
                    return None
                connection.execute("UPDATE replies SET used = ? WHERE key = ?", (self._clock(), key))
            return Kept(pieces=json.loads(row[0]), usage=Usage.model_validate_json(row[1]))
        except (sqlite3.Error, OSError, ValueError) as error:
            _LOG.warning("kept replies in %s cannot be read: %s", self._file, error)
            return None

    def keep(self, key: str, kept: Kept) -> None:
        """Keep a whole reply, and drop the oldest where there is no room."""
        pieces = json.dumps(kept.pieces, ensure_ascii=False)
        row = (key, pieces, kept.usage.model_dump_json(), len(pieces.encode()), self._clock())
        try:
            with transaction(self._file) as connection:
                connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?)", row)
                self._make_room(connection)
        except (sqlite3.Error, OSError, ValueError) as error:
            _LOG.warning("a reply cannot be kept in %s: %s", self._file, error)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        (total,) = connection.execute("SELECT total(bytes) FROM replies").fetchone()
        if total <= self._bytes:
            return
        oldest = connection.execute("SELECT key, bytes FROM replies ORDER BY used").fetchall()
        for key, size in oldest:
            if total <= self._bytes * _ROOM:
                break
            connection.execute("DELETE FROM replies WHERE key = ?", (key,))
            total -= size
