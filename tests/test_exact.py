"""The search within a scope: what Chroma's conditions would find, exactly, and after every change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index import exact
from index.exact import Exact
from index.filters import Bounds
from index.library import Library
from index.rows import Vector
from index.schema import Filters

COUNT = 5
SCOPES: dict[str, Callable[[Library], Bounds]] = {
    "days": lambda library: library.catalog.bounds(Filters(since="2010", until="2014-06")),
    "since": lambda library: library.catalog.bounds(Filters(since="2015")),
    "organisation": lambda library: library.catalog.bounds(Filters(organizations=("harbour 2",))),
    "an organisation that is not there": lambda library: library.catalog.bounds(Filters(organizations=("x",))),
    "comments": lambda library: library.catalog.bounds(Filters(min_comments=30)),
    "source": lambda library: library.catalog.bounds(Filters(sources=("two.jsonl",))),
    "sources": lambda library: library.catalog.bounds(Filters(sources=("one.jsonl", "two.jsonl", "x"))),
    "excluded": lambda library: Bounds(excluded=tuple(library.catalog.paper_ids()[:20])),
    "a few papers": lambda library: Bounds(papers=tuple(library.catalog.paper_ids()[5:8])),
    "many papers": lambda library: Bounds(papers=tuple(library.catalog.paper_ids()[3:57])),
    "no paper": lambda library: Bounds(papers=()),
    "two things": lambda library: library.catalog.bounds(
        Filters(since="2008", organizations=("harbour 1",), min_comments=2)
    ),
}  # fmt: skip


def entries(start: int, end: int) -> list[dict[str, Any]]:
    """Papers of which every fifth is not dated and every seventh has no organisation."""
    found = []
    for number in range(start, end):
        paper: dict[str, Any] = {
            "title": f"Buoy {number}",
            "abstract": f"Buoy {number} drifts across bay {number % 9}.",
        }
        paper |= {"year": 2000 + number % 20} if number % 5 else {}
        paper |= {"organization": f"Harbour {number % 4}"} if number % 7 else {}
        found.append(paper | ({"comments": number} if number % 3 else {}))
    return found


@pytest.fixture
def harbour(open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Any) -> Library:
    library = open_library(model=hashing)
    library.add([write_papers("one.jsonl", *entries(0, 40)), write_papers("two.jsonl", *entries(30, 70))])
    return library


@pytest.fixture
def asked(harbour: Library) -> Vector:
    return harbour.embedder.query("What drifts across bay 4?")


def nearest(library: Library, asked: Vector, scope: Bounds) -> list[float]:
    """The cosines found, rounded: of equal ones, either may be."""
    return [round(hit.score, 4) for hit in library.caches.nearest(asked, COUNT, scope)]


def by_chroma(library: Library, asked: Vector, scope: Bounds) -> list[float]:
    return [round(hit.score, 4) for hit in library.caches.vectors.nearest(asked, COUNT, scope)]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_a_scope_holds_what_chroma_finds_by_conditions(
    harbour: Library, asked: Vector, scope: Callable[[Library], Bounds]
) -> None:
    bounds = scope(harbour)
    assert nearest(harbour, asked, bounds) == by_chroma(harbour, asked, bounds)


def test_a_change_of_the_library_is_seen(
    harbour: Library, asked: Vector, write_papers: Callable[..., Path]
) -> None:
    since = harbour.catalog.bounds(Filters(since="2001"))
    before = nearest(harbour, asked, since)
    best = harbour.caches.nearest(asked, COUNT, since)[0].item
    ((paper, _),) = harbour.catalog.located([best]).values()
    harbour.remove([paper.id])
    assert best not in {hit.item for hit in harbour.caches.nearest(asked, COUNT, since)}
    later = [entry | {"year": 2030} for entry in entries(0, 40)]
    harbour.add([write_papers("one.jsonl", *later), write_papers("three.jsonl", *entries(70, 80))])
    assert nearest(harbour, asked, since) == by_chroma(harbour, asked, since)
    newest = harbour.catalog.bounds(Filters(since="2030"))
    assert nearest(harbour, asked, newest) == by_chroma(harbour, asked, newest) != before
    harbour.remove([paper.id for paper in harbour.papers(limit=70)])
    assert nearest(harbour, asked, since) == by_chroma(harbour, asked, since)


def test_more_papers_than_chroma_takes_are_a_scope_too(harbour: Library, asked: Vector) -> None:
    named = (*harbour.catalog.paper_ids(), *(f"p{number}" for number in range(40_000)))
    assert nearest(harbour, asked, Bounds(papers=named)) == by_chroma(harbour, asked, Bounds())


def test_a_library_too_large_for_memory_is_left_to_chroma(
    harbour: Library, asked: Vector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "MOST", 10)
    since = harbour.catalog.bounds(Filters(since="2010"))
    assert Exact(harbour.catalog, harbour.caches.model).nearest(asked, COUNT, since) is None
    assert nearest(harbour, asked, since) == by_chroma(harbour, asked, since)
