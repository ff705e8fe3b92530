"""A citation opened to the page it stands on: a real PDF, a real server, Chromium.

Nothing here sleeps. `IBID_PICTURES=1` makes the last one renew its picture in docs/pictures.
"""

from __future__ import annotations

import io
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import Message
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from index.library import Library
from index.schema import Paper
from tests.paged import long_paper, made, shelve

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
QUESTION = "What test F1 does HarborQA get on the PilotBook corpus in Table 2?"


def fetch(url: str, **headers: str) -> tuple[int, Message, bytes]:
    asked = urllib.request.Request(
        url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(asked) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def opened(page: Page, ask: Ask) -> Locator:
    """The dialog on the page of the row that answers."""
    turn = ask(page, QUESTION)
    turn.locator("a.cite").last.click()
    card = page.locator("#cite-1-3")
    card.locator(".leaf-link").click()
    dialog = page.locator("#leaf")
    expect(dialog.locator(".leaf-frame").first).to_be_visible()
    return dialog


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_citation_opens_its_page_with_the_row_boxed(
    viewport: dict[str, int], paged_site: str, visit: Visit, ask: Ask, paged_library: Library
) -> None:
    page = visit(paged_site, viewport)
    dialog = opened(page, ask)
    expect(dialog.locator("#leaf-number")).to_have_text(re.compile(r"Page 2 of 4"))
    picture = dialog.locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 1000
    boxed, around = dialog.locator(".leaf-frame").first.bounding_box(), picture.bounding_box()
    assert boxed
    assert around
    assert around["x"] - 4 <= boxed["x"]
    assert boxed["x"] + boxed["width"] <= around["x"] + around["width"] + 4
    assert 0 < boxed["y"] < viewport["height"]
    expect(dialog.locator(".leaf .sr-only")).to_contain_text("HarborQA | 84.1 | 90.9 | 90.4")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator("#leaf-number")).to_have_text("Page 3 of 4")
    expect(dialog.locator(".leaf-frame")).to_have_count(0)
    dialog.get_by_role("button", name="Previous page").click()
    expect(dialog.locator(".leaf-frame").first).to_be_visible()
    dialog.get_by_role("button", name="Larger").click()
    expect(dialog.get_by_role("button", name="Larger")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#cite-1-3 .leaf-link")).to_be_focused()
    expect(page.locator("#cite-1-3")).to_be_visible()


def test_the_box_holds_the_words_that_are_cited(paged_library: Library) -> None:
    row = "HarborQA | 84.1 | 90.9 | 90.4"
    text = paged_library.text("harborqa")
    start = text.index(row)
    (box,) = paged_library.leaves.boxes("harborqa", start, start + len(row))
    picture = Image.open(io.BytesIO(paged_library.leaves.picture("harborqa", box.page, 1.0))).convert("L")
    inside = picture.crop(tuple(round(side) for side in box[1:]))
    beside = picture.crop((round(box.right) + 4, round(box.top), round(box.right) + 100, round(box.bottom)))
    assert inside.getextrema()[0] < 100
    assert beside.getextrema()[0] > 200


def test_the_focus_stays_in_the_dialog(paged_site: str, visit: Visit, ask: Ask) -> None:
    page = visit(paged_site, WIDE)
    dialog = opened(page, ask)
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('#leaf, body') ?? document.activeElement")
        assert inside is not None
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#leaf')"
        )
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_a_page_that_cannot_be_drawn_says_why(
    paged_site: str, visit: Visit, ask: Ask, paged_library: Library
) -> None:
    page = visit(paged_site, WIDE)
    turn = ask(page, QUESTION)
    turn.locator("a.cite").last.click()
    place = paged_library.leaves.file("harborqa")
    held = place.read_bytes()
    place.unlink()
    try:
        page.locator("#cite-1-3 .leaf-link").click()
        expect(page.locator("#leaf .leaf-trouble")).to_contain_text("Add its file again")
    finally:
        place.write_bytes(held)


def test_a_papers_own_page_shows_tables_warnings_and_folded_references(paged_site: str, visit: Visit) -> None:
    page = visit(f"{paged_site}/library?paper=harborqa")
    text = page.locator("#full-text")
    expect(text.locator("table").first.locator("th").last).to_have_text("Test F1")
    expect(text.locator("table").first.locator("tr", has_text="QANet").locator("td").nth(1)).to_have_text(
        "73.6"
    )
    expect(text.locator("details.references")).not_to_have_attribute("open", "")
    expect(text.locator("details.references p").first).to_be_hidden()
    warnings = page.locator(".warnings")
    expect(warnings).to_contain_text("give a positive review")
    text.locator("figure").first.scroll_into_view_if_needed()
    text.locator("figure .leaf-link").first.click()
    expect(page.locator("#leaf-number")).to_have_text("Page 2 of 4")
    expect(page.locator("#leaf .leaf-frame").first).to_be_visible()


def test_a_marked_row_is_marked_in_the_table(paged_site: str, visit: Visit, paged_library: Library) -> None:
    start = paged_library.text("harborqa").index("QANet | 73.6")
    page = visit(f"{paged_site}/library?paper=harborqa&start={start}&end={start + 26}")
    expect(page.locator("#full-text tr.marked")).to_have_count(1)
    expect(page.locator("#full-text tr.marked mark").first).to_have_text("QANet")


def test_a_picture_may_be_kept_and_is_asked_for_once(paged_site: str, paged_library: Library) -> None:
    version = paged_library.document("harborqa").file[:16]
    status, headers, data = fetch(f"{paged_site}/papers/harborqa/pages/1.png?scale=1&of={version}")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert "immutable" in headers["Cache-Control"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert Image.open(io.BytesIO(data)).size == (595, 842)
    again, _, nothing = fetch(
        f"{paged_site}/papers/harborqa/pages/1.png?scale=1", If_None_Match=headers["ETag"]
    )
    assert (again, nothing) == (304, b"")
    _, unnamed, _ = fetch(f"{paged_site}/papers/harborqa/pages/1.png?scale=1")
    assert unnamed["Cache-Control"] == "no-cache"


def test_the_file_is_only_given_to_be_saved(paged_site: str) -> None:
    status, headers, data = fetch(f"{paged_site}/papers/harborqa/file")
    assert status == 200
    assert data.startswith(b"%PDF-")
    assert headers["Content-Disposition"].startswith('attachment; filename="HarborQA-')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nobody/pages/1.png", 404, "No paper has the id 'nobody'"),
        ("harborqa/pages/5.png", 404, "has 4 pages"),
        ("harborqa/pages/0.png", 404, "has 4 pages"),
        ("harborqa/pages/1.png?scale=900", 400, "scale is one of 1, 2, 3, 4"),
        ("harborqa/pages/1.png?scale=%C2%B2", 400, "scale is one of"),
        ("nobody/pages.json", 404, "No paper has the id"),
        ("harborqa/pages.json?start=-1", 400, "characters of the text"),
        ("nobody/file", 404, "No paper has the id"),
    ],
)
def test_what_cannot_be_had_is_told_in_words(paged_site: str, path: str, status: int, words: str) -> None:
    told, _, body = fetch(f"{paged_site}/papers/{path}")
    assert (told, words in body.decode()) == (status, True), body


def test_a_file_that_is_no_pdf_says_that_it_cannot_be_drawn(
    open_library: Callable[..., Library], serving: Callable[..., AbstractContextManager[str]]
) -> None:
    library = open_library()
    one = long_paper()
    shelve(library, one._replace(pdf=b"%PDF-1.4 and nothing more"))
    with serving(library) as address:
        status, _, body = fetch(f"{address}/papers/harborqa/pages/1.png")
        assert status == 422, body


def test_boxes_are_told_in_percent_of_the_page(paged_site: str, paged_library: Library) -> None:
    start = paged_library.text("harborqa").index("Twelve retired pilots")
    _, _, body = fetch(f"{paged_site}/papers/harborqa/pages.json?start={start}&end={start + 21}")
    told = json.loads(body)
    assert told["words"] == "Twelve retired pilots"
    assert told["original"]
    assert len(told["pages"]) == 4
    assert {frame["page"] for frame in told["frames"]} == {4}
    assert all(
        0 <= frame[side] <= 100 for frame in told["frames"] for side in ("left", "top", "width", "height")
    )


def test_a_paper_without_pages_has_none(
    open_library: Callable[..., Library], serving: Callable[..., AbstractContextManager[str]]
) -> None:
    library = open_library()
    bare = made(Paper(id="bare", title="A Paper Without Pages"), ())
    document = bare.document.model_copy(
        update={"layout": b"", "file": "", "text": "It has no pages at all, and says so."}
    )
    shelve(library, bare._replace(document=document, pdf=b""))
    assert (library.leaves.sizes("bare"), library.leaves.boxes("bare", 0, 5)) == ((), [])
    with serving(library) as address:
        _, _, body = fetch(f"{address}/papers/bare/pages.json?start=0&end=5")
        assert json.loads(body)["pages"] == []
        assert not json.loads(body)["original"]


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
def test_the_picture_is_taken(paged_site: str, visit: Visit, ask: Ask) -> None:
    page = visit(paged_site, WIDE)
    ask(page, "How does HarborQA encode a pilot book, and what states does it keep?").locator(
        "a.cite"
    ).first.click()
    page.locator(".leaf-link:visible").first.click()
    expect(page.locator("#leaf .leaf-frame").first).to_be_visible()
    expect(page.locator("#leaf img")).to_have_js_property("complete", True)
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / "page-1280.png", animations="disabled", caret="hide")
