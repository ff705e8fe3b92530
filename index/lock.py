"""One writer at a time, across processes, and a name for the one who is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import LibraryLocked

_PATIENCE = 0.5  # seconds; a second writer is told within one


@contextmanager
def writing(folder: Path, purpose: str) -> Iterator[None]:
    """Hold the library's write lock; LibraryLocked names the holder where another has it."""
    lock = FileLock(folder / "write.lock", timeout=_PATIENCE, thread_local=False, is_singleton=False)
    holder = folder / "writer.json"
    try:
        lock.acquire()
    except Timeout:
        raise LibraryLocked(
            f"{folder} is being written by {_described(holder)}. Wait for it to end, or stop it; "
            "reading goes on meanwhile."
        ) from None
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        holder.write_text(json.dumps({"process": os.getpid(), "purpose": purpose, "since": started}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def purpose(folder: Path) -> str:
    """What the library is being written for, in whatever process; empty where nobody writes."""
    holder = folder / "writer.json"
    try:
        told = str(json.loads(holder.read_text())["purpose"])
    except (OSError, ValueError, KeyError):
        return ""
    lock = FileLock(folder / "write.lock", timeout=0, thread_local=False, is_singleton=False)
    try:
        lock.acquire()
    except Timeout:
        return told
    lock.release()
    return ""  # whoever wrote was killed


def _described(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text())
        return f"process {told['process']} (`{told['purpose']}`, since {told['since']} UTC)"
    except (OSError, ValueError, KeyError):
        return "another process"
