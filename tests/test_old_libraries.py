"""A library that any earlier Ibid made opens, and holds what it held."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.audit import examine_conversations
from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.conversation_tables import CONVERSATIONS
from assistant.engine import Assistant
from assistant.saved_questions import SavedQuestions
from index.catalog import CATALOG
from index.doctor import examine
from index.library import Library
from index.schema import Filters

KEPT = Path(__file__).parent / "data" / "libraries"
REVISIONS = [1, 2, 3, 4, 5]


@pytest.fixture(params=REVISIONS, ids="revision {}".format)
def old(request: pytest.FixtureRequest, tmp_path: Path, open_library: Callable[..., Library]) -> Library:
    """A library that was at this revision, just opened."""
    with tarfile.open(KEPT / f"revision-{request.param}.tar.gz") as packed:
        packed.extractall(tmp_path / "old", filter="data")
    return open_library(tmp_path / "old")


@pytest.fixture
def revision(request: pytest.FixtureRequest) -> int:
    return int(request.node.callspec.params["old"])


def test_every_revision_before_the_newest_has_a_library_here() -> None:
    assert set(range(1, int(CATALOG.newest))) <= set(REVISIONS)
    assert {path.name for path in KEPT.glob("*.tar.gz")} == {f"revision-{n}.tar.gz" for n in REVISIONS}


def test_an_old_library_is_found_to_hold_what_it_held(old: Library, revision: int) -> None:
    papers = {paper.title: paper.id for paper in old.papers()}
    assert len(papers) == (4 if revision == 5 else 3)
    assert old.search("predicting the water level")[0].paper.title == "Tide Clocks for Harbour Robots"
    answer = Assistant(old).ask("How long did folded kites stay in the air?")
    assert answer.answered
    assert "48 minutes" in answer.text
    assert faults(answer, old.text) == []

    assert set(old.catalog.written_by("Ana Brook")) == {
        papers["Tide Clocks for Harbour Robots"],
        papers["A Library of Small Sounds"],
    }
    assert old.catalog.acronyms(["tc"])[0].acronym.long == "tide clock"
    assert old.count(Filters(tags=("outdoors",))) == (1 if revision >= 3 else 0)
    if revision == 5:
        assert old.leaves.layout(papers["Lamps That Count Moths"]).pages

    kept = Conversations(old)
    (summary,) = kept.list()
    first, second = kept.open(summary.id).turns
    assert (first.question[:9], second.question) == ("How often", "does it need labels?")
    assert [found.id for found in kept.search("tide clocks")] == [summary.id]
    assert len(SavedQuestions(Assistant(old)).list()) == (1 if revision >= 3 else 0)

    findings = [*examine(old), examine_conversations(old)]
    assert [finding for finding in findings if not finding.holds] == []
    with old.catalog.engine.connect() as connection:
        assert CATALOG.revision(connection) == CATALOG.newest
        assert CONVERSATIONS.revision(connection) == CONVERSATIONS.newest


def test_an_old_library_takes_papers_and_an_old_paper_is_met_again(
    old: Library, write_papers: Callable[..., Path]
) -> None:
    number = old.facts().papers
    known = {"title": "Tide Clocks for Harbour Robots", "authors": ["Ana Brook"], "abstract": "It ticks."}
    new = {"title": "A New Paper on Anchors", "abstract": "Anchors hold better in clay than in sand."}
    report = old.add([write_papers("more.jsonl", known, new)])
    assert (len(report.added), len(report.failed)) == (1, 0)
    assert old.facts().papers == number + 1
    assert old.search("anchors in clay")[0].paper.title == new["title"]
