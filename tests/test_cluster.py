"""Three servers of one library behind nginx: one is killed, and nobody loses anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from sqlalchemy import select

from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.conversation_tables import conversations
from index.library import Library
from index.settings import IndexSettings, StorageSettings
from tests.doors import PASSWORD, Browser
from ui.command_line.cluster import NAMES, Cluster, free_port
from ui.command_line.programs import Program
from ui.replica import COOKIE

ROOT = Path(__file__).parents[1]
WAIT = 60.0  # seconds
FIRST = "What does ColBERT propose?"
SECOND = "Which papers improve retrieval?"
THIRD = "What does LoRA propose?"
BACK = """([before, question]) => {
    const said = JSON.stringify([...document.querySelectorAll("#thread .said")].map((one) => one.innerText));
    if (said === JSON.stringify([...before, question])) return true;  // it was answered before the server went
    return said === JSON.stringify(before) && document.querySelector("#question textarea")?.value === question;
}"""


@pytest.fixture(scope="module")
def programs() -> None:
    """What a cluster is made of is there."""
    for program, package in (("nginx", "nginx-light"), ("initdb", "postgresql")):
        if not (
            shutil.which(program, path="/usr/sbin:/usr/bin")
            or any(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
        ):
            reason = f"{program} absent: apt-get install {package}"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="module")
def cluster(programs: None, models: Path) -> Iterator[Cluster]:
    """A running cluster, whose watched folder held the sample papers from the beginning."""
    with (
        pytest.MonkeyPatch.context() as patched,
        tempfile.TemporaryDirectory(prefix="ibid-cluster-") as folder,
    ):
        for name in [name for name in os.environ if name.startswith("IBID_")]:
            patched.delenv(name)
        patched.setenv("IBID_EMBEDDING__MODELS", str(models))
        patched.setenv("PYTHONPATH", str(ROOT))
        Path(folder).chmod(0o711)  # PostgreSQL has a user of its own
        whole = Cluster(Path(folder), free_port())
        whole.papers.mkdir()
        shutil.copy(ROOT / "configs" / "sample_papers.txt", whole.papers)
        with whole.running():
            yield whole
            for replica in whole.replicas.values():
                replica.kill()  # they would wait for pages that are open


@pytest.fixture(scope="module")
def administrator(cluster: Cluster) -> Iterator[Browser]:
    """Who was welcomed first, signed in."""
    with Browser(cluster.address) as browser:
        link = cluster.invitation.removeprefix(cluster.address)
        joined = browser.send_form(link, name="Grace", password=PASSWORD, again=PASSWORD)
        assert joined.status_code == 303
        _until(lambda: browser.get("/").status_code == 200)
        yield browser


@pytest.fixture(scope="module")
def member(administrator: Browser, cluster: Cluster) -> Iterator[Browser]:
    """Another user, signed in."""
    made = administrator.send_form("/people", "invite")
    (link,) = re.findall(r'<code class="secret">([^<]*)</code>', made.text)
    with Browser(cluster.address) as browser:
        browser.send_form(link.removeprefix(cluster.address), name="Eve", password=PASSWORD, again=PASSWORD)
        yield browser


def test_newcomers_are_sent_round_and_a_browser_stays_with_its_server(cluster: Cluster) -> None:
    met = Counter(_replica(httpx.get(f"{cluster.address}/login")) for _ in range(9))
    assert met == dict.fromkeys(NAMES, 3)
    with httpx.Client(base_url=cluster.address) as browser:
        chosen = _replica(browser.get("/login"))
        again = [browser.get("/login") for _ in range(6)]
        assert not any(COOKIE in answer.cookies for answer in again)
        assert browser.cookies[COOKIE] == chosen


def test_what_the_watching_process_adds_every_server_answers_from(
    cluster: Cluster, administrator: Browser
) -> None:
    for name in NAMES:
        _until(lambda name=name: "ColBERT" in _asked(administrator, name, FIRST))
    _write(cluster.papers / "wells.jsonl", "On Wells", "Wells run dry when nobody sings to them at noon.")
    for name in NAMES:
        _until(lambda name=name: "sings to them" in _asked(administrator, name, "When do wells run dry?"))


def test_what_is_given_to_one_server_all_answer_from(
    cluster: Cluster, administrator: Browser, browser: Chromium, tmp_path: Path
) -> None:
    file = _write(tmp_path / "piers.jsonl", "On Piers", "Piers stand on oak because oak sings under water.")
    page = _page(browser, cluster, administrator, "/library?view=add")
    page.get_by_label("Choose files").set_input_files(file)
    expect(page.locator("#adding [data-stage=ready], [data-stage=ready]").first).to_be_visible(
        timeout=WAIT * 1000
    )
    for name in NAMES:
        _until(lambda name=name: "oak sings" in _asked(administrator, name, "Why do piers stand on oak?"))
    page.context.close()


def test_a_conversation_goes_on_from_another_server_when_its_own_is_killed(
    cluster: Cluster, administrator: Browser, member: Browser, browser: Chromium, ask: Callable[..., Any]
) -> None:
    page = _page(browser, cluster, administrator, "/")
    ask(page, FIRST)
    left = [name for name in NAMES if name != _cookie(page)]
    with _Others(cluster, member, left) as others:
        victim = _stopped(cluster, page)  # the question reaches it, and nobody takes it
        _press_enter(page, SECOND)
        page.wait_for_function("() => sessionStorage.getItem('ibid-asked')")
        victim.kill()
        expect(page.locator("#question textarea")).to_have_value(SECOND, timeout=WAIT * 1000)
        expect(page.locator("#offline")).to_have_count(0, timeout=WAIT * 1000)
        ask(page, SECOND)
        assert _cookie(page) in left
        others.go_on(10)
    assert others.trouble == []
    left.remove(_cookie(page))
    with _Others(cluster, member, left) as others:
        page.evaluate("document.documentElement.dataset.old = 'yes'")
        _press_enter(page, THIRD)
        page.locator("#live .turn, #thread .turn:nth-child(3)").first.wait_for()
        _stopped(cluster, page).kill()  # while it answers
        page.wait_for_selector("html[data-ibid=ready]:not([data-old])")
        page.wait_for_function(BACK, arg=[[FIRST, SECOND], THIRD])
        if page.locator("#question textarea").input_value():
            ask(page, THIRD)
        others.go_on(10)
    assert others.trouble == []
    assert _cookie(page) == left[0]
    expect(page.locator("#thread .said")).to_have_text([FIRST, SECOND, THIRD])
    for turn in page.locator("#thread .turn").all():
        marker = turn.locator("a.cite").first
        marker.click()
        expect(page.locator(marker.get_attribute("href") or "")).to_be_focused()
    mark = parse_qs(urlsplit(page.url).query)["c"][0]
    page.context.close()
    _assert_kept(cluster, mark, [FIRST, SECOND, THIRD])
    assert {_replica(httpx.get(f"{cluster.address}/login")) for _ in range(6)} == set(left)


# ---- Parts


class _Others:
    """Another user's programs at the servers that live on, and newcomers, while a block runs; what went wrong."""

    def __init__(self, cluster: Cluster, member: Browser, names: list[str]) -> None:
        self.trouble: list[str] = []
        self._session = dict(member.cookies)
        self._address = cluster.address
        self._over = threading.Event()
        self._rounds = dict.fromkeys((*names, ""), 0)
        self._threads = [threading.Thread(target=self._work, args=[name]) for name in self._rounds]

    def __enter__(self) -> _Others:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, rounds: int) -> None:
        """Until each has gone so many rounds more."""
        wanted = {name: done + rounds for name, done in self._rounds.items()}
        _until(lambda: all(self._rounds[name] >= number for name, number in wanted.items()))

    def _work(self, name: str) -> None:
        while not self._over.wait(0.02):
            session = {key: value for key, value in self._session.items() if key != COOKIE}
            session |= {COOKIE: name} if name else {}
            with httpx.Client(base_url=self._address, cookies=session, timeout=WAIT) as client:
                for path in ("/", "/v1/models"):
                    try:
                        status = client.get(path).status_code
                    except httpx.HTTPError as error:
                        self.trouble.append(f"{name} {path}: {error!r}")
                    else:
                        if status != 200:
                            self.trouble.append(f"{name} {path}: {status}")
            self._rounds[name] += 1


def _page(chromium: Chromium, cluster: Cluster, user: Browser, path: str) -> Page:
    """A page in a window of its own, as a user who has signed in and met no server yet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    session = [{"name": key, "value": value, "url": cluster.address} for key, value in user.cookies.items()]
    context.add_cookies([each for each in session if each["name"] != COOKIE])  # type: ignore[misc]
    page = context.new_page()
    page.set_default_timeout(WAIT * 1000)
    page.goto(cluster.address + path)
    page.wait_for_selector("html[data-ibid=ready]")
    return page


def _stopped(cluster: Cluster, page: Page) -> Program:
    """The server that the page is with, which does nothing any more and still takes connections."""
    chosen = cluster.replicas[_cookie(page)]
    assert chosen.process is not None
    chosen.process.send_signal(signal.SIGSTOP)
    return chosen


def _press_enter(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")


def _assert_kept(cluster: Cluster, conversation: str, questions: list[str]) -> None:
    """All its turns are in the database, and every citation resolves."""
    with _library(cluster) as library:
        with library.catalog.engine.connect() as connection:
            query = select(conversations.c.owner).where(conversations.c.id == conversation)
            owner = connection.scalar(query)
        turns = Conversations(library.seen_by(str(owner))).open(conversation).turns
        assert [turn.question for turn in turns] == questions
        assert all(turn.answer.citations for turn in turns)
        assert not any(faults(turn.answer, library.text) for turn in turns)


def _cookie(page: Page) -> str:
    return next(each["value"] for each in page.context.cookies() if each["name"] == COOKIE)


def _replica(answer: httpx.Response) -> str:
    return answer.cookies[COOKIE]


def _asked(user: Browser, name: str, question: str) -> str:
    """What a server answers a program that asks in a user's name."""
    user.cookies.delete(COOKIE)
    user.cookies.set(COOKIE, name, domain="127.0.0.1")
    body = {"model": "ibid:extractive", "messages": [{"role": "user", "content": question}]}
    answer = user.post("/v1/chat/completions", json=body, timeout=WAIT)
    if answer.status_code == 429:  # as many as one may ask in a minute
        time.sleep(1)
        return ""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def _library(cluster: Cluster) -> Library:
    storage = StorageSettings(
        database=cluster.postgres.database,
        password=cluster.postgres.password,  # type: ignore[arg-type]
        chroma=cluster.chroma.address,
    )
    return Library.open(cluster.folder / "library", IndexSettings(storage=storage))


def _write(path: Path, title: str, abstract: str) -> Path:
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"title": title, "abstract": abstract}) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_cluster_that_is_told_to_end_ends_all_that_it_started(programs: None) -> None:
    with tempfile.TemporaryDirectory(prefix="ibid-cluster-") as folder:
        Path(folder).chmod(0o711)
        command = [sys.executable, "-m", "ui.command_line.cluster", folder, "--port", str(free_port())]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as whole:
            try:
                _until(lambda: any(name.endswith("/chroma") for name in _running(folder)))
                assert any("postgres" in name for name in _running(folder))
            finally:
                whole.terminate()
            assert whole.wait(WAIT) == 128 + signal.SIGTERM
        assert _running(folder) == []


def _running(folder: str) -> list[str]:
    """The programs of processes that name the folder, but for the one that started them."""
    commands = [_command(process) for process in Path("/proc").glob("[0-9]*")]
    return [
        " ".join(words[:2])
        for words in commands
        if "ui.command_line.cluster" not in words and folder in " ".join(words)
    ]


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []
