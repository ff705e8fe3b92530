"""The process that a sandbox's children are forked from: `python -m index.sandbox.nursery`.

It has one thread and imports what jobs need once, so that a child costs milliseconds. It opens no file of a
stranger's itself. A job comes in on standard input; what its child says goes out on standard output, and last how
the child ended. Children have nothing of the two: each speaks through a pipe of its own, whole frames of which are
passed on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from index.sandbox.frames import ENDED, JOB, NO_MEMORY, TROUBLE, Frame, Frames, send
from index.sandbox.limits import Limits, confine, die_with_parent


def main() -> None:
    """Serve jobs until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that uses this one
    asker, said = os.dup(0), os.dup(1)
    for standard in (0, 1):
        os.dup2(os.open(os.devnull, os.O_RDWR), standard)
    asked = Frames(asker)
    with suppress(ConnectionError):  # whoever asked is gone, and a child with this process
        while (frame := asked.next()) and frame.kind == JOB:
            _serve(json.loads(frame.content), asker, said)


def _serve(job: dict[str, Any], asker: int, said: int) -> None:
    limits = Limits(*job["limits"])
    for module in job["modules"]:
        with suppress(Exception):  # the child meets the same fault, and tells it
            import_module(module)
    pipe, childs = os.pipe()
    child = os.fork()
    if child == 0:
        _work(job, limits, childs)
    os.close(childs)
    spoken, spoke = 0, Frames(pipe, asker)
    while (frame := spoke.next()) and spoken <= limits.output:
        spoken += len(frame.content)
        send(said, frame)
    os.close(pipe)
    if spoken > limits.output:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    ended = {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "too_much": spoken > limits.output,
    }
    send(said, Frame(ENDED, json.dumps(ended).encode()))


def _work(job: dict[str, Any], limits: Limits, pipe: int) -> NoReturn:
    """The child's whole life."""
    code = 1
    try:
        die_with_parent()
        os.closerange(3, pipe)
        os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))
        confine(limits)
        code = _done(job, pipe)
    finally:
        os._exit(code)


def _done(job: dict[str, Any], pipe: int) -> int:
    module, _, name = job["function"].partition(":")
    try:
        for kind, content in getattr(import_module(module), name)(*job["arguments"]):
            send(pipe, Frame(kind, content))
    except MemoryError:
        return NO_MEMORY
    except Exception as error:  # noqa: BLE001  (a reader may raise what it likes; it is this file's failure)
        send(pipe, Frame(TROUBLE, f"{type(error).__name__}\0{error}".encode("utf-8", "replace")))
    return 0


if __name__ == "__main__":
    main()
