"""The library page as a reader meets it: a real library, a real server, Chromium.

Nothing here sleeps: each step waits for a state of the page.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from index.embedding import Embedder, Fingerprint
from index.library import Library
from index.lock import FolderLock
from index.merge import title_key
from index.schema import Filters
from tests.paged import long_paper
from tests.pdfs import locked, paper_that_hides
from tests.test_docx import packed, paragraph
from ui.library import actions
from ui.settings import LimitSettings

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
Visit = Callable[..., Page]
Serving = Callable[[Library], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def site(sample_library: Library, serving: Serving) -> Iterator[str]:
    with serving(sample_library) as address:
        yield address


# ---- Pages


def test_each_page_leads_to_the_others_and_says_which_is_shown(site: str, visit: Visit) -> None:
    page = visit(site)
    here = page.locator(".places a[aria-current=page]")
    expect(here).to_have_text("Chat")
    page.get_by_role("link", name="Library").click()
    expect(here).to_have_text("Library")
    expect(page.locator("#papers tbody tr").first).to_be_visible()
    assert urlsplit(page.url).path == "/library"
    expect(page.locator(".nav-holder")).to_be_hidden()
    page.get_by_role("link", name="Chat").click()
    expect(page.locator("#thread .welcome")).to_be_visible()


def test_the_script_and_the_styles_work_on_the_library_page_too(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library", scheme="dark")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("link", name="Chat").click()
    expect(page.locator("#thread .welcome")).to_be_visible()
    expect(page.locator("body.dark")).to_have_count(0)
    page.go_back()
    expect(page.locator("#papers tbody tr").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


# ---- The table


def found(page: Page, count: int | str) -> None:
    """Wait until the list says so."""
    expect(page.locator("#list-count")).to_have_text(f"{count} papers" if count != 1 else "1 paper")


def titles(page: Page) -> list[str]:
    return page.locator("#papers tbody th > a").all_inner_texts()


def test_the_table_tells_each_paper_newest_first(site: str, sample_library: Library, visit: Visit) -> None:
    page = visit(f"{site}/library")
    found(page, sample_library.count())
    newest = sample_library.papers(limit=1)[0]
    row = page.locator("#papers tbody tr").first
    expect(row.locator("th")).to_contain_text(newest.title)
    expect(row.locator(".organization")).to_have_text(newest.organization or "")
    expect(row.locator(".state")).to_have_text("ready")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Date")


def test_the_list_is_searched_as_one_types_and_comes_back_from_its_address(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library")
    box = page.get_by_role("searchbox", name="Search papers")
    box.press_sequentially("colbert effic")
    expect(page.locator("#papers tbody tr").first).to_contain_text("ColBERT")
    expect(box).to_be_focused()
    expect(box).to_have_value("colbert effic")
    assert urlsplit(page.url).query == "q=colbert+effic"
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("colbert effic")
    expect(page.locator("#papers tbody tr").first).to_contain_text("ColBERT")
    page.get_by_role("link", name="Remove search: “colbert effic”").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("#papers .chip")).to_have_count(0)
    page.go_back()
    expect(page.locator("#papers tbody tr").first).to_contain_text("ColBERT")


def test_a_head_puts_the_list_in_order_and_turns_it_round(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library")
    page.get_by_role("link", name="Paper", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Paper")
    first = titles(page)
    assert first == sorted(first, key=title_key)
    page.get_by_role("link", name="Paper", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Paper")
    assert titles(page) == first[::-1]


def test_a_family_name_finds_its_papers_and_authors_are_put_in_order(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], papers: tuple[dict[str, Any], ...],
    hashing: Embedder, serving: Serving, visit: Visit,
) -> None:  # fmt: skip
    own = open_library(model=hashing)
    own.add([write_papers("papers.jsonl", *papers)])
    with serving(own) as address:
        page = visit(f"{address}/library")
        page.get_by_role("searchbox").press_sequentially("bran")
        found(page, 1)
        expect(page.locator("#papers tbody tr")).to_contain_text("Ada Brandt")
        page.get_by_role("searchbox").fill("")
        found(page, 6)
        page.get_by_role("link", name="Authors").click()
        expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Authors")
        expect(page.locator("#papers tbody tr").first).to_contain_text("Ines Duarte")
        page.get_by_role("link", name="Source").click()
        expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Source")


def test_a_narrow_page_has_a_field_for_the_order(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library", NARROW)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Order by").select_option("Paper")
    expect(page).to_have_url(re.compile("sort=title"))
    expect(page.locator("#papers tbody tr").first).to_contain_text("Attention Is All You Need")
    page.reload()
    expect(page.locator(".order select")).to_have_value("title")
    wide = visit(f"{site}/library")
    expect(wide.get_by_label("Order by")).to_be_hidden()


def test_filters_narrow_the_list_and_each_can_be_dropped(
    site: str, sample_library: Library, visit: Visit
) -> None:
    name, papers = sample_library.facts().organizations[0]
    page = visit(f"{site}/library")
    page.get_by_label("Organisation", exact=True).fill(name)
    page.get_by_label("Organisation", exact=True).press("Enter")
    found(page, papers)
    page.get_by_label("Since").fill("2023")
    page.get_by_label("Since").press("Tab")
    found(page, sample_library.count(Filters(since="2023", organizations=(name,))))
    page.get_by_role("link", name=f"Remove filter: {name}").click()
    found(page, sample_library.count(Filters(since="2023")))
    expect(page.get_by_label("Organisation", exact=True)).to_have_value("")
    expect(page.get_by_role("textbox", name="Since")).to_have_value("2023")


def test_a_list_that_is_empty_names_the_filter_to_drop(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?since=2031")
    expect(page.locator(".nothing h2")).to_have_text("No paper matches")
    page.get_by_role("link", name="Drop “since 2031”").click()
    expect(page.locator("#papers tbody tr").first).to_be_visible()


def test_a_date_that_is_none_is_named(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?until=soon")
    expect(page.locator("#papers [role=alert]")).to_contain_text("'soon' is not a date")


def test_a_long_list_is_read_a_page_at_a_time(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder,
    serving: Serving, visit: Visit,
) -> None:  # fmt: skip
    papers = [
        {"title": f"Paper {n:03}", "abstract": f"It is about number {n}.", "year": 2000 + n % 20}
        for n in range(120)
    ]
    own = open_library(model=hashing)
    own.add([write_papers("many.jsonl", *papers)])
    with serving(own) as address:
        page = visit(f"{address}/library?sort=title")
        expect(page.locator(".pages")).to_contain_text("1–50 of 120")
        page.get_by_role("link", name="Next").click()
        expect(page.locator("#papers tbody tr").first).to_contain_text("Paper 050")
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".pages")).to_contain_text("101–120 of 120")
        expect(page.get_by_role("link", name="Next")).to_have_count(0)
        page.reload()
        expect(page.locator("#papers tbody tr").first).to_contain_text("Paper 100")
        page.goto(f"{address}/library?sort=title&page=99")
        expect(page.locator("#papers tbody tr").first).to_contain_text("Paper 100")


# ---- Choosing papers


@pytest.fixture
def own(
    sample_folder: Path, tmp_path: Path, open_library: Callable[..., Library], serving: Serving
) -> Iterator[tuple[Library, str]]:
    """A library of the test's own, and its address."""
    library = open_library(shutil.copytree(sample_folder, tmp_path / "own"))
    with serving(library) as address:
        yield library, address


def choose(page: Page, *beginnings: str) -> None:
    for beginning in beginnings:
        page.get_by_role("checkbox", name=f"Choose: {beginning}").check()


def test_chosen_papers_are_tagged_and_the_tag_leads_to_them(own: tuple[Library, str], visit: Visit) -> None:
    library, address = own
    page = visit(f"{address}/library")
    expect(page.locator("#chosen-bar")).to_be_hidden()
    choose(page, "ColBERT", "LoRA")
    expect(page.locator("#chosen-count")).to_have_text("2 chosen")
    page.get_by_label("Tag", exact=True).last.fill("to read")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator("#notice")).to_contain_text("Tag “to read” put on 2 papers.")
    assert library.facts().tags == (("to read", 2),)
    page.locator("a.tag").first.click()
    found(page, 2)
    expect(page.get_by_role("link", name="Remove filter: tagged to read")).to_be_visible()
    page.get_by_label("Tag", exact=True).last.fill("To Read")
    page.get_by_role("button", name="Remove tag").click()
    expect(page.locator(".nothing")).to_be_visible()
    assert library.facts().tags == ()


def test_chosen_papers_become_the_scope_of_a_chat(own: tuple[Library, str], visit: Visit) -> None:
    page = visit(f"{own[1]}/library")
    choose(page, "ColBERT", "LoRA")
    page.get_by_role("button", name="Ask these").click()
    expect(page.locator("#scope-count")).to_have_text("2 papers in scope")
    assert "?c=" in page.url
    page.locator("#question textarea").fill("What does ColBERT propose?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#thread a.cite").first).to_be_visible()
    assert {title.split(":")[0] for title in page.locator("#cited-1 h3").all_inner_texts()} <= {
        "ColBERT",
        "LoRA",
    }


def test_what_is_chosen_is_kept_over_searches_and_saved_as_bibtex(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?q=lora")
    choose(page, "LoRA")
    page.get_by_role("searchbox").fill("colbert")
    expect(page.locator("#papers tbody tr").first).to_contain_text("ColBERT")
    choose(page, "ColBERT")
    expect(page.locator("#chosen-count")).to_have_text("2 chosen")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export BibTeX").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert saved.count("@misc{") == 2
    assert "LoRA" in saved
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#chosen-bar")).to_be_hidden()
    expect(page.locator("#papers .choose:checked")).to_have_count(0)


def test_all_that_is_listed_can_be_chosen_at_once(site: str, sample_library: Library, visit: Visit) -> None:
    page = visit(f"{site}/library?since=2023")
    papers = sample_library.count(Filters(since="2023"))
    page.get_by_role("button", name=f"Choose all {papers}").click()
    expect(page.locator("#chosen-count")).to_have_text(f"{papers} chosen")
    page.get_by_role("checkbox", name="Choose all papers on this page").uncheck()
    expect(page.locator("#chosen-bar")).to_be_hidden()


def test_removed_papers_come_back(own: tuple[Library, str], visit: Visit) -> None:
    library, address = own
    papers = library.count()
    page = visit(f"{address}/library?q=colbert")
    choose(page, "ColBERT")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("“ColBERT")
    expect(page.locator("#paper-count")).to_have_text(f"{papers - 1} papers")
    expect(page.locator("#chosen-bar")).to_be_hidden()
    assert library.count() == papers - 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#notice")).to_contain_text("1 paper brought back.")
    expect(page.locator("#papers tbody tr").first).to_contain_text("ColBERT")
    assert library.count() == papers


def test_a_removal_that_is_not_possible_says_why_and_keeps_the_page(
    own: tuple[Library, str], visit: Visit
) -> None:
    library, address = own
    page = visit(f"{address}/library")
    choose(page, "ColBERT")
    with FolderLock(library.folder).writing("ibid add"):
        page.get_by_role("button", name="Remove", exact=True).click()
        expect(page.locator("#notice [role=alert]")).to_contain_text("is being written by")
    expect(page.locator("#papers tbody tr").first).to_be_visible()
    assert library.paper("ColBERT")


# ---- A paper's own page


def test_a_paper_is_opened_with_its_facts_its_text_and_what_is_like_it(
    site: str, sample_library: Library, visit: Visit
) -> None:
    paper = sample_library.paper("ColBERT")
    page = visit(f"{site}/library?q=colbert")
    page.locator("#papers tbody th > a").first.click()
    expect(page.locator("#paper-title")).to_have_text(paper.title)
    assert urlsplit(page.url).query == f"paper={paper.id}"
    expect(page.locator("#full-text")).to_contain_text(sample_library.text(paper.id)[:80])
    expect(page.locator("#bibtex")).to_contain_text("@misc{")
    similar = page.locator(".box", has_text="Similar papers").locator("a")
    expect(similar).to_have_count(6)
    expect(page.locator("#find")).to_be_hidden()
    wanted = similar.first.inner_text()
    similar.first.click()
    expect(page.locator("#paper-title")).to_have_text(wanted)
    page.go_back()
    expect(page.locator("#paper-title")).to_have_text(paper.title)
    page.get_by_role("link", name="All papers").click()
    expect(page.locator("#find")).to_have_value("colbert")


def test_a_cited_sentence_is_marked_in_the_paper_and_scrolled_to(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder,
    serving: Serving, visit: Visit,
) -> None:  # fmt: skip
    own = open_library(model=hashing)
    text = " ".join(f"Sentence {n} is about the number {n}." for n in range(400))
    own.add([write_papers("long.jsonl", {"title": "Long", "abstract": text})])
    paper, sentence = own.papers()[0], "Sentence 333 is about the number 333."
    start = text.index(sentence)
    with serving(own) as address:
        page = visit(f"{address}/library?paper={paper.id}&start={start}&end={start + len(sentence)}")
        expect(page.locator("#full-text mark")).to_have_text(sentence)
        expect(page.locator("#full-text mark")).to_be_in_viewport()


def test_a_paper_leads_to_the_conversations_that_cite_it_and_is_asked_alone(
    own: tuple[Library, str], visit: Visit
) -> None:
    library, address = own
    paper = library.paper("ColBERT")
    page = visit(f"{address}/library?paper={paper.id}")
    expect(page.locator(".paper-page")).to_contain_text("Not cited yet.")
    page.get_by_role("button", name="Ask only this paper").click()
    expect(page.locator("#scope-count")).to_have_text("1 paper in scope")
    page.locator("#question textarea").fill("What does ColBERT propose?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#thread a.cite").first).to_be_visible()
    page.goto(f"{address}/library?paper={paper.id}")
    cited = page.locator(".citing a")
    expect(cited).to_have_text(["What does ColBERT propose?"])
    assert page.locator(".citing q").inner_text().strip('“”"') in library.text(paper.id)
    cited.click()
    expect(page.locator("#thread .question")).to_contain_text("What does ColBERT propose?")


def test_a_paper_is_tagged_and_removed_on_its_own_page(own: tuple[Library, str], visit: Visit) -> None:
    library, address = own
    paper = library.paper("ColBERT")
    page = visit(f"{address}/library?paper={paper.id}")
    page.get_by_label("New tag").fill("to read")
    page.get_by_label("New tag").press("Enter")
    expect(page.locator(".paper-tags .tag")).to_contain_text("to read")
    page.get_by_role("button", name="Remove tag: to read").click()
    expect(page.locator(".paper-tags .tag")).to_have_count(0)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("removed.")
    expect(page.locator("#list-count")).to_have_text(f"{library.count()} papers")
    page.go_back()
    expect(page.locator("#no-paper")).to_contain_text("This paper is not in the library")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#paper-title")).to_have_text(paper.title)


def test_the_bibtex_of_a_paper_is_copied(site: str, sample_library: Library, visit: Visit) -> None:
    page = visit(f"{site}/library?paper={sample_library.paper('ColBERT').id}")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("@misc{")


# ---- Adding


PAPER = (
    '{"title": "On Wells", "abstract": "Wells run dry in summer. Deep wells do so later than shallow ones."}'
)


def row(page: Page, name: str) -> Locator:
    return page.locator(".job", has=page.locator(".name", has_text=name))


def test_a_dropped_file_is_answerable_when_its_row_says_ready(
    own: tuple[Library, str], tmp_path: Path, visit: Visit
) -> None:
    library, address = own
    papers = library.count()
    file = tmp_path / "wells.jsonl"
    file.write_text(PAPER, encoding="utf-8")
    page = visit(f"{address}/library")
    page.get_by_role("link", name="Add papers").click()
    expect(page.locator(".drop")).to_contain_text(".jsonl")
    page.get_by_label("Choose files").set_input_files(file)
    expect(row(page, "wells.jsonl")).to_have_attribute("data-stage", "ready")
    expect(row(page, "wells.jsonl")).to_contain_text("1 added")
    expect(page.locator("#paper-count")).to_have_text(f"{papers + 1} papers")
    expect(page.locator("#status")).to_contain_text("All files are added.")
    page.get_by_role("link", name="Chat").click()
    page.locator("#question textarea").fill("When do wells run dry?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#cited-1 h3").first).to_have_text("On Wells")


def test_a_file_dragged_onto_the_list_is_added_too(own: tuple[Library, str], visit: Visit) -> None:
    page = visit(f"{own[1]}/library?sort=title")
    carried = page.evaluate_handle(
        "text => { const made = new DataTransfer(); made.items.add(new File([text], 'wells.jsonl')); return made; }",
        PAPER,
    )
    page.dispatch_event("#papers", "dragover", {"dataTransfer": carried})
    expect(page.locator("#library")).to_have_class(re.compile("dropping"))
    page.dispatch_event("#papers", "drop", {"dataTransfer": carried})
    expect(row(page, "wells.jsonl")).to_have_attribute("data-stage", "ready")
    expect(page.get_by_role("link", name="On Wells")).to_be_visible()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of papers with a folder in it, and with what no reader wants."""
    papers = tmp_path / "My papers"
    (papers / "deep" / ".hidden").mkdir(parents=True)
    (papers / "wells.jsonl").write_text(PAPER, encoding="utf-8")
    (papers / "deep" / "ponds.BIB").write_text("@misc{a, title = {On Ponds}}", encoding="utf-8")
    (papers / "deep" / ".hidden" / "no.txt").write_text("No\n\nNo.", encoding="utf-8")
    (papers / "deep" / "picture.png").write_bytes(b"x")
    return papers


def both_added(page: Page, rows: int = 2) -> None:
    for name in ("My papers/wells.jsonl", "My papers/deep/ponds.BIB"):
        expect(row(page, name)).to_have_attribute("data-stage", "ready")
    expect(page.locator(".job")).to_have_count(rows)


def test_a_chosen_folder_is_added_with_all_below_it(
    own: tuple[Library, str], folder: Path, visit: Visit
) -> None:
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Choose a folder").set_input_files(folder)
    both_added(page)
    assert own[0].paper("On Ponds").source == "ponds.BIB"


def test_a_dropped_folder_is_added_with_all_below_it(
    own: tuple[Library, str], folder: Path, tmp_path: Path, visit: Visit
) -> None:
    page = visit(f"{own[1]}/library?view=add")
    (tmp_path / "nothing").mkdir()
    expect(page.locator(".drop")).to_be_visible()
    browser = page.context.new_cdp_session(page)
    carried = {"items": [], "files": [str(folder), str(tmp_path / "nothing")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 300, "data": carried})
    expect(row(page, "nothing")).to_contain_text("This folder holds no file of a known kind")
    both_added(page, rows=3)


def test_an_archive_is_added_and_its_bad_members_are_told(
    own: tuple[Library, str], tmp_path: Path, visit: Visit
) -> None:
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as archive:
        archive.writestr("wells.jsonl", PAPER)
        archive.writestr("empty.txt", " ")
        archive.writestr("../out.txt", "x")
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Choose files").set_input_files(tmp_path / "papers.zip")
    expect(row(page, "papers.zip")).to_have_attribute("data-stage", "ready")
    expect(row(page, "papers.zip").locator(".reasons li")).to_have_text(
        [re.compile("papers.zip/../out.txt: leads out"), re.compile("papers.zip/empty.txt: .*is empty")]
    )


def test_files_of_every_kind_are_added_and_one_that_hides_something_says_so(
    own: tuple[Library, str], tmp_path: Path, visit: Visit
) -> None:
    files = [
        paper_that_hides(tmp_path / "buoys.pdf"),
        locked(tmp_path / "locked.pdf"),
        packed(tmp_path, paragraph("Mooring Lines", "Title") + paragraph("Lines hold boats.")),
    ]
    for name, text in (
        ("boats.html", "<html><body><h1>Moored Boats</h1><p>Boats lie moored all winter long.</p></body></html>"),
        ("tides.ris", "TY  - JOUR\nTI  - Tides Again\nAB  - Tides come again.\nER  - \n"),
        ("feed.xml", '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2401.00001v1</id>'
                     "<title>On Feeds</title><summary>Feeds tell what is new.</summary></entry></feed>"),
        ("piers.tex", r"\documentclass{article}\title{On Piers}\begin{document}\maketitle Piers stand.\end{document}"),
    ):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
        files.append(tmp_path / name)
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Choose files").set_input_files(files)
    for path in files:
        stage = "failed" if path.name == "locked.pdf" else "ready"
        expect(row(page, path.name)).to_have_attribute("data-stage", stage)
    expect(row(page, "locked.pdf")).to_contain_text("is encrypted; save a copy without its password")
    expect(row(page, "buoys.pdf").locator(".warned")).to_have_text("2 pages hold hidden text; see the paper")
    row(page, "buoys.pdf").get_by_role("link", name="see the paper").click()
    expect(page.locator("#paper-title")).to_have_text("Buoys That Count Their Waves")
    expect(page.locator(".warnings")).to_contain_text("the best of all")
    expect(page.locator(".jobs")).to_be_hidden()


def test_a_large_pdf_may_be_sent() -> None:
    assert LimitSettings().upload >= 50 * 10**6


def test_bibtex_is_known_when_it_is_pasted(own: tuple[Library, str], visit: Visit) -> None:
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Paste text").fill("@misc{a, title = {On {P}onds}, year = 2020}\n@misc{b, year = 2021}")
    page.get_by_role("button", name="Add text").click()
    expect(row(page, "pasted.bib")).to_contain_text("1 added")
    expect(row(page, "pasted.bib")).to_contain_text("line 2: the entry 'b' has no title")


def test_a_file_of_a_kind_unknown_gives_its_reason_and_the_others_go_on(
    own: tuple[Library, str], tmp_path: Path, visit: Visit
) -> None:
    (tmp_path / "old.rtf").write_text("x", encoding="utf-8")
    (tmp_path / "wells.jsonl").write_text(PAPER, encoding="utf-8")
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Choose files").set_input_files([tmp_path / "old.rtf", tmp_path / "wells.jsonl"])
    expect(row(page, "wells.jsonl")).to_have_attribute("data-stage", "ready")
    expect(row(page, "old.rtf")).to_contain_text("could not be added")
    expect(row(page, "old.rtf")).to_contain_text("No reader for 'old.rtf'. Known: ")
    page.get_by_role("button", name="Clear").last.click()
    expect(page.locator(".job")).to_have_count(0)


def test_a_file_that_failed_is_retried(own: tuple[Library, str], tmp_path: Path, visit: Visit) -> None:
    library, address = own
    (tmp_path / "wells.jsonl").write_text(PAPER, encoding="utf-8")
    page = visit(f"{address}/library?view=add")
    with FolderLock(library.folder).writing("ibid add"):
        page.get_by_label("Choose files").set_input_files(tmp_path / "wells.jsonl")
        expect(row(page, "wells.jsonl")).to_contain_text("is being written by")
    page.reload()
    page.get_by_role("button", name="Retry: wells.jsonl").click()
    expect(row(page, "wells.jsonl")).to_have_attribute("data-stage", "ready")


def test_pasted_text_is_added(own: tuple[Library, str], visit: Visit) -> None:
    page = visit(f"{own[1]}/library?view=add")
    page.get_by_label("Paste text").fill("Deep Wells\n\nDeep wells run dry later than shallow ones.")
    page.get_by_role("button", name="Add text").click()
    expect(row(page, "Deep Wells.txt")).to_have_attribute("data-stage", "ready")
    expect(page.get_by_label("Paste text")).to_have_value("")
    page.get_by_role("link", name="Papers", exact=True).click()
    page.get_by_role("searchbox").fill("deep wells")
    expect(page.locator("#papers tbody tr").first).to_contain_text("Deep Wells")


class Slow(Embedder):
    """Another's embedder that tells half, and then waits until it is let go."""

    window = None

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.go, self.held = threading.Event(), False

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        if self.held and progress:
            progress(1, 2)
            assert self.go.wait(20)
            progress(2, 2)
        return self.inner.passages(texts)

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)


def test_the_chat_answers_while_papers_are_being_added_and_another_tab_sees_them_come(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], papers: tuple[dict[str, Any], ...],
    hashing: Embedder, serving: Serving, tmp_path: Path, visit: Visit,
) -> None:  # fmt: skip
    slow = Slow(hashing)
    own = open_library(model=slow)
    own.add([write_papers("papers.jsonl", *papers)])
    slow.held = True
    (tmp_path / "wells.jsonl").write_text(PAPER, encoding="utf-8")
    with serving(own) as address:
        page, other = visit(f"{address}/library?view=add"), visit(address)
        page.get_by_label("Choose files").set_input_files(tmp_path / "wells.jsonl")
        expect(row(page, "wells.jsonl")).to_have_attribute("data-stage", "indexing")
        expect(page.get_by_role("progressbar", name="wells.jsonl")).to_have_attribute("value", "50")
        other.locator("#question textarea").fill("What does TideNet forecast?")
        other.locator("#question textarea").press("Enter")
        expect(other.locator("#thread .turn")).to_be_visible()
        other.goto(f"{address}/library")
        expect(row(other, "wells.jsonl")).to_have_attribute("data-stage", "indexing")
        slow.go.set()
        for tab in (page, other):
            expect(row(tab, "wells.jsonl")).to_have_attribute("data-stage", "ready")
        expect(other.get_by_role("link", name="On Wells")).to_be_visible()


def test_what_is_being_added_is_cancelled(
    open_library: Callable[..., Library], hashing: Embedder, serving: Serving, tmp_path: Path, visit: Visit
) -> None:
    slow = Slow(hashing)
    own = open_library(model=slow)
    slow.held = True
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(PAPER.replace("Wells", name), encoding="utf-8")
    with serving(own) as address:
        page = visit(f"{address}/library?view=add")
        page.get_by_label("Choose files").set_input_files([tmp_path / "one.jsonl", tmp_path / "two.jsonl"])
        expect(row(page, "one.jsonl")).to_contain_text("50 %")
        page.get_by_role("button", name="Cancel: two.jsonl").click()
        expect(row(page, "two.jsonl")).to_have_attribute("data-stage", "cancelled")
        page.get_by_role("button", name="Cancel: one.jsonl").click()
        expect(row(page, "one.jsonl")).to_have_attribute("data-stage", "stopping")
        slow.go.set()
        expect(row(page, "one.jsonl")).to_have_attribute("data-stage", "cancelled")
        expect(page.locator("#status")).to_contain_text("2 cancelled")
        assert (own.count(), list((own.folder / "uploads").glob("*/*"))) == (0, [])


def test_what_was_uploaded_is_served_to_nobody(
    own: tuple[Library, str], tmp_path: Path, visit: Visit
) -> None:
    library, address = own
    (tmp_path / "wells.md").write_text(
        "# Wells\n\n<script>alert(1)</script> Wells run dry.", encoding="utf-8"
    )
    page = visit(f"{address}/library?view=add")
    with FolderLock(library.folder).writing("ibid add"):
        page.get_by_label("Choose files").set_input_files(tmp_path / "wells.md")
        expect(row(page, "wells.md")).to_have_attribute("data-stage", "failed")
    (kept,) = (library.folder / "uploads").glob("*/wells.md")
    assert page.request.get(f"{address}/gradio_api/file={kept}").status == 404


def test_a_path_that_no_upload_made_is_not_believed(own: tuple[Library, str], visit: Visit) -> None:
    page = visit(f"{own[1]}/library")
    page.evaluate("window.ibid.send('upload', { sent: '/etc/hostname', name: 'x.txt' })")
    expect(page.locator("#notice [role=alert]")).to_contain_text("not yours to use")
    assert Path("/etc/hostname").exists()


# ---- The map


def test_the_map_draws_every_paper_and_a_point_leads_to_its_paper(
    site: str, sample_library: Library, visit: Visit
) -> None:
    page = visit(f"{site}/library")
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.locator("#map a")).to_have_count(sample_library.count())
    expect(page.locator("#map .labels text").first).to_be_visible()
    point = page.locator("#map a").nth(3)
    title = point.get_attribute("aria-label") or ""
    point.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#paper-title")).to_have_text(title)


def test_arrow_keys_go_from_point_to_point(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map")
    expect(page.locator("#map a[tabindex='0']")).to_have_count(1)
    centre = "element => element.getBoundingClientRect().x"
    first = page.locator("#map a[tabindex='0']")
    first.focus()
    before = first.evaluate(centre)
    way = "ArrowRight" if before < 600 else "ArrowLeft"
    page.keyboard.press(way)
    after = page.locator("#map a:focus").evaluate(centre)
    assert (after > before) == (way == "ArrowRight")


def test_a_colour_of_the_map_chooses_its_papers_to_be_asked(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map")
    kind = page.locator(".kind").first
    papers = int(kind.locator(".count").inner_text())
    kind.click()
    expect(page.locator("#chosen-count")).to_have_text(f"{papers} chosen")
    expect(page.locator("#map a.on")).to_have_count(papers)
    page.get_by_role("button", name="Ask these").click()
    expect(page.locator("#scope-count")).to_have_text(f"{papers} papers in scope")


def test_a_colour_chooses_all_its_papers_also_where_not_all_are_drawn(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder,
    serving: Serving, visit: Visit, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = open_library(model=hashing)
    papers = [
        {
            "title": f"Well {n}",
            "abstract": f"It is {n} metres deep.",
            "organization": "Alpha" if n else "Beta",
        }
        for n in range(2103)
    ]
    own.add([write_papers("many.jsonl", *papers)])
    with serving(own) as address:
        page = visit(f"{address}/library?view=map&colour=organization")
        expect(page.locator("#map a")).to_have_count(2000)
        expect(page.locator(".plane p")).to_contain_text("2,000 of 2,103 are drawn; a colour chooses all")
        page.get_by_role("button", name="Alpha").click()
        expect(page.locator("#chosen-count")).to_have_text("2,102 chosen")
        monkeypatch.setattr(actions, "MOST_CHOSEN", 2000)
        page.get_by_role("button", name="Ask these").click()
        expect(page.locator("#notice")).to_contain_text(
            "2,102 papers are chosen, and between 1 and 2,000 can be taken"
        )
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#notice .notice")).to_have_count(0)
        page.get_by_label("Tag", exact=True).last.fill("wells")
        page.get_by_role("button", name="Add tag").click()
        expect(page.locator("#notice [role=alert]")).to_contain_text("2,102 papers are chosen")
        monkeypatch.setattr(actions, "MOST_CHOSEN", 10_000)
        page.get_by_role("button", name="Ask these").click()
        expect(page.locator("#scope-count")).to_have_text("2,102 papers in scope")


def test_a_groups_name_on_the_map_chooses_its_papers(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map")
    name = page.locator("#map .labels text").first
    words = name.evaluate("element => element.firstChild.data")
    papers = page.locator(".kind", has_text=words).locator(".count").inner_text()
    name.click()
    expect(page.locator("#chosen-count")).to_have_text(f"{papers} chosen")


def test_dragging_over_points_chooses_them(site: str, sample_library: Library, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map", {"width": 1280, "height": 1000})
    expect(page.locator("#map")).to_be_in_viewport(ratio=1)
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8, steps=4)
    expect(page.locator(".lasso")).to_be_visible()
    page.mouse.up()
    expect(page.locator("#chosen-count")).to_have_text(f"{sample_library.count()} chosen")
    expect(page.locator(".lasso")).to_have_count(0)
    expect(page.locator("#map")).to_be_visible()


def test_the_map_is_coloured_by_year_and_shows_what_a_search_finds(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map&q=colbert")
    expect(page.locator("#map a.faint").first).to_be_attached()
    bright = page.locator("#map a:not(.faint)").count()
    assert 0 < bright < page.locator("#map a").count()
    page.get_by_role("link", name="Year", exact=True).click()
    expect(page.locator(".by-year")).to_be_visible()
    expect(page.locator(".kind .name").first).to_have_text(re.compile(r"^\d{4}$"))
    assert "q=colbert" in page.url


def test_a_bar_of_papers_over_time_leads_to_its_papers(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library?view=map")
    bar = page.locator(".over-time a").last
    name = bar.get_attribute("aria-label") or ""
    papers = int(re.search(r": (\d+) paper", name)[1])  # type: ignore[index]
    bar.focus()
    page.keyboard.press("Enter")
    found(page, papers)


# ---- For everyone


HOSTILE = (
    "<img src=https://evil.example/x onerror=window.hurt=1> ${window.hurt=2} {{constructor}} \u202eZebra"
)


def test_hostile_papers_are_shown_as_text_in_every_part(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder,
    serving: Serving, tmp_path: Path, visit: Visit,
) -> None:  # fmt: skip
    own = open_library(model=hashing)
    facts = {"organization": HOSTILE, "authors": [HOSTILE], "url": "javascript:window.hurt=3", "year": 2025}
    papers = [{"title": f"{HOSTILE} {n}", "abstract": f"{HOSTILE} Text {n}."} | facts for n in range(9)]
    own.add([write_papers("zebras.jsonl", *papers)])
    own.tag([paper.id for paper in own.papers()], HOSTILE[:60])
    (tmp_path / "a${window.hurt=4}{{x}}<b>.rtf").write_text("x", encoding="utf-8")
    first = own.papers()[0]
    with serving(own) as address:
        for query in (
            "",
            "?view=map&colour=organization",
            f"?paper={first.id}",
            "?view=add",
            f"?q={HOSTILE}",
        ):
            page = visit(f"{address}/library{query}")
            expect(page.locator("#papers .html-container")).to_contain_text(re.compile(r"\S"))
            expect(page.locator("#library img")).to_have_count(0)
            if query == "?view=add":
                page.get_by_label("Choose files").set_input_files(tmp_path / "a${window.hurt=4}{{x}}<b>.rtf")
                expect(page.locator(".job .name")).to_contain_text("${window.hurt=4}{{x}}<b>")
            elif not query:
                expect(page.locator("#papers tbody th > a").first).to_contain_text(
                    "${window.hurt=2} {{constructor}}"
                )
                choose(page, f"{HOSTILE} 3".replace("\u202e", ""))
            assert page.evaluate("window.hurt") is None


@pytest.mark.parametrize(
    "query", ["", "?q=nothingness", "?view=add", "?view=map", "?paper=ColBERT", "?paper=none"]
)
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_control_has_an_accessible_name_and_the_page_fits(
    viewport: dict[str, int], query: str, site: str, sample_library: Library, visit: Visit
) -> None:
    paper = sample_library.paper("ColBERT").id
    page = visit(f"{site}/library{query.replace('ColBERT', paper)}", viewport)
    expect(
        page.locator("#papers :is(tbody tr, .nothing:not([data-drawing]), .giving, #map, .paper-page)").first
    ).to_be_visible()
    if not query:
        choose(page, "ColBERT")
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = {
        "button",
        "link",
        "textbox",
        "searchbox",
        "combobox",
        "checkbox",
        "dialog",
        "alert",
        "region",
        "navigation",
    }
    nodes = [node for node in tree["nodes"] if node.get("role", {}).get("value") in roles]
    assert len(nodes) > 8
    assert not [node for node in nodes if not node["ignored"] and not node.get("name", {}).get("value")]
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    wide = "[...document.querySelectorAll('#library *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    inside = "e => !e.closest('.sr-only, pre, svg, .table-frame')"
    assert page.evaluate(f"{wide}.filter({inside}).map(e => e.outerHTML.slice(0, 120))") == []


def test_the_keyboard_reaches_the_search_and_the_chat(site: str, visit: Visit) -> None:
    page = visit(f"{site}/library")
    expect(page.locator("#papers tbody tr").first).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.locator("#thread .welcome")).to_be_visible()


def test_a_library_without_papers_leads_to_adding_some(
    open_library: Callable[..., Library], hashing: Embedder, serving: Serving, visit: Visit
) -> None:
    with serving(open_library(model=hashing)) as address:
        page = visit(f"{address}/library")
        page.locator("#no-papers").get_by_role("link", name="Add papers").click()
        expect(page.locator(".drop")).to_be_visible()
        page.goto(f"{address}/library?view=map")
        expect(page.locator("#no-papers")).to_be_visible()


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
def test_the_pictures_of_the_documentation_are_taken(
    sample_folder: Path, tmp_path: Path, embedder: Embedder, open_library: Callable[..., Library],
    write_papers: Callable[..., Path], serving: Serving, visit: Visit,
) -> None:  # fmt: skip
    (tmp_path / "pilots.pdf").write_bytes(long_paper().pdf)
    paper_that_hides(tmp_path / "buoys.pdf")
    locked(tmp_path / "tides.pdf")
    folder = Path(__file__).parents[1] / "docs" / "pictures"
    for viewport, scheme, mark in (
        (WIDE, "light", "1280"), (NARROW, "light", "390"), (WIDE, "dark", "dark"), (NARROW, "dark", "dark-390"),
    ):  # fmt: skip
        slow = Slow(embedder)
        library = open_library(shutil.copytree(sample_folder, tmp_path / mark), slow)
        library.tag([library.paper(name).id for name in ("ColBERT", "BEIR")], "retrieval")
        library.tag([library.paper("ColBERT").id], "to read")
        with serving(library) as address:
            page = visit(f"{address}/library", viewport, scheme)
            take_pictures(page, address, library, slow, tmp_path, folder, mark)


def take_pictures(
    page: Page, address: str, library: Library, slow: Slow, files: Path, folder: Path, mark: str
) -> None:
    def picture(name: str) -> None:
        if "dark" not in mark or name in ("library", "map", "paper"):
            page.evaluate("document.fonts.ready")
            page.mouse.move(0, 0)
            page.screenshot(path=folder / f"{name}-{mark}.png", animations="disabled", caret="hide")

    expect(page.locator("#papers tbody tr").first).to_be_visible()
    picture("library")
    if mark == "390":
        page.get_by_role("button", name="Filters").click()
        picture("library-filters")
        page.get_by_role("button", name="Filters").click()
    page.get_by_role("searchbox").fill("retrieval")
    expect(page.locator("#papers .chip")).to_be_visible()
    choose(page, "ColBERT", "BEIR")
    picture("library-chosen")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#undo")).to_be_visible()
    picture("library-removed")
    page.locator("#undo").click()
    expect(page.locator("#notice")).to_contain_text("brought back")
    page.goto(f"{address}/library?since=2031&q=reward")
    expect(page.locator("#drop-advice")).to_be_visible()
    picture("library-none")
    paper = library.paper("ColBERT").id
    text = library.text(paper)
    start = text.index(". ") + 2
    end = text.index(". ", start) + 1
    page.goto(f"{address}/library?paper={paper}&start={start}&end={end}")
    expect(page.locator("#full-text mark")).to_be_visible()
    picture("paper")
    page.goto(f"{address}/library?view=map")
    expect(page.locator("#map")).to_be_visible()
    picture("map")
    page.goto(f"{address}/library?view=add")
    page.get_by_label("Choose files").set_input_files([files / "buoys.pdf", files / "tides.pdf"])
    expect(row(page, "tides.pdf")).to_contain_text("is encrypted")
    slow.held = True
    page.get_by_label("Choose files").set_input_files(files / "pilots.pdf")
    expect(row(page, "pilots.pdf")).to_contain_text("50 %")
    picture("adding")
    slow.go.set()
    expect(row(page, "pilots.pdf")).to_have_attribute("data-stage", "ready")
