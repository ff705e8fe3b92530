"""What axe-core finds on the pages: nothing serious, in any state, at both widths, dark and light."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SEEN = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
NAMES = ["wide light", "wide dark", "narrow light", "narrow dark"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, as axe-playwright-python carries it."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def serious(axe: str) -> Callable[[Page], list[str]]:
    """What is serious or critical on a page, or a level that a heading skips, each with its first element."""

    def found(page: Page) -> list[str]:
        page.evaluate(axe)
        violations = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((run) => run.violations)"
        )
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:200]} ({one['nodes'][0]['failureSummary']})"
            for one in violations
            if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
        ]

    return found


Serious = Callable[[Page], list[str]]


@pytest.mark.parametrize(("viewport", "scheme"), SEEN, ids=NAMES)
def test_no_state_of_the_chat_page_has_a_serious_violation(
    viewport: dict[str, int], scheme: str, site: str, visit: Visit, ask: Ask, serious: Serious
) -> None:
    page = visit(site, viewport, scheme)
    box = page.locator("#question textarea")
    expect(page.locator(".starter").first).to_be_visible()
    assert serious(page) == []
    box.press_sequentially("/")
    expect(page.get_by_role("option").first).to_be_visible()
    assert serious(page) == []
    box.press("Escape")
    turn = ask(page, "What does ColBERT propose?")
    expect(turn.locator(".follow-up").first).to_be_visible()
    turn.locator("a.cite").first.click()
    card = page.locator("#cite-1-1")
    card.locator(".why summary").click()
    expect(card.locator(".match").first).to_be_visible()
    card.locator("[data-do=similar]").click()
    expect(card.locator(".similar li").first).to_be_visible()
    page.locator("#evidence .exports summary").click()
    assert serious(page) == []
    page.locator("#tab-retrieved-1").click()
    assert serious(page) == []
    page.keyboard.press("Escape")
    ask(page, "How do I bake sourdough bread?")
    turn = page.locator("#turn-1")
    turn.get_by_role("button", name="Poor answer").click()
    turn.get_by_role("button", name="Edit question 1").click(force=True)
    expect(turn.locator(".in-place")).to_have_count(2)
    assert serious(page) == []
    box.fill("/papers bert")
    page.locator("#send").click()
    expect(page.locator(".listing a").first).to_be_visible()
    assert serious(page) == []
    if viewport is NARROW:
        page.get_by_role("button", name="Conversations and filters").click()
    expect(page.locator("#left")).to_be_visible()
    page.get_by_role("searchbox").fill("bread")
    expect(page.locator("#found .conversation").first).to_be_visible()
    page.locator("#since textarea, #since input").fill("2031")
    page.locator("#since textarea, #since input").press("Enter")
    expect(page.locator("#scope")).to_contain_text("0 papers match.")
    assert serious(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), SEEN, ids=NAMES)
def test_no_state_of_the_digest_page_has_a_serious_violation(
    viewport: dict[str, int], scheme: str, site: str, visit: Visit, serious: Serious
) -> None:
    page = visit(f"{site}/digest?since=2000&by=published&topic=retrieval", viewport, scheme)
    expect(page.locator(".noted").first).to_be_visible()
    expect(page.locator(".saver")).to_be_visible()
    assert serious(page) == []
    page.locator("#new-question").fill("Which papers improve retrieval?")
    page.locator("#new-question").press("Enter")
    expect(page.locator(".saved-question")).to_be_visible()
    expect(page.locator("#notice")).to_contain_text("is saved")
    assert serious(page) == []
    page.get_by_role("button", name="Forget: ").click()
    expect(page.locator("#no-questions")).to_be_visible()
    page.get_by_label("Since").fill("2031")
    page.get_by_label("Since").press("Tab")
    expect(page.locator("#nothing-new")).to_be_visible()
    assert serious(page) == []
    page.get_by_label("Since").fill("soon")
    page.get_by_label("Since").press("Tab")
    expect(page.get_by_role("alert")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), SEEN, ids=NAMES)
def test_no_state_of_the_library_page_has_a_serious_violation(
    viewport: dict[str, int], scheme: str, site: str, visit: Visit, serious: Serious
) -> None:
    page = visit(f"{site}/library", viewport, scheme)
    expect(page.locator("#papers tbody tr").first).to_be_visible()
    page.locator("#papers .choose").first.check()
    expect(page.locator("#chosen-bar")).to_be_visible()
    assert serious(page) == []
    page.locator("#papers tbody th > a").first.click()
    expect(page.locator("#paper-title")).to_be_visible()
    assert serious(page) == []
    for view, shown in (("map", "#map"), ("add", "#drop")):
        page.goto(f"{site}/library?view={view}")
        expect(page.locator(shown)).to_be_visible()
        assert serious(page) == []
    for query in ("since=2031", "until=soon"):
        page.goto(f"{site}/library?{query}")
        expect(page.locator("#papers [role=alert], .nothing").first).to_be_visible()
        assert serious(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), SEEN, ids=NAMES)
def test_no_state_of_a_paper_with_pages_has_a_serious_violation(
    viewport: dict[str, int], scheme: str, paged_site: str, visit: Visit, ask: Ask, serious: Serious
) -> None:
    page = visit(f"{paged_site}/library?paper=harborqa", viewport, scheme)
    expect(page.locator("#full-text table").first).to_be_visible()
    page.locator("details.references summary").click()
    assert serious(page) == []
    page.locator("#full-text figure .leaf-link").first.click()
    expect(page.locator("#leaf .leaf-frame").first).to_be_visible()
    assert serious(page) == []
    page.goto(paged_site)
    turn = ask(page, "What test F1 does HarborQA get on the PilotBook corpus in Table 2?")
    turn.locator("a.cite").last.click()
    assert serious(page) == []
    page.locator("#cite-1-3 .leaf-link").click()
    expect(page.locator("#leaf .leaf-frame").first).to_be_visible()
    assert serious(page) == []
