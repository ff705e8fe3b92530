"""How the reading of one file ends, in a process of its own that is held to limits: `hostile` files are read so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

_MEMORY = 2**30
_SECONDS = 60
_CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from index.errors import ReadError
from index.readers.pdf.reader import read_pdf
try:
    print(json.dumps(["added", ""] if list(read_pdf(Path(sys.argv[1]))) else ["refused", "holds no papers"]))
except ReadError as error:
    print(json.dumps(["refused", str(error)]))
except MemoryError:
    print(json.dumps(["refused", "needs more than 1 GB of memory"]))
"""


class Ending(NamedTuple):
    """`added`, `refused` with its reason, or `died`; the seconds it took and the most megabytes it held."""

    outcome: str
    reason: str
    seconds: float
    megabytes: float


def read_apart(path: Path) -> Ending:
    """Read one file in a process with a gigabyte of addresses and a minute of computing."""
    program = _CHILD.format(memory=_MEMORY, seconds=_SECONDS)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    with process.stdout as said:
        told = said.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, megabytes = time.perf_counter() - started, used.ru_maxrss / 2**10
    if process.returncode or not told.strip():
        return Ending("died", _death(process.returncode), seconds, megabytes)
    outcome, reason = json.loads(told.splitlines()[-1])
    return Ending(outcome, reason, seconds, megabytes)


def _death(code: int) -> str:
    return "took more than 60 seconds" if code in (-9, -24) else f"ended with {code}"
