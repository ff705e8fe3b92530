"""Conversations on the chat page: listed, opened, found, renamed, deleted and brought back."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Turn
from index.library import Library
from index.settings import IndexSettings

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serving = Callable[..., AbstractContextManager[str]]
ROOT = Path(__file__).parents[1]
WAIT = 20.0
QUESTION = "What does ColBERT propose?"
SECOND = "Which papers improve retrieval?"
HOSTILE = "<img src=x onerror=window.hurt=1> ${window.hurt=2} {{x}}"


def test_a_conversation_comes_back_from_its_address_after_a_restart(
    sample_folder: Path, tmp_path: Path, settings: IndexSettings, visit: Visit, ask: Ask, serving: Serving
) -> None:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with Library.open(folder, settings) as own, serving(own) as address:
        page = visit(address)
        ask(page, QUESTION)
        said = page.locator("#thread .answer").inner_text()
        mark = urlsplit(page.url).query
    with Library.open(folder, settings) as own, serving(own) as address:
        page = visit(f"{address}/?{mark}")
        assert page.locator("#thread .answer").inner_text() == said
        expect(page.locator(".conversation[aria-current=page]")).to_contain_text(QUESTION[:20])
        page.locator("#thread a.cite").first.click()
        expect(page.locator("#cite-1-1")).to_be_focused()


def test_conversations_are_listed_opened_and_deleted(
    sample_folder: Path, tmp_path: Path, settings: IndexSettings, visit: Visit, ask: Ask, serving: Serving
) -> None:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with Library.open(folder, settings) as own, serving(own) as address:
        page = visit(address)
        ask(page, QUESTION)
        page.locator("#new").click()
        expect(page.locator(".welcome")).to_be_visible()
        assert "?c=" not in page.url
        ask(page, SECOND)
        entries = page.locator(".conversation")
        expect(entries).to_have_count(2)
        expect(page.locator(".day")).to_have_text(["Today"])
        entries.last.click()
        expect(page.locator("#thread .question")).to_contain_text(QUESTION)
        page.go_back()
        expect(page.locator("#thread .question")).to_contain_text(SECOND)
        page.locator(".conversations li").filter(has_text=SECOND).hover()
        page.get_by_role("button", name=f"Delete conversation: {SECOND}").click()
        expect(entries).to_have_count(1)
        expect(page.locator(".welcome")).to_be_visible()
        assert [one.title for one in Conversations(own).list()] == [QUESTION]
        page.locator("#notice").get_by_role("button", name="Undo").click()
        expect(entries).to_have_count(2)
        expect(page.locator("#notice .notice")).to_have_count(0)
        entries.first.click()
        expect(page.locator("#thread .question")).to_contain_text(SECOND)
        expect(page.locator("#thread a.cite").first).to_be_visible()


def test_a_conversation_is_named_after_its_first_question_and_renamed_in_place(
    site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, QUESTION)
    here = page.locator(".conversation[aria-current=page]")
    expect(here).to_have_text(QUESTION)
    page.locator(".conversations li").first.hover()
    page.get_by_role("button", name=f"Rename conversation: {QUESTION}").first.click()
    box = page.get_by_role("textbox", name="Name of the conversation")
    expect(box).to_be_focused()
    box.fill(HOSTILE)
    box.press("Escape")
    expect(here).to_have_text(QUESTION)
    page.get_by_role("button", name=f"Rename conversation: {QUESTION}").first.click()
    box.fill(HOSTILE)
    box.press("Enter")
    expect(here).to_have_text(HOSTILE)
    page.reload()
    expect(here).to_have_text(HOSTILE)
    assert page.evaluate("window.hurt") is None


def test_conversations_are_found_by_any_words_in_them(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    ask(page, "What is the BLEU score of the Transformer?")
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    box = page.get_by_role("searchbox", name="Search conversations")
    box.fill("bleu sco")
    found = page.locator("#found .conversation")
    expect(found).to_have_count(1)
    expect(found.locator(".match").first).to_have_text("BLEU", ignore_case=True)
    expect(page.locator("#history")).to_be_hidden()
    found.click()
    expect(page.locator("#thread .question")).to_contain_text("BLEU")
    box.fill("zzzz")
    expect(page.locator("#found")).to_contain_text("No conversation has “zzzz”")
    box.fill("")
    expect(page.locator("#history .conversation").first).to_be_visible()


def test_an_address_of_no_conversation_opens_the_empty_page(site: str, visit: Visit) -> None:
    page = visit(f"{site}/?c=nonsense")
    expect(page.locator(".welcome")).to_be_visible()


# ---- When the server goes away


def test_a_restart_in_the_middle_loses_neither_the_conversation_nor_the_question(
    sample_folder: Path, tmp_path: Path, environment: dict[str, str], visit: Visit, ask: Ask
) -> None:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with process(folder, port, environment) as address:
        page = visit(address)
        ask(page, QUESTION)
    box = page.locator("#question textarea")
    box.fill(SECOND)
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    expect(box).to_have_value(SECOND)
    with process(folder, port, environment):
        expect(page.locator("#offline")).to_have_count(0, timeout=WAIT * 1000)
        expect(page.locator("#thread .said")).to_have_text([QUESTION])
        expect(box).to_have_value(SECOND)
        ask(page, SECOND)
        page.reload()
        expect(page.locator("#thread .said")).to_have_text([QUESTION, SECOND])
        expect(box).to_have_value("")


@contextmanager
def process(folder: Path, port: str, environment: dict[str, str]) -> Iterator[str]:
    """`ibid serve` in a process of its own, killed at the end of the block."""
    command = [sys.executable, "-m", "ui", "serve", "--library", str(folder), "--port", port]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, cwd=ROOT, text=True) as serving:
        assert serving.stderr is not None
        assert any("Ibid is at" in line for line in serving.stderr)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            serving.kill()


def test_a_page_that_nobody_uses_says_by_itself_that_the_server_is_back(
    sample_folder: Path, tmp_path: Path, environment: dict[str, str], visit: Visit, ask: Ask
) -> None:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with process(folder, port, environment) as address:
        page = visit(address)
        ask(page, QUESTION)
        expect(page.locator(".follow-up").first).to_be_visible()
    page.locator("#words").fill("colbert")
    expect(page.locator("#offline")).to_be_visible()
    with process(folder, port, environment):
        expect(page.locator("#offline")).to_have_count(0, timeout=WAIT * 1000)
        ask(page, SECOND)
        expect(page.locator("#thread .said")).to_have_text([QUESTION, SECOND])


def test_conversations_before_the_latest_hundred_are_shown_when_wanted(
    sample_folder: Path, tmp_path: Path, settings: IndexSettings, visit: Visit, serving: Serving
) -> None:
    folder = shutil.copytree(sample_folder, tmp_path / "library")
    with Library.open(folder, settings) as own, serving(own) as address:
        conversations, answer = Conversations(own), Assistant(own).ask(QUESTION)
        for number in range(1, 231):
            conversations.append(
                conversations.create().id, Turn(question=f"Question {number}", answer=answer)
            )
        page = visit(address)
        entries = page.locator("#left .conversation")
        expect(entries).to_have_count(100)
        page.get_by_role("button", name="Earlier…").click()
        expect(entries).to_have_count(200)
        expect(entries.nth(100)).to_be_focused()
        page.get_by_role("button", name="Earlier…").click()
        expect(entries).to_have_count(230)
        expect(entries.last).to_have_text("Question 1")
        expect(page.get_by_role("button", name="Earlier…")).to_have_count(0)
        expect(page.locator("#left .day")).to_have_text(["Today"])
        entries.last.click()
        expect(page.locator("#thread .said")).to_have_text("Question 1")
        expect(page.locator("#left [aria-current=page]")).to_have_text("Question 1")
        page.locator("#older-conversations li").last.hover()
        page.get_by_role("button", name="Delete conversation: Question 1", exact=True).click()
        expect(entries).to_have_count(229)
        page.locator("#words").fill("question")
        expect(page.locator("#found .day")).to_have_text("The best 50")
        expect(entries.filter(visible=True)).to_have_count(50)
        page.locator("#words").fill("Question 17")
        expect(page.locator("#found .conversation")).to_have_count(11)
