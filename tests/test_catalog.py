"""The catalog: what is committed, what is shown, what is counted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.catalog import Catalog
from index.errors import LibraryError
from index.identity import same_paper
from index.library import Library
from index.rows import Entry, Record
from index.schema import Chunk, Document, Filters, Paper, Unreadable
from index.settings import StorageSettings
from index.shelf import Spot

MODEL = "model@1/4"


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def catalog(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Catalog]:
    """An empty catalog in either database."""
    on_server = request.param == "PostgreSQL"
    storage = request.getfixturevalue("storage")() if on_server else StorageSettings()
    opened = Catalog.of(tmp_path / "library", storage)
    yield opened
    opened.close()


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.in_folder(tmp_path / "library")
    yield opened
    opened.close()


def entry(paper_id: str, text: str = "Half of it. The other half.", **facts: object) -> Entry:
    """A paper of two chunks, as two sources tell of it."""
    paper = Paper(id=paper_id, title=f"Title {paper_id}", source="a.txt", **facts)  # type: ignore[arg-type]
    document = Document(paper=paper, text=text)
    middle = text.index(".") + 1
    spans = [(0, middle), (middle + 1, len(text))]
    chunks = tuple(
        Chunk(
            id=f"{paper_id}-{text[start:end]}"[:32], paper_id=paper_id, position=position, section=None, page=None,
            start=start, end=end, text=text[start:end], tokens=3,
        )
        for position, (start, end) in enumerate(spans)
    )  # fmt: skip
    return Entry(
        document=document,
        chunks=chunks,
        records=(Record(source="/a.txt", ordinal=1, digest="d", document=document),),
    )


def write(catalog: Catalog, *entries: Entry, ready: bool = True) -> int:
    new = {chunk.id: np.ones(4, np.float32) / 2 for one in entries for chunk in one.chunks}
    known = catalog.known_vectors(list(new), MODEL)
    change = catalog.write(
        entries, {name: vector for name, vector in new.items() if name not in known}, MODEL
    )
    if ready:
        catalog.mark_ready(change)
    return change


def test_a_new_library_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    begin = threading.Barrier(4)

    def opened(folder: Path) -> int:
        begin.wait()
        catalog = Catalog.in_folder(folder)
        found = catalog.counts()["ready"]
        catalog.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        for number in range(60):
            assert list(threads.map(opened, [tmp_path / str(number)] * 4)) == [0] * 4


def test_a_new_catalog_is_empty_at_change_zero(catalog: Catalog) -> None:
    assert catalog.change() == 0
    assert catalog.counts() == {"ready": 0, "pending": 0, "chunks": 0, "vectors": 0, "failures": 0}
    assert catalog.days() == (None, None)
    assert catalog.updated() is None


def test_a_pending_paper_is_not_shown_to_any_reader(catalog: Catalog) -> None:
    write(catalog, entry("one", organization="Somewhere"), ready=False)
    assert catalog.counts()["pending"] == 1
    assert catalog.count(Filters()) == 0
    assert catalog.papers(Filters(), "", 0, 10) == catalog.find("Title one") == catalog.organizations() == []
    assert catalog.paper("one") is None
    assert catalog.located(sorted(catalog.chunk_ids())) == {}
    assert catalog.entry("one") is not None
    catalog.mark_ready(catalog.change())
    assert catalog.count(Filters()) == 1


def test_only_papers_up_to_the_change_that_was_followed_become_ready(catalog: Catalog) -> None:
    first = write(catalog, entry("one"), ready=False)
    write(catalog, entry("two"), ready=False)
    catalog.mark_ready(first)
    assert [paper.id for paper in catalog.papers(Filters(), "", 0, 10)] == ["one"]


def test_each_write_and_each_removal_is_a_change_of_its_own(catalog: Catalog) -> None:
    assert [write(catalog, entry("one")), write(catalog, entry("two")), catalog.remove(["one"])] == [1, 2, 3]
    assert catalog.change() == 3


def test_chunks_come_back_with_the_text_at_their_span(catalog: Catalog) -> None:
    one = entry("one", text="Ünïcödé 𝒜 first. 漢字 second.")
    write(catalog, one)
    found = catalog.located([chunk.id for chunk in one.chunks])
    assert {chunk for _, chunk in found.values()} == set(one.chunks)


def test_a_chunk_stands_in_its_paper_and_may_be_of_its_references(catalog: Catalog) -> None:
    one, two = entry("one"), entry("two")
    cited = two.chunks[1].model_copy(update={"kind": "references"})
    write(catalog, one, two.model_copy(update={"chunks": (two.chunks[0], cited)}))
    assert catalog.spots([one.chunks[1].id, cited.id, "unknown"]) == {
        one.chunks[1].id: Spot("one", lists=False),
        cited.id: Spot("two", lists=True),
    }
    assert catalog.first_spots(["two"]) == {two.chunks[0].id: Spot("two", lists=False)}


def test_vectors_come_back_bit_for_bit_and_for_their_model_only(catalog: Catalog) -> None:
    one = entry("one")
    vector = np.random.default_rng(0).normal(size=4).astype(np.float32)
    catalog.write([one], {one.chunks[0].id: vector}, MODEL)
    assert np.array_equal(catalog.vectors_of([one.chunks[0].id], MODEL)[one.chunks[0].id], vector)
    assert catalog.vectors_of([one.chunks[0].id], "another") == {}
    assert catalog.known_vectors([chunk.id for chunk in one.chunks], MODEL) == {one.chunks[0].id}
    assert catalog.unfit(MODEL) == 1


def test_a_paper_written_again_loses_the_chunks_it_no_longer_has(catalog: Catalog) -> None:
    before = write(catalog, entry("one"))
    write(catalog, entry("one", text="Half of it. Something else."), ready=False)
    assert catalog.removed(before) == ["one-The other half."]
    assert catalog.counts()["chunks"] == catalog.counts()["vectors"] == 2
    assert catalog.chunk_ids() == {"one-Half of it.", "one-Something else."}


def test_a_chunk_that_comes_back_is_not_removed_any_more(catalog: Catalog) -> None:
    start = write(catalog, entry("one"))
    catalog.remove(["one"])
    assert set(catalog.removed(start)) >= {"one-Half of it.", "one-The other half."}
    write(catalog, entry("one"), ready=False)
    assert catalog.removed(start) == []


def test_what_fails_in_a_write_leaves_nothing_of_it(catalog: Catalog) -> None:
    change = write(catalog, entry("one"))
    broken = entry("two")
    twice = broken.model_copy(update={"chunks": (*broken.chunks, broken.chunks[0])})
    with pytest.raises(Exception, match=r"(?i)unique"):
        catalog.write([twice], {}, MODEL)
    assert (catalog.change(), catalog.paper_ids(), catalog.counts()["chunks"]) == (change, ["one"], 2)


def test_removing_a_paper_removes_all_that_hangs_on_it(catalog: Catalog) -> None:
    write(catalog, entry("one"), entry("two"))
    catalog.remove(["one"])
    assert catalog.paper_ids() == ["two"]
    assert catalog.records("one") == []
    assert catalog.counts()["chunks"] == catalog.counts()["vectors"] == 2
    assert catalog.sources() == [("a.txt", 1)]


def test_papers_are_listed_newest_first_and_undated_last(catalog: Catalog) -> None:
    dates = {"old": "2023-05", "none": None, "new": "2025-02-01", "middle": "2024"}
    write(catalog, *(entry(name, published=date) for name, date in dates.items()))
    assert [paper.id for paper in catalog.papers(Filters(), "", 0, 10)] == ["new", "middle", "old", "none"]
    assert [paper.id for paper in catalog.papers(Filters(), "", 1, 2)] == ["middle", "old"]
    assert catalog.days() == ("2023-05", "2025-02-01")


def test_words_must_all_stand_in_the_title_and_are_no_patterns(catalog: Catalog) -> None:
    write(catalog, entry("one"), entry("two"), entry("100%_sure"))
    assert [paper.id for paper in catalog.papers(Filters(), "TWO title", 0, 10)] == ["two"]
    assert [paper.id for paper in catalog.papers(Filters(), "%", 0, 10)] == ["100%_sure"]
    assert [paper.id for paper in catalog.papers(Filters(), "_", 0, 10)] == ["100%_sure"]


def test_a_paper_is_found_by_id_identifier_title_or_the_beginning_of_it(catalog: Catalog) -> None:
    write(catalog, entry("one", arxiv_id="2501.00001", doi="10.1/x"), entry("other"))
    for name in ("one", "2501.00001", "10.1/x", "TITLE  one", "title on"):
        assert [paper.id for paper in catalog.find(name)] == ["one"]
    assert {paper.id for paper in catalog.find("title o")} == {"one", "other"}
    assert catalog.find("nothing") == []


def test_organisations_are_counted_whatever_their_letters(catalog: Catalog) -> None:
    names = {"one": "Big Lab", "two": "BIG  lab", "three": "Small Lab"}
    write(catalog, *(entry(name, organization=lab) for name, lab in names.items()))
    assert [(name.casefold().split(), number) for name, number in catalog.organizations()] == [
        (["big", "lab"], 2),
        (["small", "lab"], 1),
    ]


def test_failures_of_a_source_are_replaced_by_its_latest(catalog: Catalog) -> None:
    catalog.set_failures("/a", [Unreadable(place="a line 1", reason="bad")] * 2)
    catalog.set_failures("/b", [Unreadable(place="b line 1", reason="worse")])
    assert [item.place for item in catalog.unreadable()] == ["a line 1", "b line 1"]
    catalog.set_failures("/a", [])
    assert [item.place for item in catalog.unreadable()] == ["b line 1"]


def test_papers_that_carry_different_identifiers_are_not_the_same() -> None:
    one = Paper(title="T", arxiv_id="2501.00001")
    assert not same_paper(one, Paper(title="T", arxiv_id="2501.00002"))
    assert same_paper(one, Paper(title="T", arxiv_id="2501.00001", doi="10.1/x"))
    assert same_paper(one, Paper(id="abc", title="T"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").write_text("this is no database, however long it may be")
    with pytest.raises(LibraryError, match="cannot be opened"):
        Catalog.in_folder(tmp_path)


def test_commits_are_written_through_to_the_disk(in_file: Catalog) -> None:
    with in_file.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_papers_opening_is_its_first_chunks_once_it_is_ready(catalog: Catalog) -> None:
    change = write(catalog, entry("one"), entry("two", text="Short. And long."), ready=False)
    assert catalog.opening("one", 100) == []
    catalog.mark_ready(change)
    assert [chunk.text for chunk in catalog.opening("one", 100)] == ["Half of it.", "The other half."]
    assert [chunk.text for chunk in catalog.opening("one", 5)] == ["Half of it."]
    assert catalog.opening("three", 100) == []


def test_what_is_remembered_follows_each_change_another_process_makes_too(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library, Library.open(tmp_path / "library") as other:
        assert (other.count(), other.catalog.organizations()) == (0, [])
        for number in range(1, 3):
            paper = {
                "title": f"Paper {number}",
                "abstract": "It measures tides.",
                "organization": "Shore Lab",
            }
            file = tmp_path / f"{number}.jsonl"
            file.write_text(json.dumps(paper))
            library.add([file])
            for reader in (library, other):
                assert (reader.count(), reader.catalog.organizations()) == (number, [("Shore Lab", number)])
        library.remove(["Paper 1"])
        for reader in (library, other):
            assert (reader.count(), reader.catalog.organizations()) == (1, [("Shore Lab", 1)])
