"""Lists of papers: searched, narrowed, ordered, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from index.library import Library
from index.listing import Field, Order
from index.schema import Filters


def titles(library: Library, words: str = "", order: Order | None = None, **given: Any) -> list[str]:
    filters = Filters(**given)
    return [
        entry.paper.title.split()[0].rstrip(":") for entry in library.listing(filters, words, order).entries
    ]


ORDERS: dict[str, tuple[Field, bool, list[str]]] = {
    "newest": ("date", True, ["Sorting", "KilnBench", "Cold", "A", "TideNet", "On"]),
    "oldest": ("date", False, ["TideNet", "A", "Cold", "KilnBench", "Sorting", "On"]),
    "by title": ("title", False, ["A", "Cold", "KilnBench", "On", "Sorting", "TideNet"]),
    "by title, backwards": ("title", True, ["TideNet", "Sorting", "On", "KilnBench", "Cold", "A"]),
    "by organisation": ("organization", False, ["A", "Sorting", "Cold", "TideNet", "On", "KilnBench"]),
    "most discussed": ("comments", True, ["A", "KilnBench", "TideNet", "On", "Cold", "Sorting"]),
    "least discussed": ("comments", False, ["Cold", "On", "TideNet", "KilnBench", "A", "Sorting"]),
}


@pytest.mark.parametrize(("field", "descending", "wanted"), ORDERS.values(), ids=ORDERS)
def test_what_is_not_known_of_a_paper_puts_it_last(
    library: Library, field: Field, descending: bool, wanted: list[str]
) -> None:
    assert titles(library, order=Order(field=field, descending=descending)) == wanted


def test_pages_follow_each_other_and_the_number_is_of_all(library: Library) -> None:
    pages = [library.listing(offset=offset, limit=4) for offset in (0, 4, 8)]
    assert [page.total for page in pages] == [6, 6, 6]
    assert [len(page.entries) for page in pages] == [4, 2, 0]
    assert len({entry.paper.id for page in pages for entry in page.entries}) == 6


@pytest.mark.parametrize(
    ("words", "wanted"),
    {
        "a word of a text": ("snowfall", {"On"}),
        "a word in another form": ("forecasted", {"TideNet"}),
        "half a word": ("recomm", {"Cold"}),
        "half a word beyond its stem": ("recommende", {"Cold"}),
        "two words of one paper": ("steel micro", {"Sorting"}),
        "words of two papers": ("snowfall microphone", set()),
        "function words": ("on the memory of glaciers", {"On"}),
        "a function word at the end": ("glaciers of the", {"On"}),
        "in other letters": ("KILNbench", {"KilnBench"}),
        "an accent": ("glaciérs", {"On"}),
        "nothing like it": ("sourdough", set()),
        "punctuation": ("?!", set()),
    }.values(),
)  # fmt: skip
def test_what_is_typed_is_looked_for_in_titles_and_texts(
    library: Library, words: str, wanted: set[str]
) -> None:
    assert set(titles(library, words)) == wanted
    assert library.listing(words=words).total == len(wanted)


def test_every_beginning_of_a_title_finds_its_paper(library: Library) -> None:
    title = "Cold Starts in Recommendation Are a Matter of Trust"
    for end in range(3, len(title) + 1):
        assert "Cold" in titles(library, title[:end]), title[:end]


def test_the_best_match_comes_first_unless_an_order_is_asked_for(library: Library) -> None:
    assert titles(library, "songs grammar")[0] == "A"
    by_title = titles(library, "no", Order(field="title", descending=False))
    assert len(by_title) > 2
    assert by_title == sorted(by_title)


def test_a_search_is_held_to_the_filters(library: Library) -> None:
    assert set(titles(library, "no")) > {"Sorting"}
    assert titles(library, "no", organizations=("Aviary Lab",), since="2025") == ["Sorting"]


def test_a_paper_is_found_by_its_identifier(library: Library, write_papers: Callable[..., Any]) -> None:
    library.add(
        [
            write_papers(
                "one.jsonl", {"title": "Numbered", "abstract": "It is short.", "arxiv_id": "2501.01234"}
            )
        ]
    )
    assert titles(library, "2501.01234") == ["Numbered"]


def test_a_paper_still_being_indexed_is_listed_as_such_and_not_chosen(library: Library) -> None:
    with library.catalog.engine.begin() as connection:
        connection.execute(text("UPDATE papers SET state = 'pending' WHERE title LIKE 'Tide%'"))
    waiting = [entry.paper.title for entry in library.listing().entries if not entry.ready]
    assert [title.split(":")[0] for title in waiting] == ["TideNet"]
    assert len(library.listed_ids()) == 5


def test_a_library_made_before_lists_were_indexed_opens_and_is_indexed(
    library: Library, open_library: Callable[..., Library]
) -> None:
    library.close()
    with library.catalog.engine.begin() as connection:
        connection.execute(text("DROP INDEX papers_by_day"))
    again = open_library(library.folder)
    with again.catalog.engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT id FROM papers ORDER BY day DESC NULLS LAST, title_key LIMIT 5")
        )
        assert "papers_by_day" in str(plan.all())
