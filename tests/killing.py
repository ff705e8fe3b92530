"""Killing a process that works on a library, and holding what is left against what was promised.

A round copies a library, forks a child that adds, updates, removes, sets aside, rebuilds or chats, ends it by SIGKILL,
at a failpoint or at a moment, and has another child open what is left. Every paper must then be as it was before or
as it is after, and after where the child had said so; both caches must hold the catalog's chunks and vectors; all
citations must resolve; and the same command, run again, must end as if nobody had been killed. This process opens no
library itself, so that all may be forked from it.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.audit import examine_conversations
from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Turn
from index import batches, probing
from index.doctor import examine
from index.embedding import Embedder
from index.library import Library
from index.probing import sketch
from index.settings import ChunkingSettings, IndexSettings
from tests.conftest import PAPERS, HashingEmbedder
from tests.forking import Say, child, forking_prober
from tests.pdfs import Sheets

SETTINGS = IndexSettings(chunking=ChunkingSettings(tokens=30, overlap=0))
RECUT = IndexSettings(chunking=ChunkingSettings(tokens=60, overlap=0))
QUESTIONS = (
    "What does TideNet forecast?",
    "How are good seeds told from hollow ones?",
    "Who sings songs that the grammar finds unlikely?",
)
KEPT_TITLE = PAPERS[0]["title"]
_BATCH = 4  # papers stored at once, so that a short command has several commits

embedder: Callable[[], Embedder] = HashingEmbedder
"""What libraries are opened with."""

Act = Callable[[Path, Path, Say], None]


# What is done


def generated(number: int, parts: int = 24, salt: str = "") -> dict[str, Any]:
    """A made-up paper, of a sentence a chunk; `salt` makes it another version of the same."""
    words = random.Random(f"{number}{salt}")
    known = [f"{stem}{end}" for stem in ("lum", "bar", "tor", "vex", "nim", "dra") for end in "aeiouy"]
    said = [f"{' '.join(words.choices(known, k=14)).capitalize()}." for _ in range(parts)]
    return {
        "title": f"Work {number} on {known[number % 36]}",
        "abstract": " ".join(said),
        "comments": len(salt),
    }


def prepare(work: Path) -> Path:
    """The library that each round copies: enough chunks for Chroma to write its graph out, and a conversation.

    It is made where the rounds are played, since it knows its files by their paths, and moved to `base` beside.
    """
    base = work.parent / f"{work.name}-base"
    files = base / "files"
    files.mkdir(parents=True)
    said, ended = child(lambda say: _fill(work, files))
    assert ended == 0, said
    for name in ("library", "given"):
        (work / name).rename(base / name)
    return base


def _fill(work: Path, files: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    _write(files / "base.jsonl", [*PAPERS, *(generated(number) for number in range(40))])
    changed = [generated(n, salt="!") if n % 4 == 0 else generated(n) for n in range(40)]
    _write(files / "changed.jsonl", [PAPERS[0] | {"comments": 99}, *PAPERS[1:], *changed])
    _write(files / "more.jsonl", [generated(number, parts=8) for number in range(100, 112)])
    (files / "more.md").write_text(
        "---\ntitle: A Kite on a String\n---\n# Wind\n\nA kite flies in the wind.\n"
    )
    sheets = Sheets(files / "pages.pdf")
    sheets.line(72, 72, "Foxes on Hills", size=20)
    sheets.body(72, 120, 20)
    sheets.save()
    with _opened(work / "library") as library:
        library.add([_placed(work / "library", files, "base.jsonl")])
        library.set_aside([library.paper("Work 39").id])
        conversations = Conversations(library)
        conversation = conversations.create()
        answer = Assistant(library).ask(QUESTIONS[0])
        conversations.append(conversation.id, Turn(question=QUESTIONS[0], answer=answer))


def add(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        library.add([_placed(folder, files, "more.jsonl"), _placed(folder, files, "more.md")])


def add_pages(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        library.add([_placed(folder, files, "pages.pdf")])


def update(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        library.add([_placed(folder, files, "changed.jsonl", "base.jsonl")])


def remove(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        for numbers in ((0, 1, 2), (3, 4)):
            wanted = [f"Work {number} on" for number in numbers]
            there = [
                paper.title for paper in library.papers(limit=1000) if paper.title.startswith(tuple(wanted))
            ]
            library.remove(there)


def set_aside(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        papers = library.papers(limit=1000)
        library.set_aside(
            [paper.id for paper in papers if paper.title.startswith(("Work 5 on", "Work 6 on"))]
        )


def rebuild(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        library.rebuild()


def recut(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say, settings=RECUT) as library:
        library.rebuild()


def chat(folder: Path, files: Path, say: Say) -> None:
    with _opened(folder, say=say) as library:
        conversations, assistant = Conversations(library), Assistant(library)
        (known,) = conversations.list()
        for question in QUESTIONS[len(conversations.open(known.id).turns) :]:
            turns = conversations.open(known.id).turns
            conversations.append(known.id, Turn(question=question, answer=assistant.ask(question, turns)))
            say("turn", question)


COMMANDS: dict[str, Act] = {
    "add": add,
    "add a PDF": add_pages,
    "update": update,
    "remove": remove,
    "set aside": set_aside,
    "rebuild": rebuild,
    "rebuild, cut anew": recut,
    "chat": chat,
}


def _write(path: Path, entries: Sequence[dict[str, Any]]) -> None:
    path.write_text("\n".join(map(json.dumps, entries)) + "\n")


def _placed(folder: Path, files: Path, name: str, under: str = "") -> Path:
    """A file copied beside the library, under the name by which the library knows it."""
    place = folder.parent / "given" / (under or name)
    place.parent.mkdir(exist_ok=True)
    shutil.copy(files / name, place)
    return place


@contextmanager
def _opened(folder: Path, say: Say | None = None, settings: IndexSettings = SETTINGS) -> Iterator[Library]:
    batches.PAPERS, batches.FOLLOWED = _BATCH, 3 * _BATCH
    with Library.open(folder, settings) as library:
        library.embedder = embedder()
        if say is not None:
            _tell_commits(library, say)
        yield library


def _tell_commits(library: Library, say: Say) -> None:
    write, remove = library.catalog.write, library.catalog.remove

    def written(entries: Any, *rest: Any) -> int:
        change = write(entries, *rest)
        say("written", *(entry.document.paper.id for entry in entries))
        return change

    def removed(ids: Any, *rest: Any, **named: Any) -> int:
        change = remove(ids, *rest, **named)
        say("removed", *ids)
        return change

    library.catalog.write, library.catalog.remove = written, removed  # type: ignore[method-assign]


# What is left


@dataclass
class State:
    """A library as it stands: a digest of all that is stored of each paper, and the turns of its conversation."""

    papers: dict[str, str] = field(default_factory=dict)
    turns: list[str] = field(default_factory=list)


def state_of(folder: Path) -> State:
    catalog = sqlite3.connect(folder / "catalog.sqlite3")
    told = {
        "papers": "SELECT id, * FROM papers",
        "chunks": "SELECT paper_id, c.*, v.model, v.vector, v.signs FROM chunks c "
        "LEFT JOIN vectors v ON v.chunk_id = c.id ORDER BY c.id, v.model",
        "records": "SELECT paper_id, * FROM records ORDER BY paper_id, source, ordinal",
        "authors": "SELECT paper_id, * FROM authors ORDER BY paper_id, position",
        "acronyms": "SELECT paper_id, * FROM acronyms ORDER BY paper_id, short, long",
    }
    moving = {"state", "change", "updated", "added", "source"}
    sums: dict[str, Any] = {}
    for table, query in told.items():
        rows = catalog.execute(query)
        names = [column[0] for column in rows.description]
        for row in rows:
            kept = [value for name, value in zip(names, row, strict=True) if name not in moving]
            sums.setdefault(row[0], hashlib.blake2b(digest_size=8)).update(repr((table, kept)).encode())
    turns = [json.loads(row[0]) for row in catalog.execute("SELECT turn FROM turns ORDER BY position")]
    catalog.close()
    said = [f"{turn['question']} {turn['answer']['text']}" for turn in turns]
    return State({paper: digest.hexdigest() for paper, digest in sums.items()}, said)


def breaches(folder: Path, before: State, after: State, said: Sequence[Sequence[str]]) -> list[str]:
    """What was promised and is not so, in a library that was opened again."""
    found = state_of(folder)
    wrong = []
    for paper in {*before.papers, *after.papers, *found.papers}:
        stands = found.papers.get(paper)
        if stands not in (before.papers.get(paper), after.papers.get(paper)):
            wrong.append(f"half a paper: {paper}")
    committed = {paper for kind, *papers in said if kind in ("written", "removed") for paper in papers}
    wrong += [f"lost: {paper}" for paper in committed if found.papers.get(paper) != after.papers.get(paper)]
    turns = sum(kind == "turn" for kind, *_ in said)
    if found.turns != after.turns[: len(found.turns)] or len(found.turns) < len(before.turns) + turns:
        wrong.append(f"turns: {len(found.turns)}, {turns} were said to be kept")
    return wrong


_MAY_STAY = {"every kept file is needed", "nothing is left of interrupted work"}
"""What a kill may leave: room that is taken for nothing until papers are next removed, or the doctor repairs."""


def unsound(library: Library) -> list[str]:
    """What does not hold of an open library: the doctor's checks, duplicates, vectors, citations old and new."""
    found = (each for each in examine(library) if not each.holds and each.check not in _MAY_STAY)
    wrong = [f"{finding.check}: {finding.seen}" for finding in found]
    stored = examine_conversations(library)
    wrong += [] if stored.holds else [f"{stored.check}: {stored.seen}"]
    titles = [paper.title for paper in library.papers(limit=10_000)]
    wrong += [] if len(titles) == len(set(titles)) else ["a paper stands there twice"]
    held = library.caches.vectors.all()
    known = library.catalog.vectors_of(sorted(held), library.embedder.fingerprint.key)
    differ = sum(abs(sketch(held[chunk]) - sketch(vector)) > 1e-4 for chunk, vector in known.items())
    wrong += [f"{differ} vectors differ"] if differ else []
    answer = Assistant(library).ask(QUESTIONS[0])
    wrong += faults(answer, library.text)
    if not answer.citations or answer.citations[0].paper.title != KEPT_TITLE:
        wrong.append(f"{QUESTIONS[0]!r} was answered by {answer.text!r}")
    if library.state:
        wrong.append(library.state)
    return wrong


# Rounds


@dataclass
class Round:
    """One kill and what came of it; `moment` is a failpoint with its number, or a share of the command's time."""

    command: str
    moment: str
    killed: bool = False
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Course:
    """A command's course when nobody disturbs it."""

    before: State
    after: State
    passed: list[str]
    seconds: float


def course(base: Path, work: Path, command: str) -> Course:
    """Run a command to its end on a copy, noting which failpoints it passes."""
    log = work / "passed"
    folder = _copy(base, work)
    before = state_of(folder)
    started = time.monotonic()
    said, ended = child(lambda say: COMMANDS[command](folder, base / "files", say), f"*=log:{log}")
    assert ended == 0, said
    seconds = time.monotonic() - started
    passed = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return Course(before, state_of(folder), passed, seconds)


def kill(base: Path, work: Path, command: str, moment: str, known: Course) -> Round:
    """One round; see the module."""
    told = Round(command, moment)
    folder = _copy(base, work)
    at = None if ":" in moment else float(moment) * known.seconds
    said, ended = child(
        lambda say: COMMANDS[command](folder, base / "files", say),
        "" if at is not None else f"{moment}=kill",
        at,
    )
    told.killed = ended == -signal.SIGKILL
    if ended not in (0, -signal.SIGKILL):
        told.wrong = [f"the command failed: {said}"]
        return told
    left, ended = child(lambda say: _examine(folder, base, command, known, said, say))
    if ended != 0:
        told.wrong = [f"opening it ended with {ended}: {left}"]
    told.wrong += [words for kind, *all_words in left if kind == "wrong" for words in all_words]
    told.seconds = next((float(words[0]) for kind, *words in left if kind == "seconds"), 0.0)
    return told


def _examine(
    folder: Path, base: Path, command: str, known: Course, said: Sequence[Sequence[str]], say: Say
) -> None:
    probing.asked = forking_prober()
    started = time.monotonic()
    with _opened(folder) as library:
        found = library.search(KEPT_TITLE, 1)
        say("seconds", str(time.monotonic() - started))
        library.mended()
        if not found or found[0].paper.title != KEPT_TITLE:
            say("wrong", "it was opened, and did not find a paper by its title")
        say("wrong", *breaches(folder, known.before, known.after, said), *unsound(library))
    COMMANDS[command](folder, base / "files", lambda *_: None)
    with _opened(folder) as library:
        if state_of(folder) != known.after:
            say("wrong", "run again, it did not end as if it had never been killed")
        say("wrong", *unsound(library))


def _copy(base: Path, work: Path) -> Path:
    shutil.rmtree(work / "library", ignore_errors=True)
    shutil.rmtree(work / "given", ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    if (base / "given").exists():
        shutil.copytree(base / "given", work / "given")
    return shutil.copytree(base / "library", work / "library")
