"""The same news to the same people once: from the command, from cron and from a running server.

Owns which digest the settings describe, the note of what was sent, and the lock that has one process send at
a time. Refuses to know when a digest is due, and how a letter travels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from assistant.digest import Wish
from index.library import Library
from ui.digest.forms import Edition
from ui.digest.letter import NotSent, PartlySent, letter, mark, send
from ui.settings import DigestSettings

Delivery = Literal["sent", "sent before", "no news"]


class Sending(NotSent):
    """Another process is sending a digest of this library."""


def wished(settings: DigestSettings) -> Wish:
    """The digest that the settings describe."""
    names = (name.strip() for name in settings.organizations.split(","))
    return Wish(
        since=settings.since,
        by=settings.by,
        organizations=tuple(dict.fromkeys(name for name in names if name)),
        topic=settings.topic,
    )


@contextmanager
def sending(folder: Path, patience: float) -> Iterator[None]:
    """Be the one process that sends; Sending where another one does for `patience` seconds on end."""
    lock = FileLock(folder / "digest.lock", timeout=patience, thread_local=False, is_singleton=False)
    try:
        lock.acquire()
    except Timeout:
        raise Sending(
            "Another process is sending a digest of this library: try again when it is done."
        ) from None
    try:
        yield
    finally:
        lock.release()


def deliver(edition: Edition, wish: Wish, library: Library, settings: DigestSettings) -> Delivery:
    """Send the edition, unless it holds no news or was sent; within `sending`.

    `wish` is what was configured, whichever day the edition reaches back to. Who took it has it: one who was
    refused is raised as PartlySent and does not have it sent to the others again. NotSent where nobody took it.
    """
    message = letter(edition, settings)
    kept, this = _sent_as(edition, wish, settings), mark(edition, settings)
    if not edition.news:
        return "no news"
    if library.catalog.fact(kept) == this:
        return "sent before"
    try:
        send(message, settings)
    except PartlySent:
        library.catalog.set_fact(kept, this)
        raise
    library.catalog.set_fact(kept, this)
    return "sent"


def _sent_as(edition: Edition, wish: Wish, settings: DigestSettings) -> str:
    """Under which name it is noted what was sent: one for each wish and its recipients."""
    whose = f"{settings.recipients}\n{wish.model_dump_json()}\n{edition.questions is None}"
    return f"sent {hashlib.sha256(whose.encode('utf-8', 'replace')).hexdigest()[:32]}"
