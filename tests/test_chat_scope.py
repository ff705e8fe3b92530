"""The scope of questions on the chat page: narrowed by filters, by cards, and widened again."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Locator, Page, expect

from index.library import Library
from index.schema import Filters

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serving = Callable[..., AbstractContextManager[str]]
QUESTION = "What does ColBERT propose?"
SECOND = "Which papers improve retrieval?"
ABSENT = "How do I bake sourdough bread?"


def test_a_date_narrows_the_scope_which_belongs_to_the_conversation(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    left = chat_library.count(Filters(since="2023"))
    page.locator("#since textarea, #since input").fill("2023")
    page.keyboard.press("Enter")
    expect(page.locator("#scope-count")).to_have_text(f"{left} papers in scope")
    turn = ask(page, SECOND)
    for byline in page.locator("#cited-1 .byline").all_inner_texts():
        assert int(byline[-4:]) >= 2023
    expect(turn).to_be_visible()
    page.reload()
    expect(page.locator("#scope-count")).to_have_text(f"{left} papers in scope")
    page.get_by_role("button", name="Remove filter: since 2023").click()
    expect(page.locator("#scope-count")).to_have_text(re.compile(rf"^{chat_library.count()} papers"))
    expect(page.locator("#since textarea, #since input")).to_have_value("")


def test_an_organisation_narrows_the_scope(site: str, chat_library: Library, visit: Visit) -> None:
    name, papers = chat_library.facts().organizations[0]
    page = visit(site)
    page.locator("#organizations input").click()
    page.get_by_role("option", name=f"{name} ({papers})").click()
    expect(page.locator("#scope-count")).to_have_text(f"{papers} papers in scope")
    expect(page.get_by_role("button", name=f"Remove filter: {name}")).to_be_visible()


def test_with_nothing_in_scope_sending_is_off_and_the_chip_to_drop_is_named(site: str, visit: Visit) -> None:
    page = visit(site)
    page.locator("#since textarea, #since input").fill("2031")
    page.keyboard.press("Enter")
    expect(page.locator("#scope")).to_contain_text("0 papers match.")
    expect(page.locator("#send")).to_be_disabled()
    box = page.locator("#question textarea")
    box.fill(SECOND)
    box.press("Enter")
    expect(box).to_have_value(SECOND)
    page.get_by_role("button", name="Drop “since 2031”").click()
    expect(page.locator("#send")).to_be_enabled()


def test_a_date_that_is_none_is_named(site: str, visit: Visit) -> None:
    page = visit(site)
    page.locator("#until textarea, #until input").fill("soon")
    page.keyboard.press("Enter")
    expect(page.locator("#scope [role=alert]")).to_contain_text("'soon' is not a date")


def test_a_refusal_under_filters_offers_to_widen_the_scope(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    page.locator("#since textarea, #since input").fill("2020")
    page.keyboard.press("Enter")
    expect(page.locator("#scope-count")).to_contain_text("in scope")
    ask(page, ABSENT).get_by_role("button", name="Widen scope").click()
    expect(page.locator(".chip")).to_have_count(0)


# ---- From a card


def test_a_card_narrows_the_scope_to_its_paper_and_the_chip_widens_it_again(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, SECOND)
    card = page.locator("#cite-1-1")
    title = card.locator("h3").inner_text()
    card.get_by_role("button", name=f"Only this paper: {title}").click()
    expect(page.locator("#scope-count")).to_have_text("1 paper in scope")
    ask(page, "What does it propose?")
    assert {title} == set(page.locator("#cited-2 h3").all_inner_texts())
    page.reload()
    expect(page.locator("#scope-count")).to_have_text("1 paper in scope")
    page.get_by_role("button", name=f"Remove filter: {title}").click()
    expect(page.locator("#scope-count")).to_have_text(f"{chat_library.count()} papers")


def test_a_card_leaves_its_paper_out_and_the_scope_stays_with_the_conversation(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, QUESTION)
    title = page.locator("#cite-1-1 h3").inner_text()
    page.get_by_role("button", name=f"Exclude: {title}").first.click()
    expect(page.get_by_role("button", name=f"Remove filter: without {title}")).to_be_visible()
    expect(page.locator("#scope-count")).to_have_text(f"{chat_library.count() - 1} papers in scope")
    ask(page, QUESTION)
    expect(page.locator("#retrieved-2 .card").first).to_be_attached()
    assert title not in page.locator("#evidence h3").all_inner_texts()
    page.locator("#new").click()
    expect(page.locator("#scope-count")).to_have_text(f"{chat_library.count()} papers")


def test_papers_like_the_one_of_a_card_can_be_asked_instead(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    ask(page, QUESTION)
    page.get_by_role("button", name="Find similar").first.click()
    similar = page.locator("#cite-1-1 .similar li")
    expect(similar.first).to_be_visible()
    title = similar.first.locator("a").inner_text()
    assert title != page.locator("#cite-1-1 h3").inner_text()
    similar.first.get_by_role("button", name=f"Only this paper: {title}").click()
    expect(page.locator("#scope-count")).to_have_text("1 paper in scope")


def test_a_card_leads_to_its_sentence_in_the_library(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, QUESTION)
    card = page.locator("#cite-1-1")
    quote, title = card.locator("mark").inner_text(), card.locator("h3").inner_text()
    card.get_by_role("link", name="Open in Library").click()
    expect(page.get_by_role("heading", name=title).first).to_be_visible()
    expect(page.locator("#library mark").first).to_be_in_viewport()
    assert "".join(page.locator("#library mark").all_inner_texts()) == quote
    page.go_back()
    expect(page.locator("#thread a.cite").first).to_be_visible()


def test_a_tag_given_since_the_page_was_made_narrows_the_scope(
    site: str, chat_library: Library, visit: Visit
) -> None:
    visit(site)
    tagged = [paper.id for paper in chat_library.papers(limit=2)]
    chat_library.tag(tagged, "to read")
    page = visit(site)
    page.locator("#tags input").click()
    page.get_by_role("option", name="to read (2)").click()
    expect(page.locator("#scope-count")).to_have_text("2 papers in scope")
    page.get_by_role("button", name="Remove filter: tagged to read").click()
    expect(page.locator("#scope-count")).to_have_text(f"{chat_library.count()} papers")
    chat_library.untag(tagged, "to read")
