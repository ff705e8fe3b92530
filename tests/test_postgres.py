"""The same library on SQLite and embedded caches, and on PostgreSQL and a Chroma server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from assistant.audit import examine_conversations
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Turn
from index.catalog import Catalog
from index.doctor import examine
from index.errors import LibraryError, LibraryLocked, SettingsError
from index.library import Library
from index.lock import DatabaseLock
from index.rows import Entry, Record
from index.schema import Chunk, Document, Filters, Paper
from index.settings import EmbeddingSettings, IndexSettings, StorageSettings
from tests.servers import ChromaServer, PostgresServer
from tests.writers import holding

Storage = Callable[[], StorageSettings]
Write = Callable[..., Path]


@pytest.fixture(params=["files", "servers"])
def kept(request: pytest.FixtureRequest, models: Path) -> IndexSettings:
    """Settings of a library that nobody has used, on either kind of storage."""
    settings = IndexSettings(embedding=EmbeddingSettings(models=models))
    if request.param == "files":
        return settings
    return settings.model_copy(update={"storage": request.getfixturevalue("storage")()})


@pytest.fixture
def opened(kept: IndexSettings, tmp_path: Path, hashing: Any) -> Iterator[Callable[[], Library]]:
    """Opens that library, as each process does for itself."""
    libraries: list[Library] = []

    def open_one() -> Library:
        library = Library.open(tmp_path / "library", kept)
        library.embedder = hashing
        libraries.append(library)
        return library

    yield open_one
    for library in libraries:
        library.close()


def titles(library: Library, query: str, **filters: Any) -> list[str]:
    return [
        found.paper.title.split()[0].rstrip(":") for found in library.search(query, 3, Filters(**filters))
    ]


# ---- The contract of a library


def test_a_library_does_all_it_does_on_either_storage(
    opened: Callable[[], Library], write_papers: Write, papers: Any
) -> None:
    library, other = opened(), opened()
    assert len(library.add([write_papers("papers.jsonl", *papers)]).added) == 6
    assert titles(library, "warblers sing a song")[0] == "A"
    assert titles(other, "sea levels and buoys")[0] == "TideNet"  # another process notices
    changed = papers[0] | {"abstract": "TideNet now forecasts zebras on three coasts."}
    report = library.add([write_papers("papers.jsonl", changed, *papers[1:])])
    assert [title.split(":")[0] for title in report.updated] == ["TideNet"]
    assert titles(other, "zebras")[0] == "TideNet"
    assert [found.paper.title for found in other.listing(words="holm").entries] == [papers[2]["title"]]
    library.remove(["On the Memory of Glaciers"])
    assert "On" not in titles(other, "glaciers snowfall")
    library.rebuild()
    assert titles(other, "warblers sing a song")[0] == "A"
    assert titles(other, "no", organizations=("Aviary Lab",), since="2025", sources=("papers.jsonl",)) == [
        "Sorting"
    ]
    answer = Assistant(other).ask("How many seeds are sorted a second?")
    assert "40 seeds" in answer.text
    assert all(finding.holds for finding in examine(other)), list(examine(other))
    mark = library.set_aside([paper.id for paper in library.papers() if "Bird" in paper.title])
    assert (library.count(), library.bring_back(mark), library.count()) == (4, 1, 5)


def test_papers_are_in_one_order_whatever_the_server_s_language(
    opened: Callable[[], Library], write_papers: Write
) -> None:
    library = opened()
    names = ["Ärger", "Zebra", "apple", "Apple pie", "öl", "10 things", "éclair", "Z-score"]
    library.add([write_papers("p.jsonl", *({"title": name, "abstract": f"{name} is it."} for name in names))])
    library.tag([paper.id for paper in library.papers()], "ünder")
    library.tag([library.papers()[0].id], "Zoo")
    listed = [entry.paper.title for entry in library.listing().entries]
    assert listed == ["10 things", "apple", "Apple pie", "Ärger", "éclair", "öl", "Zebra", "Z-score"]
    assert [name for name, _ in library.facts().tags] == ["Zoo", "ünder"]


def test_a_title_of_any_length_is_taken(opened: Callable[[], Library], write_papers: Write) -> None:
    library = opened()
    long = " ".join(f"word{number}" for number in range(2000))
    report = library.add(
        [
            write_papers(
                "p.jsonl",
                {"title": long, "abstract": "It is long.", "organization": long, "authors": [long]},
                {"title": "Short", "abstract": "It is short."},
            )
        ]
    )
    assert (len(report.added), report.failed) == (2, ())
    assert library.paper(long).title == long


def test_a_scope_may_name_very_many_papers(
    opened: Callable[[], Library], write_papers: Write, papers: Any
) -> None:
    library = opened()
    library.add([write_papers("papers.jsonl", *papers)])
    others = tuple(f"nobody-{number}" for number in range(70_000))
    bird = library.paper("A Grammar of Bird Song").id
    assert titles(library, "song", papers=(*others, bird)) == ["A"]
    assert "A" not in titles(library, "song", excluded=(*others, bird))
    assert library.count(Filters(papers=(*others, bird))) == 1


def test_conversations_are_kept_and_found_by_their_words(
    opened: Callable[[], Library], write_papers: Write, papers: Any
) -> None:
    library = opened()
    library.add([write_papers("papers.jsonl", *papers)])
    conversations = Conversations(library)
    for question in (
        "Where do the warblers' crème brûlée songs stand?",
        "How many seeds are sorted a second?",
    ):
        one = conversations.create()
        conversations.append(one.id, Turn(question=question, answer=Assistant(library).ask(question)))
    (found,) = conversations.search("creme war")
    assert {found.snippet[start:end] for start, end in found.matches} >= {"crème", "warblers"}
    assert len(conversations.search("s")) == 2
    assert conversations.search("creme seeds") == []
    conversations.remove(found.id)
    assert conversations.search("creme") == []
    conversations.restore(found.id)
    conversations.truncate(found.id, 0)
    assert conversations.search("brulee") == []
    assert examine_conversations(library).holds


# ---- The catalog on PostgreSQL


def test_a_zero_character_takes_one_place_as_any_other(storage: Storage, tmp_path: Path) -> None:
    catalog = Catalog.of(tmp_path, storage())
    document = Document(paper=Paper(id="one", title="A \x00 title"), text="One \x00 stands here. Kilns cool.")
    chunk = Chunk(
        id="c",
        paper_id="one",
        position=0,
        section=None,
        page=None,
        start=19,
        end=30,
        text="Kilns cool.",
        tokens=3,
    )
    record = Record.of("/a", 1, document)
    catalog.mark_ready(catalog.write([Entry(document=document, chunks=(chunk,), records=(record,))], {}, "m"))
    assert catalog.chunks_of("one") == [chunk]
    assert catalog.records("one") == [record]
    catalog.close()


def test_libraries_in_one_database_do_not_meet(
    storage: Storage, tmp_path: Path, hashing: Any, write_papers: Write, papers: Any
) -> None:
    one, two = (IndexSettings(storage=storage()) for _ in range(2))
    with Library.open(tmp_path / "one", one) as first, Library.open(tmp_path / "two", two) as second:
        first.embedder = second.embedder = hashing
        first.add([write_papers("papers.jsonl", *papers)])
        second.add(
            [write_papers("other.jsonl", {"title": "Songs of whales", "abstract": "Whales sing songs."})]
        )
        assert (first.count(), second.count()) == (6, 1)
        assert titles(second, "song") == ["Songs"]
        assert "Songs" not in titles(first, "song")
        second.rebuild()
        assert titles(first, "song")[0] == "A"
        assert not list((tmp_path / "one").iterdir())  # everything is on the servers


def test_a_database_that_does_not_let_us_in_is_told_of_without_the_password(
    storage: Storage, tmp_path: Path
) -> None:
    wrong = storage().model_copy(update={"password": storage().chroma_token.__class__("not-the-one")})
    with pytest.raises(LibraryError, match=r"cannot be used: .*password.*IBID_STORAGE__PASSWORD") as told:
        Catalog.of(tmp_path, wrong)
    assert "not-the-one" not in str(told.value)
    with pytest.raises(
        SettingsError, match=r"storage\.database names mysql: give it as `postgresql\+psycopg"
    ):
        Catalog.of(tmp_path, StorageSettings(database="mysql://u@h/d"))


def test_a_server_that_was_started_anew_is_used_again(
    storage: Storage, postgres: PostgresServer, tmp_path: Path
) -> None:
    catalog = Catalog.of(tmp_path, storage())
    catalog.set_fact("kept", "yes")
    postgres.stop()
    postgres.start()
    assert catalog.fact("kept") == "yes"
    catalog.close()


def test_a_chroma_server_that_is_gone_is_told_of(
    storage: Storage, chroma: ChromaServer, tmp_path: Path, hashing: Any, write_papers: Write
) -> None:
    with Library.open(tmp_path, IndexSettings(storage=storage())) as library:
        library.embedder = hashing
        library.add([write_papers("p.jsonl", {"title": "Kilns", "abstract": "Kilns cool."})])
        chroma.stop()
        try:
            with pytest.raises(LibraryError, match=r"Chroma at http://127\.0\.0\.1:\d+ could not search"):
                library.search("kilns")
        finally:
            chroma.start()
        assert titles(library, "kilns") == ["Kilns"]


# ---- The writer's lock


HOLD = """
import os, sys
from index.catalog import Catalog
from index.library import Library
from index.settings import IndexSettings, StorageSettings
from pathlib import Path
given = StorageSettings(database=sys.argv[2], password=os.environ["PASSWORD"], namespace=sys.argv[3])
library = Library.open(Path(sys.argv[1]), IndexSettings(storage=given))
with library.lock.writing("ibid add"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_writer(storage: StorageSettings, folder: Path) -> Iterator[subprocess.Popen[str]]:
    password = {"PASSWORD": storage.password.get_secret_value()}
    given = (str(folder), storage.database, storage.namespace)
    with holding(HOLD, *given, environment=password) as process:
        yield process


def test_a_second_writer_of_a_database_is_told_who_writes(storage: Storage, tmp_path: Path) -> None:
    place = storage()
    with Library.open(tmp_path / "here", IndexSettings(storage=place)) as library:
        assert not library.being_added
        with another_writer(place, tmp_path / "there") as other:
            assert library.being_added
            told = rf"/ibid is being written by process {other.pid} \(`ibid add`, since 2"
            with pytest.raises(LibraryLocked, match=told), library.lock.writing("x"):
                pass
            other.kill()
            other.wait()
        deadline = time.monotonic() + 20
        while library.being_added:
            assert time.monotonic() < deadline
        with library.lock.writing("after"):
            assert library.lock.purpose() == "after"
        assert library.lock.purpose() == ""


def test_a_writer_whose_lock_was_lost_writes_nothing_more(storage: Storage, tmp_path: Path) -> None:
    catalog = Catalog.of(tmp_path, storage())
    lock = DatabaseLock(catalog.engine)
    catalog.fence = lock.fence
    paper = Paper(id="one", title="One")
    document = Document(paper=paper, text="Text.")
    entry = Entry(document=document, chunks=(), records=(Record.of("/a", 1, document),))
    with lock.writing("ibid add"):
        catalog.write([entry], {}, "m")
        with catalog.engine.begin() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend({lock._session}, 20000)"))
        with pytest.raises(LibraryLocked, match="let go of the writer's lock"):
            catalog.remove(["one"])
    assert catalog.paper_ids() == ["one"]
    catalog.close()
