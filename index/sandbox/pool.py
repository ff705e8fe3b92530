"""Sandboxes kept for the next job: starting one takes a third of a second, a job in it milliseconds."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from index.sandbox.client import Sandbox
from index.sandbox.limits import Limits

_MOST_IDLE = 4

_idle: list[Sandbox] = []
_guard = threading.Lock()


@contextmanager
def lent(limits: Limits) -> Iterator[Sandbox]:
    """A sandbox with these limits, for one thread."""
    with _guard:
        sandbox = _idle.pop() if _idle else Sandbox()
    sandbox.limits = limits
    try:
        yield sandbox
    finally:
        with _guard:
            kept = len(_idle) < _MOST_IDLE
            if kept:
                _idle.append(sandbox)
        if not kept:
            sandbox.close()


@atexit.register
def close_idle() -> None:
    """End those that wait for a job."""
    with _guard:
        idle, _idle[:] = list(_idle), []
    for sandbox in idle:
        sandbox.close()
