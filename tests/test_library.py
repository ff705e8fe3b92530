"""The library as its users meet it: opened, added to, searched, from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from index.errors import LibraryError, PaperNotFound
from index.library import Library
from index.schema import Filters

Open = Callable[..., Library]
Write = Callable[..., Path]


def test_an_empty_library_answers_with_nothing(open_library: Open) -> None:
    library = open_library()
    facts = library.facts()
    assert (facts.papers, facts.chunks, facts.oldest, facts.newest, facts.updated) == (0, 0, None, None, None)
    assert library.search("anything") == library.papers() == library.unreadable() == []
    assert library.count() == 0


def test_listing_papers_opens_neither_the_model_nor_the_caches(library: Library, settings: Any) -> None:
    with Library.open(library.folder, settings) as other:
        assert len(other.papers()) == other.facts().papers == 6
        assert other.paper("TideNet").title.startswith("TideNet")
        assert "embedder" not in vars(other)


def test_facts_tell_what_is_there(library: Library) -> None:
    facts = library.facts()
    assert (facts.papers, facts.chunks, facts.oldest, facts.newest) == (6, 6, "2024-03-05", "2025-06-30")
    assert [(name.casefold().split()[0], number) for name, number in facts.organizations] == [
        ("aviary", 2),
        ("harbor", 2),
        ("polar", 1),
    ]
    assert facts.sources == (("papers.jsonl", 6),)
    assert facts.updated is not None


def test_every_title_finds_its_paper_first(library: Library, papers: tuple[dict[str, Any], ...]) -> None:
    for paper in papers:
        assert library.search(paper["title"], 3)[0].paper.title == paper["title"]


def test_a_question_in_other_words_finds_the_paper_that_answers_it(library: Library) -> None:
    for question, title in {
        "How can flooding be predicted by the ocean shore?": "TideNet: Forecasting Sea Levels from Sparse Buoys",
        "Can AI models schedule an oven for clay?": "KilnBench: Can Language Models Plan a Pottery Firing?",
        "telling bad grains by listening": "Sorting Seeds by Sound",
    }.items():
        assert library.search(question, 1)[0].paper.title == title


def test_a_paper_still_being_indexed_is_not_found_and_takes_nobodys_place(library: Library) -> None:
    question = "sea levels at the shore"
    every = [passage.paper.title for passage in library.search(question, 6)]
    with library.catalog.engine.begin() as connection:
        connection.execute(
            text("UPDATE papers SET state = 'pending' WHERE title = :title"), {"title": every[0]}
        )
    assert {passage.paper.title for passage in library.search(question, 2)} <= set(every[1:])
    assert len(library.search(question, 2)) == 2
    assert every[0] not in {passage.paper.title for passage in library.passages(question)}


def test_a_search_gives_one_passage_a_paper_best_first(library: Library) -> None:
    found = library.search("songs sounds seeds birds", 4)
    assert len({passage.paper.id for passage in found}) == len(found) == 4
    assert [passage.score for passage in found] == sorted((p.score for p in found), reverse=True)
    for passage in found:
        assert library.text(passage.paper.id)[passage.chunk.start : passage.chunk.end] == passage.chunk.text
        assert -1 <= passage.similarity <= 1.0001
        assert passage.found_by


@pytest.mark.parametrize(
    "query", ["", "   ", "?!…", "the of and", "漢字", "a" * 20_000, '"AND OR" title:x -y +z ~2 (', "\x00\x1c"]
)
def test_any_text_can_be_searched_for(library: Library, query: str) -> None:
    found = library.search(query, 3)
    assert len(found) <= 3
    assert found == [] or query.strip()


def test_more_can_be_asked_for_than_there_is(library: Library) -> None:
    assert len(library.search("sea levels", 500)) == 6


def test_papers_are_listed_newest_first_by_pages_and_by_words(library: Library) -> None:
    titles = [paper.title.split()[0] for paper in library.papers()]
    assert titles == ["Sorting", "KilnBench:", "Cold", "A", "TideNet:", "On"]
    assert [paper.title.split()[0] for paper in library.papers(offset=2, limit=2)] == ["Cold", "A"]
    assert [paper.title for paper in library.papers(words="bird song")] == ["A Grammar of Bird Song"]


def test_a_paper_is_called_by_its_id_its_title_or_the_beginning_of_it(library: Library) -> None:
    paper = library.paper("tidenet")
    assert library.paper(paper.id) == library.paper(paper.title) == paper
    with pytest.raises(PaperNotFound, match="No paper is called 'Nothing'"):
        library.paper("Nothing")
    with pytest.raises(PaperNotFound, match="No paper has the id 'nothing'"):
        library.text("nothing")


def test_a_beginning_that_two_titles_share_is_refused_with_both(
    library: Library, write_papers: Write
) -> None:
    library.add([write_papers("more.jsonl", {"title": "TideTable", "abstract": "High and low water."})])
    with pytest.raises(PaperNotFound, match=r"may be any of: Tide.*; Tide.*Give the id"):
        library.paper("Tide")


def test_all_named_papers_are_removed_or_none(library: Library) -> None:
    with pytest.raises(PaperNotFound):
        library.remove(["TideNet", "Nothing"])
    assert library.count() == 6
    assert [paper.title for paper in library.remove(["Sorting Seeds"])] == ["Sorting Seeds by Sound"]
    assert library.count() == 5


def test_a_library_that_was_closed_is_the_same_when_opened_again(
    library: Library, open_library: Open
) -> None:
    before = [(p.paper, p.chunk, p.found_by) for p in library.passages("sea levels and storms")]
    library.close()
    again = open_library()
    assert [(p.paper, p.chunk, p.found_by) for p in again.passages("sea levels and storms")] == before


def test_an_open_library_sees_what_another_in_the_same_process_added(
    library: Library, open_library: Open, write_papers: Write
) -> None:
    other = open_library()
    assert other.count() == 6
    assert "Kites" not in {passage.paper.title for passage in other.search("kites")}
    library.add([write_papers("more.jsonl", {"title": "Kites", "abstract": "A kite flies on a string."})])
    assert other.search("kites", 1)[0].paper.title == "Kites"
    assert "dense" in other.search("kites", 1)[0].found_by


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="file/library"):
        Library.open(tmp_path / "file" / "library")


def test_many_threads_search_while_one_adds_removes_and_rebuilds(
    library: Library, write_papers: Write, papers: tuple[dict[str, Any], ...]
) -> None:
    """Nobody fails, nobody sees half a paper, and the papers that stay are found all the time."""
    entries = [{"title": f"Lamp {n}", "abstract": f"Lamp number {n} is lit. It burns."} for n in range(120)]
    paths = [write_papers(f"lamps{n}.jsonl", *entries[n : n + 40]) for n in range(0, 120, 40)]
    done = threading.Event()

    def search(number: int) -> int:
        searches = 0
        while not done.is_set() or searches < 3:
            paper = papers[(number + searches) % len(papers)]
            found = library.search(paper["title"], 3)
            assert found[0].paper.title == paper["title"]
            for passage in found:
                assert passage.chunk.text in passage.paper.abstract
            assert library.count(Filters(sources=("papers.jsonl",))) == 6
            searches += 1
        return searches

    with ThreadPoolExecutor(4) as pool:
        searching = [pool.submit(search, number) for number in range(4)]
        try:
            for path in paths:
                library.add([path])
            library.remove(["Lamp 7", "Lamp 77"])
            library.rebuild()
        finally:
            done.set()
        assert min(future.result() for future in searching) >= 3
    assert library.count() == 124
    assert library.caches.vectors.ids() == library.catalog.chunk_ids()


def test_libraries_opened_by_many_threads_at_once_all_work(library: Library, open_library: Open) -> None:
    def ask(_: int) -> str:
        with Library.open(library.folder, library.settings) as other:
            other.embedder = library.embedder
            return other.search("bird song", 1)[0].paper.title

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(8))) == {"A Grammar of Bird Song"}


def test_one_library_first_used_by_many_threads_at_once_works(library: Library, open_library: Open) -> None:
    other = open_library()
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: other.search("bird song", 1)[0].paper.title, range(16))
        assert set(found) == {"A Grammar of Bird Song"}


def test_every_chunk_of_the_real_papers_is_its_span(seeds_library: Library) -> None:
    papers = seeds_library.papers(limit=1000)
    assert len(papers) == 302
    located = seeds_library.catalog.located(sorted(seeds_library.catalog.chunk_ids()))
    for paper, chunk in located.values():
        assert chunk.paper_id == paper.id
        assert seeds_library.text(paper.id)[chunk.start : chunk.end] == chunk.text
    assert {paper.id for paper, _ in located.values()} == {paper.id for paper in papers}
