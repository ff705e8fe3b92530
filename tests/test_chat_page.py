"""The chat page as a reader meets it: a real library, a real server, Chromium.

Nothing here sleeps: each step waits for a state of the page. Without Chromium these tests are skipped,
under CI they fail. `IBID_PICTURES=1` makes the last one renew docs/pictures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.engine import Assistant
from assistant.schema import Answered, Delta, Event, Turn
from assistant.stopping import Stop
from index.errors import IbidError
from index.library import Library
from index.schema import Filters
from index.settings import IndexSettings
from ui import app

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "configs" / "sample_papers.txt"
PICTURES = ROOT / "docs" / "pictures"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
QUESTION = "What does ColBERT propose?"
SECOND = "Which papers improve retrieval?"
ABSENT = "How do I bake sourdough bread?"
WAIT = 20.0

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serving = Callable[..., AbstractContextManager[str]]


class Held(Assistant):
    """The real assistant, held before its first event and after its first piece until let go."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.begin = threading.Event()
        self.go = threading.Event()
        self.ended = threading.Event()
        self.finished = False

    def stream(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        filters: Filters = Filters(),
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        try:
            assert self.begin.wait(WAIT)
            for event in super().stream(question, turns, filters, stop):
                self.finished = isinstance(event, Answered)
                yield event
                if isinstance(event, Delta):
                    assert self.go.wait(WAIT)
        finally:
            self.ended.set()

    def starters(self, count: int = 4) -> tuple[str, ...]:
        return ()


class Failing(Assistant):
    """The real assistant, which fails with `trouble` until it is `mended`, after its first piece where `late`."""

    trouble: Exception | None = None
    late = False

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.mended = threading.Event()  # shared with the copy that a server makes

    def stream(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        filters: Filters = Filters(),
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        for event in super().stream(question, turns, filters, stop):
            if self.trouble and not self.mended.is_set() and (isinstance(event, Delta) or not self.late):
                if self.late:
                    yield event
                raise self.trouble
            yield event


# ---- Asking and citations


def test_the_empty_page_tells_the_library_and_offers_questions_it_can_answer(
    site: str, chat_library: Library, visit: Visit
) -> None:
    page = visit(site)
    expect(page.locator(".facts")).to_contain_text(f"{chat_library.count():,}")
    expect(page.locator("#paper-count")).to_have_text(f"{chat_library.count()} papers")
    expect(page.locator(".paper-card")).to_have_count(4)
    expect(page.locator("#banner")).to_contain_text("No language model configured")
    starters = page.locator(".starter")
    expect(starters).to_have_count(4)
    starters.first.click()
    expect(page.locator("#thread a.cite").first).to_be_visible()


def test_a_marker_opens_the_card_with_the_exact_sentence_marked(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    turn = ask(page, QUESTION)
    turn.locator("a.cite").first.click()
    card = page.locator("#cite-1-1")
    expect(card).to_be_focused()
    quote = card.locator("mark").inner_text()
    title = card.locator("h3").inner_text()
    assert quote in chat_library.text(chat_library.paper(title).id)
    card.locator("a.back").click()
    expect(page.locator("#from-1-1")).to_be_focused()


def test_citations_of_older_turns_open_their_own_cards(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    first, second = ask(page, QUESTION), ask(page, SECOND)
    expect(page.locator("#cite-2-1")).to_be_visible()
    page.locator("#turn-1 a.cite").first.click()
    expect(page.locator("#cite-1-1")).to_be_focused()
    expect(page.locator("#cite-2-1")).to_be_hidden()
    page.locator(".turn-picker").select_option("2")
    expect(page.locator("#cite-2-1")).to_be_visible()
    for turn in (first, second):
        for link in turn.locator("a.cite").all():
            assert page.locator(link.get_attribute("href") or "").count() == 1


def test_what_was_retrieved_stands_on_its_own_tab_with_ranks_for_the_curious(
    site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, QUESTION)
    tabs = page.locator("#evidence .shown [role=tab]")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.last).to_be_focused()
    expect(page.locator("#cited-1")).to_be_hidden()
    card = page.locator("#retrieved-1 .card").first
    expect(card.locator(".strength")).to_have_text(re.compile("match$"))
    card.locator(".why summary").click()
    expect(card.locator(".why p").first).to_contain_text("by meaning: rank 1")


def test_a_question_without_an_answer_in_the_papers_is_refused_and_cites_nothing(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    turn = ask(page, ABSENT)
    expect(turn.locator(".not-found h2")).to_have_text(
        f"Nothing in these {chat_library.count()} papers says."
    )
    expect(turn.locator(".unused")).to_have_count(3)
    expect(turn.locator("a.cite")).to_have_count(0)
    expect(turn.locator(".widen")).to_have_count(0)


def test_an_answer_is_copied_with_its_references_and_its_papers_saved_as_bibtex(
    site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    turn = ask(page, QUESTION)
    turn.get_by_role("button", name="Copy with references").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"\[1\]\.?.*References.*\[1\] ColBERT", copied, re.DOTALL)
    with page.expect_download() as download:
        turn.get_by_role("button", name="BibTeX").click()
    assert download.value.suggested_filename == "ibid.bib"
    assert "@misc{" in Path(download.value.path()).read_text(encoding="utf-8")


# ---- While it is being answered


@pytest.fixture
def held(chat_library: Library, serving: Serving) -> Iterator[tuple[Held, str]]:
    assistant = Held(chat_library)
    with serving(chat_library, assistant) as address:
        yield assistant, address
        assistant.begin.set()
        assistant.go.set()


def begin(page: Page, question: str = SECOND) -> None:
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")


def test_a_status_line_stands_before_the_assistant_has_said_anything(
    held: tuple[Held, str], visit: Visit
) -> None:
    assistant, address = held
    page = visit(address)
    begin(page)
    expect(page.locator("#live .searching")).to_have_text(re.compile(r"Searching \d+ papers"))
    expect(page.locator("#question textarea")).to_have_value("")
    expect(page.locator("#stop")).to_be_visible()
    assistant.begin.set()
    expect(page.locator("#live .searching")).to_have_text(re.compile(r"passages found"))
    expect(page.locator("#live .answer")).not_to_be_empty()
    expect(page.locator("#evidence .retrieved-card").first).to_be_visible()


@pytest.mark.parametrize("way", ["button", "escape"])
def test_stopping_ends_the_work_and_keeps_what_was_written(
    way: str, held: tuple[Held, str], visit: Visit
) -> None:
    assistant, address = held
    assistant.begin.set()
    page = visit(address)
    begin(page)
    expect(page.locator("#live .answer")).not_to_be_empty()
    page.get_by_role("button", name="Stop").click() if way == "button" else page.keyboard.press("Escape")
    turn = page.locator("#thread .turn")
    expect(turn.locator(".stopped")).to_have_text("stopped")
    expect(turn.locator(".answer")).not_to_be_empty()
    expect(page.locator("#send")).to_be_visible()
    assistant.go.set()
    assert assistant.ended.wait(WAIT)
    assert not assistant.finished
    page.reload()
    expect(page.locator("#thread .stopped")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#thread a.cite").first).to_be_visible()
    expect(page.locator("#thread .turn")).to_have_count(1)
    expect(page.locator("#thread .stopped")).to_have_count(0)


def test_a_reload_in_the_middle_loses_nothing(held: tuple[Held, str], visit: Visit) -> None:
    assistant, address = held
    assistant.begin.set()
    page = visit(address)
    begin(page)
    expect(page.locator("#live .answer")).not_to_be_empty()
    expect(page).to_have_url(re.compile(r"\?c=\w+"))
    page.reload()
    expect(page.locator("#live .answer")).not_to_be_empty()
    expect(page.locator("#stop")).to_be_visible()
    assistant.go.set()
    expect(page.locator("#thread a.cite").first).to_be_visible()
    expect(page.locator("#live .turn")).to_have_count(0)


def test_another_conversation_is_not_disturbed_by_one_being_answered(
    held: tuple[Held, str], visit: Visit
) -> None:
    assistant, address = held
    assistant.begin.set()
    page = visit(address)
    begin(page)
    expect(page.locator("#live .answer")).not_to_be_empty()
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator("#live .turn")).to_have_count(0)
    assistant.go.set()
    assert assistant.ended.wait(WAIT)
    page.locator("#new").click()
    page.locator(".conversation").first.click()
    expect(page.locator("#thread a.cite").first).to_be_visible()


@pytest.mark.parametrize("late", [False, True], ids=["before a word", "in the middle"])
def test_a_failure_is_told_in_place_and_can_be_retried(
    late: bool, chat_library: Library, visit: Visit, serving: Serving
) -> None:
    assistant = Failing(chat_library)
    assistant.trouble, assistant.late = IbidError("The model is away. Start it."), late
    with serving(chat_library, assistant) as address:
        page = visit(address)
        begin(page)
        error = page.get_by_role("alert").filter(has_text="could not be answered")
        expect(error).to_contain_text("The model is away. Start it.")
        expect(page.locator("#question textarea")).to_have_value(SECOND)
        expect(page.locator("#thread .stopped")).to_have_count(1 if late else 0)
        error.get_by_role("button", name="Copy details").click()
        expect(error.get_by_role("button", name="Copied")).to_be_visible()
        assert "IbidError" in page.evaluate("navigator.clipboard.readText()")
        assistant.mended.set()
        error.get_by_role("button", name="Retry").click()
        expect(page.locator("#thread a.cite").first).to_be_visible()
        expect(page.locator("#thread .turn")).to_have_count(1)
        expect(page.locator("#error")).to_have_count(0)


# ---- For everyone


def test_every_key_does_what_the_help_says(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    box = page.locator("#question textarea")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    box.fill("first line")
    page.keyboard.press("Shift+Enter")
    expect(box).to_have_value("first line\n")
    ask(page, SECOND)
    page.locator("h1").click()
    for number in (1, 2):
        page.keyboard.press("]")
        expect(page.locator(f"#cite-1-{number}")).to_be_focused()
    page.keyboard.press("[")
    expect(page.locator("#cite-1-1")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.locator(".welcome")).to_be_visible()


def test_a_marker_is_reached_and_followed_with_the_keyboard(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    turn = ask(page, QUESTION)
    turn.locator("a.cite").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cite-1-1")).to_be_focused()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_control_has_an_accessible_name(
    viewport: dict[str, int], site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site, viewport)
    ask(page, QUESTION)
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = {"button", "link", "textbox", "combobox", "tab", "spinbutton", "dialog", "alert"}
    nodes = [node for node in tree["nodes"] if node.get("role", {}).get("value") in roles]
    assert len(nodes) > 10
    assert not [node for node in nodes if not node["ignored"] and not node.get("name", {}).get("value")]
    expect(page.locator("#status[role=status]")).to_contain_text("The answer is complete.")


def test_on_a_phone_the_chat_has_the_width_and_a_marker_opens_a_sheet(
    site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site, NARROW)
    expect(page.locator("#left")).to_be_hidden()
    expect(page.locator("#right")).to_be_hidden()
    turn = ask(page, QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    expect(page.locator("#composer")).to_be_in_viewport(ratio=1)
    turn.locator("a.cite").first.click()
    expect(page.locator("#cite-1-1")).to_be_focused()
    expect(page.locator("#cite-1-1 mark")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#right")).to_be_hidden()
    page.get_by_role("button", name="Conversations and filters").click()
    expect(page.locator("#left")).to_be_in_viewport(ratio=1)
    page.locator("#scroll").click(position={"x": 370, "y": 300})
    expect(page.locator("#left")).to_be_hidden()


def test_dark_follows_the_system_and_the_switch_is_remembered(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site, scheme="dark")
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    ask(page, QUESTION).locator("a.cite").first.click()
    expect(page.locator("#cite-1-1")).to_be_focused()
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bdark\b"))
    page.reload()
    expect(page.locator("html[data-ibid=ready]")).to_be_attached()
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bdark\b"))


# ---- Papers that mean harm, libraries that are empty, ports that are taken


def test_a_hostile_paper_is_shown_as_text_and_its_formula_typeset(
    tmp_path: Path, settings: IndexSettings, visit: Visit, ask: Ask, serving: Serving
) -> None:
    title = "<img src=https://evil.example/x onerror=window.hurt=1> ${window.hurt=2} {{constructor}} Zebra"
    text = r"Zebra training <script>window.hurt=3</script> lowers the loss by $\alpha_1 + \beta$ points in all tests."
    listing = tmp_path / "papers.jsonl"
    listing.write_text(json.dumps({"title": title, "abstract": text, "year": 2025}), encoding="utf-8")
    with Library.open(tmp_path / "library", settings) as own:
        assert not own.add([listing]).failed
        with serving(own) as address:
            page = visit(address)
            expect(page.locator(".paper-card strong")).to_have_text(title)
            turn = ask(page, "zebra training loss")
            turn.locator("a.cite").first.click()
            expect(page.locator("#cite-1-1 h3")).to_have_text(title)
            expect(turn.locator(".math .katex").first).to_be_attached()
            assert page.evaluate("window.hurt") is None


def test_a_library_without_papers_says_how_to_add_some(
    tmp_path: Path, settings: IndexSettings, visit: Visit, serving: Serving
) -> None:
    with Library.open(tmp_path, settings) as own, serving(own) as address:
        page = visit(address)
        expect(page.locator("#no-papers")).to_contain_text("ibid add PATH")
        expect(page.locator("#send")).to_be_disabled()


def test_a_port_in_use_is_named_with_the_remedy(chat_library: Library) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(IbidError, match=rf"Port {port} on 127\.0\.0\.1 .*--port {port + 1}"):
            app.serve(Assistant(chat_library), "127.0.0.1", port)


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
def test_the_pictures_of_the_documentation_are_taken(
    sample_folder: Path, tmp_path: Path, settings: IndexSettings, visit: Visit, ask: Ask, serving: Serving
) -> None:
    for viewport, scheme, mark in ((WIDE, "light", "1280"), (NARROW, "light", "390"), (WIDE, "dark", "dark")):
        folder = shutil.copytree(sample_folder, tmp_path / mark)
        with Library.open(folder, settings) as own:
            assistant = Failing(own)
            with serving(own, assistant) as address:
                page = visit(address, viewport, scheme)
                take_pictures(page, assistant, mark, ask)
            if mark != "dark":
                page.locator("#words").evaluate("() => fetch('./').catch(() => {})")
                expect(page.locator("#offline")).to_be_visible()
                page.screenshot(path=PICTURES / f"offline-{mark}.png", animations="disabled", caret="hide")


def take_pictures(page: Page, assistant: Failing, mark: str, ask: Ask) -> None:
    def picture(name: str) -> None:
        if mark != "dark" or name in ("chat", "empty"):
            page.evaluate("document.fonts.ready")
            page.mouse.move(0, 0)
            page.screenshot(path=PICTURES / f"{name}-{mark}.png", animations="disabled", caret="hide")

    expect(page.locator(".starter").first).to_be_visible()
    picture("empty")
    box = page.locator("#question textarea")
    box.press_sequentially("/")
    expect(page.get_by_role("option").first).to_be_visible()
    picture("commands")
    box.press("Escape")
    box.fill("")
    ask(page, "What does ColBERT propose?")
    ask(page, "Which papers improve retrieval?").locator("a.cite").nth(1).click()
    expect(page.locator("#cite-2-2")).to_be_focused()
    picture("evidence" if mark == "390" else "chat")
    page.locator("#cite-2-2 .why summary").click()
    page.locator("#cite-2-2 [data-do=similar]").click()
    expect(page.locator("#cite-2-2 .match").first).to_be_visible()
    expect(page.locator("#cite-2-2 .similar li").first).to_be_visible()
    page.locator("#cite-2-2 .why").scroll_into_view_if_needed()
    picture("why")
    page.keyboard.press("Escape")
    if mark == "390":
        picture("chat")
    ask(page, ABSENT)
    picture("not-found")
    assistant.trouble = IbidError(
        "The model at http://127.0.0.1:11434 does not answer. Start it, then retry."
    )
    begin(page, "What replaces human preference labels?")
    expect(page.locator("#error")).to_be_visible()
    picture("error")
    assistant.mended.set()
    if mark == "390":
        page.get_by_role("button", name="Conversations and filters").click()
    page.locator("#since textarea, #since input").fill("2023")
    page.keyboard.press("Enter")
    expect(page.locator("#scope-count")).to_contain_text("in scope")
    picture("history" if mark == "390" else "scope")
    page.locator("#since textarea, #since input").fill("2031")
    page.keyboard.press("Enter")
    expect(page.locator("#scope")).to_contain_text("0 papers match.")
    page.keyboard.press("Escape")
    picture("zero")
