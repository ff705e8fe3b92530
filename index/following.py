"""When to look at folders that a library follows: as the system tells of changes, else every few seconds.

Owns the waiting. What the system tells only ends it: what changed is found by looking (`index.watching`), so that
nothing is lost with a message that did not come, as from another machine's writing to a shared drive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfiles import watch

from index.watching import Watching

_PACE = 1.0  # seconds between two looks that have to find the same
_POLLED = 2.0  # seconds between looks where the system tells nothing
_PATIENCE = 5  # times that, between two tries to write what another keeps from being written
_SWEEP = 60.0  # seconds after which is looked anyway


def follow(
    watching: Watching,
    stop: threading.Event,
    *,
    poll: bool = False,
    pace: float = _PACE,
    sweep: float = _SWEEP,
) -> None:
    """Keep a library in step with its folders until `stop` is set."""
    due, looked = True, -sweep
    for changed in _ticks(watching, stop, poll, pace):
        waited = time.monotonic() - looked
        due = due or changed or waited >= sweep
        if due and waited >= pace * (_PATIENCE if watching.waiting else 1):
            looked = time.monotonic()
            due = not watching.step()


def _ticks(watching: Watching, stop: threading.Event, poll: bool, pace: float) -> Iterator[bool]:
    """Whether anything may have changed, again and again, at least once each `pace`."""
    while not stop.is_set():
        there = _identities(watching.folders)
        if poll or not there:
            yield True
            stop.wait(pace if not poll else max(pace, min(_POLLED, 2 * pace)))
            continue
        try:
            yield from _told(watching, there, stop, pace)
        except (OSError, RuntimeError) as error:
            if _identities(watching.folders) == there:
                watching.tell(
                    f"The system does not tell of changes ({error}): looking every few seconds instead."
                )
                poll = True


def _told(
    watching: Watching, there: dict[Path, tuple[int, int]], stop: threading.Event, pace: float
) -> Iterator[bool]:
    """The same, as the system tells it, until one of the folders comes, goes or is another."""
    wait = max(int(pace * 500), 1)
    changes = watch(
        *there,
        watch_filter=None,
        debounce=wait,
        rust_timeout=wait,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    began = True  # what happened before it began to be told is not told
    for told in changes:
        yield began or any(watching.concerns(Path(path)) for _, path in told)
        began = False
        if _identities(watching.folders) != there:
            return


def _identities(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Which folders are there, and which they are."""
    found = {}
    for folder in folders:
        try:
            status = folder.stat()
        except OSError:
            continue
        found[folder] = (status.st_dev, status.st_ino)
    return found
