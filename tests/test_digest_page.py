"""The digest page as a reader meets it, and its addresses as a feed reader does: a real server, Chromium.

Nothing here sleeps: each step waits for a state of the page. `IBID_PICTURES=1` makes the last one renew the
digest's pictures in docs/pictures.
"""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from assistant.digest import Wish
from assistant.digest import digest as new_papers
from index.embedding import Embedder
from index.library import Library
from ui.digest.address import write

Visit = Callable[..., Page]
Serving = Callable[[Library], AbstractContextManager[str]]

NARROW = {"width": 390, "height": 844}
ALL = "since=2000&by=published"
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


@pytest.fixture(scope="module")
def site(sample_library: Library, serving: Serving) -> Iterator[str]:
    with serving(sample_library) as address:
        yield address


@pytest.fixture
def own(
    sample_folder: Path,
    tmp_path: Path,
    open_library: Callable[..., Library],
    remembering: Embedder,
    serving: Serving,
) -> Iterator[tuple[Library, str]]:
    """A library of the test's own and its server."""
    library = open_library(shutil.copytree(sample_folder, tmp_path / "own"), remembering)
    with serving(library) as address:
        yield library, address


def told(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait until the page says how much is new."""
    expect(page.locator("#digest-count")).to_have_text(words)


# ---- The papers


def test_each_page_leads_to_the_digest(site: str, visit: Visit) -> None:
    page = visit(site)
    page.get_by_role("link", name="Digest").click()
    expect(page.locator(".places a[aria-current=page]")).to_have_text("Digest")
    told(page, re.compile(r"papers added since"))
    assert urlsplit(page.url).path == "/digest"
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#papers tbody tr").first).to_be_visible()


def test_the_page_tells_every_new_paper_once_under_its_topic(
    site: str, sample_library: Library, visit: Visit
) -> None:
    page = visit(f"{site}/digest?{ALL}")
    dated = len([paper for paper in sample_library.papers(limit=1000) if paper.published])
    told(page, f"{dated:,} papers published since 1 Jan 2000")
    ids = page.locator(".noted").evaluate_all("items => items.map((item) => item.dataset.paper)")
    assert len(ids) == len(set(ids)) == dated
    assert page.locator(".topic h2").count() > 2


def test_each_citation_opens_the_paper_with_its_sentence_marked(site: str, visit: Visit) -> None:
    page = visit(f"{site}/digest?{ALL}&topic=low-rank+adaptation")
    first = page.locator(".noted").first
    quote = first.locator("q").inner_text().strip('“”"')
    first.get_by_role("link", name="Citation 1").click()
    expect(page.locator("#full-text mark")).to_have_text(quote)
    asked = parse_qs(urlsplit(page.url).query)
    assert urlsplit(page.url).path == "/library"
    assert set(asked) == {"paper", "start", "end"}
    page.go_back()
    expect(page.locator(".noted").first).to_be_visible()


def test_what_is_asked_for_stands_in_the_address_and_comes_back_from_it(
    site: str, sample_library: Library, visit: Visit
) -> None:
    name, papers = sample_library.facts().organizations[0]
    page = visit(f"{site}/digest")
    told(page, re.compile("papers added since"))
    page.get_by_label("Since").fill("2000")
    page.get_by_label("Since").press("Tab")
    told(page, re.compile("added since 1 Jan 2000"))
    page.get_by_label("New by").select_option("being published")
    told(page, re.compile("published since 1 Jan 2000"))
    page.get_by_label("Organisation", exact=True).fill(name)
    page.get_by_label("Organisation", exact=True).press("Enter")
    told(page, re.compile(rf"^{papers} papers? published since"))
    page.get_by_label("Topic or question").fill("language")
    page.get_by_label("Topic or question").press("Enter")
    expect(page.get_by_role("link", name="Remove topic: “language”")).to_be_visible()
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"since": ["2000"], "by": ["published"], "organization": [name], "topic": ["language"]}
    said = page.locator("#digest-count").inner_text()
    page.reload()
    told(page, said)
    expect(page.get_by_label("Organisation", exact=True)).to_have_value(name)
    expect(page.get_by_label("New by")).to_have_value("published")
    page.get_by_role("link", name="Remove topic: “language”").click()
    told(page, re.compile(rf"^{papers} papers? published since"))
    expect(page.get_by_label("Topic or question")).to_have_value("")
    page.go_back()
    told(page, said)
    expect(page.get_by_label("Topic or question")).to_have_value("language")


# ---- States without papers


def test_nothing_new_offers_ways_on(site: str, sample_library: Library, visit: Visit) -> None:
    page = visit(f"{site}/digest?since=2031&topic=snow")
    expect(page.locator("#nothing-new h2")).to_have_text("Nothing is new")
    page.get_by_role("link", name="All new papers").click()
    expect(page.locator(".chip")).to_have_count(0)
    page.get_by_role("link", name="Look back 90 days").click()
    told(page, re.compile(rf"^{sample_library.count()} papers added since"))


def test_a_period_that_is_none_is_named(site: str, visit: Visit) -> None:
    page = visit(f"{site}/digest?since=soon")
    expect(page.get_by_role("alert")).to_contain_text("'soon' is no period: write 7d, 2w, or a date")
    page.get_by_label("Since").fill("7d")
    page.get_by_label("Since").press("Tab")
    told(page, re.compile("added since"))


def test_an_empty_library_leads_to_adding_papers(
    open_library: Callable[..., Library], tmp_path: Path, serving: Serving, visit: Visit
) -> None:
    with serving(open_library(tmp_path / "empty")) as address:
        page = visit(f"{address}/digest")
        expect(page.locator("#no-papers h2")).to_have_text("This library holds no papers yet")
        expect(page.get_by_role("link", name="Add papers")).to_have_attribute("href", "library?view=add")
        expect(page.locator("#no-questions")).to_be_visible()


def test_a_hostile_title_stays_text(
    own: tuple[Library, str], write_papers: Callable[..., Path], visit: Visit
) -> None:
    library, address = own
    title = "<img src=x onerror=\"document.title='owned'\"> ${alert(1)} {{constructor}} \u202egnp.exe"
    record = {
        "title": title,
        "abstract": "We propose <script>alert(1)</script> as a method.",
        "organization": title,
    }
    library.add([write_papers("hostile.jsonl", record)])
    page = visit(f"{address}/digest?since=2031-01-01")
    expect(page.locator("#nothing-new")).to_be_visible()
    page.locator("#new-question").fill(title)
    page.locator("#new-question").press("Enter")
    expect(page.locator(".saved-question h3")).to_contain_text("<img src=x")
    page.get_by_label("Since").fill("1d")
    page.get_by_label("Since").press("Tab")
    expect(page.locator(".noted h3", has_text="<img src=x")).to_be_visible()
    assert page.locator("#digest :is(img, script)").count() == 0
    assert page.title() != "owned"


# ---- Saved questions

ASKED = "Which papers adapt language models with few parameters?"
NEW = {
    "title": "ThriftTune: Adapting Language Models with Few Parameters",
    "abstract": "ThriftTune adapts language models with few parameters. It trains one row in a thousand of each "
    "weight matrix and adapts language models with fewer parameters than low-rank adaptation.",
}


def test_a_question_is_saved_told_of_change_and_forgotten(
    own: tuple[Library, str], write_papers: Callable[..., Path], visit: Visit
) -> None:
    library, address = own
    page = visit(f"{address}/digest?since=2031")
    expect(page.locator("#no-questions")).to_be_visible()
    page.locator("#new-question").fill(ASKED)
    page.get_by_role("button", name="Save question").click()
    question = page.locator(".saved-question")
    expect(question.locator(".outcome")).to_contain_text("No change since")
    expect(page.locator("#notice")).to_contain_text("is saved")
    library.add([write_papers("new.jsonl", NEW)])
    page.goto(f"{address}/digest?since=7d")
    expect(question.locator(".outcome")).to_contain_text("The answer has changed: it cites 1 new paper")
    moved = question.get_by_role("link", name=NEW["title"])
    expect(moved).to_be_visible()
    question.get_by_role("link", name="New papers on: ").click()
    expect(page.locator(".noted", has_text=NEW["title"])).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["topic"] == [ASKED]
    moved.click()
    expect(page.locator("#full-text mark")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Forget: ").click()
    expect(page.locator("#no-questions")).to_be_visible()


def test_a_topic_is_saved_as_a_question_with_its_organisation(own: tuple[Library, str], visit: Visit) -> None:
    library, address = own
    name = library.facts().organizations[0][0]
    page = visit(f"{address}/digest{write(Wish(since='2031', topic='attention', organizations=(name,)))}")
    page.get_by_role("button", name="Save as a question").click()
    question = page.locator(".saved-question")
    expect(question.locator("h3")).to_have_text("attention")
    expect(question).to_contain_text(f"only {name}")


# ---- The same digest at addresses of its own


def fetched(address: str, **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, dict(reply.headers), reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def test_the_page_leads_to_the_same_digest_in_other_forms(site: str, visit: Visit) -> None:
    page = visit(f"{site}/digest?{ALL}&topic=dense+retrieval")
    expect(page.locator(".noted").first).to_be_visible()
    titles = page.locator(".noted h3").all_inner_texts()
    for name, kind in (("Markdown", "text/markdown"), ("HTML", "text/html"), ("JSON", "application/json")):
        address = page.get_by_role("link", name=name, exact=True).evaluate("link => link.href")
        status, headers, text = fetched(address)
        assert (status, headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert all(title.split(":")[0] in text for title in titles)


def test_a_feed_reader_is_told_of_each_paper_and_of_nothing_twice(site: str, sample_library: Library) -> None:
    address = f"{site}/digest.atom?{ALL}"
    status, headers, text = fetched(address)
    assert (status, headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring(text)
    assert root.find(f"{atom}link[@rel='self']").attrib["href"] == address  # type: ignore[union-attr]
    told = {entry.findtext(f"{atom}title") for entry in root.findall(f"{atom}entry")}
    found = new_papers(sample_library, Wish(since="2000", by="published"), date.today())
    assert told == {noted.paper.title for noted in found.papers}
    status, _, text = fetched(address, **{"If-None-Match": headers["etag"]})
    assert (status, text) == (304, "")


def test_a_feed_of_no_period_is_a_bad_request_and_other_websites_get_none(site: str) -> None:
    status, _, text = fetched(f"{site}/digest.atom?since=soon")
    assert (status, text.startswith("'soon' is no period")) == (400, True)
    assert fetched(f"{site}/digest.atom", Origin="https://evil.example")[0] == 403
    assert fetched(f"{site}/digest.atom", Host="evil.example")[0] == 403


# ---- Looks


@pytest.mark.parametrize("viewport", [NARROW, None], ids=["narrow", "wide"])
def test_nothing_stands_out_at_the_side(site: str, visit: Visit, viewport: dict[str, int] | None) -> None:
    options = {"viewport": viewport} if viewport else {}
    page = visit(f"{site}/digest?{ALL}&topic={'word' * 60}+retrieval", **options)
    expect(page.locator("#digest-count")).to_be_visible()
    expect(page.locator(".saver")).to_be_visible()
    over = page.evaluate(
        "() => [...document.querySelectorAll('#digest *')].filter((element) => element.offsetParent"
        " && !element.closest('.sr-only') && element.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert over == 0


def test_everything_is_reached_and_done_by_keys(site: str, visit: Visit) -> None:
    page = visit(f"{site}/digest?{ALL}")
    expect(page.locator(".noted").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Topic or question")).to_be_focused()
    page.keyboard.type("retrieval")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Remove topic: “retrieval”")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("published since")
    page.locator(".noted .cite").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#full-text mark")).to_be_visible()


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
def test_the_pictures_of_the_documentation_are_taken(
    own: tuple[Library, str], write_papers: Callable[..., Path], visit: Visit
) -> None:
    library, address = own
    for name, viewport, scheme in (
        ("digest-1280", {"width": 1280, "height": 800}, "light"),
        ("digest-390", NARROW, "light"),
        ("digest-dark", {"width": 1280, "height": 800}, "dark"),
    ):
        page = visit(f"{address}/digest?{ALL}", viewport, scheme)
        expect(page.locator(".saver")).to_be_attached()
        page.screenshot(path=PICTURES / f"{name}.png")
    page = visit(f"{address}/digest?since=2031")
    page.locator("#new-question").fill(ASKED)
    page.locator("#new-question").press("Enter")
    expect(page.locator(".saved-question")).to_be_visible()
    library.add([write_papers("new.jsonl", NEW)])
    for name, viewport in (
        ("digest-question-1280", {"width": 1280, "height": 800}),
        ("digest-question-390", NARROW),
    ):
        page = visit(f"{address}/digest?since=1d&topic=few+parameters", viewport)
        expect(page.locator(".saved-question.changed")).to_be_visible()
        page.screenshot(path=PICTURES / f"{name}.png")
