"""Named places at which a process can be made to die or a write to fail, to see what is left then.

Owns the places' names and what happens there. They are off, and cost the look into an empty table, unless the
process was started with `FAILPOINTS_IBID` in its environment: no setting, as nobody who uses a library or asks a
running server may switch one on. `caches.vectors_written:3=kill` ends the process by SIGKILL when it passes that
place for the third time; `catalog.written=error:ENOSPC` raises the system's error there, each time; `*=log:FILE`
writes down which places are passed. Several are separated by `|`.
"""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import NamedTuple

VARIABLE = "FAILPOINTS_IBID"

POINTS = (
    "catalog.writing",
    "catalog.written",
    "catalog.records_written",
    "catalog.failures_written",
    "catalog.removing",
    "catalog.removed",
    "catalog.marking",
    "catalog.marked",
    "caches.unsealed",
    "caches.vectors_removed",
    "caches.keywords_removed",
    "caches.vectors_written",
    "caches.chunk_words_written",
    "caches.keywords_written",
    "caches.position_written",
    "caches.position_reached",
    "caches.words_dropped",
    "caches.folder_made",
    "caches.folder_filled",
    "caches.folder_swapped",
    "caches.folder_swept",
    "seal.written",
    "seal.set",
    "ingest.recut",
    "ingest.restored",
    "contents.noted",
    "originals.copied",
    "originals.kept",
    "originals.swept",
    "aside.noted",
    "aside.forgotten",
    "conversation.writing",
    "conversation.written",
)
"""Every place, roughly in the order in which papers pass them."""


class Failpoint(NamedTuple):
    """What happens at a place: `at` its passing of that number, from 1; each time where it is 0."""

    at: int
    action: str
    argument: str


_set: dict[str, list[Failpoint]] = {}
_passed: dict[str, int] = {}


def reached(name: str) -> None:
    """Say that a place is passed; what was set for it happens. Raises the OSError that was set."""
    if not _set:
        return
    _passed[name] = number = _passed.get(name, 0) + 1
    for failpoint in (*_set.get(name, ()), *_set.get("*", ())):
        if failpoint.at in (0, number):
            _happen(failpoint, name)


def arm() -> None:
    """Take what the environment says, as is done once when this is imported. ValueError where it makes no sense."""
    _set.clear()
    _passed.clear()
    for told in filter(None, os.environ.get(VARIABLE, "").split("|")):
        place, equals, what = told.partition("=")
        name, _, number = place.partition(":")
        action, _, argument = what.partition(":")
        known = (name == "*" or name in POINTS) and (not number or number.isdecimal())
        if not (equals and known and _makes_sense(action, argument)):
            raise ValueError(f"{VARIABLE}: {told!r} is no failpoint; one is 'catalog.written:2=kill'")
        _set.setdefault(name, []).append(Failpoint(int(number or 0), action, argument))


def _makes_sense(action: str, argument: str) -> bool:
    if action == "error":
        return isinstance(getattr(errno, argument, None), int)
    return (action == "kill" and not argument) or (action == "log" and bool(argument))


def _happen(failpoint: Failpoint, name: str) -> None:
    if failpoint.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif failpoint.action == "error":
        number = getattr(errno, failpoint.argument)
        raise OSError(number, f"{os.strerror(number)} (failpoint {name})")
    else:
        with Path(failpoint.argument).open("a") as log:
            log.write(f"{name}\n")


arm()
