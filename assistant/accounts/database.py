"""The database that accounts are kept in, and changes to it that must not cross.

SQLite in the library's folder, readable by its owner alone, or a schema of its own on PostgreSQL where libraries are
kept there. Every replica of a server uses the same one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable

from assistant.accounts.tables import facts, metadata
from index.errors import ExtraMissing, LibraryError
from index.settings import StorageSettings

FILE = "accounts.sqlite3"
SCHEMA = "ibid_accounts"
VERSION = "1"
_CREATING = 0x1B1D  # what processes that create the tables at once wait for, on PostgreSQL


def engine(folder: Path, storage: StorageSettings = StorageSettings()) -> Engine:
    """The engine of a server's accounts, ready for `prepare`. ExtraMissing, LibraryError."""
    return _on_server(storage) if storage.database else _in_folder(folder)


def prepare(engine: Engine) -> None:
    """Create what is not there yet; several processes may do so at once. LibraryError."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATING})
                connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in sorted(table.indexes, key=lambda index: str(index.name)):
                    connection.execute(CreateIndex(index, if_not_exists=True))
            _put_version(connection)
    except SQLAlchemyError as error:
        raise LibraryError(f"The accounts in {_named(engine)} cannot be opened: {error}") from error


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other of these runs beside, on any replica: what it reads stays true until it ends.

    The first thing it does is to write a row that all of them write, which both databases make the others wait for.
    """
    with engine.begin() as connection:
        connection.execute(update(facts).where(facts.c.key == "schema").values(value=facts.c.value))
        yield connection


def _put_version(connection: Connection) -> None:
    connection.execute(update(facts).where(facts.c.key == "schema").values(value=facts.c.value))
    stored = connection.scalar(select(facts.c.value).where(facts.c.key == "schema"))
    if stored is None:
        connection.execute(insert(facts).values(key="schema", value=VERSION))
    elif stored != VERSION:
        raise LibraryError(f"The accounts have schema {stored}, this Ibid reads {VERSION}: update Ibid.")


def _in_folder(folder: Path) -> Engine:
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LibraryError(f"The accounts {path} cannot be kept there: {error.strerror}.") from error
    made = create_engine(f"sqlite:///{path}")

    @event.listens_for(made, "connect")
    def _configure(connection: sqlite3.Connection, _: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    return made


def _on_server(storage: StorageSettings) -> Engine:
    url = make_url(storage.database)
    if password := storage.password.get_secret_value():
        url = url.set(password=password)
    try:
        return create_engine(
            url, pool_pre_ping=True, connect_args={"options": f"-csearch_path={SCHEMA} -ctimezone=UTC"}
        )
    except ImportError as error:
        raise ExtraMissing(url.drivername, "server") from error


def _named(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
