"""What a disk that is full, or that fails, is called.

Owns how such errors are recognised, whoever raised them, and the words in which they are told. SQLite, Chroma and
tantivy each have an error of their own for the same thing, the latter two only as text.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from index.errors import DiskTrouble

_ROOM = 16 * 2**20  # bytes
_FULL = ("database or disk is full", "no space left", "disk quota exceeded", "os error 28", "file too large")
_FAILING = ("disk i/o error", "input/output error", "os error 5)")
_READ_ONLY = ("readonly database", "read-only file system", "os error 30")
_NUMBERS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EIO: _FAILING,
    errno.EROFS: _READ_ONLY,
}
_REMEDIES = {
    _FULL: "is full. Make room, and run the same again",
    _FAILING: "fails to read or write. Look at the disk, or copy the library to another one, and run the same again",
    _READ_ONLY: "cannot be written to. Make it writable, and run the same again",
}


def without_reason(error: Exception, folder: Path) -> DiskTrouble | None:
    """The same for an error that may not tell its reason, as Chroma's do not: a disk without room is taken for it."""
    told = trouble(error, folder)
    if told is None and shutil.disk_usage(folder).free < _ROOM:
        told = trouble(OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {error}"), folder)
    return told


def trouble(error: BaseException | None, folder: Path | str) -> DiskTrouble | None:
    """The error to raise instead where one, or what it came from, is the disk's; None where it is not."""
    while error is not None:
        if isinstance(error, DiskTrouble):
            return error
        kind = _kind(error)
        if kind is not None:
            said = str(error).strip().splitlines()[0]
            return DiskTrouble(
                f"The disk that {folder} lies on {_REMEDIES[kind]}: what was stored before is whole, and can be "
                f"asked. ({said})"
            )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


@contextmanager
def told_plainly(folder: Path | str) -> Iterator[None]:
    """Raise DiskTrouble in place of what a disk that is full or fails made others raise."""
    try:
        yield
    except Exception as error:
        told = trouble(error, folder)
        if told is None or told is error:
            raise
        raise told from error


def watch(engine: Engine, folder: Path | str) -> None:
    """Have whatever uses an engine meet DiskTrouble where its disk is full or fails."""

    @event.listens_for(engine, "handle_error")
    def _translate(context: Any) -> None:
        told = trouble(context.original_exception, folder)
        if told is not None:
            raise told from context.original_exception


def _kind(error: BaseException) -> tuple[str, ...] | None:
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    said = str(error).lower()
    return next((kind for kind in _REMEDIES if any(words in said for words in kind)), None)
