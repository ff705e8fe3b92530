"""The database that accounts are kept in, and changes to it that must not cross.

SQLite in the library's folder, readable by its owner alone, or a schema of its own on PostgreSQL where libraries are
kept there. Every replica of a server uses the same one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from assistant.accounts.tables import facts, metadata
from index.database import is_server, server_database, shown, write_ahead
from index.errors import LibraryError
from index.settings import StorageSettings

FILE = "accounts.sqlite3"
SCHEMA = "ibid_accounts"
VERSION = "1"
_PATIENCE = 10.0  # seconds to wait for another that writes
_CREATING = 0x1B1D  # what processes that create the tables at once wait for, on PostgreSQL


def engine(folder: Path, storage: StorageSettings = StorageSettings()) -> Engine:
    """The engine of a server's accounts, ready for `prepare`. SettingsError, ExtraMissing, LibraryError."""
    if not storage.database:
        return _in_folder(folder)
    return server_database(storage.model_copy(update={"namespace": SCHEMA}))


def prepare(engine: Engine) -> None:
    """Create the tables where there are none; several processes may do so at once. LibraryError."""
    try:
        with engine.begin() as connection:
            if is_server(engine):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATING})
            version = _version(connection) or _create(connection)
    except SQLAlchemyError as error:
        raise LibraryError(f"The accounts in {shown(engine)} cannot be opened: {error}") from error
    if version != VERSION:
        raise LibraryError(f"The accounts have schema {version}, this Ibid reads {VERSION}: update Ibid.")


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other of these runs beside, on any replica: what it reads stays true until it ends.

    The first thing it does is to write a row that all of them write, which both databases make the others wait for.
    """
    with engine.begin() as connection:
        connection.execute(update(facts).where(facts.c.key == "schema").values(value=facts.c.value))
        yield connection


def _version(connection: Connection) -> str | None:
    """The version of the tables, which is written when all of them are there."""
    if not inspect(connection).has_table(facts.name):
        return None
    return connection.scalar(select(facts.c.value).where(facts.c.key == "schema"))


def _create(connection: Connection) -> str:
    """Create the tables; not to be done over tables in use, since it waits for whoever works on one of them."""
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    fact = kind.insert(facts).values(key="schema", value=VERSION)
    connection.execute(fact.on_conflict_do_nothing())
    return _version(connection) or VERSION


def _in_folder(folder: Path) -> Engine:
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LibraryError(f"The accounts {path} cannot be kept there: {error.strerror}.") from error
    made = create_engine(f"sqlite:///{path}", hide_parameters=True)
    write_ahead(made, _PATIENCE)
    return made
