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
        connection.execute(text("DROP TABLE catalog_revision"))  # from before revisions had numbers
    again = open_library(library.folder)
    with again.catalog.engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT id FROM papers ORDER BY day DESC NULLS LAST, title_key LIMIT 5")
        )
        assert "papers_by_day" in str(plan.all())


# ---- By author


def test_a_family_name_gives_the_papers_of_that_author_first(
    library: Library, write_papers: Callable[..., Any]
) -> None:
    told = {"title": "Warblers", "abstract": "Holm first wrote of them. Holm did so twice, and Holm again."}
    library.add([write_papers("more.jsonl", told)])
    assert titles(library, "holm") == ["Cold", "Warblers"]
    assert titles(library, "HÓLM ")[0] == "Cold"
    assert library.listing(words="holm").total == 2
    pages = [
        library.listing(words="holm", offset=offset, limit=1).entries[0].paper.title for offset in (0, 1)
    ]
    assert [title.split()[0] for title in pages] == ["Cold", "Warblers"]
    assert titles(library, "holm", Order(field="title", descending=True)) == ["Warblers", "Cold"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    {
        "a whole name": ("Ines Duarte", ["TideNet"]),
        "a whole name, family name first": ("duarte ines", ["TideNet"]),
        "half a family name": ("brand", ["Cold"]),
        "half a whole name": ("ada bra", ["Cold"]),
        "a first name": ("lars", ["Cold"]),
        "a name and a word of a title": ("tan grammar", ["A"]),
        "a name and another paper's word": ("tan seeds", []),
        "a part of a name's middle": ("olm", []),
    }.values(),
)  # fmt: skip
def test_authors_are_found_by_their_names_and_what_is_typed_of_them(
    library: Library, words: str, wanted: list[str]
) -> None:
    assert titles(library, words) == wanted


def test_authors_are_looked_for_within_the_filters(library: Library) -> None:
    assert titles(library, "holm", since="2026") == []
    assert titles(library, "holm", since="2025") == ["Cold"]
    assert library.listed_ids(words="holm") == [library.paper("Cold Starts").id]


def test_papers_are_put_in_order_by_family_name_and_by_source(
    library: Library, write_papers: Callable[..., Any]
) -> None:
    late = {"title": "Zebra", "abstract": "It has stripes.", "authors": ["Aaron Zimmer", "Al Abel"]}
    library.add([write_papers("A.jsonl", late)])
    by_author = titles(library, order=Order(field="authors", descending=False))
    assert by_author[:4] == ["TideNet", "Cold", "A", "Zebra"]
    assert titles(library, order=Order(field="authors", descending=True))[:4] == by_author[:4][::-1]
    assert titles(library, order=Order(field="source", descending=False))[0] == "Zebra"


def test_a_name_is_looked_up_with_short_lists_too(library: Library) -> None:
    named = [paper.title.split()[0] for paper in library.papers(words="holm")]
    assert named == [paper.title.split()[0] for paper in library.papers(words="Lars Holm")] == ["Cold"]
    assert library.papers(words="holm recommendation")[0].title.startswith("Cold")


def test_a_library_made_before_authors_were_kept_opens_and_knows_them(
    library: Library, open_library: Callable[..., Library]
) -> None:
    library.close()
    with library.catalog.engine.begin() as connection:
        for index in ("papers_by_author", "papers_by_source"):
            connection.execute(text(f"DROP INDEX {index}"))
        for column in ("author_key", "source_key"):
            connection.execute(text(f"ALTER TABLE papers DROP COLUMN {column}"))
        connection.execute(text("DROP TABLE authors"))
        connection.execute(text("DROP TABLE catalog_revision"))  # from before revisions had numbers
    again = open_library(library.folder)
    assert titles(again, "holm") == ["Cold"]
    assert titles(again, order=Order(field="authors", descending=False))[:3] == ["TideNet", "Cold", "A"]
    assert again.catalog.written_by("Mei Tan") == [again.paper("A Grammar of Bird Song").id]


def test_a_paper_that_goes_takes_its_authors_along(library: Library) -> None:
    library.remove(["Cold Starts"])
    assert titles(library, "holm") == []
    with library.catalog.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM authors WHERE family LIKE 'holm%'")) == 0
