"""The gate on a running server: what it answers to programs, and what the page says of its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from ui.settings import LimitSettings

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

LIMITS = LimitSettings(
    question=200, body=20_000, upload=3_000, files=2, questions_a_minute=4, questions_at_once=0
)
WAIT = 30_000  # ms
Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def limited(sample_library: Any, serving: Serving) -> Iterator[str]:
    """The address of a server of few and small things, without accounts."""
    with serving(sample_library, limits=LIMITS, mcp=True) as address:
        yield address


@pytest.fixture
def http(limited: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=limited, timeout=20, trust_env=False) as client:
        yield client


def completion(question: str, model: str = "ibid:extractive") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": question}]}


def tool(question: str) -> dict[str, Any]:
    called = {"name": "ask", "arguments": {"question": question}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}


WAYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "v1": ("/v1/chat/completions", completion),
    "mcp": ("/mcp", tool),
    "call": ("/gradio_api/call/ask", lambda question: {"data": [question, [], None]}),
    "v2": ("/gradio_api/call/v2/ask", lambda question: {"question": question}),
    "search": ("/gradio_api/call/search", lambda question: {"data": [question, 10, None]}),
    "page": (
        "/gradio_api/queue/join",
        lambda question: {"data": [question], "fn_index": 0, "session_hash": "abc"},
    ),
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def reason(answer: httpx.Response) -> str:
    told = answer.json()
    return str(told["error"]["message"] if "error" in told else told["detail"])


@pytest.mark.parametrize("way", WAYS)
def test_a_question_may_not_be_longer_whichever_way_it_comes(http: httpx.Client, way: str) -> None:
    path, body = WAYS[way]
    answer = http.post(path, json=body("why " * 51), headers=ACCEPT)
    assert answer.status_code == 413
    assert reason(answer) == "A question may have 200 characters; this one has 204. Shorten it."


@pytest.mark.parametrize("path", [path for path, _ in WAYS.values()] + ["/gradio_api/component_server"])
def test_a_request_may_not_be_larger_whether_it_says_so_or_not(http: httpx.Client, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 1000

    for sent in (b" " * 30_000, pieces()):
        try:
            answer = http.post(path, content=sent)
        except httpx.WriteError:  # it hung up before all was sent
            continue
        assert answer.status_code == 413
        assert reason(answer).startswith("A request may have 20 kB; this one has more.")


def test_an_upload_is_held_to_its_size_and_number(http: httpx.Client) -> None:
    def send(*sizes: int) -> httpx.Response:
        files = [("files", (f"{position}.md", b"x" * size)) for position, size in enumerate(sizes)]
        return http.post("/gradio_api/upload", files=files)

    assert send(2_000, 2_000).status_code == 200
    assert send(4_000).status_code == 413
    for many in (send(10, 10, 10), send(20_000, 20_000)):
        assert many.status_code == 413
    assert "in 2 files" in reason(send(10, 10, 10))


def test_who_asks_too_often_is_told_when_to_ask_again(sample_library: Any, serving: Serving) -> None:
    with serving(sample_library, limits=LIMITS) as address, httpx.Client(base_url=address) as http:
        asked = [http.post("/v1/chat/completions", json=completion("Hello")) for _ in range(5)]
        assert [answer.status_code for answer in asked[:4]] == [200] * 4
        assert asked[4].status_code == 429
        assert 1 <= int(asked[4].headers["Retry-After"]) <= 15
        assert "4 questions within a minute, which is the most" in reason(asked[4])
        assert http.get("/v1/models").status_code == 200  # that is no question


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/gradio_api/file=/etc/hostname", 404),
        ("GET", "/gradio_api/openapi.json", 404),
        ("POST", "/gradio_api/run/search", 404),
        ("DELETE", "/library", 404),
        ("OPTIONS", "/library", 404),
        ("POST", "/login", 404),
        ("POST", "/gradio_api/call/_ask", 404),
        ("GET", "/gradio_api/call/ask/0123456789abcdef", 403),
    ],
)
def test_what_is_closed_is_not_there(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path, json={"data": []} if method == "POST" else None)
    assert answer.status_code == status
    assert reason(answer) in ("There is nothing here.", "That is not yours to use.")


@pytest.mark.parametrize(
    "changed",
    [
        {"fn_index": 9999},
        {"fn_index": "0"},
        {"fn_index": None},
        {"fn_index": True},
        {"session_hash": None},
        {"session_hash": "a/b"},
        {"session_hash": ["x"]},
        {"event_id": "0123456789abcdef"},
        {"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]},
        {"data": [[{"deep": [{"_type": "gradio.FileData", "path": "x"}]}]]},
        {"event_data": {"sent": "/etc/passwd", "name": "x.md"}},
        {"event_data": {"sent": ["/etc/passwd"]}},
    ],
    ids=str,
)
def test_an_event_may_name_nothing_that_was_not_given(http: httpx.Client, changed: dict[str, Any]) -> None:
    body = {"data": ["Hello"], "fn_index": 9, "session_hash": "abc"} | changed
    answer = http.post("/gradio_api/queue/join", json=body)
    assert (answer.status_code, reason(answer)) == (403, "That is not yours to use.")


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"{", b"[" * 5000, b'{"a":' * 3000])
def test_odd_bodies_are_refused_in_words(http: httpx.Client, body: bytes) -> None:
    for path in ("/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/component_server"):
        answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert reason(answer) in ("The request is not JSON.", "The request is no JSON object.")


def test_a_form_reaches_no_service(http: httpx.Client) -> None:
    form = {"data": "{}", "component_id": "1", "session_hash": "abc", "fn_name": "titles"}
    assert http.post("/gradio_api/component_server", data=form).status_code == 400
    assert http.post("/gradio_api/component_server", files={"file": b"x"}, data=form).status_code == 400


def test_a_name_that_is_there_twice_is_refused(http: httpx.Client) -> None:
    twice = http.get("/gradio_api/queue/data?session_hash=abc&session_hash=other")
    assert twice.status_code == 400
    assert http.get("/gradio_api/queue/data").status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/", "/library", "/nowhere", "/v1/models", "/digest.html", "/theme.css", "/favicon.ico", "/config"],
)
def test_every_answer_tells_a_browser_what_to_refuse(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert rule in policy
    assert ("'unsafe-eval'" in policy) == (path in ("/", "/library"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    assert headers["Referrer-Policy"] == "same-origin"


def test_behind_https_browsers_are_told_to_stay_there(http: httpx.Client) -> None:
    answer = http.get("/", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_pages_number_is_used_once(http: httpx.Client) -> None:
    first, second = (http.get("/").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


# ---- The page


def test_the_page_tells_what_is_too_much_before_it_is_sent(visit: Callable[..., Page], limited: str) -> None:
    page = visit(f"{limited}/")
    box = page.locator("#question textarea")
    long = "why " * 51
    box.fill(long)
    box.press("Enter")
    expect(page.locator("#notice")).to_contain_text("A question may have 200 characters; this one has 204")
    expect(box).to_have_value(long)
    page.locator("#send").click()
    expect(box).to_have_value(long)
    assert page.locator("#thread .turn").count() == 0
    page.goto(f"{limited}/library?view=add")
    page.wait_for_selector("html[data-ibid=ready]")
    page.locator("#pasted").fill("x" * 20_000)
    page.locator("#paste button").click()
    expect(page.locator("#notice")).to_contain_text("20,000 characters are too many to paste")
    large = {"name": "large.md", "mimeType": "text/markdown", "buffer": b"x" * 4_000}
    page.locator("#files").set_input_files([large] * 4)  # type: ignore[list-item]
    rows = page.locator("#adding .jobs [data-stage=failed]")
    expect(rows).to_have_count(3, timeout=WAIT)
    expect(page.locator("#adding")).to_contain_text("may be sent. Add it with")
    expect(page.locator("#adding")).to_contain_text("2 more files")
    expect(page.locator("#adding")).to_contain_text("2 files may be sent at once")


def test_a_question_that_is_refused_stays_in_the_box(
    visit: Callable[..., Page], sample_library: Any, serving: Serving, ask: Callable[..., Any]
) -> None:
    with serving(sample_library, limits=LIMITS.model_copy(update={"questions_a_minute": 1})) as address:
        page = visit(address)
        ask(page, "What does Self-RAG propose?")
        box = page.locator("#question textarea")
        box.fill("And what else?")
        box.press("Enter")
        notice = page.locator("#notice .told-notice")
        expect(notice).to_contain_text("You asked 1 questions within a minute", timeout=WAIT)
        expect(box).to_have_value("And what else?")
        expect(page.locator("#send")).to_be_visible()
        expect(page.locator("#stop")).to_be_hidden()
        page.goto("about:blank")  # its requests end before the server does


def test_the_page_tells_how_many_are_before_one(visit: Callable[..., Page], limited: str) -> None:
    page = visit(f"{limited}/")

    def told(**message: Any) -> None:
        body = f"data: {json.dumps(message, separators=(',', ':'))}\n\n"
        page.route(
            "**/queue/data?told", lambda route: route.fulfill(body=body, content_type="text/event-stream")
        )
        page.evaluate("() => fetch('/gradio_api/queue/data?told').then(it => it.text())")

    told(msg="estimation", event_id="e", rank=3, queue_size=5, rank_eta=None)
    expect(page.locator("#waiting")).to_have_text("Waiting: 3 before you.")
    told(msg="estimation", event_id="e", rank=1, queue_size=5, rank_eta=None)
    expect(page.locator("#waiting")).to_have_text("Waiting: 1 before you.")
    told(msg="process_starts", event_id="e", eta=None)
    expect(page.locator("#waiting")).to_have_count(0)


def test_a_full_queue_is_told_and_nothing_is_lost(visit: Callable[..., Page], limited: str) -> None:
    page = visit(f"{limited}/")
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    box = page.locator("#question textarea")
    box.fill("What does Self-RAG propose?")
    box.press("Enter")
    expect(page.locator("#notice")).to_contain_text("too many wait for their turn already")
    expect(box).to_have_value("What does Self-RAG propose?")
