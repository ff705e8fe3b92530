"""When papers came into the library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, text, update

from index.library import Library
from index.schema import Filters
from index.tables import arrivals
from index.tables import papers as rows

Papers = tuple[dict[str, Any], ...]


def move_back(library: Library, beginning: str, days: int) -> None:
    """Let a paper have come some days earlier."""
    found = next(paper for paper in library.papers() if paper.title.startswith(beginning))
    when = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    with library.catalog.engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.paper_id == found.id).values(arrived=when))


def titles(library: Library, days: int, filters: Filters = Filters()) -> list[str]:
    found = library.arrivals(datetime.now(UTC) - timedelta(days=days), filters)
    assert found.total == len(found.papers)
    return [one.paper.title.split()[0] for one in found.papers]


def test_papers_that_came_lately_are_told_the_latest_first(library: Library) -> None:
    for position, paper in enumerate(("TideNet", "A Grammar", "Cold", "KilnBench", "Sorting")):
        move_back(library, paper, 40 - 2 * position)
    move_back(library, "On the", 2)
    assert titles(library, 7) == ["On"]
    assert titles(library, 37) == ["On", "Sorting", "KilnBench:", "Cold"]
    assert titles(library, 90, Filters(organizations=("Aviary Lab",))) == ["Sorting", "A"]


def test_no_more_papers_than_asked_for_are_told_but_all_are_counted(library: Library) -> None:
    found = library.arrivals(limit=2)
    assert (len(found.papers), found.total) == (2, 6)


def test_a_change_of_a_paper_does_not_make_it_new(
    library: Library, papers: Papers, write_papers: Callable[..., Path]
) -> None:
    move_back(library, "TideNet", 30)
    report = library.add([write_papers("papers.jsonl", papers[0] | {"comments": 40}, *papers[1:])])
    assert report.updated
    assert "TideNet:" not in titles(library, 7)


def test_a_paper_brought_back_is_not_new_but_one_added_again_is(
    library: Library, papers: Papers, write_papers: Callable[..., Path]
) -> None:
    move_back(library, "TideNet", 30)
    mark = library.set_aside([library.paper("TideNet").id])
    assert library.bring_back(mark) == 1
    assert "TideNet:" not in titles(library, 7)
    library.remove(["TideNet"])
    library.add([write_papers("again.jsonl", papers[0])])
    assert "TideNet:" in titles(library, 7)


def test_in_an_older_library_a_paper_came_when_it_was_last_written(
    library: Library, papers: Papers, write_papers: Callable[..., Path], open_library: Callable[..., Library]
) -> None:
    then = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
    with library.catalog.engine.begin() as connection:
        connection.execute(delete(arrivals))
        connection.execute(update(rows).values(updated=then))
        connection.execute(text("DROP TABLE arrivals"))
        connection.execute(text("DROP TABLE catalog_revision"))  # from before revisions had numbers
    again = open_library(library.folder)
    assert titles(again, 7) == []
    assert len(titles(again, 31)) == 6
    again.add([write_papers("papers.jsonl", papers[0] | {"comments": 40}, *papers[1:])])
    assert titles(again, 7) == []
