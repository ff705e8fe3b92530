"""The library page as a reader meets it: a real library, a real server, Chromium.

Nothing here sleeps: each step waits for a state of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from index.library import Library

Visit = Callable[..., Page]

pytestmark = [
    # Gradio leaves its server's event loop and sockets to the garbage collector, which `serving` calls,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # and its queue uses what pandas has deprecated.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


@pytest.fixture(scope="module")
def site(sample_library: Library, serving: Callable[[Library], AbstractContextManager[str]]) -> Iterator[str]:
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
