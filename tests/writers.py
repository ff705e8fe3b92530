"""A process that writes to a library, for as long as a test wants."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from index.errors import LibraryLocked
from index.lock import FolderLock

_HOLD = """
import sys
from pathlib import Path
from index.lock import FolderLock
with FolderLock(Path(sys.argv[1])).writing("ibid add"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that holds the lock of a library in a folder until the block ends."""
    with holding(_HOLD, str(folder)) as process:
        yield process


@contextmanager
def holding(
    program: str, *given: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[str]]:
    """A process of a program that says `held` once it holds what it was started for, until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | dict(environment),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def told_after(folder: Path) -> float | None:
    """The seconds until a second writer is told that there is one; None where it is let in."""
    started = time.monotonic()
    try:
        with FolderLock(folder).writing("second"):
            return None
    except LibraryLocked:
        return time.monotonic() - started
