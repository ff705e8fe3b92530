"""Another program on a stranger's data, held to the same limits.

`python -m index.sandbox.program MEMORY SECONDS PROGRAM …` takes them on and becomes the program. That gets the data on
its standard input and answers on its standard output; it reaches no network and changes no file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from index.sandbox.client import Overrun, environment
from index.sandbox.limits import MEGABYTE, Limits, confine

_SILENT = 4  # times the processor's seconds that it may take by the clock


def output_of(command: Sequence[str], data: bytes, limits: Limits) -> bytes:
    """What the program says of the data. Overrun where it fails, with the last line of what it complains of."""
    held = [sys.executable, "-P", "-m", __name__, str(limits.memory), str(limits.seconds), *command]
    try:
        done = subprocess.run(
            held,
            input=data,
            capture_output=True,
            env=environment(),
            timeout=limits.seconds * _SILENT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Overrun(f"is given up: {command[0]} took too long") from error
    if done.returncode == -signal.SIGXCPU:
        raise Overrun(f"takes {command[0]} more than {limits.seconds} s")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Overrun(f"cannot be handled by {command[0]}: {said or f'it ended with {done.returncode}'}")
    if len(done.stdout) > limits.output:
        raise Overrun(f"comes to more than {limits.output // MEGABYTE:,} MB")
    return done.stdout


def main() -> None:
    """Take on the limits and become the program."""
    memory, seconds, *command = sys.argv[1:]
    confine(Limits(int(memory), int(seconds)), programs=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
