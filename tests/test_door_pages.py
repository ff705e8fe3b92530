"""The door's pages in a browser: used by keyboard alone, nothing serious found by axe-core, nothing of other hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.accounts.accounts import Accounts
from assistant.accounts.settings import AccessSettings
from tests.doors import PASSWORD, accounts_in, application, door_over, served

Visit = Callable[..., Page]
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    opened = accounts_in(tmp_path_factory.mktemp("accounts"))
    opened.add("Ada Lovelace", PASSWORD, admin=True)
    opened.add("Grace", PASSWORD)
    opened.tokens.create(opened.people.named("Grace").id, "a notebook")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def door_site(accounts: Accounts) -> Iterator[str]:
    settings = AccessSettings(login=True, oidc_issuer="https://id.example.org", oidc_client="ibid")
    with served(application(door_over(accounts, settings))) as address:
        yield address


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical on a page."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    run = "axe.run(document, {resultTypes: ['violations']}).then((run) => run.violations)"
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} ({one['nodes'][0]['failureSummary']})"
        for one in page.evaluate(run)
        if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
    ]


def looked_at(page: Page, name: str) -> None:
    """Nothing serious, nothing wider than the window."""
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"


@pytest.mark.parametrize(
    ("scheme", "narrow"), [("light", False), ("dark", True)], ids=["light", "narrow dark"]
)
def test_the_door_can_be_used_by_keyboard_alone(
    browser: Browser, door_site: str, accounts: Accounts, scheme: str, narrow: bool
) -> None:
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport=NARROW if narrow else {"width": 1280, "height": 800},  # type: ignore[arg-type]
        java_script_enabled=True,
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    keys = page.keyboard

    page.goto(f"{door_site}/library")
    expect(page).to_have_title("Sign in · Ibid")
    looked_at(page, "sign in")
    for pressed in ("Tab", "Tab"):  # the link that skips, then the name
        keys.press(pressed)
    keys.type("ada lovelace")
    keys.press("Tab")
    keys.type("not the password")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    looked_at(page, "refused")
    page.get_by_label("Password").focus()
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page).to_have_url(f"{door_site}/library")

    page.goto(f"{door_site}/account")
    looked_at(page, "account")
    page.get_by_label("What is it for?").focus()
    keys.type("laptop")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("ibid_")
    looked_at(page, "a token")

    page.goto(f"{door_site}/people")
    looked_at(page, "people")
    page.get_by_role("button", name="Make an invitation").focus()
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("/welcome?token=")
    looked_at(page, "an invitation")
    link = page.locator("code.secret").inner_text()
    page.get_by_role("button", name="Remove: Grace").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove Grace?")
    looked_at(page, "removing")

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Ibid")
    looked_at(page, "welcome")
    page.goto(f"{door_site}/logout")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page).to_have_title("Sign in · Ibid")
    page.goto(f"{door_site}/welcome?token=spent")
    looked_at(page, "a link that does not hold")
    assert {url for url in asked if not url.startswith(door_site)} == set()
    context.close()
