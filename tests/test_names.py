"""Papers that a question calls by name, and words that only look like names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.library import Library
from index.names import papers_named

PAPERS = [
    {
        "title": "PRDX: Stable Rewards for Painting Robots",
        "abstract": "Robots paint walls. PRDX keeps rewards stable.",
    },
    {
        "title": "Agents: A Survey of Robots that Act",
        "abstract": "Agents act in rooms. Robots that act need maps.",
    },
    {"title": "in", "abstract": "A title that a broken record left behind, in one word. Robots are in it."},
    {
        "title": "Robots Learn to Sort Seeds by Sound Alone",
        "abstract": "Robots sort seeds, as agents in the field do.",
    },
    *(
        {
            "title": f"Walls and Agents, Part {part}",
            "abstract": "Agents paint walls in rooms, and robots act.",
        }
        for part in ("One", "Two", "Three", "Four")
    ),
]


@pytest.fixture
def named(
    open_library: Callable[..., Library], write_papers: Callable[..., Path]
) -> Callable[[str], dict[str, bool]]:
    library = open_library()
    library.add([write_papers("named.jsonl", *PAPERS)])

    def look(query: str) -> dict[str, bool]:
        found = papers_named(query, library.catalog, library.caches.keywords)
        return {called.paper.title.split(":")[0]: called.sure for called in found}

    return look


def test_a_short_name_is_found_as_written_and_in_small_letters(
    named: Callable[[str], dict[str, bool]],
) -> None:
    assert named("What does PRDX propose?") == named("what does prdx propose?") == {"PRDX": False}


def test_a_whole_title_in_a_question_is_a_sure_name(named: Callable[[str], dict[str, bool]]) -> None:
    assert named("Is robots learn to sort seeds by sound alone any good?") == {
        "Robots Learn to Sort Seeds by Sound Alone": True
    }
    assert named("PRDX") == {"PRDX": True}


def test_a_common_word_is_no_name_though_a_paper_is_called_so(
    named: Callable[[str], dict[str, bool]],
) -> None:
    assert named("Which agents paint walls in rooms?") == {}


def test_a_word_that_hides_in_another_is_no_name(named: Callable[[str], dict[str, bool]]) -> None:
    assert named("Does PRDXtra exist inside?") == {}


def test_papers_that_share_the_title_asked_for_are_ranked_by_the_rest_of_the_question(
    open_library: Callable[..., Library], write_papers: Callable[..., Path]
) -> None:
    title = "Robots Learn to Sort Seeds"
    parts = (
        "They hear the fall of each seed on steel.",
        "Forty seeds a second are sorted.",
        "No camera is used.",
    )
    library = open_library()
    library.add(
        [
            write_papers(
                "parts.jsonl", *({"id": f"part{n}", "title": title, "text": t} for n, t in enumerate(parts))
            )
        ]
    )
    for position, question in enumerate(("what do they hear?", "how many a second?", "is a camera used?")):
        best = library.search(f"{title} {question}", 1)[0]
        assert best.paper.id == f"part{position}"
