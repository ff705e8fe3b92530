"""Texts that would run or tell another host, shown in every place where text is shown: nothing runs, nothing is told.

The policy that pages are sent with is set aside here (`bypass_csp`), so that what holds is that the texts are texts.
That a browser's refusal stands behind it, and is never needed, is the last test's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Request, expect

from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.models.rehearsal.schema import Asked
from assistant.saved_questions import SavedQuestions
from assistant.schema import Answer, Turn
from index.embedding import Embedder
from index.library import Library
from index.settings import EmbeddingSettings, IndexSettings
from tests.payloads import BEACON, payloads
from tests.rehearsing import playing, rehearsed
from ui.parts.exports import export

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Serving = Callable[..., AbstractContextManager[str]]
TEXTS = payloads()
WAIT = 30_000  # ms
MORE = "() => document.querySelectorAll('[data-do=earlier], [data-do=older]').forEach(one => one.click())"
TAG = "texts => texts.forEach(text => ibid.send('submit', {papers: [text], tag: text, address: ''}))"
GIVE = "files => files.forEach(([name, reason]) => ibid.send('upload', {name, reason}))"
NOTE = "document.addEventListener('securitypolicyviolation', e => (window.refused ??= []).push(e.effectiveDirective))"


@dataclass
class Watched:
    """A page, and what happened on it that should not have."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Give what would run the time to: all that was loading has loaded, and two frames were drawn."""
        self.page.wait_for_load_state("load")
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    @property
    def happened(self) -> list[str]:
        return self.dialogs + self.elsewhere


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens an address, or writes a page, and watches it: whatever asks another host is stopped and kept."""
    opened: list[Any] = []

    def open_one(address: str, home: str = "", bypass: bool = True) -> Watched:
        origin = urlsplit(home or address).netloc
        context = browser.new_context(bypass_csp=bypass, reduced_motion="reduce")
        opened.append(context)
        context.add_init_script(NOTE)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watched = Watched(page)

        def seen(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in ("data", "blob", "about", "file") and parts.netloc != origin:
                watched.elsewhere.append(request.url)

        def dismiss(dialog: Any) -> None:
            watched.dialogs.append(dialog.message)
            dialog.dismiss()

        context.on("request", seen)
        context.on("dialog", dismiss)
        context.route(lambda url: urlsplit(url).netloc == "beacon.test", lambda route: route.abort())
        page.goto(address)
        return watched

    yield open_one
    for context in opened:
        context.close()


def said(question: str, text: str) -> Turn:
    """An answer as a model might have written it, that was kept."""
    answer = Answer(
        question=question, standalone=question, kind="find", answered=True, text=text, engine="rehearsal"
    )
    return Turn(question=question, answer=answer)


@pytest.fixture(scope="module")
def stuffed(hashing: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library in which every text that is shown somewhere is one of the payloads."""
    folder = tmp_path_factory.mktemp("stuffed")
    records = [
        {
            "title": f"Tides {number} {text}",
            "abstract": f"Tides of harbour {number} are high. {text} Tides {text} are measured by {text} buoys.",
            "authors": [f"Ada {text}", text],
            "organization": text,
            "comments": number,
            "published": f"2025-06-{number % 28 + 1:02}",
            "url": f"https://papers.example/{number}",
        }
        for number, text in enumerate(TEXTS)
    ]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    headings = "\n\n".join(f"## {' '.join(text.split())}\n\nTides {text} rise." for text in TEXTS)
    (folder / "sections.md").write_text(f"# All of it at once\n\n{headings}\n", encoding="utf-8")
    settings = IndexSettings(embedding=EmbeddingSettings(models=models))
    with Library.open(folder / "library", settings) as library:
        library.embedder = hashing
        assert not library.add([folder / "papers.jsonl", folder / "sections.md"]).failed
        papers = library.papers(limit=400)
        for paper, text in zip(papers, TEXTS, strict=False):
            library.tag([paper.id], " ".join(text.split())[:40])
        saved, conversations = SavedQuestions(Assistant(library)), Conversations(library)
        for start in range(0, len(TEXTS), 12):
            saved.save(" ".join(" ".join(TEXTS[start : start + 12]).split())[:1000])
        for number, text in enumerate(TEXTS):
            kept = conversations.create()
            conversations.append(kept.id, said(f"Question {number} {text}", f"Tides rise. {text}"))
            conversations.rename(kept.id, text)
        yield library


@pytest.fixture(scope="module")
def site(stuffed: Library, serving: Serving) -> Iterator[str]:
    with serving(stuffed) as address:
        yield address


def test_there_are_150_and_a_page_that_takes_them_for_html_is_caught(
    watch: Callable[..., Watched], tmp_path: Path
) -> None:
    assert len(set(TEXTS)) >= 150
    watched = watch("about:blank")
    for start in range(0, len(TEXTS), 25):
        page = tmp_path / f"control-{start}.html"
        page.write_text("".join(f"<div>{text}</div>" for text in TEXTS[start : start + 25]), encoding="utf-8")
        with suppress(Error):  # some lead the browser away
            watched.page.goto(page.as_uri(), wait_until="commit")
            watched.settle()
    caught = {one.removeprefix(f"{BEACON}/") for one in watched.happened}
    assert len(caught) >= 50
    assert watched.dialogs
    assert watched.elsewhere


def ready(watched: Watched) -> Watched:
    watched.page.wait_for_selector("html[data-ibid=ready]")
    watched.settle()
    return watched


def test_papers_are_listed_mapped_and_told_of_as_texts(watch: Callable[..., Watched], site: str) -> None:
    watched = watch(f"{site}/library")
    page = ready(watched).page
    expect(page.locator("#papers")).to_contain_text("beacon.test", timeout=WAIT)
    for place in ("page=2", "page=3", "page=4", "view=map", "view=add", "sort=organization"):
        page.goto(f"{site}/library?{place}")
        ready(watched)
    page.goto(f"{site}/library?view=map")
    page.wait_for_selector("#map a")
    page.locator("#map a").first.focus()
    watched.settle()
    page.goto(f"{site}/digest?since=2000&by=published")
    ready(watched)
    expect(page.locator("#news")).to_contain_text("beacon.test", timeout=WAIT)
    expect(page.locator("#questions")).to_contain_text("beacon.test", timeout=WAIT)
    for form in ("html", "md", "json"):
        page.goto(f"{site}/digest.{form}?since=2000&by=published")
        watched.settle()
    assert watched.happened == []


def test_a_papers_page_shows_its_texts_as_texts(
    watch: Callable[..., Watched], site: str, stuffed: Library
) -> None:
    watched = watch(f"{site}/library?paper={stuffed.paper('All of it at once').id}")
    page = ready(watched).page
    expect(page.locator("#papers")).to_contain_text("beacon.test", timeout=WAIT)
    for paper in stuffed.papers(limit=3):
        page.goto(f"{site}/library?paper={paper.id}")
        ready(watched)
    assert watched.happened == []


def test_what_an_address_says_is_shown_as_text(watch: Callable[..., Watched], site: str) -> None:
    watched = watch(f"{site}/library?q=x")
    for start in range(0, len(TEXTS), 52):  # each place shows the first of a run at least
        words = quote(" ".join(TEXTS[start : start + 52]))
        for place in (f"library?q={words}", f"library?tag={words}&organization={words}&since={words}"):
            watched.page.goto(f"{site}/{place}")
            ready(watched)
        for place in (f"digest?since={words}", f"digest?since=2000&by=published&topic={words[:3000]}"):
            watched.page.goto(f"{site}/{place}")
            ready(watched)
    watched.page.goto(f"{site}/?c={quote(TEXTS[0])}")
    ready(watched)
    assert watched.happened == []


def test_conversations_their_titles_and_what_a_model_wrote_are_texts(
    watch: Callable[..., Watched], site: str, stuffed: Library, tmp_path: Path
) -> None:
    conversations = Conversations(stuffed)
    whole = conversations.create()
    for start in range(0, len(TEXTS), 25):
        conversations.append(
            whole.id, said("\n".join(TEXTS[start : start + 25]), "\n\n".join(TEXTS[start : start + 25]))
        )
    watched = watch(f"{site}/?c={whole.id}")
    page = ready(watched).page
    expect(page.locator("#thread")).to_contain_text("beacon.test", timeout=WAIT)
    expect(page.locator("#history")).to_contain_text("beacon.test", timeout=WAIT)
    page.evaluate(MORE)
    watched.settle()
    for form in ("html", "md"):
        file = tmp_path / f"export.{form}"
        file.write_text(export(conversations.open(whole.id), form).text, encoding="utf-8")
        page.goto(file.as_uri())
        watched.settle()
    assert watched.happened == []
    conversations.remove(whole.id)


def test_questions_notices_names_of_files_and_reasons_are_texts(
    watch: Callable[..., Watched], site: str
) -> None:
    watched = watch(f"{site}/")
    page = ready(watched).page
    box = page.locator("#question textarea")
    for start in range(0, len(TEXTS), 40):
        turns = page.locator("#thread .turn").count()
        box.fill("Tides? " + " ".join(" ".join(TEXTS[start : start + 40]).split()))
        box.press("Enter")
        expect(page.locator("#thread .turn")).to_have_count(turns + 1, timeout=WAIT)
        expect(page.locator("#send")).to_be_visible(timeout=WAIT)
        watched.settle()
    for command in ("/scope", "/papers", "/export", "/"):
        box.fill(f"{command} {TEXTS[0]} author:{TEXTS[30]}")
        page.locator("#send").click()
        watched.settle()
    page.goto(f"{site}/library?view=add")
    ready(watched)
    names = [" ".join(TEXTS[start : start + 3]) for start in range(0, len(TEXTS), 3)]
    files = [[names[0], " ".join(TEXTS)], *([name, name] for name in names[1:])]
    page.evaluate(GIVE, files)
    expect(page.locator("#adding .jobs [data-stage=failed]")).to_have_count(len(files), timeout=WAIT)
    page.evaluate(TAG, TEXTS[:5])
    watched.settle()
    assert watched.happened == []


def test_what_a_model_writes_runs_nothing_while_it_is_written(
    watch: Callable[..., Watched], serving: Serving, stuffed: Library, tmp_path: Path
) -> None:
    told = iter(range(0, 10_000, 20))
    guard = threading.Lock()

    def write(asked: Asked) -> str:
        with guard:
            start = next(told)
        return " ".join(f"Tides {text} rise [1]." for text in TEXTS[start : start + 20]) + " Tides rise [1]."

    with (
        rehearsed(stuffed, playing(write=write), tmp_path) as (assistant, _),
        serving(stuffed, assistant=assistant) as address,
    ):
        watched = watch(f"{address}/")
        page = ready(watched).page
        box = page.locator("#question textarea")
        for turns in range(3):
            box.fill("How high are the tides of the harbours?")
            box.press("Enter")
            expect(page.locator("#thread .turn")).to_have_count(turns + 1, timeout=WAIT)
            expect(page.locator("#send")).to_be_visible(timeout=WAIT)
            watched.settle()
        assert watched.happened == []


def test_the_policy_is_not_offended_and_no_other_host_is_asked(
    watch: Callable[..., Watched], site: str
) -> None:
    watched = watch(f"{site}/", bypass=False)
    page = ready(watched).page
    page.locator("#question textarea").fill("How high are the tides?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#thread .turn")).to_have_count(1, timeout=WAIT)
    offences: list[str] = []
    for place in ("", "library", "library?view=map", "library?view=add", "digest?since=2000&by=published"):
        if place:
            page.goto(f"{site}/{place}")
            ready(watched)
        page.keyboard.press("?")
        offences += page.evaluate("window.refused ?? []")
        policy = page.evaluate("fetch(location.href).then(it => it.headers.get('content-security-policy'))")
        assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert offences == []
    assert watched.happened == []
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=http://beacon.test/x onerror=alert(1)>')"
    )
    page.wait_for_function(
        "(window.refused ?? []).length >= 2"
    )  # the picture, and what was to run without it
    assert watched.dialogs == []
