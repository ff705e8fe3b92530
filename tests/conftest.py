"""Parts that are costly to make and shared by the whole run."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from assistant.engine import Assistant
from index.embedding import Embedder, Fingerprint, load_embedder
from index.library import Library
from index.settings import EmbeddingSettings, IndexSettings
from tests.paged import long_paper, shelve
from ui.settings import DigestSettings

pytest_plugins = ["tests.servers"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has tests that serve the application pass over warnings that are Gradio's own."""
    for item in items:
        if {"serving", "browser", "chat_library", "paged_site"}.intersection(
            getattr(item, "fixturenames", ())
        ):
            # It leaves its server's event loop and sockets to the garbage collector, which `serving` calls.
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Lets tests interrupt the processes they start, also where the run was started in the background.

    A shell has such a run ignore Ctrl-C, and what it starts would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for model files; the default model's graph is built in it once a run."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def embedder(models: Path) -> Iterator[Embedder]:
    """The default embedder, loaded once a run."""
    loaded = load_embedder("minilm:all-MiniLM-L6-v2", models)
    yield loaded
    loaded.close()


PAPERS: tuple[dict[str, Any], ...] = (
    {
        "title": "TideNet: Forecasting Sea Levels from Sparse Buoys",
        "abstract": "Coastal towns need warnings of floods hours ahead. TideNet forecasts sea levels from as few as "
        "twelve buoys by learning how storms push water. On three coasts it halves the error of tidal tables. "
        "The forecasts stay calibrated when half of the buoys fall silent.",
        "published": "2024-03-05",
        "organization": "Harbor Institute",
        "comments": 4,
        "authors": ["Ines Duarte", "Paul Okoro"],
    },
    {
        "title": "A Grammar of Bird Song",
        "abstract": "We parse the songs of warblers with a probabilistic grammar. Songs that the grammar finds "
        "unlikely are sung by young males. The grammar needs no labels beyond the species.",
        "published": "2024-11-20",
        "organization": "Aviary Lab",
        "comments": 17,
        "authors": ["Mei Tan"],
    },
    {
        "title": "Cold Starts in Recommendation Are a Matter of Trust",
        "abstract": "New users of a recommender are shown popular items. We show that asking two questions first, and "
        "explaining why, keeps 18% more of them. The gain vanishes when no explanation is given.",
        "published": "2025-01-14",
        "organization": "harbor  institute",
        "comments": 0,
        "authors": ["Lars Holm", "Ada Brandt"],
    },
    {
        "title": "KilnBench: Can Language Models Plan a Pottery Firing?",
        "abstract": "KilnBench asks language models to plan the firing of ceramics under limits of heat and time. The "
        "best of nine models ruins four pots in ten. Errors come from forgetting that kilns cool slowly.",
        "published": "2025-06",
        "comments": 9,
    },
    {
        "title": "Sorting Seeds by Sound",
        "abstract": "Dropping seeds on a steel plate tells good from hollow ones by sound alone. A microphone and a "
        "small network sort 40 seeds a second. No camera is needed.",
        "published": "2025-06-30",
        "organization": "Aviary Lab",
    },
    {
        "title": "On the Memory of Glaciers",
        "abstract": "Glaciers answer to snowfall with a delay of decades. We estimate the delay from satellite images "
        "of their tongues. Steep glaciers forget sooner than flat ones.",
        "organization": "Polar Works",
        "comments": 2,
    },
)
"""Invented papers, with facts left out here and there as real sources leave them out."""


@pytest.fixture(scope="session")
def papers() -> tuple[dict[str, Any], ...]:
    """Six invented papers as JSON records."""
    return PAPERS


@pytest.fixture
def write_papers(tmp_path: Path) -> Callable[..., Path]:
    """Writes records, or lines as they are, into a JSON-lines file below the test's folder."""

    def write(name: str, *entries: dict[str, Any] | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


class CountingEmbedder(Embedder):
    """An embedder that remembers what it was given; another does the work."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.window = inner.window
        self.embedded: list[str] = []

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        return self.inner.passages(texts, progress)

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)


class HashingEmbedder(Embedder):
    """A small model that needs no weights: each word's hash adds to one of 64 numbers."""

    window = None

    def __init__(self, name: str = "words") -> None:
        self.name = name

    @property
    def fingerprint(self) -> Fingerprint:
        spec = f"hashing:{self.name}"
        return Fingerprint(name=spec, sha256=hashlib.sha256(spec.encode()).hexdigest(), dimension=64)

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        return np.array([self.query(text) for text in texts], np.float32).reshape(-1, 64)

    def query(self, text: str) -> NDArray[np.float32]:
        vector = np.full(64, 1e-3, np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[hashlib.sha256(word.encode()).digest()[0] % 64] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def count(self, texts: Sequence[str]) -> list[int]:
        return [0] * len(texts)


@pytest.fixture
def counting(embedder: Embedder) -> CountingEmbedder:
    """The default embedder, remembering what it embeds."""
    return CountingEmbedder(embedder)


@pytest.fixture(scope="session")
def counted() -> Callable[[Embedder], CountingEmbedder]:
    """Makes an embedder remember what it embeds."""
    return CountingEmbedder


@pytest.fixture(scope="session")
def hashing() -> HashingEmbedder:
    """Another embedder than the default, with another fingerprint."""
    return HashingEmbedder()


@pytest.fixture
def settings(models: Path, request: pytest.FixtureRequest) -> IndexSettings:
    """The default settings, with the run's folder of models; on PostgreSQL and Chroma's server with IBID_ON_SERVERS."""
    kept = IndexSettings(embedding=EmbeddingSettings(models=models))
    if "IBID_ON_SERVERS" not in os.environ:
        return kept
    return kept.model_copy(update={"storage": request.getfixturevalue("storage")()})


@pytest.fixture
def open_library(
    tmp_path: Path, settings: IndexSettings, embedder: Embedder
) -> Iterator[Callable[..., Library]]:
    """Opens libraries with the run's embedder, or the one given, and closes them when the test ends."""
    opened: list[Library] = []

    def open_one(folder: Path | None = None, model: Embedder | None = None) -> Library:
        library = Library.open(folder or tmp_path / "library", settings)
        library.embedder = model or embedder
        opened.append(library)
        return library

    yield open_one
    for library in opened:
        library.close()


@pytest.fixture
def library(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], counting: CountingEmbedder
) -> Library:
    """A library of the six papers, from papers.jsonl; `counting` remembers what was embedded."""
    library = open_library(model=counting)
    library.add([write_papers("papers.jsonl", *PAPERS)])
    return library


@pytest.fixture
def environment(models: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of an `ibid` of its own: the run's models, and no settings of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IBID_")}
    return kept | {"IBID_EMBEDDING__MODELS": str(models), "IBID_LIBRARY": str(tmp_path / "library")}


@pytest.fixture(scope="session")
def seeds() -> list[Path]:
    """The real listing pages that lie beside the repository; tests that need them are skipped without."""
    folder = Path(__file__).parents[1].parent / "shared" / "seeds"
    found = sorted(folder.glob("*.txt"))
    if not found:
        pytest.skip(f"{folder} absent")
    return found


@pytest.fixture(scope="session")
def seeds_library(
    seeds: list[Path], embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """The library of the real listing pages, added once a run; not to be written to."""
    settings = IndexSettings(embedding=EmbeddingSettings(models=models))
    library = Library.open(tmp_path_factory.mktemp("seeds") / "library", settings)
    library.embedder = embedder
    library.add(seeds)
    yield library
    library.close()


@pytest.fixture(scope="session")
def sample_folder(embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library of the sample papers, closed: copy it, never write to it."""
    folder = tmp_path_factory.mktemp("sample") / "library"
    with Library.open(folder, IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = embedder
        assert not library.add([Path(__file__).parents[1] / "configs" / "sample_papers.txt"]).failed
    return folder


@pytest.fixture(scope="session")
def sample_library(
    sample_folder: Path, embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """The library of the sample papers, opened once a run; its papers are not to be changed."""
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("opened") / "library")
    with Library.open(folder, IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = RememberingEmbedder(embedder)
        yield library


class RememberingEmbedder(Embedder):
    """The vectors of another embedder, each made once: a test that asks hundreds of questions reads the
    same sentences again and again."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.window = inner.window
        self._made: dict[str, NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._made]
        if new:
            self._made.update(zip(new, self.inner.passages(new), strict=True))
        return np.array([self._made[text] for text in texts], np.float32).reshape(len(texts), -1)

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)


@pytest.fixture(scope="session")
def remembering(embedder: Embedder) -> RememberingEmbedder:
    """The default embedder, which embeds no sentence twice in a run."""
    return RememberingEmbedder(embedder)


@pytest.fixture(scope="session")
def server(
    sample_folder: Path, embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A running server over a library of the sample papers; what a test adds it removes."""
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("server") / "library")
    with Library.open(folder, IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = embedder
        with _served(library, mcp=True) as address:
            yield Server(address, library)


@pytest.fixture
def serve_with() -> Iterator[Callable[[Any], str]]:
    """Serves an assistant of the test's own over its library, until the test ends."""
    with ExitStack() as servers:
        yield lambda assistant: servers.enter_context(_served(assistant.library, assistant=assistant))


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Mailbox:
    """A mail server on this machine: how settings name it, and the messages that it took."""

    listener: socket.socket
    taken: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """Called when a message has been read, before it is taken."""

    @property
    def settings(self) -> DigestSettings:
        return DigestSettings(
            smtp_host="127.0.0.1",
            smtp_port=self.listener.getsockname()[1],
            smtp_security="none",
            sender="ibid@example.org",
            recipients="me@example.org",
        )

    @property
    def variables(self) -> dict[str, str]:
        """The same for the environment."""
        told = self.settings.model_dump(
            include={"smtp_host", "smtp_port", "smtp_security", "sender", "recipients"}
        )
        return {f"IBID_DIGEST__{name.upper()}": str(value) for name, value in told.items()}

    def serve(self) -> None:
        """Take messages until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._converse(lines)

    def _converse(self, lines: Any) -> None:
        def say(words: bytes) -> None:
            lines.write(words + b"\r\n")
            lines.flush()

        answers = {b"DATA": b"354 go on", b"QUIT": b"221 bye"}
        say(b"220 ready")
        while line := lines.readline():
            verb = line.strip().upper()[:4]
            say(answers.get(verb, b"250 fine"))
            if verb == b"DATA":
                body = b""
                while (part := lines.readline()) != b".\r\n":
                    body += part
                self.meanwhile()
                self.taken.append(body.decode())
                say(b"250 taken")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes every message while the test runs."""
    box = Mailbox(socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=box.serve, daemon=True)
    thread.start()
    yield box
    box.listener.shutdown(socket.SHUT_RDWR)
    box.listener.close()
    thread.join(10)


@dataclass(frozen=True)
class Server:
    """A running server's address, and the library it serves."""

    address: str
    library: Library


@contextmanager
def _served(library: Library, assistant: Assistant | None = None, **options: Any) -> Iterator[str]:
    """A server as `ibid serve` starts it, but for how often one may ask."""
    from ui import app
    from ui.settings import LimitSettings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options.setdefault("limits", LimitSettings(questions_a_minute=0, questions_at_once=0))
    page = app.start(assistant or Assistant(library), "127.0.0.1", port, **options)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        try:
            page.close(verbose=False)
        except RuntimeError:  # Gradio tells its open streams from another thread, and one may end just then
            page.close(verbose=False)
        del page
        gc.collect()  # Gradio leaves its server's event loop and sockets to it


# ---- The web application in a browser

WIDE = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[str]]:
    """Serves a library on a free port while its block runs, and gives the address."""
    return _served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without it tests are skipped, under CI they fail."""
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "chromium absent: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, headless=True, args=flags)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a window of its own; at the end no request left for elsewhere, no script failed."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def open_page(address: str, viewport: dict[str, int] = WIDE, scheme: str = "light") -> Page:
        options: dict[str, Any] = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
        context = browser.new_context(**options)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        origin = urlsplit(address).netloc

        def watch(url: str) -> None:
            parts = urlsplit(url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != origin:
                trouble.append(url)

        page.on("request", lambda request: watch(request.url))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(address)
        page.wait_for_selector("html[data-ibid=ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble


@pytest.fixture(scope="session")
def ask() -> Callable[[Page, str], Locator]:
    """Asks on the chat page, waits for the finished turn, and gives it."""

    def ask_one(page: Page, question: str) -> Locator:
        expect(page.locator("#thread .welcome, #thread .turn, #live .failed").first).to_be_attached()
        turns = page.locator("#thread .turn").count()
        box = page.locator("#question textarea")
        box.fill(question)
        box.press("Enter")
        expect(page.locator("#thread .turn")).to_have_count(turns + 1)
        expect(page.locator("#send")).to_be_visible()
        return page.locator("#thread .turn").last

    return ask_one


@pytest.fixture(scope="module")
def chat_library(
    sample_folder: Path, embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """A library of the sample papers for one file of tests to hold conversations in."""
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("chat") / "library")
    with Library.open(folder, IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = embedder
        yield library


@pytest.fixture(scope="module")
def site(chat_library: Library, serving: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The address of the application over `chat_library`."""
    with serving(chat_library) as address:
        yield address


@pytest.fixture(scope="module")
def paged_library(
    embedder: Embedder, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """A library of one paper with pages, tables, a figure, an appendix, references and warnings."""
    folder = tmp_path_factory.mktemp("paged") / "library"
    with Library.open(folder, IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = embedder
        shelve(library, long_paper())
        yield library


@pytest.fixture(scope="module")
def paged_site(paged_library: Library, serving: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The address of the application over `paged_library`."""
    with serving(paged_library) as address:
        yield address
