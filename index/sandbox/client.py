"""Jobs on strangers' files, each in a limited process of its own that is gone afterwards.

Owns the nursery process that forks them, and the words for how a child may end. Refuses to know what a job does:
it is a generator named `module:function`, given strings and numbers, that yields `(kind, bytes)`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import index
from index import errors
from index.errors import ReadError
from index.sandbox import nursery
from index.sandbox.frames import ENDED, JOB, NO_MEMORY, TROUBLE, Frame, Frames, send
from index.sandbox.limits import MEGABYTE, Limits

_SILENT = 4  # times the processor's seconds without a word, after which a child is given up
_NEARLY = 0.6  # of the memory: a child that crashed with so much in use ran out of it
_KEPT = ("PATH", "PYTHONHOME", "LANG", "LC_ALL", "TZ")  # of the environment: keys and tokens stay here


class Overrun(ReadError):
    """A job's process ended otherwise than the job would have; the message goes on from the file's name."""


class Used(NamedTuple):
    """What a job took: seconds of processor time, and the most bytes of memory it held."""

    seconds: float = 0.0
    memory: int = 0


class Sandbox:
    """A place for one job at a time; use it from one thread at a time, and `close` it."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self.used = Used()
        self._nursery: tuple[subprocess.Popen[bytes], Frames] | None = None
        self._guard = threading.Lock()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the nursery, and with it what may be running."""
        with self._guard:
            started, self._nursery = self._nursery, None
        if started is None:
            return
        process, _ = started
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:  # closes its pipes and waits for it
            pass

    def run(
        self, function: str, *arguments: str | int | float | bool | None, modules: Sequence[str] = ()
    ) -> Iterator[Frame]:
        """What the job says, as it says it. `modules` are imported before the child is forked, once.

        ReadError where the job gave up, with its own words; Overrun where its process ended otherwise, with the
        one reason that fits: memory, time, too much said, or a crash. `used` is what it took. Left early, the job
        is ended.
        """
        job = {
            "function": function,
            "arguments": arguments,
            "modules": [*modules, function.partition(":")[0]],
            "limits": self.limits,
        }
        finished = False
        try:
            trouble: str | None = None
            for frame in self._asked(Frame(JOB, json.dumps(job).encode())):
                if frame.kind == ENDED:
                    finished = True
                    self._judge(json.loads(frame.content), trouble)
                elif frame.kind == TROUBLE:
                    trouble = frame.content.decode("utf-8", "replace")
                else:
                    yield frame
        finally:
            if not finished:
                self.close()

    def _asked(self, job: Frame) -> Iterator[Frame]:
        nursery, said = self._started()
        try:
            send(nursery.stdin.fileno(), job)  # type: ignore[union-attr]
            while frame := said.next(self.limits.seconds * _SILENT):
                yield frame
                if frame.kind == ENDED:
                    return
        except TimeoutError as error:
            raise Overrun("was given up: the process that read it fell silent") from error
        except OSError as error:
            raise Overrun(f"cannot be handed to a process of its own: {error}") from error
        raise Overrun("was given up: the process that read it was ended from outside")

    def _started(self) -> tuple[subprocess.Popen[bytes], Frames]:
        if self._nursery is not None and self._nursery[0].poll() is not None:
            self.close()
        with self._guard:
            if self._nursery is None:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", nursery.__name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment(),
                    bufsize=0,
                    start_new_session=True,
                )
                self._nursery = process, Frames(process.stdout.fileno())  # type: ignore[union-attr]
            return self._nursery

    def _judge(self, ended: dict[str, float], trouble: str | None) -> None:
        """Raise the reason why a job did not end well."""
        self.used = Used(ended["seconds"], int(ended["memory"]))
        number, limits = int(ended["signal"]), self.limits
        if ended["too_much"]:
            raise Overrun(f"comes to more than {limits.output // MEGABYTE:,} MB once it is read; split it")
        if number == signal.SIGXCPU or (number == signal.SIGKILL and self.used.seconds >= limits.seconds):
            raise Overrun(
                f"takes more than {limits.seconds} s of processor time to read; split it or save it anew"
            )
        if ended["code"] == NO_MEMORY or (number and self.used.memory > _NEARLY * limits.memory):
            raise Overrun(
                f"needs more than {limits.memory // MEGABYTE:,} MB of memory to read; split it or save it anew"
            )
        if number:
            name = signal.Signals(number).name
            raise Overrun(f"crashes its parser ({name}): it is damaged, or made to do so; save it anew")
        if trouble is not None:
            raise _translated(trouble)
        if ended["code"]:
            raise Overrun(f"was given up: the process that read it ended with {int(ended['code'])}")


def environment() -> dict[str, str]:
    """The variables of a confined process: what it needs to start, and no keys."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    code = str(Path(index.__file__).parents[1])
    plain = {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return kept | plain | {"PYTHONPATH": os.pathsep.join([code, *filter(None, sys.path)])}


def _translated(trouble: str) -> ReadError:
    """What a job raised: an error of ours as itself, another's as one that names its type."""
    name, _, message = trouble.partition("\0")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.IbidError):
        return kind(message) if issubclass(kind, ReadError) else ReadError(message)
    return ReadError(f"{name}: {message}")
