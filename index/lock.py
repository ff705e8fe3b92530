"""One writer at a time, across processes, and a name for the one who is.

A library in a folder is locked by a file of it; one in PostgreSQL by an advisory lock of the server, which other
machines meet too. Either lock ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, delete, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from index.database import is_server, shown
from index.errors import LibraryLocked
from index.tables import facts

_PATIENCE = 0.5  # seconds; a second writer is told within one
_WRITER = "writer"  # the fact that names the holder
_ALIVE = ["tcp_keepalives_idle=20", "tcp_keepalives_interval=5", "tcp_keepalives_count=4"]
"""By when the server gives up a writer whose machine went without a word: some 40 seconds."""


class Lock(Protocol):
    """The writer's lock of one library."""

    def writing(self, purpose: str) -> AbstractContextManager[None]:
        """Hold it while the block runs; LibraryLocked names the holder where another has it."""

    def purpose(self) -> str:
        """What the library is being written for, in whatever process; empty where nobody writes."""

    def fence(self, connection: Connection) -> None:
        """Called within each transaction that changes papers; LibraryLocked where the lock was lost meanwhile."""


def lock_of(folder: Path, engine: Engine) -> Lock:
    """The lock of the library in a folder, with its catalog in that database."""
    return DatabaseLock(engine) if is_server(engine) else FolderLock(folder)


class FolderLock:
    """The lock of a library in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._holder = folder / "writer.json"

    @contextmanager
    def writing(self, purpose: str) -> Iterator[None]:
        lock = self._lock(_PATIENCE)
        try:
            lock.acquire()
        except Timeout:
            raise _locked(str(self.folder), self._told()) from None
        try:
            self._holder.write_text(json.dumps(_me(purpose)))
            yield
        finally:
            self._holder.unlink(missing_ok=True)
            lock.release()

    def purpose(self) -> str:
        told = self._told()
        if "purpose" not in told:
            return ""
        lock = self._lock(0)
        try:
            lock.acquire()
        except Timeout:
            return str(told["purpose"])
        lock.release()
        return ""  # whoever wrote was killed

    def fence(self, connection: Connection) -> None:
        """A file's lock is not lost while its process lives."""

    def _lock(self, patience: float) -> FileLock:
        place = self.folder / "write.lock"
        return FileLock(place, timeout=patience, thread_local=False, is_singleton=False)

    def _told(self) -> dict[str, Any]:
        try:
            return _read(self._holder.read_text())
        except OSError:
            return {}


class DatabaseLock:
    """The lock of a library in PostgreSQL: held by a connection of its own, named by a fact of the catalog."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: int | None = None

    @contextmanager
    def writing(self, purpose: str) -> Iterator[None]:
        with self._engine.connect() as connection:
            held = connection.execution_options(isolation_level="AUTOCOMMIT")
            held.detach()  # closed at the end and not kept: the lock goes with it
            for setting in (f"lock_timeout={int(_PATIENCE * 1000)}", *_ALIVE):
                held.execute(text(f"SET {setting}"))
            try:
                held.execute(text(f"SELECT pg_advisory_lock({_KEY})"))
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") != "55P03":  # lock_not_available
                    raise
                raise _locked(shown(self._engine), self._told()) from None
            held.execute(text("SET lock_timeout=0"))
            _name(held, json.dumps(_me(purpose)))
            self._session = held.scalar(text("SELECT pg_backend_pid()"))
            try:
                yield
            finally:
                self._session = None
                with suppress(DBAPIError):  # a server that was started anew has let go of the lock
                    _name(held, None)

    def purpose(self) -> str:
        return str(self._told(text(_HELD)).get("purpose", ""))

    def fence(self, connection: Connection) -> None:
        if self._session is None:
            return
        if connection.scalar(text(f"SELECT {_HELD[:-1]} AND pid = {self._session})")) is not True:
            raise LibraryLocked(
                f"{shown(self._engine)} let go of the writer's lock, as it does when it is started anew. "
                "What was committed stays: begin again, and the rest will follow."
            )

    def _told(self, *conditions: Any) -> dict[str, Any]:
        with self._engine.connect() as connection:
            query = select(facts.c.value).where(facts.c.key == _WRITER, *conditions)
            return _read(connection.scalar(query) or "")


_KEY = "hashtext('ibid writer'), hashtext(current_schema())"
_HELD = (
    "EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND (classid::bigint, objid::bigint) = (hashtext('ibid writer')::bigint & 4294967295, "
    "hashtext(current_schema())::bigint & 4294967295))"
)


def _name(connection: Connection, holder: str | None) -> None:
    connection.execute(delete(facts).where(facts.c.key == _WRITER))
    if holder is not None:
        connection.execute(insert(facts).values(key=_WRITER, value=holder))


def _me(purpose: str) -> dict[str, Any]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"process": os.getpid(), "machine": socket.gethostname(), "purpose": purpose, "since": since}


def _read(told: str) -> dict[str, Any]:
    try:
        holder = json.loads(told)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _locked(library: str, holder: dict[str, Any]) -> LibraryLocked:
    who = "another process"
    if {"process", "purpose", "since"} <= set(holder):
        elsewhere = holder.get("machine", socket.gethostname()) != socket.gethostname()
        where = f" on {holder['machine']}" if elsewhere else ""
        who = f"process {holder['process']}{where} (`{holder['purpose']}`, since {holder['since']} UTC)"
    return LibraryLocked(
        f"{library} is being written by {who}. Wait for it to end, or stop it; reading goes on meanwhile."
    )
