"""Addresses among files in one addition: what is added, what fails, and what comes of doing it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.engine import Assistant
from index.embedding import Embedder
from index.library import Library
from index.readers import readers
from index.settings import EmbeddingSettings, IndexSettings, OnlineSettings
from tests.scholarly import PDF, Scholarly, scholarly_server
from ui.programs.operations import BadRequest, Programs

Open = Callable[..., Library]
pdfs = pytest.mark.skipif(".pdf" not in readers(), reason="no reader of PDFs is installed")


@pytest.fixture
def server() -> Iterator[Scholarly]:
    with scholarly_server() as served:
        yield served


@pytest.fixture
def open_online(server: Scholarly, embedder: Embedder, models: Path, tmp_path: Path) -> Iterator[Open]:
    """Opens the test's library with the test's server in place of all others."""
    opened: list[Library] = []

    def open_library(**settings: Any) -> Library:
        online = OnlineSettings(**({"arxiv": server.url, "doi": server.url, "pause": 0} | settings))
        chosen = IndexSettings(embedding=EmbeddingSettings(models=models), online=online)
        library = Library.open(tmp_path / "library", chosen)
        library.__dict__["embedder"] = embedder
        opened.append(library)
        return library

    yield open_library
    for library in opened:
        library.close()


def test_files_and_addresses_are_added_together_and_a_bad_one_stops_no_other(
    open_online: Open, write_papers: Callable[..., Path], papers: tuple[dict[str, Any], ...]
) -> None:
    library = open_online()
    file = write_papers("papers.jsonl", papers[0])
    report = library.add(["http://10.0.0.1/a.pdf", "doi:10.1145/1234.5678", str(file), "doi:10.1/none"])
    assert sorted(report.added) == [papers[0]["title"], "Tides of Reward"]
    assert [failed.place for failed in report.failed] == ["http://10.0.0.1/a.pdf", "doi:10.1/none"]
    paper = library.paper("10.1145/1234.5678")
    assert (paper.source, paper.authors[0]) == ("doi:10.1145/1234.5678", "Ines Duarte")
    assert {failed.place for failed in library.unreadable()} == {"http://10.0.0.1/a.pdf", "doi:10.1/none"}
    assert list((library.folder).glob("fetching-*")) == []


def test_fetching_again_changes_nothing_and_a_failure_that_is_over_is_forgotten(
    open_online: Open, server: Scholarly
) -> None:
    library = open_online()
    away = server.routes.pop("/works/transform")
    assert len(library.add(["doi:10.1145/1234.5678"]).failed) == 1
    server.routes["/works/transform"] = away
    assert library.add(["doi:10.1145/1234.5678"]).added == ("Tides of Reward",)
    again = library.add(["https://doi.org/10.1145/1234.5678"])
    assert (again.added, again.updated, again.unchanged) == ((), (), ("Tides of Reward",))
    assert library.unreadable() == []


@pdfs
def test_an_arxiv_paper_is_one_paper_with_the_text_of_its_pdf(open_online: Open) -> None:
    library = open_online()
    report = library.add(["arxiv:2402.08714"])
    assert report.added == ("Tides of Reward: Preference Drift in Diffusion",)
    assert report.failed == ()
    (paper,) = library.papers()
    assert (paper.id, paper.source, paper.authors) == (
        "2402.08714",
        "arxiv:2402.08714",
        ("Ines Duarte", "Paul Okoro"),
    )
    assert [source.name for source in library.paper_sources(paper.id)] == ["arxiv:2402.08714"] * 2


@pdfs
def test_a_pdf_at_an_address_is_added(open_online: Open, server: Scholarly) -> None:
    library = open_online()
    report = library.add([f"{server.url}/open.pdf"])
    assert (len(report.added), report.failed) == (1, ())
    (paper,) = library.papers()
    assert (paper.url, paper.source) == (f"{server.url}/open.pdf",) * 2


def test_the_record_is_added_where_the_pdf_cannot_be(open_online: Open, server: Scholarly) -> None:
    server.routes["/pdf/2402.08714"] = lambda request: request.say(PDF, "application/pdf", status=403)
    library = open_online()
    report = library.add(["arxiv:2402.08714"])
    assert report.added == ("Tides of Reward: Preference Drift in Diffusion",)
    (failed,) = report.failed
    assert (failed.place, "its PDF was not" in failed.reason) == ("arxiv:2402.08714", True)


def test_a_file_that_is_called_as_an_address_is_a_file(
    open_online: Open, server: Scholarly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("arxiv:2402.08714").mkdir()
    Path("arxiv:2402.08714", "bees.md").write_text("# Bee Dances\n\nBees dance to tell where nectar is.")
    assert open_online().add(["arxiv:2402.08714"]).added == ("Bee Dances",)
    assert server.asked == []


def test_a_bare_id_is_no_address_but_is_answered_with_one(open_online: Open, server: Scholarly) -> None:
    report = open_online().add(["2402.08714"])
    assert "say arxiv:2402.08714" in report.failed[0].reason
    assert server.asked == []


def test_where_it_is_not_allowed_files_are_added_all_the_same(
    open_online: Open,
    server: Scholarly,
    write_papers: Callable[..., Path],
    papers: tuple[dict[str, Any], ...],
) -> None:
    report = open_online(allow=False).add(["arxiv:2402.08714", write_papers("papers.jsonl", papers[0])])
    assert len(report.added) == 1
    assert "online.allow is false" in report.failed[0].reason
    assert server.asked == []


def test_programs_have_papers_fetched_only_where_that_is_allowed(
    open_online: Open, server: Scholarly
) -> None:
    library = open_online()
    with pytest.raises(BadRequest, match=r"online\.programs is false"):
        Programs(library, Assistant(library)).fetch("doi:10.1145/1234.5678")
    assert server.asked == []
    allowing = open_online(programs=True)
    programs = Programs(allowing, Assistant(allowing))
    with pytest.raises(BadRequest, match="'/etc/hosts' is none"):
        programs.fetch("/etc/hosts")
    assert programs.fetch("doi:10.1145/1234.5678").added == ("Tides of Reward",)
