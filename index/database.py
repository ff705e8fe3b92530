"""The databases a catalog may be in: a SQLite file, or a schema in PostgreSQL.

Owns how each is connected to. All libraries that a process has on one PostgreSQL server share one pool of
connections; which schema a connection works in is set when a library takes it. Refuses to know the tables.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from index.errors import ExtraMissing, LibraryError, SettingsError
from index.settings import StorageSettings

_DRIVER = "postgresql+psycopg"
_PATIENCE, _PAUSE = 5.0, 0.01  # seconds to wait for another writer, and between two looks
_CONNECTIONS, _MORE = 10, 20  # kept open, and opened beside them where all are in use
_CONNECTING = {
    "connect_timeout": 10,
    "application_name": "ibid",
    "options": "-c search_path=pg_catalog",  # until a library takes the connection, it sees nobody's tables
    "prepare_threshold": None,  # a plan that is kept does not know which words a search is for
}
_pools: dict[URL, Engine] = {}
_opening = threading.Lock()


def file_database(folder: Path) -> Engine:
    """The SQLite database in a library's folder."""
    engine = create_engine(f"sqlite:///{folder / 'catalog.sqlite3'}")
    write_ahead(engine, _PATIENCE)
    return engine


def write_ahead(engine: Engine, patience: float) -> None:
    """Have an SQLite database keep a write-ahead log that is written through, and wait so many seconds for a writer."""

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={1000 * patience:.0f}")
        until = time.monotonic() + patience
        while True:  # SQLite does not wait by itself where another turns the log on
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(_PAUSE)
        connection.execute("PRAGMA synchronous=FULL")


def server_database(storage: StorageSettings) -> Engine:
    """The library's schema in PostgreSQL, made where there is none.

    SettingsError where the URL is none of PostgreSQL, LibraryError where the server does not let us in.
    """
    url, schema = _url_of(storage), storage.namespace or "public"
    with _opening:
        shared = _pools.get(url)
        if shared is None:
            shared = _pools[url] = _pool(url)
    engine = shared.execution_options()

    @event.listens_for(engine, "engine_connect")
    def _enter(connection: Connection) -> None:
        if connection.info.get("schema") != schema:
            held = connection.connection
            held.cursor().execute(f'SET search_path TO "{schema}"')
            held.commit()
            connection.info["schema"] = schema

    try:
        _make_schema(engine, schema)
    except DBAPIError as error:
        raise LibraryError(
            f"The database {shown(engine)} cannot be used: {str(error.orig).strip()}. "
            "Check storage.database and IBID_STORAGE__PASSWORD, and that the server is up."
        ) from error
    return engine


def is_server(engine: Engine) -> bool:
    """Whether several machines may share the database."""
    return engine.dialect.name == "postgresql"


def schemas(engine: Engine, begin: str) -> list[str]:
    """The schemas of a server whose names begin so, in order; none where the database is a file."""
    if not is_server(engine):
        return []
    return sorted(name for name in inspect(engine).get_schema_names() if name.startswith(begin))


def shown(engine: Engine) -> str:
    """How a database is named to people: without a password."""
    return engine.url.render_as_string(hide_password=True)


def _url_of(storage: StorageSettings) -> URL:
    try:
        url = make_url(storage.database)
    except ArgumentError as error:
        raise SettingsError(f"storage.database is no URL: {_FORM}") from error
    if url.get_backend_name() != "postgresql":
        raise SettingsError(f"storage.database names {url.get_backend_name()}: {_FORM}")
    password = storage.password.get_secret_value()
    url = url.set(drivername=_DRIVER)
    return url.set(password=password) if password else url


_FORM = f"give it as `{_DRIVER}://user@host/database`, and the password in IBID_STORAGE__PASSWORD."


def _pool(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            connect_args=_CONNECTING,
            hide_parameters=True,
            pool_size=_CONNECTIONS,
            max_overflow=_MORE,
            pool_pre_ping=True,
            pool_use_lifo=True,
        )
    except ImportError as error:
        raise ExtraMissing("storage.database", "server") from error


def _make_schema(engine: Engine, schema: str) -> None:
    with engine.begin() as connection:
        known = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if connection.exec_driver_sql(known, (schema,)).first() is None:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('ibid schemas'))")
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def drop_schema(engine: Engine, schema: str) -> None:
    """Forget a library's schema and all that is in it; the one that every database has is not a library's own."""
    if not schema:
        raise ValueError("only a library in a schema of its own can be dropped")
    with engine.begin() as connection:
        connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
