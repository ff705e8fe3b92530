"""Jobs that misbehave, for the tests of the sandbox; each runs in a child."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from index.errors import ReadError

Said = Iterator[tuple[str, bytes]]


def think(threads: int) -> Said:
    """Threads of its own a job may have."""
    working = [threading.Thread(target=sum, args=(range(1000),)) for _ in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    yield "e", b"thought"


def echo(text: str, times: int) -> Said:
    for _ in range(times):
        yield "e", text.encode()


def give_up(reason: str) -> Said:
    yield "e", b"before"
    raise ReadError(reason)


def stumble() -> Said:
    yield "e", b"before"
    raise RuntimeError("over its own feet")


def spin() -> Said:
    yield "e", b"before"
    while True:
        pass


def hoard() -> Said:
    yield "e", b"before"
    kept = []
    while True:
        kept.append(bytes(2**22))


def crash() -> Said:
    yield "e", b"before"
    ctypes.string_at(8)


def chatter() -> Said:
    while True:
        yield "e", bytes(2**20)


def wait() -> Said:
    yield "e", str(os.getpid()).encode()
    threading.Event().wait()


def environment() -> Said:
    for name in os.environ:
        yield "e", name.encode()


def attempt(what: str, path: str, port: int) -> Said:
    """Try something forbidden; says "done" or why not."""
    attempts = {
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=1),
        "look up": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "run": lambda: subprocess.run(["true"], check=True),
        "write": lambda: Path(path).write_text("changed"),
        "append": lambda: os.open(path, os.O_RDWR),
        "make": lambda: Path(f"{path}.new").write_text("made"),
        "delete": lambda: Path(path).unlink(),
        "rename": lambda: Path(path).rename(f"{path}.moved"),
        "empty": lambda: os.truncate(path, 0),
        "open to all": lambda: Path(path).chmod(0o777),
        "kill": lambda: os.kill(os.getppid(), 9),
        "fork": os.fork,
        "fork and run": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "native connect": lambda: _native_socket(),
    }
    try:
        attempts[what]()
    except OSError as error:
        yield "e", f"refused: {error.strerror}".encode()
    else:
        yield "e", b"done"


def _native_socket() -> None:
    """A socket as native code makes one, past all that Python looks at."""
    system = ctypes.CDLL(None, use_errno=True)
    if system.socket(2, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
