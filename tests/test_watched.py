"""What a running server tells those who watch it: figures, log lines, and whether it is ready."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assistant.models.rehearsal.schema import Asked, Scripted
from assistant.models.rehearsal.server import Rehearsal
from index.library import Library
from ui.watch import metrics
from ui.watch.health import Readiness
from ui.watch.logs import logging_to, take_over
from ui.watch.requests import route
from ui.watch.settings import WatchSettings
from ui.watch.stopping import told_to_stop

QUESTION = "What does Self-RAG propose?"
TOKEN = "scrape-me-0123456789"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def watched(
    chat_library: Library, serving: Callable[..., AbstractContextManager[str]]
) -> Iterator[httpx.Client]:
    """A client of a server whose figures are for this machine, or for who bears the token."""
    watch = WatchSettings(metrics="loopback", token=TOKEN)
    with serving(chat_library, watch=watch) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def ask(client: httpx.Client, question: str = QUESTION, **headers: str) -> httpx.Response:
    body = {"model": "ibid:extractive", "messages": [{"role": "user", "content": question}]}
    return client.post("/v1/chat/completions", json=body, headers=headers)


def figures(client: httpx.Client) -> dict[str, float]:
    """Each figure by its name and labels."""
    told = client.get("/metrics").raise_for_status().text
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


def patiently(holds: Callable[[], Any], seconds: float = 180) -> Any:
    """What `holds` gives once it gives something."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "it never came to be so"
        time.sleep(0.05)
    return found


# ---- Living and ready


def test_a_server_lives_and_is_ready_once_what_questions_need_is_open(watched: httpx.Client) -> None:
    assert watched.get("/health").text == "alive\n"
    patiently(lambda: watched.get("/ready").status_code == 200)
    assert watched.get("/ready").json() == {"ready": True, "reasons": []}


def test_a_server_whose_catalog_does_not_answer_is_not_ready(
    open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library()
    readiness = Readiness(lambda: library)
    assert readiness.reasons() == ["the model and the caches are not open yet"]
    patiently(lambda: not readiness.reasons())
    library.catalog.engine.dispose()
    (library.folder / "catalog.sqlite3").unlink()
    assert readiness.reasons() == ["the catalog does not answer"]


def test_ctrl_c_while_the_address_is_still_being_said_stops_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Pressed(io.StringIO):
        def flush(self) -> None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("sys.stderr", Pressed())
    with told_to_stop() as stopped:
        assert stopped("Ibid is there") is False


def test_a_server_that_is_told_to_stop_is_ready_for_nobody(library: Library) -> None:
    assert library.caches
    readiness = Readiness(lambda: library)
    assert readiness.reasons() == []
    with metrics.answering():
        assert not readiness.leave(0.1)
    assert readiness.leave(0.1)
    assert readiness.reasons() == ["the server is stopping"]


def test_sigterm_lets_an_answer_under_way_come_to_its_end(
    sample_folder: Path, environment: dict[str, str], free_port: int, tmp_path: Path
) -> None:
    written = "LoRA freezes the weights and trains low-rank matrices. " * 6
    script: Callable[[Asked], Scripted] = lambda asked: Scripted(text=written, pause=0.05)  # noqa: E731
    address = f"http://127.0.0.1:{free_port}"
    with Rehearsal(script) as model:
        settings = {
            "IBID_LIBRARY": str(shutil.copytree(sample_folder, tmp_path / "library")),
            "IBID_LLM__WRITE": model.spec("openai"),
            "IBID_LLM__FILE": str(tmp_path / "models.sqlite"),
            "IBID_WRITING__REWRITE": "false",
            "IBID_WATCH__LOGS": "json",
            "IBID_WATCH__LEVEL": "info",
            "IBID_SERVER__PORT": str(free_port),
        }
        served = subprocess.Popen(
            [sys.executable, "-m", "ui", "serve"],
            env=environment | settings,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            patiently(lambda: _ready(address))
            body = {"model": f"ibid:{model.spec('openai')}", "stream": True}
            body["messages"] = [{"role": "user", "content": "What does LoRA propose?"}]
            with httpx.stream("POST", f"{address}/v1/chat/completions", json=body, timeout=60) as streamed:
                patiently(lambda: model.asked)
                served.send_signal(signal.SIGTERM)
                patiently(lambda: not _ready(address))
                lines = list(streamed.iter_lines())
            assert "data: [DONE]" in lines
            assert served.wait(120) == 0
        finally:
            served.kill()
            assert served.stderr is not None
            log = served.stderr.read()
            served.stderr.close()
    (question,) = [json.loads(line) for line in log.splitlines() if '"question"' in line]
    assert question["outcome"] == "answered"
    assert question["first_text_ms"] > 0


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready").status_code == 200
    except httpx.TransportError:
        return False


# ---- Figures


def test_questions_are_counted_by_what_became_of_them(watched: httpx.Client, chat_library: Library) -> None:
    before = figures(watched)
    assert ask(watched).status_code == 200
    assert ask(watched, "How are glaciers taxed in Bavaria?").status_code == 200
    after = figures(watched)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more("ibid_questions_total['answered', 'extractive']") == 1
    assert more("ibid_questions_total['extractive', 'refused']") == 1
    assert more("ibid_answer_seconds_count[]") == more("ibid_retrieve_seconds_count[]") == 2
    assert more("ibid_first_text_seconds_count[]") == 2
    assert more("ibid_http_requests_total['2xx', 'model api']") == 2
    assert after["ibid_questions_running[]"] == 0
    assert after["ibid_papers[]"] == chat_library.count()
    assert after["process_resident_memory_bytes[]"] > 0


def test_what_was_offered_to_ask_is_no_question(watched: httpx.Client, chat_library: Library) -> None:
    from assistant.engine import Assistant
    from ui.watch.questions import Questions

    before = figures(watched)
    assert Assistant(chat_library).watched_by(Questions()).starters(1)
    after = figures(watched)
    assert {name: value for name, value in after.items() if "questions_total" in name} == {
        name: value for name, value in before.items() if "questions_total" in name
    }


def test_no_client_makes_the_figures_grow(watched: httpx.Client) -> None:
    ask(watched)
    before = set(figures(watched))
    for number in range(30):
        watched.get(f"/papers/odd-{number}/pages.json", headers={"X-Request-ID": f"n{number}"})
        watched.request(f"ODD{number}", f"/nothing/{number}")
        watched.get(f"/gradio_api/file=/etc/{number}")
        ask(watched, f"What does paper {number} say?", **{"User-Agent": f"odd-{number}"})
    grown = {re.sub(r"'[1-5]xx'", "", name) for name in set(figures(watched)) - before}
    assert not [name for name in grown if re.search(r"odd|\d", re.sub(r"\['?[\d.e+]+", "", name))]
    routes = {r for name in figures(watched) for r in re.findall(r"'([a-z -]+)'", name) if "http" in name}
    assert routes <= set(metrics.ROUTES)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "page"), ("/library", "page"), ("/gradio_api/queue/join", "event"), ("/gradio_api/queue/data", "stream"),
        ("/gradio_api/upload", "upload"), ("/gradio_api/file=/tmp/x", "file"), ("/papers/a/pages/1.png", "file"),
        ("/assets/index.js", "asset"), ("/theme.css", "asset"), ("/v1/models", "model api"), ("/mcp", "mcp"),
        ("/digest.atom", "digest"), ("/login", "sign-in"), ("/metrics", "watch"), ("/etc/passwd", "other"),
        ("/gradio_api/call/ask/0f", "stream"), ("/gradio_api/call/ask", "event"),
    ],
)  # fmt: skip
def test_a_route_is_known_by_its_kind(path: str, kind: str) -> None:
    assert route(path) == kind
    assert kind in metrics.ROUTES


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Forwarded": "for=192.0.2.1"}, 403),
        ({"X-Forwarded-For": "127.0.0.1", "Authorization": f"Bearer {TOKEN}"}, 200),
        ({"X-Forwarded-For": "127.0.0.1", "Authorization": "Bearer wrong"}, 403),
        ({"X-Forwarded-For": "127.0.0.1", "Authorization": TOKEN}, 403),
    ],
    ids=str,
)
def test_the_figures_are_for_this_machine_or_for_the_token(
    watched: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert watched.get("/metrics", headers=headers).status_code == status


def test_the_figures_are_off_by_default_and_may_be_for_the_token_alone(server: Any) -> None:
    from starlette.requests import Request

    from ui.watch.routes import refusal

    with pytest.raises(urllib.error.HTTPError, match="404") as off:
        urllib.request.urlopen(f"{server.address}/metrics")
    off.value.close()
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": []}
    assert refusal(WatchSettings(metrics="token", token=TOKEN), Request(scope))[1] == 401
    assert refusal(WatchSettings(metrics="token"), Request(scope))[1] == 401
    empty = Request(scope | {"headers": [(b"authorization", b"Bearer ")]})
    assert refusal(WatchSettings(metrics="token"), empty)[1] == 401


def test_errors_of_the_database_are_counted_by_kind(open_library: Callable[..., Library]) -> None:
    library, told = open_library(), []
    library.tell_database_errors(told.append)
    library.catalog.engine.dispose()
    (library.folder / "catalog.sqlite3").unlink()
    with pytest.raises(Exception, match="no such table"):
        library.catalog.change()
    assert told == ["connection"]


# ---- Requests and their names


def test_an_answer_bears_the_name_that_a_proxy_gave_or_one_of_its_own(watched: httpx.Client) -> None:
    assert (
        watched.get("/health", headers={"X-Request-ID": "edge-1.a_b"}).headers["X-Request-ID"] == "edge-1.a_b"
    )
    for odd in ("a b", "x" * 65, 'a"b', "<b>"):
        name = watched.get("/health", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert re.fullmatch(r"[0-9a-f]{12}", name)
    assert "X-Request-ID" in watched.get("/", headers={"Host": "evil.example"}).headers


def test_an_error_that_nobody_foresaw_is_told_by_its_name(
    watched: httpx.Client,
    chat_library: Library,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Library, "document", lambda *_: 1 / 0)
    answer = watched.get("/papers/x/pages.json")
    assert answer.status_code == 500
    assert answer.text.endswith(f"report it with this name: {answer.headers['X-Request-ID']}\n")
    (record,) = [record for record in caplog.records if record.message == "a request failed"]
    assert record.__dict__["request"] == answer.headers["X-Request-ID"]


# ---- Log lines


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(WatchSettings(logs="json", level="info"), stream):
        yield stream


def test_a_line_a_request_and_a_line_a_question_and_none_has_its_words(
    watched: httpx.Client, lines: io.StringIO
) -> None:
    ask(watched, **{"X-Request-ID": "q-1"})
    patiently(lambda: '"model api"' in lines.getvalue())
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    question, request = (
        next(one for one in told if one["message"] == kind and one.get("route", "model api") == "model api")
        for kind in ("question", "request")
    )
    assert (question["request"], request["request"]) == ("q-1", "q-1")
    assert (question["outcome"], question["engine"], question["kind"]) == ("answered", "extractive", "find")
    assert (request["method"], request["route"], request["status"]) == ("POST", "model api", 200)
    assert request["level"] == "INFO"
    assert "Self-RAG" not in lines.getvalue()


def test_lines_for_people_have_the_same_facts() -> None:
    stream = io.StringIO()
    with logging_to(WatchSettings(level="info"), stream):
        logging.getLogger("ui.x").info("request", extra={"request": "q-1", "status": 200, "user": ""})
        logging.getLogger("ui.x").debug("not this")
    assert re.fullmatch(r"[-\d]+ [\d:,]+ INFO request request=q-1 status=200\n", stream.getvalue())


def test_an_error_in_a_thread_is_a_line_too(lines: io.StringIO) -> None:
    import threading

    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    (line,) = map(json.loads, lines.getvalue().splitlines())
    assert "ZeroDivisionError" in line["exc_info"]


def test_nothing_of_a_file_or_a_question_is_in_what_is_logged_of_a_failure() -> None:
    root = Path(__file__).parents[1]
    for place in ("ui/chat/run.py", "ui/library/adding.py"):
        calls = re.findall(r"_log\.\w+\((.*?)\)\n", (root / place).read_text(), re.DOTALL)
        assert calls
        assert not [call for call in calls if "question," in call or "name," in call]


def test_lines_that_a_package_would_write_by_itself_come_this_way_without_secrets(lines: io.StringIO) -> None:
    logger, own = logging.getLogger("a.server"), io.StringIO()
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    take_over("a.server")
    logger.error("at postgresql://ibid:s3cret@db/ibid")
    assert own.getvalue() == ""
    assert "postgresql://…@db/ibid" in json.loads(lines.getvalue())["message"]


def test_the_environment_is_left_as_it_was() -> None:
    before = logging.getLogger("ui").level, len(logging.getLogger().handlers)
    with logging_to(WatchSettings(level="debug"), io.StringIO()):
        assert logging.getLogger("ui").level == logging.DEBUG
    assert (logging.getLogger("ui").level, len(logging.getLogger().handlers)) == before
    assert os.environ.get("IBID_WATCH__LEVEL") is None
