"""A library's database as one SQLite file, taken while others read and write, and put back.

Owns both ways for both kinds of database. Of SQLite it is the whole file as it was at one moment; of PostgreSQL it is
every row of the tables named, read in one transaction that sees one moment. Tables that are made from others
(`info={"derived": True}`) do not go from one kind to the other: each makes its own. Refuses to know what the rows mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from index.errors import LibraryError
from index.migrate import Tables, bring_up

_ROWS = 500


def take(engine: Engine, tables: Sequence[Tables], snapshot: Path) -> None:
    """Write the database as it is now into a new SQLite file. LibraryError where there is no room for it."""
    try:
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as reading:
                reading.exec_driver_sql("VACUUM INTO ?", (str(snapshot),))
        else:
            with opened(snapshot, tables) as target:
                _copy_rows(engine, target, tables)
    except DBAPIError as error:
        raise LibraryError(f"The catalog cannot be copied to {snapshot.parent}: {error.orig}") from error


def put(snapshot: Path, engine: Engine, tables: Sequence[Tables]) -> None:
    """Have the database hold what a snapshot holds, and nothing else, in one transaction.

    The snapshot is brought to this Ibid's revision first, in its own file: LibraryError where it is of a later Ibid.
    """
    with opened(snapshot, tables) as source:
        try:
            if engine.dialect.name == "sqlite":
                _copy_pages(source, engine)
            else:
                for each in tables:
                    bring_up(engine, each)
                _copy_rows(source, engine, tables)
        except (DBAPIError, sqlite3.Error) as error:
            raise LibraryError(f"The catalog cannot be written: {error}") from error


def held(engine: Engine, tables: Sequence[Tables]) -> dict[str, int]:
    """How many rows each of the tables has, those that are there."""
    counts = {}
    with engine.connect() as connection:
        for table in _tables(tables):
            if engine.dialect.has_table(connection, table.name):
                counts[table.name] = connection.scalar(select(func.count()).select_from(table)) or 0
    return counts


@contextmanager
def opened(snapshot: Path, tables: Sequence[Tables]) -> Iterator[Engine]:
    """A snapshot, made where there is none, its tables of the newest revision."""
    engine = create_engine(f"sqlite:///{snapshot}")
    try:
        for each in tables:
            bring_up(engine, each)
        yield engine
    finally:
        engine.dispose()


def _copy_pages(source: Engine, target: Engine) -> None:
    """One SQLite file's pages into another, whose readers see the new content once all of it is there."""
    reading, writing = source.raw_connection(), target.raw_connection()
    try:
        reading.driver_connection.backup(writing.driver_connection)  # type: ignore[union-attr]
    finally:
        reading.close()
        writing.invalidate()  # it remembers tables that are no more
        writing.close()


def _copy_rows(source: Engine, target: Engine, tables: Sequence[Tables]) -> None:
    at_one_moment = {"isolation_level": "REPEATABLE READ"} if source.dialect.name != "sqlite" else {}
    with (
        source.connect().execution_options(**at_one_moment, stream_results=True) as reading,
        target.begin() as writing,
    ):
        for table in _tables(tables):
            writing.execute(delete(table))
            if not table.info.get("derived"):
                _copy_table(table, reading, writing)


def _copy_table(table: Table, reading: Connection, writing: Connection) -> None:
    for rows in reading.execute(select(table)).mappings().partitions(_ROWS):
        writing.execute(insert(table), [dict(row) for row in rows])


def _tables(tables: Sequence[Tables]) -> list[Table]:
    return [table for each in tables for table in each.metadata.sorted_tables]
