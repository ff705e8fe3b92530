"""Adding files: what is added, updated, left alone, merged, reported, and embedded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from index.library import Library
from index.schema import Filters

Papers = tuple[dict[str, Any], ...]
Write = Callable[..., Path]


def test_a_first_addition_reports_every_paper_as_added(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers
) -> None:
    library = open_library()
    report = library.add([write_papers("papers.jsonl", *papers)])
    assert sorted(report.added) == sorted(paper["title"] for paper in papers)
    assert (report.updated, report.unchanged, report.failed, report.conflicting) == ((), (), (), ())
    assert report.papers == library.count() == 6


def test_adding_again_embeds_nothing_and_reports_unchanged(
    library: Library, counting: Any, write_papers: Write, papers: Papers
) -> None:
    before = library.catalog.change()
    counting.embedded.clear()
    report = library.add([write_papers("papers.jsonl", *papers)])
    assert (len(report.unchanged), report.added, report.updated) == (6, (), ())
    assert counting.embedded == []
    assert library.catalog.change() == before


def test_a_changed_file_updates_only_the_papers_that_changed(
    library: Library, counting: Any, write_papers: Write, papers: Papers
) -> None:
    changed = papers[1] | {"abstract": "We parse the songs of wrens instead. Wrens repeat themselves."}
    counting.embedded.clear()
    report = library.add([write_papers("papers.jsonl", papers[0], changed, *papers[2:])])
    assert report.updated == ("A Grammar of Bird Song",)
    assert len(report.unchanged) == 5
    assert all("wrens" in text for text in counting.embedded)
    assert len(counting.embedded) == 1
    assert library.text(library.paper("A Grammar of Bird Song").id) == changed["abstract"]
    assert library.search("wrens repeat themselves", 1)[0].paper.title == "A Grammar of Bird Song"
    assert "warblers" not in " ".join(p.chunk.text for p in library.passages("warblers"))


def test_a_fact_that_changed_updates_the_paper_and_embeds_nothing(
    library: Library, counting: Any, write_papers: Write, papers: Papers
) -> None:
    counting.embedded.clear()
    more = papers[0] | {"comments": 40}
    report = library.add([write_papers("papers.jsonl", more, *papers[1:])])
    assert report.updated == (papers[0]["title"],)
    assert counting.embedded == []
    assert library.paper(papers[0]["title"]).comments == 40
    found = library.search("sea levels", 5, Filters(min_comments=40))
    assert [passage.paper.title for passage in found] == [papers[0]["title"]]


def test_the_same_paper_from_two_files_is_one_and_what_is_unknown_is_filled(
    library: Library, write_papers: Write, papers: Papers
) -> None:
    again = {"title": papers[4]["title"].upper(), "abstract": papers[4]["abstract"], "comments": 3}
    report = library.add([write_papers("other.jsonl", again)])
    assert (report.added, len(report.updated)) == ((), 1)
    merged = library.paper(papers[4]["title"])
    assert (merged.comments, merged.organization) == (3, "Aviary Lab")
    assert library.count() == 6
    assert (
        library.count(Filters(sources=("other.jsonl",))) == library.count(Filters(papers=(merged.id,))) == 1
    )


def test_sources_that_disagree_are_reported_with_what_each_says(
    library: Library, write_papers: Write, papers: Papers
) -> None:
    other = papers[0] | {"organization": "Lagoon College"}
    report = library.add([write_papers("other.jsonl", other)])
    (conflicting,) = report.conflicting
    assert conflicting.title == papers[0]["title"]
    (conflict,) = conflicting.conflicts
    assert (conflict.field, conflict.kept, conflict.other, conflict.source) == (
        "organization",
        "Harbor Institute",
        "Lagoon College",
        "other.jsonl",
    )
    assert library.conflicts(library.paper(papers[0]["title"]).id) == (conflict,)


def test_a_paper_met_twice_in_one_addition_counts_once(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers
) -> None:
    report = open_library().add([write_papers("a.jsonl", papers[0]), write_papers("b.jsonl", papers[0])])
    assert report.added == (papers[0]["title"],)
    assert report.papers == 1


def test_different_arxiv_ids_keep_papers_of_one_title_apart(
    open_library: Callable[..., Library], write_papers: Write
) -> None:
    library = open_library()
    entries = [
        {"title": "A Survey", "abstract": f"Survey number {n}.", "arxiv_id": f"2501.0000{n}"} for n in (1, 2)
    ]
    library.add([write_papers("surveys.jsonl", *entries)])
    assert sorted(paper.id for paper in library.papers()) == ["2501.00001", "2501.00002"]


def test_a_bad_line_is_named_with_its_number_and_reason_and_the_rest_is_added(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers
) -> None:
    library = open_library()
    path = write_papers("mixed.jsonl", papers[0], '{"title": "Cut off', papers[1], {"title": "Empty"}, "[]")
    report = library.add([path])
    assert len(report.added) == 2
    assert [failed.place for failed in report.failed] == [
        "mixed.jsonl line 2",
        "mixed.jsonl line 4",
        "mixed.jsonl line 5",
    ]
    assert "not JSON" in report.failed[0].reason
    assert "neither an abstract nor a text" in report.failed[1].reason
    assert "a list" in report.failed[2].reason
    assert {item.place for item in library.unreadable()} == {failed.place for failed in report.failed}


def test_a_bad_file_never_stops_the_others(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "notes.rtf").write_text("{}")
    (tmp_path / "broken.jsonl.gz").write_bytes(b"\x1f\x8b\x08 not really")
    (tmp_path / "empty.md").write_text("")
    library = open_library()
    names = ["missing.txt", "notes.rtf", "broken.jsonl.gz", "empty.md"]
    report = library.add([*(tmp_path / name for name in names), write_papers("papers.jsonl", *papers)])
    assert len(report.added) == 6
    assert len(report.failed) == 4
    for name in names:
        assert any(name in failed.place + failed.reason for failed in report.failed)
    assert any("No reader for 'notes.rtf'" in failed.reason for failed in report.failed)
    assert any("does not exist" in failed.reason for failed in report.failed)


def test_a_line_that_was_put_right_is_no_failure_any_more(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers
) -> None:
    library = open_library()
    library.add([write_papers("papers.jsonl", papers[0], "oops")])
    report = library.add([write_papers("papers.jsonl", papers[0], papers[1])])
    assert report.added == (papers[1]["title"],)
    assert report.failed == ()
    assert library.unreadable() == []


def test_a_folder_is_added_with_all_that_is_known_in_it(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers, tmp_path: Path
) -> None:
    write_papers("in/a.jsonl", papers[0])
    write_papers("in/deep/b.jsonl", papers[1])
    (tmp_path / "in" / "c.md").write_text(
        "# Notes on Kites\n\nA kite flies on a string.\n\n## Tails\n\nTails steady it."
    )
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    library = open_library()
    report = library.add([tmp_path / "in"])
    assert set(report.added) == {papers[0]["title"], papers[1]["title"], "Notes on Kites"}
    assert report.failed == ()
    assert [p.chunk.section for p in library.passages("tails steady kites")[:1]] == ["Tails"]


def test_progress_tells_files_and_entries(
    open_library: Callable[..., Library], write_papers: Write, papers: Papers
) -> None:
    steps: list[Any] = []
    open_library().add(
        [write_papers("a.jsonl", *papers[:4]), write_papers("b.jsonl", *papers[4:])], steps.append
    )
    told = dict.fromkeys((step.file, step.files_done, step.files, step.entries) for step in steps)
    assert list(told) == [
        ("a.jsonl", 1, 2, 4),
        ("b.jsonl", 2, 2, 6),
    ]


def test_more_papers_than_a_batch_holds_are_all_added(
    open_library: Callable[..., Library], write_papers: Write, hashing: Any
) -> None:
    entries = [{"title": f"Paper {n}", "abstract": f"This is about topic {n}."} for n in range(600)]
    library = open_library(model=hashing)
    assert len(library.add([write_papers("many.jsonl", *entries)]).added) == 600
    assert library.search("Paper 417", 1)[0].paper.title == "Paper 417"
    assert library.catalog.counts()["vectors"] == library.caches.vectors.count() == 600


def test_a_paper_of_more_chunks_than_a_statement_takes_parameters_is_added_and_removed(
    open_library: Callable[..., Library], tmp_path: Path, hashing: Any
) -> None:
    lines = "\n\n".join(f"# Part {n}\n\nPart {n} is short." for n in range(1200))
    (tmp_path / "long.md").write_text(f"---\ntitle: Long\n---\n{lines}")
    library = open_library(model=hashing)

    @event.listens_for(library.catalog.engine, "checkout")
    def _limit(connection: Any, *_: Any) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)

    assert library.add([tmp_path / "long.md"]).failed == ()
    assert library.facts().chunks >= 1200
    library.remove(["Long"])
    assert library.facts().chunks == library.caches.vectors.count() == 0


def test_an_interrupted_addition_keeps_what_was_committed(
    open_library: Callable[..., Library], write_papers: Write, counting: Any
) -> None:
    entries = [{"title": f"Paper {n}", "abstract": f"This is about topic {n}."} for n in range(300)]
    path, library = write_papers("many.jsonl", *entries), open_library(model=counting)

    def stop(step: Any) -> None:
        if step.stored >= 256:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add([path], stop)
    assert library.count() == 288
    counting.embedded.clear()
    report = library.add([path])
    assert (len(report.unchanged), len(report.added)) == (288, 12)
    assert len(counting.embedded) == 12


def test_long_papers_are_stored_before_many_of_them_are_read(
    open_library: Callable[..., Library], tmp_path: Path, hashing: Any
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.md").write_text(f"# Long {number}\n\n" + "The sea is wide. " * 8_000)
    library, stored = open_library(model=hashing), []
    library.add([tmp_path], lambda step: stored.append((step.entries, step.stored)))
    assert max(read - kept for read, kept in stored) == 2


def test_the_real_listing_pages_hold_302_papers(seeds_library: Library, seeds: list[Path]) -> None:
    assert seeds_library.count() == seeds_library.facts().papers == 302
    assert seeds_library.unreadable() == []
    counts = seeds_library.catalog.counts()
    assert counts["vectors"] == counts["chunks"] == seeds_library.caches.vectors.count()
    assert {name for name, _ in seeds_library.facts().sources} == {path.name for path in seeds}


def test_the_real_listing_pages_added_again_are_all_unchanged(
    seeds: list[Path], open_library: Callable[..., Library], hashing: Any
) -> None:
    library = open_library(model=hashing)
    first, again = library.add(seeds), library.add(seeds)
    assert (len(first.added), first.failed) == (302, ())
    assert (len(again.unchanged), again.added, again.updated) == (302, (), ())


# ---- One paper from several sources


def test_papers_of_one_title_by_others_stay_apart_in_any_order_and_again(
    open_library: Callable[..., Library], write_papers: Write
) -> None:
    library = open_library()
    listed = {"title": "Deep Learning", "abstract": "Layers learn."}
    one = {"title": "Deep Learning", "abstract": "Layers learn.", "authors": ["Ines Duarte"]}
    other = {"title": "Deep learning", "abstract": "Another study of layers.", "authors": ["Lars Holm"]}
    files = [write_papers("all.jsonl", listed, one, other), write_papers("late.jsonl", other)]
    report = library.add(files)
    assert report.added == ("Deep Learning", "Deep learning")
    assert {library.paper(paper.id).authors for paper in library.papers()} == {
        ("Ines Duarte",),
        ("Lars Holm",),
    }
    (tmp := files[0]).write_text(tmp.read_text() + "\n")  # read again, since it changed
    again = library.add(files)
    assert (again.added, again.updated, len(again.unchanged)) == ((), (), 2)
    assert library.versions(library.papers()[0].id) == ()


def test_a_preprint_and_its_article_know_of_each_other(
    open_library: Callable[..., Library], write_papers: Write
) -> None:
    library = open_library()
    facts = {"title": "Tides of Reward", "abstract": "Rewards drift."}
    preprint = facts | {"doi": "10.1101/2024.01.01", "authors": ["Ines Duarte", "Paul Okoro"]}
    article = facts | {"doi": "10.1038/s1", "authors": ["Duarte, Ines"]}
    library.add([write_papers("a.jsonl", preprint), write_papers("b.jsonl", article)])
    first, second = library.paper("10.1101/2024.01.01"), library.paper("10.1038/s1")
    assert library.versions(first.id) == (second,)
    assert library.versions(second.id) == (first,)


def test_an_arxiv_record_that_names_its_journals_doi_joins_what_is_known_of_that_doi(
    open_library: Callable[..., Library], write_papers: Write
) -> None:
    library = open_library()
    article = {
        "title": "Rewards",
        "abstract": "Rewards drift.",
        "doi": "10.1038/s1",
        "authors": ["I. Duarte"],
    }
    arxiv = {
        "title": "On Rewards",
        "abstract": "Rewards drift.",
        "doi": "10.1038/s1",
        "arxiv_id": "2402.08714",
    }
    library.add([write_papers("a.jsonl", article), write_papers("b.jsonl", arxiv)])
    (paper,) = library.papers()
    assert (paper.arxiv_id, paper.doi) == ("2402.08714", "10.1038/s1")
    assert [source.name for source in library.paper_sources(paper.id)] == ["a.jsonl", "b.jsonl"]
    assert library.versions(paper.id) == ()


def test_a_paper_met_by_its_title_is_met_by_its_identifier_from_then_on(
    open_library: Callable[..., Library], write_papers: Write
) -> None:
    library = open_library()
    listed = {"title": "Tides of Reward", "abstract": "Rewards drift."}
    known = listed | {"arxiv_id": "2402.08714"}
    renamed = {"title": "Reward Tides", "abstract": "Rewards drift.", "arxiv_id": "2402.08714"}
    assert library.add([write_papers("all.jsonl", listed, known, renamed)]).papers == 1
