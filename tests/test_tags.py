"""Tags: filing papers under words of the reader's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from index.library import Library
from index.schema import Filters


def ids(library: Library, *beginnings: str) -> list[str]:
    return [paper.id for paper in library.papers() if paper.title.startswith(beginnings)]


def test_a_tag_is_written_as_it_was_first_written(library: Library) -> None:
    library.tag(ids(library, "TideNet"), "  Sea  levels ")
    library.tag(ids(library, "TideNet", "On the"), "SEA levels")
    assert library.facts().tags == (("Sea levels", 2),)
    assert library.catalog.tags.of(ids(library, "On the")) == {ids(library, "On the")[0]: ("Sea levels",)}


def test_a_tag_is_taken_off_again_and_forgotten_with_its_last_paper(library: Library) -> None:
    both = ids(library, "TideNet", "On the")
    library.tag(both, "water")
    library.untag(both[:1], "Water")
    assert library.facts().tags == (("water", 1),)
    library.untag(both, "water")
    assert library.facts().tags == ()


def test_a_tag_stays_when_a_source_says_something_new_of_its_paper(
    library: Library, papers: tuple[dict[str, Any], ...], write_papers: Callable[..., Any]
) -> None:
    library.tag(ids(library, "TideNet"), "water")
    report = library.add([write_papers("papers.jsonl", papers[0] | {"comments": 40}, *papers[1:])])
    assert len(report.updated) == 1
    assert [paper.comments for paper in library.papers(Filters(tags=("water",)))] == [40]


def test_a_removed_paper_leaves_no_tag_behind(library: Library) -> None:
    tide = ids(library, "TideNet")
    library.tag(tide, "water")
    library.remove(tide)
    assert library.facts().tags == ()
    assert library.catalog.tags.papers(["water"]) == []


def test_a_paper_that_is_not_there_is_not_tagged(library: Library) -> None:
    library.tag(["no-such-paper"], "water")
    assert library.catalog.tags.papers(["water"]) == []


@pytest.mark.parametrize(("tag", "said"), [("  ", "needs a name"), ("x" * 61, "at most 60 characters")])
def test_a_tag_that_is_no_name_is_refused(library: Library, tag: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        library.tag(ids(library, "TideNet"), tag)


def test_a_library_made_before_there_were_tags_opens(
    library: Library, open_library: Callable[..., Library]
) -> None:
    library.close()
    with library.catalog.engine.begin() as connection:
        connection.execute(text("DROP TABLE tags"))
        connection.execute(text("DROP TABLE catalog_revision"))  # from before revisions had numbers
    again = open_library(library.folder)
    again.tag(ids(again, "TideNet"), "water")
    assert again.count(Filters(tags=("water",))) == 1
