"""Children forked to be watched, killed or given up, and what they said.

Owns the pipe through which a child speaks, and its end. Whoever forks has opened no library: what is forked while
Chroma is open inherits locks that nobody is left to let go.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from index import failpoints, probing

_HANGS = 120.0  # seconds after which a child is taken to hang

Say = Callable[..., None]
Asked = Callable[[Sequence[str], float], tuple[list[str], str]]


def child(
    act: Callable[[Say], None], failpoint: str = "", after: float | None = None
) -> tuple[list[list[str]], int]:
    """What a forked child said, and how it ended, as `subprocess` tells it; killed `after` seconds, where given."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    forked = os.fork()
    if forked == 0:
        os.close(reading)
        _live(act, failpoint, writing)
    os.close(writing)
    deadline = time.monotonic() + (_HANGS if after is None else after)
    told = b""
    with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123
        while select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
            if not (piece := pipe.read(65536)):
                break
            told += piece
        else:
            os.kill(forked, signal.SIGKILL)
    _, status = os.waitpid(forked, 0)
    ended = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return [json.loads(line) for line in told.decode().split("\n")[:-1]], ended


def _live(act: Callable[[Say], None], failpoint: str, pipe: int) -> None:
    """A child's whole life."""

    def say(*words: str) -> None:
        if len(words) > 1:
            os.write(pipe, f"{json.dumps(words)}\n".encode())

    code = 1
    try:
        os.environ[failpoints.VARIABLE] = failpoint
        failpoints.arm()
        act(say)
        code = 0
    except BaseException:  # noqa: BLE001  (whatever it is, it is to be told)
        with suppress(OSError):
            say("trouble", traceback.format_exc())
    finally:
        os._exit(code)


def forking_prober() -> Asked:
    """What asks as `probing` does, but of forks of this process as it is now, before it opens a library.

    Hundreds of interpreters would take longer than all the rest.
    """
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        try:
            _answer(theirs)
        finally:
            os._exit(0)
    theirs.close()
    speaking = ours.makefile("rw", encoding="utf-8")

    def asked(arguments: Sequence[str], patience: float) -> tuple[list[str], str]:
        print(json.dumps([list(arguments), patience]), file=speaking, flush=True)
        lines, ended = json.loads(speaking.readline())
        return lines, ended

    return asked


def _answer(asking: socket.socket) -> None:
    """Look into folders, each in a fork of its own, until nobody asks any more."""
    with asking.makefile("rw", encoding="utf-8") as speaking:
        for line in speaking:
            (folder, model, fingerprint), patience = json.loads(line)

            def look(say: Say, arguments: tuple[Path, str, str] = (Path(folder), model, fingerprint)) -> None:
                for said in probing.told(*arguments):
                    say("line", said)

            lines, ended = child(look, after=patience)
            trouble = "it never ended" if ended == -signal.SIGKILL else f"it ended with {ended}"
            print(json.dumps([[said for _, said in lines], trouble * bool(ended)]), file=speaking, flush=True)
