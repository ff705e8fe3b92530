"""The control: the same kind of kills against a bare Chroma folder, without a catalog, a seal or a rebuild.

A child writes and deletes by Chroma alone and says what was done; another opens what is left and looks for it. As the
library is killed at failpoints and at random moments, so is this: every other kill comes within milliseconds of a file
of the graph being written.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from index.vectors import _embedded
from tests.forking import Say, child

_DIMENSION, _BATCH = 384, 250
_AMID = 0.02  # seconds that writing a graph of some thousand vectors takes
_PATIENCE = 60.0  # seconds until an aimed kill comes in any case


@dataclass
class Left:
    """What a kill left of a bare folder: what does not hold, empty where all does."""

    killed: bool
    wrong: list[str] = field(default_factory=list)


def kill_bare(work: Path, number: int, held: set[str], longest: float) -> Left:
    """Go on writing to the folder, kill it, and see whether it holds what was said to be written.

    `held` is what it held before, and is brought up to date; a folder that is broken is begun anew.
    """
    folder, chance = work / "bare", random.Random(number)
    moment, aimed = chance.uniform(0.3, longest), chance.uniform(0, _AMID) if number % 2 else None

    def write(say: Say) -> None:
        if aimed is not None:
            threading.Thread(target=_die_amid_writing, args=(folder, aimed), daemon=True).start()
        _write(folder, number, sorted(held), say)

    said, ended = child(write, after=moment if aimed is None else _PATIENCE)
    expected, unsure = set(held), set[str]()
    for kind, *ids in said:
        if kind in ("writing", "deleting"):
            unsure = set(ids)
        elif kind == "written":
            expected, unsure = expected | set(ids), set()
        elif kind == "deleted":
            expected, unsure = expected - set(ids), set()
    left, opened = child(lambda say: _look(folder, sorted(expected - unsure), sorted(unsure), say))
    wrong = [words for kind, *all_words in left if kind == "wrong" for words in all_words]
    if opened != 0:
        last = [words[0].strip().splitlines()[-1] for kind, *words in left if kind == "trouble"]
        wrong.append(f"opening it ended with {opened}: {' '.join(last)}")
    held.clear()
    if wrong:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        held.update(left[-1][1:])
    return Left(ended == -signal.SIGKILL, wrong)


def _die_amid_writing(folder: Path, after: float) -> None:
    """End this process so many seconds after a file of the graph has changed."""
    before = _graph(folder)
    while _graph(folder) == before:
        time.sleep(0.0005)
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def _graph(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in folder.glob("*/*"):
        with suppress(OSError):
            told = path.stat()
            found[str(path)] = (told.st_mtime_ns, told.st_size)
    return found


def _opened(folder: Path) -> Any:
    client, _ = _embedded(folder)
    return client.get_or_create_collection(
        "bare", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )


def _write(folder: Path, number: int, held: list[str], say: Say) -> None:
    collection, numbers = _opened(folder), np.random.default_rng(number)
    for turn in range(1000):
        ids = [f"{number}-{turn}-{place}" for place in range(_BATCH)]
        say("writing", *ids)
        vectors = numbers.standard_normal((_BATCH, _DIMENSION), np.float32)
        collection.upsert(ids=ids, embeddings=vectors, documents=[f"text of {name}" for name in ids])
        say("written", *ids)
        held += ids
        gone = [
            held.pop(int(place))
            for place in sorted(numbers.integers(0, len(held), 20), reverse=True)
            if place < len(held)
        ]
        say("deleting", *gone)
        collection.delete(ids=gone)
        say("deleted", *gone)


def _look(folder: Path, expected: list[str], unsure: list[str], say: Say) -> None:
    collection = _opened(folder)
    listed = set(collection.get(include=[])["ids"])
    missing, more = set(expected) - listed, listed - set(expected) - set(unsure)
    if missing or more:
        say("wrong", f"{len(missing)} written ids are missing, {len(more)} are there that should not be")
    if listed:
        stored = collection.get(limit=200, include=["embeddings"])
        found = collection.query(query_embeddings=stored["embeddings"], n_results=3, include=[])
        lost = sum(name not in near for name, near in zip(stored["ids"], found["ids"], strict=True))
        if lost > 10:
            say("wrong", f"{lost} of 200 vectors are not found by themselves")
        whole = collection.get(include=["embeddings"])
        if len(whole["embeddings"]) != len(listed):
            say("wrong", f"{len(whole['embeddings'])} vectors for {len(listed)} ids")
    say("held", *sorted(listed))
