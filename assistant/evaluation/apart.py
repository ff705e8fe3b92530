"""How the reading of one file ends in its sandbox: files made to do harm are read so, one by one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from index.errors import ReadError
from index.readers.job import heard
from index.sandbox.client import Overrun, Sandbox

_JOB, _READER = "index.readers.job:read_file", "index.readers.pdf.reader"


class Ending(NamedTuple):
    """`added`, `refused` with its reader's reason, or `ended` by the sandbox with its own.

    `seconds` by the clock, `computing` of them the processor's, and the most megabytes the process held.
    """

    outcome: str
    reason: str
    seconds: float
    computing: float
    megabytes: float


def ending(path: Path) -> Ending:
    """Read one file as a library does, and say how that ended."""
    started = time.perf_counter()
    outcome, reason = "added", ""
    with Sandbox() as sandbox:
        try:
            list(heard(sandbox.run(_JOB, str(path), modules=[_READER])))
        except Overrun as error:
            outcome, reason = "ended", str(error)
        except ReadError as error:
            outcome, reason = "refused", str(error)
        used = sandbox.used
    return Ending(outcome, reason, time.perf_counter() - started, used.seconds, used.memory / 2**20)
