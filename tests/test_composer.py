"""The question's box: commands and titles completed as they are typed, and what commands do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from index.library import Library
from index.settings import IndexSettings
from ui.chat.completion import terms, titles
from ui.parts.commands import COMMANDS

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serving = Callable[..., AbstractContextManager[str]]
QUESTION = "What does ColBERT propose?"


def box_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Question", exact=True)


def send(page: Page, text: str) -> None:
    """Type a line and send it as it is."""
    box_of(page).fill(text)
    page.locator("#send").click()


# ---- Completion


def test_a_slash_offers_every_command_and_the_keyboard_chooses(site: str, visit: Visit) -> None:
    page = visit(site)
    box = box_of(page)
    box.press_sequentially("/")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(len(COMMANDS))
    expect(options.first).to_contain_text(COMMANDS[0].help)
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = box.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#status[role=status]")).to_contain_text(f"{len(COMMANDS)} completions")
    box.press("Tab")
    expect(box).to_have_value(f"/{COMMANDS[1].name} ")
    expect(box).to_be_focused()
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_escape_closes_the_completions_and_leaves_the_text(site: str, visit: Visit) -> None:
    page = visit(site)
    box = box_of(page)
    box.press_sequentially("/co")
    expect(page.get_by_role("option")).to_have_count(1)
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("/co")


def test_an_at_sign_completes_titles_into_hand_picked_papers(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    box = box_of(page)
    for words in ("colb", "low-rank ad"):
        box.press_sequentially(f"@{words}")
        box.press("Enter")  # the titles may not be there yet
        expect(page.get_by_role("listbox")).to_be_hidden()
        expect(box).to_have_value("")
    expect(page.locator("#scope-count")).to_have_text("2 papers in scope")
    expect(page.locator(".chip")).to_have_count(2)
    ask(page, "Which papers make models efficient?")
    assert set(page.locator("#evidence h3").all_inner_texts()) <= {
        chat_library.paper("ColBERT").title,
        chat_library.paper("LoRA").title,
    }


def test_an_at_sign_that_names_nothing_is_sent_as_it_stands(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    turn = ask(page, "Who is @zzzzqqq?")
    expect(turn.locator(".said")).to_have_text("Who is @zzzzqqq?")


def test_titles_come_best_first_and_at_once(chat_library: Library) -> None:
    begun = time.perf_counter()
    found = titles("co", chat_library)
    assert time.perf_counter() - begun < 0.05
    assert found[0]["title"].startswith("Co")
    assert titles("zzzz", chat_library) == []


@pytest.fixture
def tagged(chat_library: Library) -> Iterator[Library]:
    """The library with two of its papers filed under tags."""
    lora, colbert = (chat_library.paper(name).id for name in ("LoRA", "ColBERT"))
    filed = (([lora, colbert], "to-read"), ([lora], "to keep"))
    for papers, tag in filed:
        chat_library.tag(papers, tag)
    yield chat_library
    for papers, tag in filed:
        chat_library.untag(papers, tag)


@pytest.mark.parametrize(
    ("line", "inserts"),
    [
        ("/scope ta", ["tag:"]),
        ("/scope since 2020 tag:", ['tag:"to keep" ', "tag:to-read "]),
        ("/scope tag:READ", ["tag:to-read "]),
        ('/scope tag:"to k', ['tag:"to keep" ']),
        ("/scope no", ["none "]),
        ("/scope ", []),
        ("/scope since 2020", []),
        ("/scope tag:to-read", []),
        ("/papers source:sam", ["source:sample_papers.txt "]),
    ],
)
def test_what_a_scope_may_name_is_offered(line: str, inserts: list[str], tagged: Library) -> None:
    found = terms(line, tagged)
    assert [one["insert"] for one in found] == inserts
    assert all(line.endswith(one["typed"]) for one in found)


def test_a_scope_is_typed_with_completion_told_and_cleared(site: str, tagged: Library, visit: Visit) -> None:
    page = visit(site)
    box = box_of(page)
    box.press_sequentially("/scope tag:to-")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("2 papers")
    box.press("Enter")
    expect(box).to_have_value("/scope tag:to-read ")
    box.press_sequentially("@low-rank ad")
    box.press("Enter")  # the titles may not be there yet
    expect(box).to_have_value(f"/scope tag:to-read paper:{tagged.paper('LoRA').id} ")
    box.press("Enter")
    expect(page.locator("#scope-count")).to_have_text("1 paper in scope")
    expect(page.get_by_role("button", name="Remove filter: tagged to-read")).to_be_visible()
    send(page, "/scope")
    told = f"In scope: tagged to-read, {tagged.paper('LoRA').title}: 1 paper."
    expect(page.locator(".notice")).to_contain_text(told)
    expect(box).to_have_value("")
    send(page, "/scope none")
    expect(page.locator("#scope-count")).to_have_text(f"{tagged.count()} papers")
    send(page, "/scope")
    expect(page.locator(".notice")).to_contain_text("Every paper is in scope")
    send(page, "/scope tag:to-reed")
    expect(page.locator(".notice")).to_contain_text("did you mean 'to-read'?")
    expect(box).to_have_value("/scope tag:to-reed")


# ---- Commands


def test_a_command_asks_the_question_it_stands_for(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    turn = ask(page, "/compare LoRA, BERT")
    expect(turn.locator("table")).to_be_visible()
    expect(turn.locator("a.cite").first).to_be_visible()


def test_a_scope_is_set_by_words_and_a_new_conversation_begun(
    site: str, chat_library: Library, visit: Visit
) -> None:
    page = visit(site)
    send(page, "/scope since 2020 until 2021")
    expect(page.get_by_role("button", name="Remove filter: since 2020")).to_be_visible()
    expect(page.locator("#since textarea, #since input")).to_have_value("2020")
    expect(box_of(page)).to_have_value("")
    send(page, "/scope all")
    expect(page.locator("#scope-count")).to_have_text(f"{chat_library.count()} papers")
    send(page, "/new")
    expect(page.locator(".welcome")).to_be_visible()


def test_papers_are_looked_up_without_asking(site: str, chat_library: Library, visit: Visit) -> None:
    page = visit(site)
    send(page, "/papers bert")
    listing = page.get_by_role("region", name="Papers")
    wanted = [paper.title for paper in chat_library.papers(words="bert")]
    expect(listing.get_by_role("link")).to_have_text(wanted)
    expect(page.locator("#thread .turn")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/compere A, B", "Did you mean /compare?"),
        ("/summarize", "/summarize needs to be told what"),
        ("/export md", "nothing to export yet"),
    ],
)
def test_a_slip_is_told_with_its_remedy(typed: str, told: str, site: str, visit: Visit) -> None:
    page = visit(site)
    send(page, typed)
    expect(page.locator("#notice")).to_contain_text(told)
    expect(page.locator("#thread .turn")).to_have_count(0)


# ---- Exports


@pytest.mark.parametrize("form", ["md", "html", "json", "bib", "ris", "csl"])
def test_a_conversation_is_saved_from_the_menu(form: str, site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    ask(page, QUESTION)
    menu = page.locator("#evidence .exports")
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.locator(f"[data-form={form}]").click()
    assert download.value.suggested_filename.endswith(f".{form}" if form != "csl" else ".csl.json")
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert "ColBERT" in saved
    assert "<script" not in saved
    if form in ("json", "csl"):
        assert json.loads(saved)
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_a_conversation_is_saved_by_a_command(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    ask(page, QUESTION)
    with page.expect_download() as download:
        send(page, "/export ris")
    assert download.value.suggested_filename.endswith(".ris")
    expect(page.locator("#notice")).to_contain_text("Saving this conversation")


# ---- Titles that mean harm


def test_hostile_titles_are_text_wherever_the_box_shows_them(
    tmp_path: Path, settings: IndexSettings, visit: Visit, serving: Serving
) -> None:
    titles = [
        "Zebra <img src=https://evil.example/x onerror=window.hurt=1> ${window.hurt=2} {{constructor}}",
        "Zebra \u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
        "Zebra " + "long " * 100,
    ]
    listing = tmp_path / "papers.jsonl"
    papers = [
        {"title": title, "abstract": f"Zebras number {n} in all.", "year": 2025}
        for n, title in enumerate(titles)
    ]
    listing.write_text("\n".join(map(json.dumps, papers)), encoding="utf-8")
    with Library.open(tmp_path / "library", settings) as own:
        assert not own.add([listing]).failed
        with serving(own) as address:
            page = visit(address)
            box = box_of(page)
            box.press_sequentially("@zebra")
            expect(page.get_by_role("option")).to_have_count(3)
            page.get_by_role("option").filter(has_text="img").click()
            expect(page.locator("#scope-count")).to_have_text("1 paper in scope")
            expect(page.locator(".chip")).to_contain_text("onerror")
            send(page, "/papers zebra")
            expect(page.get_by_role("region", name="Papers").get_by_role("link")).to_have_count(3)
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
            assert page.evaluate("window.hurt") is None
