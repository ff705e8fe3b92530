"""Filters: each means the same in the catalog, in Chroma and in the keyword index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embedding import Embedder
from index.filters import bounds, organization_key
from index.library import Library
from index.schema import Filters
from index.settings import IndexSettings


@pytest.fixture(scope="module")
def filled(
    papers: tuple[dict[str, Any], ...], embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """The six papers from two files, one of which holds the last three."""
    import json

    folder = tmp_path_factory.mktemp("filters")
    (folder / "first.jsonl").write_text("\n".join(map(json.dumps, papers[:4])))
    (folder / "second.jsonl").write_text("\n".join(map(json.dumps, papers[3:])))
    with Library.open(folder / "library", IndexSettings()) as library:
        library.embedder = embedder
        library.add([folder / "first.jsonl"])
        library.add([folder / "second.jsonl"])
        for beginning, tag in (
            ("Tide", "Water"),
            ("On", "water "),
            ("On", "to read"),
            ("Sorting", "to read"),
        ):
            library.tag([paper.id for paper in library.papers() if paper.title.startswith(beginning)], tag)
        yield library


def first_words(titles: Any) -> set[str]:
    return {title.split()[0].rstrip(":") for title in titles}


def in_catalog(library: Library, filters: Filters) -> set[str]:
    return first_words(paper.title for paper in library.papers(filters))


def in_chroma(library: Library, filters: Filters) -> set[str]:
    hits = library.caches.nearest(library.embedder.query("papers"), 100, library.catalog.bounds(filters))
    return located(library, [hit.item for hit in hits])


def in_keywords(library: Library, filters: Filters) -> set[str]:
    everything = " ".join(library.text(paper.id) for paper in library.papers())
    scope, keywords = library.catalog.bounds(filters), library.caches.keywords
    papers = {library.document(hit.item).paper.title for hit in keywords.best_papers(everything, 100, scope)}
    chunks = located(library, [hit.item for hit in keywords.best_chunks(everything, 100, scope)])
    assert first_words(papers) == chunks
    return chunks


def located(library: Library, chunk_ids: list[str]) -> set[str]:
    return first_words(paper.title for paper, _ in library.catalog.located(chunk_ids).values())


ALL = {"TideNet", "A", "Cold", "KilnBench", "Sorting", "On"}
CASES: dict[str, tuple[Filters, set[str]]] = {
    "nothing": (Filters(), ALL),
    "since a day": (Filters(since="2025-06-30"), {"Sorting"}),
    "since a month": (Filters(since="2025-06"), {"KilnBench", "Sorting"}),
    "since a year": (Filters(since="2025"), {"Cold", "KilnBench", "Sorting"}),
    "until a day": (Filters(until="2024-03-05"), {"TideNet"}),
    "until a month": (Filters(until="2024-11"), {"TideNet", "A"}),
    "until a year": (Filters(until="2024"), {"TideNet", "A"}),
    "since a month in words": (Filters(since="June 2025"), {"KilnBench", "Sorting"}),
    "between": (Filters(since="2024-06", until="2025-01-14"), {"A", "Cold"}),
    "never": (Filters(since="2025", until="2024"), set()),
    "an organisation": (Filters(organizations=("Aviary Lab",)), {"A", "Sorting"}),
    "an organisation in other letters": (Filters(organizations=("HARBOR Institute",)), {"TideNet", "Cold"}),
    "two organisations": (Filters(organizations=("aviary lab", "Polar Works")), {"A", "Sorting", "On"}),
    "an unknown organisation": (Filters(organizations=("Nobody",)), set()),
    "any known number of comments": (Filters(min_comments=0), ALL - {"Sorting"}),
    "many comments": (Filters(min_comments=9), {"A", "KilnBench"}),
    "too many comments": (Filters(min_comments=18), set()),
    "a source": (Filters(sources=("first.jsonl",)), {"TideNet", "A", "Cold", "KilnBench"}),
    "the other source": (Filters(sources=("second.jsonl",)), {"KilnBench", "Sorting", "On"}),
    "both sources": (Filters(sources=("first.jsonl", "second.jsonl")), ALL),
    "no such source": (Filters(sources=("third.jsonl",)), set()),
    "a tag": (Filters(tags=("Water",)), {"TideNet", "On"}),
    "a tag in other letters": (Filters(tags=("WATER",)), {"TideNet", "On"}),
    "two tags": (Filters(tags=("water", "to read")), {"TideNet", "On", "Sorting"}),
    "no such tag": (Filters(tags=("fire",)), set()),
    "a tag and a date": (Filters(tags=("to read",), since="2025"), {"Sorting"}),
    "several at once": (
        Filters(
            since="2024-02", organizations=("Harbor Institute",), min_comments=1, sources=("first.jsonl",)
        ),
        {"TideNet"},
    ),
}


@pytest.mark.parametrize(("filters", "wanted"), CASES.values(), ids=CASES)
def test_a_filter_leaves_the_same_papers_everywhere(
    filled: Library, filters: Filters, wanted: set[str]
) -> None:
    assert in_catalog(filled, filters) == wanted
    assert in_chroma(filled, filters) == wanted
    assert in_keywords(filled, filters) == wanted
    assert filled.count(filters) == len(wanted)
    found = filled.search("forecasting songs seeds glaciers kilns users", 10, filters)
    assert first_words(passage.paper.title for passage in found) == wanted


def test_papers_are_filtered_by_id(filled: Library) -> None:
    some = [paper.id for paper in filled.papers() if paper.title.startswith(("Tide", "On"))]
    for chosen in (some[:1], some):
        filters = Filters(papers=tuple(chosen))
        wanted = first_words(filled.document(paper_id).paper.title for paper_id in chosen)
        assert (
            in_catalog(filled, filters)
            == in_chroma(filled, filters)
            == in_keywords(filled, filters)
            == wanted
        )
        assert filled.count(filters) == len(chosen)


def test_papers_are_left_out_by_id_whatever_else_is_asked_for(filled: Library) -> None:
    ids = {paper.title.split()[0].rstrip(":"): paper.id for paper in filled.papers()}
    cases = {
        ("TideNet",): Filters(),
        ("TideNet", "On"): Filters(),
        ("Cold",): Filters(organizations=("Harbor Institute",)),
        ("TideNet", "A"): Filters(papers=(ids["TideNet"], ids["A"], ids["On"])),
        tuple(ids): Filters(),
    }
    for left_out, given in cases.items():
        filters = given.model_copy(update={"excluded": tuple(ids[name] for name in left_out)})
        wanted = in_catalog(filled, given) - set(left_out)
        assert in_catalog(filled, filters) == in_chroma(filled, filters) == in_keywords(filled, filters)
        assert in_catalog(filled, filters) == wanted
        assert filled.count(filters) == len(wanted)


def test_a_paper_left_out_is_not_found_by_its_name(filled: Library) -> None:
    (tide,) = [paper for paper in filled.papers() if paper.title.startswith("Tide")]
    assert filled.search("What does TideNet forecast?", 1)[0].paper == tide
    found = filled.search("What does TideNet forecast?", 10, Filters(excluded=(tide.id,)))
    assert found
    assert tide not in [passage.paper for passage in found]


def test_an_unknown_paper_id_leaves_nothing(filled: Library) -> None:
    filters = Filters(papers=("no-such-paper",))
    assert filled.search("sea levels", 10, filters) == []
    assert filled.count(filters) == 0


def test_a_filter_is_applied_before_the_best_are_chosen(filled: Library) -> None:
    """The words point at one paper, the filter at another: the other is found, not nothing."""
    found = filled.search("sea levels buoys tides storms", 1, Filters(organizations=("Polar Works",)))
    assert [passage.paper.title for passage in found] == ["On the Memory of Glaciers"]


def test_an_organisation_is_known_by_its_letters_not_its_spacing_or_case() -> None:
    assert organization_key("  Harbor \t INSTITUTE ") == organization_key("harbor institute")


def test_a_paper_is_dated_by_the_first_day_its_date_can_mean() -> None:
    scope = bounds(Filters(since="2025", until="2025-02"))
    assert (scope.first_day, scope.last_day) == (20250101, 20250228)


def test_a_date_that_cannot_be_read_is_refused_by_name(filled: Library) -> None:
    with pytest.raises(ValueError, match="'soon'"):
        filled.search("sea", 1, Filters(since="soon"))
    with pytest.raises(ValueError, match="'2025-13'"):
        filled.count(Filters(until="2025-13"))
    with pytest.raises(ValueError, match="'--06-19' has no year"):
        filled.count(Filters(since="--06-19"))


def test_a_source_that_says_nothing_new_can_still_be_asked_for(
    library: Library, papers: tuple[dict[str, Any], ...], write_papers: Callable[..., Path]
) -> None:
    report = library.add([write_papers("copy.jsonl", papers[0])])
    assert len(report.unchanged) == 1
    filters = Filters(sources=("copy.jsonl",))
    assert (
        in_catalog(library, filters)
        == in_chroma(library, filters)
        == in_keywords(library, filters)
        == {"TideNet"}
    )
