"""Bringing a library's tables to the form that this Ibid reads.

Owns when revisions run, what is kept meanwhile, and that one process runs them at a time. What each revision does
is told by its own file, in Alembic's form: `index/migrations` has the catalog's, other packages theirs. Refuses to
know what is in the tables. Alembic is loaded only where there is something to do; a library whose revision is the
newest one costs one look at it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from index.errors import LibraryError, LibraryLocked

_ENVIRONMENT = Path(__file__).parent / "migrations"
_PATIENCE = 60  # seconds that another process may take to bring a library up to date
_PAGE = 500
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it runs in variables of its module


class Tables:
    """Tables that change together: their newest form, and the revisions that lead there.

    `revisions` is a folder of files `r0001_….py`; the number that a database is at stands in the table
    `<name>_revision`. Two of these may share a database and know nothing of each other.
    """

    def __init__(self, name: str, metadata: MetaData, revisions: Path) -> None:
        self.name = name
        self.metadata = metadata
        self.revisions = revisions

        self.numbered = Table(
            f"{name}_revision",
            MetaData(),
            Column("version_num", String(32), nullable=False),
            Column("ibid", String(32)),  # which version of it brought the tables there
            PrimaryKeyConstraint("version_num", name=f"{name}_revision_pkc"),  # as Alembic makes it
        )

    @cached_property
    def newest(self) -> str:
        return max(path.name[1:5] for path in self.revisions.glob("r[0-9]*.py"))

    def revision(self, connection: Connection) -> str | None:
        """The number that the database is at; None where it has none."""
        if not inspect(connection).has_table(self.numbered.name):
            return None
        number: str | None = connection.scalar(select(self.numbered.c.version_num))
        return number


def bring_up(engine: Engine, tables: Tables) -> None:
    """Make the tables where there are none, or bring them to their newest revision.

    All of it happens or nothing. Of a SQLite file that holds something, a copy is taken before (`copy_of`).
    LibraryError where the tables are of a later Ibid or a revision fails, LibraryLocked where another process is at it
    for too long.
    """
    with engine.connect() as connection:
        if tables.revision(connection) == tables.newest:
            return
    with _ONE_AT_A_TIME, _alone(engine) as connection:
        found = tables.revision(connection)
        if found == tables.newest:
            return  # another process was at it
        if found is not None and found > tables.newest:
            raise _newer(connection, tables, found)
        if found is None and not _any_there(connection, tables.metadata):
            _make(connection, tables)
        else:
            with _copied(engine, tables, found):
                _run_revisions(connection, tables)
        connection.execute(update(tables.numbered).values(ibid=version("ibid")))


def copy_of(catalog: Path, tables: Tables, found: str | None) -> Path:
    """Where the copy is kept that is taken of a SQLite file before its tables are changed."""
    return catalog.with_name(f"{catalog.name}.before-{tables.name}-{found or 'numbers'}")


# What revisions are written with


def complete(added: MetaData) -> None:
    """Make the tables, columns and indexes of `added` that the database has not.

    A table that is there is given the columns that it lacks, so that `added` may name some of its columns only, and so
    that a library made between two revisions can be completed too.
    """
    from alembic import op

    connection = op.get_bind()
    for table in added.sorted_tables:
        there = inspect(connection)
        if there.has_table(table.name):
            known = {column["name"] for column in there.get_columns(table.name)}
            for column in table.columns:
                if column.name not in known:
                    op.add_column(table.name, column)
        else:
            connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))


def each_paper(connection: Connection, *columns: str) -> Iterator[Sequence[Row[Any]]]:
    """The named columns of all papers, a page at a time."""
    ids = list(connection.scalars(text("SELECT id FROM papers ORDER BY id")))
    query = text(f"SELECT {', '.join(columns)} FROM papers WHERE id >= :first AND id <= :last ORDER BY id")
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        yield connection.execute(query, {"first": page[0], "last": page[-1]}).all()


# Within the transaction


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process can have at the same time; kept where the block ends well."""
    with engine.connect() as connection:
        try:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
                connection.exec_driver_sql(
                    "BEGIN IMMEDIATE"
                )  # the driver begins none before a change of tables
            else:
                connection.exec_driver_sql(
                    "SELECT pg_advisory_xact_lock(hashtext('ibid'), hashtext(current_schema()))"
                )
        except OperationalError as error:
            raise LibraryLocked(
                "Another process has been bringing this library up to date for more than a minute: "
                "wait for it to end, or stop it."
            ) from error
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        else:
            connection.commit()
        finally:
            connection.invalidate()  # its patience is not what others expect


def _any_there(connection: Connection, metadata: MetaData) -> bool:
    return bool(set(inspect(connection).get_table_names()) & set(metadata.tables))


def _newer(connection: Connection, tables: Tables, found: str) -> LibraryError:
    by = connection.scalar(select(tables.numbered.c.ibid))
    return LibraryError(
        f"The {tables.name} in {connection.engine.url} is of Ibid {by} (revision {found}); this is Ibid "
        f"{version('ibid')}, which reads up to revision {tables.newest}. Update Ibid, or restore a backup that "
        "the earlier one made."
    )


def _make(connection: Connection, tables: Tables) -> None:
    """The tables in their newest form at once: what all the revisions come to, without running them."""
    tables.metadata.create_all(connection, checkfirst=False)
    connection.execute(CreateTable(tables.numbered))
    connection.execute(insert(tables.numbered).values(version_num=tables.newest))


def _run_revisions(connection: Connection, tables: Tables) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(tables.revisions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, version_table=tables.numbered.name)
    connection.execute(CreateTable(tables.numbered, if_not_exists=True))
    command.upgrade(config, "head")


@contextmanager
def _copied(engine: Engine, tables: Tables, found: str | None) -> Iterator[None]:
    """A copy of a SQLite file while its tables are changed; it takes the place of the copy before it."""
    if engine.dialect.name != "sqlite":
        yield
        return
    catalog = Path(str(engine.url.database))
    copy = copy_of(catalog, tables, found)
    part = copy.with_name(f"{copy.name}.part")
    try:
        part.unlink(missing_ok=True)
        with engine.connect() as reading:
            reading.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "VACUUM INTO ?", (str(part),)
            )
        part.replace(copy)
    except (DBAPIError, OSError) as error:
        raise LibraryError(
            f"{catalog} has to be brought up to date, and no copy of it could be taken before "
            f"({error}): make room for {catalog.stat().st_size // 2**20 + 1} MB beside it."
        ) from error
    try:
        yield
    except Exception as error:
        raise LibraryError(
            f"{catalog} could not be brought up to date and is as it was ({error}). "
            f"A copy of it is {copy}; use the Ibid that made it until this is mended."
        ) from error
    for older in set(catalog.parent.glob(f"{catalog.name}.before-{tables.name}-*")) - {copy}:
        older.unlink(missing_ok=True)
