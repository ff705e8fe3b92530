"""A library's tables are brought to the form that this Ibid reads, whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, event, text

from assistant.conversation_tables import CONVERSATIONS
from index import migrate
from index.catalog import CATALOG, Catalog
from index.errors import LibraryError, LibraryLocked
from index.migrate import Tables, bring_up, copy_of

ALL = [CATALOG, CONVERSATIONS]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Opens SQLite databases by name, and closes them when the test ends."""
    opened: list[Engine] = []

    def open_one(name: str = "catalog.sqlite3") -> Engine:
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        opened.append(engine)
        return engine

    yield open_one
    for engine in opened:
        engine.dispose()


def first_revision(engine: Engine, tables: Tables) -> None:
    """Make a database as the first revision made it, without a number."""
    folder = tables.revisions
    (script,) = folder.glob("r0001_*.py")
    added: dict[str, object] = {}
    exec(script.read_text(encoding="utf-8"), added)
    added["added"].create_all(engine)  # type: ignore[attr-defined]


def shape(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every table's columns and every index's, whatever the order in which a table's columns came."""
    with engine.connect() as connection:
        named = connection.execute(
            text("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        )
        return {name: sorted(_parts(connection, name, kind)) for name, kind in named.all()}


def _comparable(_: object, name: str, kind: str, *__: object) -> bool:
    """What Alembic can hold against a database: on SQLite it takes an index that descends for another one."""
    descends = {"papers_by_day", "papers_by_comments", "papers_by_change"}
    return not name.endswith("_revision") and not (kind == "index" and name in descends)


def _parts(connection: Connection, name: str, kind: str) -> Iterator[tuple[object, ...]]:
    if kind == "table":
        for _, *column in connection.exec_driver_sql(f"PRAGMA table_info({name})"):
            yield tuple(column)
    else:
        for place, _, *column in connection.exec_driver_sql(f"PRAGMA index_xinfo({name})"):
            yield (place, *column)


@pytest.mark.parametrize("tables", ALL, ids=lambda tables: str(tables.name))
def test_the_revisions_come_to_what_is_made_at_once(
    database: Callable[[str], Engine], tables: Tables
) -> None:
    at_once, step_by_step = database("new"), database("old")
    bring_up(at_once, tables)
    first_revision(step_by_step, tables)
    bring_up(step_by_step, tables)
    assert shape(step_by_step) == shape(at_once)
    for engine in (at_once, step_by_step):
        with engine.connect() as connection:
            assert tables.revision(connection) == tables.newest
            context = MigrationContext.configure(connection, opts={"include_object": _comparable})
            assert compare_metadata(context, tables.metadata) == []


@pytest.mark.parametrize("tables", ALL, ids=lambda tables: str(tables.name))
def test_what_is_of_the_newest_revision_is_not_touched(
    database: Callable[[str], Engine], tables: Tables
) -> None:
    engine = database("new")
    bring_up(engine, tables)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement))
    bring_up(engine, tables)
    assert said
    assert all(statement.startswith(("PRAGMA", "SELECT")) for statement in said)


def test_opening_a_library_of_this_ibid_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from index.catalog import Catalog\n"
        f"for _ in range(2): Catalog.in_folder(Path({str(tmp_path)!r})).close()\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_of_several_processes_that_open_one_library_each_finds_it_whole(tmp_path: Path) -> None:
    for made, found in (("new", False), ("old", True)):
        folder = tmp_path / made
        folder.mkdir()
        if found:
            engine = create_engine(f"sqlite:///{folder / 'catalog.sqlite3'}")
            first_revision(engine, CATALOG)
            engine.dispose()
        program = (
            "import sys; from pathlib import Path; from index.catalog import Catalog\n"
            "from assistant.conversation_tables import prepared; sys.stdin.readline()\n"
            f"prepared(Catalog.in_folder(Path({str(folder)!r})).engine).dispose()"
        )
        command = [sys.executable, "-c", program]
        several = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
        told = [each.communicate(b"go\n")[1] for each in several]
        assert [each.returncode for each in several] == [0] * 4, told
        assert len(list(folder.glob("*.before-catalog-*"))) == found


def test_threads_that_open_several_old_libraries_do_not_meet(database: Callable[[str], Engine]) -> None:
    engines = [database(str(number)) for number in range(4)]
    for engine in engines:
        first_revision(engine, CATALOG)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda engine: bring_up(engine, CATALOG), engines))
    assert [shape(engine) for engine in engines] == [shape(engines[0])] * 4


@pytest.fixture
def failing(tmp_path: Path) -> Tables:
    """The catalog's tables with a revision that fails once it has changed something."""
    folder = tmp_path / "100% of them"
    folder.mkdir()
    for script in CATALOG.revisions.glob("r*.py"):
        (folder / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "r0006_wrong.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = '0006', '0005'\n\n"
        "def upgrade():\n"
        "    op.drop_table('tags')\n"
        "    raise ValueError('no such luck')\n"
    )
    return Tables("catalog", CATALOG.metadata, folder)


def test_a_revision_that_fails_leaves_the_library_as_it_was_and_a_copy(
    database: Callable[[str], Engine], failing: Tables, tmp_path: Path
) -> None:
    engine = database("catalog.sqlite3")
    bring_up(engine, CATALOG)
    before = shape(engine)
    with pytest.raises(
        LibraryError, match=r"as it was \(no such luck\). A copy of it is .*before-catalog-0005"
    ):
        bring_up(engine, failing)
    assert shape(engine) == before
    assert shape(database("catalog.sqlite3.before-catalog-0005")) == before
    assert Catalog.in_folder(tmp_path).change() == 0


def test_a_copy_stays_until_the_next_revision_has_succeeded(
    database: Callable[[str], Engine], failing: Tables, tmp_path: Path
) -> None:
    engine = database("catalog.sqlite3")
    first_revision(engine, CATALOG)
    bring_up(engine, CATALOG)
    kept = copy_of(tmp_path / "catalog.sqlite3", CATALOG, None)
    with pytest.raises(LibraryError, match="no such luck"):
        bring_up(engine, failing)
    assert kept.exists()
    (failing.revisions / "r0006_wrong.py").write_text(
        "revision, down_revision = '0006', '0005'\n\ndef upgrade():\n    pass\n"
    )
    bring_up(engine, failing)
    assert [path.name for path in tmp_path.glob("*.before-*")] == ["catalog.sqlite3.before-catalog-0005"]


def test_where_there_is_no_room_for_a_copy_nothing_is_changed(
    database: Callable[[str], Engine], tmp_path: Path
) -> None:
    engine = database("catalog.sqlite3")
    first_revision(engine, CATALOG)
    before = shape(engine)
    (tmp_path / "catalog.sqlite3.before-catalog-numbers.part").mkdir()
    with pytest.raises(LibraryError, match=r"no copy of it could be taken before .* make room for 1 MB"):
        bring_up(engine, CATALOG)
    assert shape(engine) == before


@pytest.mark.parametrize("tables", ALL, ids=lambda tables: str(tables.name))
def test_what_a_later_ibid_wrote_is_refused_with_both_versions(
    database: Callable[[str], Engine], tables: Tables
) -> None:
    engine = database("catalog.sqlite3")
    bring_up(engine, tables)
    with engine.begin() as connection:
        connection.execute(tables.numbered.update().values(version_num="9999", ibid="9.9"))
    with pytest.raises(
        LibraryError, match=rf"is of Ibid 9\.9 \(revision 9999\).*{tables.newest}\. Update Ibid"
    ):
        bring_up(engine, tables)


def test_another_process_that_takes_too_long_is_named_as_the_reason(
    database: Callable[[str], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_PATIENCE", 0)
    database("catalog.sqlite3")
    with sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryLocked, match="bringing this library up to date"):
            bring_up(database("catalog.sqlite3"), CATALOG)
    other.close()
