"""Papers set aside: removed, and brought back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from index import aside
from index.aside import Aside
from index.doctor import examine
from index.errors import PaperNotFound
from index.library import Library
from index.schema import Filters
from index.tables import removed, tags, vectors


def ids(library: Library, *beginnings: str) -> list[str]:
    return [paper.id for paper in library.papers() if paper.title.startswith(beginnings)]


def healthy(library: Library) -> bool:
    return all(finding.holds for finding in examine(library))


def stored(library: Library, table: Any) -> int:
    with library.catalog.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_paper_set_aside_is_gone_and_comes_back_whole_without_being_embedded(
    library: Library, counting: Any
) -> None:
    both = ids(library, "TideNet", "On the")
    before = [library.document(paper_id) for paper_id in both]
    library.tag(both[:1], "water")
    embedded = len(counting.embedded)
    mark = library.set_aside(both)
    assert library.count() == 4
    assert all("TideNet" not in passage.paper.title for passage in library.search("sea levels buoys"))
    assert healthy(library)
    assert library.bring_back(mark) == 2
    assert [library.document(paper_id) for paper_id in both] == before
    assert library.search("sea levels buoys")[0].paper.id == both[0]
    assert library.count(Filters(tags=("water",))) == 1
    assert len(counting.embedded) == embedded
    assert healthy(library)


def test_what_was_set_aside_comes_back_after_a_restart(
    library: Library, open_library: Callable[..., Library]
) -> None:
    mark = library.set_aside(ids(library, "TideNet"))
    library.close()
    again = open_library(library.folder)
    assert again.bring_back(mark) == 1
    assert ids(again, "TideNet")


def test_what_its_sources_said_comes_back_too(
    library: Library, papers: tuple[dict[str, Any], ...], write_papers: Callable[..., Any]
) -> None:
    library.bring_back(library.set_aside(ids(library, "TideNet")))
    report = library.add([write_papers("papers.jsonl", *papers)])
    assert len(report.unchanged) == 6


def test_a_removal_is_undone_once(library: Library) -> None:
    mark = library.set_aside(ids(library, "TideNet"))
    library.bring_back(mark)
    with pytest.raises(PaperNotFound, match="add its file again"):
        library.bring_back(mark)


def test_a_paper_added_again_meanwhile_is_not_replaced_by_its_old_self(
    library: Library, papers: tuple[dict[str, Any], ...], write_papers: Callable[..., Any]
) -> None:
    mark = library.set_aside(ids(library, "TideNet"))
    library.add([write_papers("new.jsonl", papers[0] | {"comments": 77})])
    with pytest.raises(PaperNotFound):
        library.bring_back(mark)
    assert library.document(ids(library, "TideNet")[0]).paper.comments == 77


def test_after_a_day_nothing_is_left(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.tag(ids(library, "TideNet", "On the"), "water")
    library.set_aside(ids(library, "TideNet"))
    chunks = library.facts().chunks
    assert stored(library, vectors) > chunks
    monkeypatch.setattr(aside, "KEPT", timedelta(seconds=-5))
    Aside(library.catalog).forget()
    assert stored(library, removed) == 0
    assert stored(library, vectors) == chunks
    assert stored(library, tags) == 1
