"""Ten readers in ten browsers at one server, who click whatever there is to click; among them it is killed.

Their order is drawn from a seed. A reader goes on once the page shows what the last click had to bring, and
nobody waits for another: while one question is being answered, others are asked, papers come and go. The
server is a process of its own, so that killing it is what a power cut would be.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from assistant.audit import examine_conversations
from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.schema import Turn
from index.errors import PaperNotFound
from index.library import Library
from index.settings import IndexSettings
from ui.parts.render import remarks

ROOT = Path(__file__).parents[1]
READERS, SEED, WAIT = 10, 20, 20_000
QUESTIONS = (
    "What does ColBERT propose?",
    "Which papers improve retrieval?",
    "How are reward models trained?",
    "What is self-consistency?",
    "How do I bake sourdough bread?",
    "How many papers are from OpenAI?",
    "Compare LoRA and BERT",
    "What do scaling laws say about compute?",
    "Which papers use human feedback?",
    "What stops reward hacking?",
)
# Whatever the page ever says went wrong, however shortly; that the connection is lost is said on purpose.
ALARMS = """() => {
    const bad = ".error, .trouble, .library-trouble, .toast-body, [role=alert]:not(#offline)";
    const told = new Set();
    const look = () => document.querySelectorAll(bad).forEach((one) => {
        const words = one.textContent.trim();
        if (!words || told.has(words) || !one.checkVisibility()) return;
        told.add(words);
        window.alarm(words);
    });
    new MutationObserver(() => requestAnimationFrame(look)).observe(
        document, { childList: true, subtree: true, characterData: true });
}"""
Step = Callable[["Reader"], None]


class Server:
    """`ibid serve` in a process of its own over a folder, on the same port each time it is started."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.said: list[str] = []
        self._command = [sys.executable, "-m", "ui", "serve", "--library", str(folder), "--port", str(port)]
        asking = {f"IBID_LIMITS__QUESTIONS_{name}": "0" for name in ("A_MINUTE", "AT_ONCE")}
        self._environment = environment | asking | {"PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        up = threading.Event()
        self._process = process = subprocess.Popen(
            self._command, env=self._environment, stderr=subprocess.PIPE, cwd=self.folder.parent, text=True
        )

        def listen() -> None:
            for line in process.stderr or ():
                self.said.append(line)
                if "Ibid is at" in line:
                    up.set()

        self._reader = threading.Thread(target=listen, daemon=True)
        self._reader.start()
        assert up.wait(WAIT / 1000), self.said

    def stand_still(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self._process is None or self._reader is None:
            return
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stderr:
            self._process.stderr.close()
        self._process = None


class Reader:
    """One reader in a browser of their own, and what their conversation must show.

    `questions` are those asked, as the page must show them; `begun` is what was clicked last: after it the
    page may be on its way there.
    """

    def __init__(self, number: int, context: BrowserContext, address: str, alarms: list[str]) -> None:
        self.number = number
        self.context = context
        self.address = address
        self.alarms = alarms
        self.chance = random.Random(SEED * 100 + number)
        self.questions: list[str] = []
        self.before: list[str] = []  # what was asked before the last click
        self.page = self.open(address)

    def open(self, address: str) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: self.alarms.append(f"reader {self.number}: {error}"))
        page.goto(address)
        page.wait_for_selector("html[data-ibid=ready]")
        return page

    @property
    def conversation(self) -> str:
        return parse_qs(urlsplit(self.page.url).query).get("c", [""])[0]

    @property
    def cited(self) -> list[str]:
        """The ids of the papers that the last answer cites."""
        cards = self.page.locator("#evidence .card[id^=cite-] [data-do=only]")
        return [one.get_attribute("data-paper") or "" for one in cards.all()]

    def settle(self, page: Page | None = None) -> None:
        """Wait until the page shows all that was asked, answered."""
        page = page or self.page
        expect(page.locator("#thread .said")).to_have_text(self.questions)
        expect(page.locator("#live .turn")).to_have_count(0)
        expect(page.locator("#send")).to_be_visible()

    def shown(self) -> list[str]:
        return self.page.locator("#thread .turn").locator(".answer, .not-found").all_inner_texts()

    def send(self, question: str) -> None:
        """Type a question and send it; where its scope has become empty, drop that and send again."""
        box, number = self.page.locator("#question textarea"), len(self.questions)
        box.fill(question)
        box.press("Enter")
        self.page.locator(f"#live .turn, #turn-{number}, #scope .none").first.wait_for(state="attached")
        if self.page.locator("#scope .none").count():
            self.page.locator("#scope .none .link-button").click()
            expect(self.page.locator("#scope .none")).to_have_count(0)
            box.press("Enter")

    def expect_from(self, position: int, *questions: str) -> None:
        self.before = self.questions
        self.questions = [*self.questions[:position], *questions]


# ---- What a reader may do


def ask(reader: Reader) -> None:
    question = reader.chance.choice(QUESTIONS)
    reader.expect_from(len(reader.questions), question)
    reader.send(question)


def stop(reader: Reader) -> None:
    ask(reader)
    number = len(reader.questions)
    reader.page.locator(f"#live .turn, #turn-{number}").first.wait_for()
    reader.page.keyboard.press("Escape")


def retry(reader: Reader) -> None:
    turn = reader.page.locator(f"#turn-{len(reader.questions)}")
    turn.evaluate("(turn) => turn.dataset.old = 'yes'")
    turn.get_by_role("button", name="Retry").click()
    reader.page.locator(f"#turn-{len(reader.questions)}:not([data-old])").wait_for()


def edit(reader: Reader) -> None:
    number, question = reader.chance.randint(1, len(reader.questions)), reader.chance.choice(QUESTIONS)
    turn = reader.page.locator(f"#turn-{number}")
    turn.get_by_role("button", name=f"Edit question {number}").click(force=True)
    box = reader.page.get_by_role("textbox", name=f"Question {number}")
    box.fill(question)
    reader.expect_from(number - 1, question)
    box.press("Enter")


def scope(reader: Reader) -> None:
    """Hold the conversation to a paper that the last answer cites; or let it go where it is held."""
    chip, cards = reader.page.locator("#scope .chip"), reader.page.locator("#evidence .shown [data-do=only]")
    if chip.count():
        chip.first.click()
        expect(chip).to_have_count(0)
    elif cards.count():
        cards.first.click()
        expect(chip).to_have_count(1)


def reload(reader: Reader) -> None:
    shown = reader.shown()
    reader.page.reload()
    reader.page.wait_for_selector("html[data-ibid=ready]")
    reader.settle()
    assert reader.shown() == shown


def leave_and_return(reader: Reader) -> None:
    conversation = reader.conversation
    reader.page.locator("#new").click()
    expect(reader.page.locator(".welcome")).to_be_visible()
    reader.page.locator(f"#history a[data-conversation='{conversation}']").click()


def delete_and_undo(reader: Reader) -> None:
    page, conversation = reader.page, reader.conversation
    entry = page.locator(f"#history li[data-conversation='{conversation}']")
    entry.hover()
    entry.locator("[data-do=delete]").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.locator("#notice [data-do=restore]").click()
    page.locator(f"#history a[data-conversation='{conversation}']").click()


def upload(reader: Reader) -> None:
    """Add a paper on the library page while a question is being answered, then ask for it."""
    reader.questions = [*reader.questions, QUESTIONS[0]]
    reader.send(QUESTIONS[0])
    library = reader.open(f"{reader.address}/library?view=add")
    text = f"Wombat {reader.number} burrows hold {reader.number}00 litres of air. Their walls are plastered by rain."
    record = {"title": f"On the Burrows of Wombat {reader.number}", "abstract": text}
    content = {"name": f"wombat-{reader.number}.jsonl", "mimeType": "text/plain",
               "buffer": json.dumps(record).encode()}  # fmt: skip
    library.locator("#files").set_input_files([content])  # type: ignore[list-item]
    row = library.locator(".job").filter(has_text=f"wombat-{reader.number}.jsonl")
    expect(row).to_have_attribute("data-stage", "ready")
    library.close()
    reader.settle()
    if reader.page.locator("#scope .chip").count():
        scope(reader)
    question = f"What do wombat {reader.number} burrows hold?"
    reader.expect_from(len(reader.questions), question)
    reader.send(question)
    marker = reader.page.locator(f"#turn-{len(reader.questions)} a.cite").first
    expect(marker).to_have_attribute("title", re.compile(f"Wombat {reader.number}"))


def remove(reader: Reader) -> None:
    """Remove a paper that the last answer cites; what was cited can be looked at all the same."""
    if not reader.cited:
        reader.expect_from(len(reader.questions), QUESTIONS[0])
        reader.send(QUESTIONS[0])
        reader.settle()
    library = reader.open(f"{reader.address}/library?paper={reader.cited[0]}")
    library.locator("[data-do=remove-paper], .nothing").first.wait_for()
    if library.locator("[data-do=remove-paper]").count():  # else somebody else removed it
        library.locator("[data-do=remove-paper]").click()
        expect(library.locator("#notice")).to_contain_text("removed.")
    library.close()
    reader.page.locator("#thread .turn").last.locator("a.cite").first.click()
    expect(reader.page.locator(".card:focus mark").first).to_be_visible()


def two_tabs(reader: Reader) -> None:
    """Ask at the same time in two tabs of one conversation: where one has to wait, its question does."""
    there, questions = len(reader.questions), reader.chance.sample(QUESTIONS, 2)
    tabs = (reader.page, reader.open(reader.page.url))
    reader.settle(tabs[1])
    for page, question in zip(tabs, questions, strict=True):
        page.locator("#question textarea").fill(question)
    for page in tabs:
        page.locator("#question textarea").press("Enter")
    for page in tabs:
        box = page.locator("#question textarea")
        answered(page, there + 1)
        if box.input_value():
            box.press("Enter")
            answered(page, there + 2)
    tabs[1].close()
    reader.page.reload()
    reader.page.wait_for_selector("html[data-ibid=ready]")
    said = reader.page.locator("#thread .said").all_inner_texts()
    assert said[:there] == reader.questions
    assert sorted(said[there:]) == sorted(questions)
    reader.questions = said


def answered(page: Page, turns: int) -> None:
    """Wait until so many turns stand there, and none is being answered."""
    expect(page.locator("#thread .said").nth(turns - 1)).to_be_attached()
    expect(page.locator("#live .turn")).to_have_count(0)
    expect(page.locator("#send")).to_be_visible()


PLENTY: tuple[Step, ...] = (ask, stop, retry, edit, scope, reload)
SELDOM: tuple[Step, ...] = (leave_and_return, delete_and_undo, upload, remove, two_tabs)


# ---- The test


@pytest.fixture
def server(
    sample_folder: Path, tmp_path: Path, environment: dict[str, str], free_port: int
) -> Iterator[Server]:
    """A server that runs; killed at the end."""
    running = Server(shutil.copytree(sample_folder, tmp_path / "library"), free_port, environment)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def alarms() -> list[str]:
    """All that any page said went wrong."""
    return []


@pytest.fixture
def readers(browser: Browser, server: Server, alarms: list[str]) -> Iterator[list[Reader]]:
    """Ten readers on the empty page."""
    expect.set_options(timeout=WAIT)
    contexts = [browser.new_context(reduced_motion="reduce") for _ in range(READERS)]
    for context in contexts:
        context.expose_function("alarm", lambda words: alarms.append(words))
        context.add_init_script(f"({ALARMS})()")
    yield [Reader(number, context, server.address, alarms) for number, context in enumerate(contexts)]
    for context in contexts:
        context.close()
    expect.set_options(timeout=5_000)


def test_ten_readers_and_a_kill_among_them_end_with_nothing_lost(
    readers: list[Reader], server: Server, settings: IndexSettings, alarms: list[str]
) -> None:
    chance = random.Random(SEED)
    plans = [[ask, *shuffled(chance, PLENTY, SELDOM, reader.number)] for reader in readers]
    half = sum(map(len, plans)) // 2
    done = 0
    while any(plans):
        number = chance.choice([number for number, plan in enumerate(plans) if plan])
        reader, step = readers[number], plans[number].pop(0)
        reader.settle()
        print(done, number, step.__name__, reader.conversation, reader.questions)  # where a failure was
        step(reader)
        done += 1
        if done == half:
            kill_and_start(server, readers)
    for reader in readers:
        reader.settle()
        reload(reader)
        look_at_a_citation(reader)
    assert not alarms, alarms
    server.kill()
    with Library.open(server.folder, settings) as library:
        for reader in readers:
            assert_kept(reader, library)
        assert examine_conversations(library).holds
    doctor = [sys.executable, "-m", "ui", "doctor", "--library", str(server.folder)]
    subprocess.run(doctor, cwd=ROOT, check=True, capture_output=True)
    assert not [line for line in server.said if "Traceback" in line]


def shuffled(
    chance: random.Random, plenty: Sequence[Step], seldom: Sequence[Step], number: int
) -> list[Step]:
    """All that every reader does and one thing that few do, in any order."""
    steps = [*plenty, seldom[number % len(seldom)]]
    chance.shuffle(steps)
    return steps


BACK = """([before, after, question]) => {
    const said = JSON.stringify([...document.querySelectorAll("#thread .said")].map((one) => one.innerText));
    if (said === JSON.stringify(after)) return "kept";
    const box = document.querySelector("#question textarea");
    return said === JSON.stringify(before) && box?.value === question && "to be asked again";
}"""


def kill_and_start(server: Server, readers: Sequence[Reader]) -> None:
    """Kill the server while it has questions to answer; what was asked comes back with the page."""
    for reader in readers:
        reader.settle()
    asking = readers[:3]
    for reader, begin in zip(asking, (ask, press_enter, edit), strict=True):
        begin(reader)
        server.stand_still()  # the first question is being answered, and of the others none can be
    server.kill()
    for reader in asking:
        reader.page.evaluate("document.documentElement.dataset.old = 'yes'")
        reader.page.locator(f"#offline, #turn-{len(reader.questions)}").first.wait_for()
    cut = [reader for reader in asking if reader.page.locator("#offline").count()]
    assert len(cut) > 1
    server.start()
    for reader in cut:
        page, question = reader.page, reader.questions[-1]
        expect(page.locator("#offline")).to_have_count(0)
        outcome = page.wait_for_function(BACK, arg=[reader.before, reader.questions, question])
        if outcome.json_value() == "kept":  # it was answered before the server went
            continue
        page.wait_for_selector("html[data-ibid=ready]:not([data-old])")
        page.locator("#question textarea").press("Enter")
        reader.questions = [*reader.before, question]


def press_enter(reader: Reader) -> None:
    question = reader.chance.choice(QUESTIONS)
    reader.expect_from(len(reader.questions), question)
    reader.page.locator("#question textarea").fill(question)
    reader.page.locator("#question textarea").press("Enter")


def look_at_a_citation(reader: Reader) -> None:
    """Open a marker of each turn that has one: its card comes, with the quote marked in it."""
    for turn in reader.page.locator("#thread .turn").filter(has=reader.page.locator("a.cite")).all():
        marker = turn.locator("a.cite").first
        marker.click()
        card = reader.page.locator(marker.get_attribute("href") or "")
        expect(card).to_be_focused()
        expect(card.locator("mark, .passage").first).to_be_visible()


def assert_kept(reader: Reader, library: Library) -> None:
    """The turns that are stored are those that were shown, word by word, and their citations hold."""
    turns = Conversations(library).open(reader.conversation).turns
    assert [turn.question for turn in turns] == reader.questions
    for turn, shown in zip(turns, reader.shown(), strict=True):
        assert words(told(turn)) <= words(shown), (told(turn), shown)
        with suppress(PaperNotFound):  # removed on purpose
            assert faults(turn.answer, library.text) == []


def told(turn: Turn) -> str:
    return turn.answer.text if turn.answer.answered or turn.stopped else remarks(turn.answer)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
