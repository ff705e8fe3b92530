"""Whom the server answers."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from ui.gate.hosts import refusal
from ui.settings import ServerSettings

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:7860", None),
        ("localhost:7860", "http://localhost:7860"),
        ("LOCALHOST", None),
        ("127.1.2.3", None),
        ("[::1]:7860", "http://[::1]:7860"),
        ("papers.example:443", "https://papers.example:443"),
        ("127.0.0.1:7860", "https://papers.example"),
    ],
)
def test_this_machine_and_its_own_pages_may_call(host: str, origin: str | None) -> None:
    assert refusal(host, origin, {"papers.example"}) == ""


@pytest.mark.parametrize(
    ("host", "origin", "said"),
    [
        ("evil.example:7860", "http://evil.example:7860", "not to 'evil.example:7860'"),
        ("127.0.0.1.evil.example", None, "not to '127.0.0.1.evil.example'"),
        ("", None, "not to ''"),
        ("[::1", None, "not to '[::1'"),
        ("192.168.1.5:7860", None, "not to '192.168.1.5:7860'"),
        ("localhost:7860", "http://localhost:3000", "Pages of 'http://localhost:3000'"),
        ("localhost:7860", "http://evil.example", "Pages of 'http://evil.example'"),
        ("localhost:7860", "null", "Pages of 'null'"),
        ("localhost:7860", "http://[evil", "Pages of"),
        ("localhost:7860", "http://papers.example.evil", "Pages of"),
    ],
)
def test_other_websites_may_not(host: str, origin: str | None, said: str) -> None:
    assert said in refusal(host, origin, {"papers.example"})


def test_names_are_listed_with_commas() -> None:
    assert ServerSettings(hosts=" Papers.example, host.docker.internal,").names == {
        "papers.example",
        "host.docker.internal",
    }


PATHS = ["/", "/v1/models", "/gradio_api/info", "/config"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}], ids=str
)
def test_the_server_refuses_other_websites_everywhere(
    server: Any, path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(server.address + path, headers=headers), timeout=20)
    with refused.value as answer:
        assert answer.code == 403
        assert answer.headers["Access-Control-Allow-Origin"] is None
        assert b"server.hosts" in answer.read()


@pytest.mark.parametrize("path", PATHS)
def test_the_server_answers_programs_and_its_own_pages(server: Any, path: str) -> None:
    for headers in ({}, {"Origin": server.address}):
        with urllib.request.urlopen(
            urllib.request.Request(server.address + path, headers=headers), timeout=20
        ) as answer:
            assert answer.status == 200


def test_the_page_asks_and_a_page_of_another_origin_cannot(server: Any) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "chromium absent: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    call = "address => fetch(address, {method: 'POST', body: '{}'}).then(it => it.status, () => 'not to be read')"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(
            bypass_csp=True
        )  # which would not let the page ask elsewhere in the first place
        page.goto(server.address)
        page.wait_for_selector("html[data-ibid=ready]")
        page.get_by_role("button", name="What does Self-RAG propose?").click()
        expect(page.locator("#thread .turn a.cite").first).to_be_visible(timeout=20_000)
        other = server.address.replace("127.0.0.1", "localhost")  # another origin on the same machine
        assert page.evaluate(call, server.address + "/v1/chat/completions") == 400
        assert page.evaluate(call, other + "/v1/chat/completions") == "not to be read"
        browser.close()
