"""A process that writes to a library in a folder, for as long as a test wants."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    """A process of its own that holds the lock until the block ends."""
    command = [sys.executable, "-c", _HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
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
