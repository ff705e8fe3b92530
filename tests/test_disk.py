"""A disk that is full or fails: one clear error, earlier papers stay answerable, and the work resumes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Turn
from index import failpoints, probing
from index.disk import trouble
from index.doctor import examine
from index.errors import DiskTrouble, LibraryError
from index.library import Library
from index.schema import Filters

FULL = r"The disk that .* lies on is full. Make room, and run the same again: what was stored before is whole"
FAILS = r"The disk that .* lies on fails to read or write. Look at the disk.*what was stored before is whole"
WRITING = [
    "catalog.writing",
    "catalog.written",
    "caches.unsealed",
    "caches.vectors_written",
    "caches.chunk_words_written",
    "caches.position_written",
    "catalog.marking",
    "contents.noted",
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets failpoints in this process; they are gone when the test ends."""

    def fail(told: str) -> None:
        monkeypatch.setenv(failpoints.VARIABLE, told)
        failpoints.arm()

    yield fail
    fail("")


@pytest.fixture
def words_library(
    open_library: Callable[..., Library],
    hashing: Any,
    write_papers: Callable[..., Path],
    papers: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Library:
    """A library of the six papers, whose caches are looked into by this process itself, which is faster."""
    monkeypatch.setattr(probing, "asked", _within)
    library = open_library(model=hashing)
    library.add([write_papers("papers.jsonl", *papers)])
    return library


def _within(arguments: Sequence[str], patience: float) -> tuple[list[str], str]:
    folder, model, fingerprint = arguments
    return list(probing.told(Path(folder), model, fingerprint)), ""


def sound(library: Library) -> bool:
    return all(finding.holds for finding in examine(library))


def kites(write_papers: Callable[..., Path], number: int = 8) -> Path:
    words = " ".join(f"The string of kite {n} sings in the wind." for n in range(number))
    return write_papers("kites.jsonl", *({"title": f"Kite {n}", "abstract": words} for n in range(3)))


ERRORS = {
    **{f"no room at {place}": (f"{place}=error:ENOSPC", FULL) for place in WRITING},
    **{f"a failure at {place}": (f"{place}=error:EIO", FAILS) for place in WRITING[:4:3]},
}


@pytest.mark.parametrize(("failpoint", "told"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_the_disk_is_told_and_the_same_addition_resumes(
    words_library: Library,
    write_papers: Callable[..., Path],
    failing: Callable[[str], None],
    failpoint: str,
    told: str,
) -> None:
    library, more = words_library, kites(write_papers)
    failing(failpoint)
    with pytest.raises(DiskTrouble, match=told):
        library.add([more])
    answer = Assistant(library).ask("What does TideNet forecast?")
    assert answer.citations
    assert faults(answer, library.text) == []
    failing("")
    report = library.add([more])
    assert report.papers == 3
    assert library.count() == 9
    assert sound(library)


def test_a_turn_that_cannot_be_kept_is_told_and_the_conversation_stands(words_library: Library) -> None:
    library = words_library
    conversations = Conversations(library)
    conversation = conversations.create()
    turn = Turn(
        question="What does TideNet forecast?", answer=Assistant(library).ask("What does TideNet forecast?")
    )
    conversations.append(conversation.id, turn)
    engine = library.catalog.engine
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=1"))
    with pytest.raises(DiskTrouble, match=FULL):
        conversations.append(conversation.id, turn.model_copy(update={"question": "x" * 1_000_000}))
    assert conversations.open(conversation.id).turns[0].question == "What does TideNet forecast?"
    assert sound(library)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of six megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_stops_an_addition_that_goes_on_when_there_is_room(
    small_disk: Path,
    open_library: Callable[..., Library],
    hashing: Any,
    write_papers: Callable[..., Path],
    papers: tuple[dict[str, Any], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.batches.PAPERS", 8)
    library = open_library(small_disk / "library", hashing)
    library.add([write_papers("papers.jsonl", *papers)])
    words = " ".join(f"The string of kite {n} sings in the wind." for n in range(60))
    many = write_papers(
        "many.jsonl", *({"title": f"Kite {n}", "abstract": f"{n} {words}"} for n in range(160))
    )
    room = small_disk / "room"
    free = os.statvfs(small_disk)
    room.write_bytes(bytes(max(free.f_bavail * free.f_bsize - 2_000_000, 0)))
    with pytest.raises(DiskTrouble, match=FULL):
        library.add([many])
    stored = library.count(Filters(sources=("papers.jsonl",)))
    assert stored == 6
    answer = Assistant(library).ask("What does TideNet forecast?")
    assert answer.citations
    assert faults(answer, library.text) == []
    room.unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    library.add([many])
    assert library.count() == 166
    assert sound(library)


def test_the_command_says_it_in_one_sentence(
    environment: dict[str, str], write_papers: Callable[..., Path], papers: Any
) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "ui", "add", str(write_papers("papers.jsonl", *papers))],
        env=environment | {failpoints.VARIABLE: "catalog.writing=error:ENOSPC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "lies on is full. Make room, and run the same again" in told.stderr
    assert "Traceback" not in told.stderr


def test_what_is_not_the_disks_is_left_as_it_is() -> None:
    assert trouble(ValueError("no"), "x") is None
    assert trouble(OSError(errno.EACCES, "denied"), "x") is None
    assert trouble(LibraryError("no"), "x") is None
    chained = LibraryError("Chroma cannot write")
    chained.__cause__ = RuntimeError("error returned from database: (code: 13) database or disk is full")
    assert isinstance(trouble(chained, "x"), DiskTrouble)
