"""The chat page while papers are being added: it says so, answers all the same, and then counts anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from index.course import Progress, Step
from index.library import Library
from index.lock import FolderLock
from index.outcomes import AddReport
from index.settings import IndexSettings
from ui.chat.indexing import file_words
from ui.library.adding import Job

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serving = Callable[..., AbstractContextManager[str]]
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
QUESTION = "What does ColBERT propose?"
WELLS = {"title": "On Wells", "abstract": "Wells run dry in summer. Deep wells run dry in autumn."}
WAIT = 20.0

# Gradio leaves its server's event loop and sockets to the garbage collector, which `serving` calls.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Slow:
    """The adding of a library, which stops half-way until let go."""

    def __init__(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self._add = library.add
        monkeypatch.setattr(library, "add", self.add)

    def add(self, paths: Sequence[Path | str], progress: Progress | None = None) -> AddReport:
        assert progress is not None
        progress(Step(entries=1, share=0.5, done=0.5))
        assert self.go.wait(WAIT)
        return self._add(paths, progress)


@pytest.fixture
def own(sample_folder: Path, tmp_path: Path, settings: IndexSettings, embedder: Any) -> Iterator[Library]:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with Library.open(folder, settings) as library:
        library.embedder = embedder
        yield library


def give(page: Page, *records: dict[str, str]) -> None:
    """Drop a file of papers on the library page."""
    content = "\n".join(json.dumps(record) for record in records).encode()
    file: Any = {"name": "wells.jsonl", "mimeType": "text/plain", "buffer": content}
    page.locator("#files").set_input_files([file])
    expect(page.locator(".job")).to_have_attribute("data-stage", "indexing")


def test_a_file_on_its_way_is_told_and_the_chat_goes_on(
    own: Library, visit: Visit, ask: Ask, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(own, monkeypatch)
    with serving(own) as address:
        chat, library = visit(address), visit(f"{address}/library?view=add")
        before = own.count()
        give(library, WELLS)
        line = chat.locator("#indexing")
        expect(line).to_contain_text("Adding wells.jsonl: 50 %")
        ask(chat, QUESTION)
        expect(chat.locator("#thread a.cite").first).to_be_visible()
        slow.go.set()
        expect(line).to_have_text("")
        expect(chat.locator("#paper-count")).to_have_text(f"{before + 1} papers")
        expect(chat.locator("#scope-count")).to_have_text(f"{before + 1} papers")
        turn = ask(chat, "When do deep wells run dry?")
        expect(turn.locator("a.cite").first).to_have_attribute("title", "On Wells")


def test_papers_that_another_program_adds_are_told_and_counted(
    own: Library, settings: IndexSettings, tmp_path: Path, visit: Visit, serving: Serving
) -> None:
    papers = tmp_path / "wells.jsonl"
    papers.write_text(json.dumps(WELLS), encoding="utf-8")
    with serving(own) as address:
        page = visit(address)
        before = own.count()
        with FolderLock(own.folder).writing("ibid add"):
            expect(page.locator("#indexing")).to_contain_text(
                f"Another program is adding papers: {before} papers"
            )
        expect(page.locator("#indexing")).to_have_text("")
        with Library.open(own.folder, settings) as other:
            other.embedder = own.embedder
            other.add([papers])
        expect(page.locator("#paper-count")).to_have_text(f"{before + 1} papers")
        expect(page.locator(".facts")).to_contain_text(str(before + 1))


def test_an_empty_library_leads_to_adding_and_can_then_be_asked(
    tmp_path: Path, settings: IndexSettings, visit: Visit, ask: Ask, serving: Serving
) -> None:
    with Library.open(tmp_path / "library", settings) as own, serving(own) as address:
        page = visit(address)
        expect(page.locator("#no-papers h2")).to_have_text("This library holds no papers yet")
        expect(page.locator("#scope")).to_contain_text("no papers yet")
        expect(page.locator("#send")).to_be_disabled()
        page.locator("#no-papers").get_by_role("link", name="Add papers on the Library page").click()
        expect(page).to_have_url(re.compile("view=add"))
        page.locator("#pasted").fill(json.dumps(WELLS))
        page.get_by_role("button", name="Add text").click()
        expect(page.locator(".job")).to_have_attribute("data-stage", "ready", timeout=WAIT * 1000)
        page.get_by_role("link", name="Chat").click()
        expect(page.locator("#paper-count")).to_have_text("1 paper")
        expect(ask(page, "When do wells run dry?").locator("a.cite").first).to_be_visible()


def test_an_empty_page_fills_when_the_first_papers_come(
    tmp_path: Path, settings: IndexSettings, visit: Visit, serving: Serving, write_papers: Callable[..., Path]
) -> None:
    with Library.open(tmp_path / "library", settings) as own, serving(own) as address:
        page = visit(address)
        expect(page.locator("#no-papers")).to_be_visible()
        own.add([write_papers("wells.jsonl", WELLS)])
        expect(page.locator(".facts")).to_be_visible()
        expect(page.locator("#send")).to_be_enabled()


def test_of_files_on_their_way_the_one_being_read_is_told_and_the_others_counted() -> None:
    done = Job(number=1, name="a.txt", stage="ready", percent=100)
    reading = Job(number=2, name="b.txt", stage="indexing", percent=40)
    waiting = Job(number=3, name="c.txt")
    assert file_words([]) == file_words([done]) == ""
    assert file_words([done, reading]) == "Adding b.txt: 40 %"
    assert file_words([done, waiting, reading]) == "Adding b.txt: 40 % · 1 more file"
    assert file_words([waiting]) == "Adding c.txt: 0 %"


def test_a_writer_that_was_killed_writes_no_more(tmp_path: Path) -> None:
    assert FolderLock(tmp_path).purpose() == ""
    with FolderLock(tmp_path).writing("ibid add"):
        assert FolderLock(tmp_path).purpose() == "ibid add"
        left = (tmp_path / "writer.json").read_text()
    (tmp_path / "writer.json").write_text(left)  # a killed process removes nothing, and its lock is gone
    assert FolderLock(tmp_path).purpose() == ""


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
@pytest.mark.parametrize(("viewport", "mark"), [(WIDE, "1280"), (NARROW, "390")], ids=["wide", "narrow"])
def test_the_pictures_are_taken(
    viewport: dict[str, int], mark: str, own: Library, tmp_path: Path, settings: IndexSettings, visit: Visit,
    ask: Ask, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def picture(page: Page, name: str) -> None:
        page.evaluate("document.fonts.ready")
        page.mouse.move(0, 0)
        page.screenshot(path=PICTURES / f"{name}-{mark}.png", animations="disabled", caret="hide")

    slow = Slow(own, monkeypatch)
    with serving(own) as address:
        chat, library = visit(address, viewport), visit(f"{address}/library?view=add")
        give(library, WELLS)
        expect(chat.locator("#indexing")).to_contain_text("50 %")
        ask(chat, QUESTION)
        picture(chat, "indexing")
        slow.go.set()
        expect(chat.locator("#indexing")).to_have_text("")
    with Library.open(tmp_path / "empty", settings) as empty, serving(empty) as address:
        page = visit(address, viewport)
        expect(page.locator("#no-papers")).to_be_visible()
        picture(page, "no-papers")
