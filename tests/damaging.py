"""Damaging files of a library's caches, and opening what is left.

Each file of the caches folder is cut short or garbled at several places, or deleted. A child then opens the library:
it must go on, find papers by their words at once, and have everything again without embedding anything.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index import probing, upkeep
from index.library import Library
from tests.conftest import PAPERS, CountingEmbedder
from tests.forking import Say, child, forking_prober
from tests.killing import SETTINGS, embedder, unsound

_GARBLED = 64  # bytes


@dataclass(frozen=True)
class Damage:
    """What is done to a file, named from the library's folder; `place` is a share of its length."""

    file: str
    kind: str
    place: float = 0.0
    unsealed: bool = False

    def __str__(self) -> str:
        return f"{self.file} {self.kind} at {self.place:.2f}{', unsealed' if self.unsealed else ''}"


@dataclass
class Opened:
    """How a damaged library was opened: seconds until it was noticed, and until the first search by words answered."""

    damage: Damage
    noticed: float = 0.0
    answered: float = 0.0
    wrong: list[str] = field(default_factory=list)


def damages(library: Path, places: int, of_words: int, unsealed: int) -> Iterator[Damage]:
    """Every file cut short and garbled at so many places, and deleted; of the keyword index at `of_words`."""
    files = [
        path for path in sorted(library.glob("caches-*/**/*")) if path.is_file() and path.suffix != ".lock"
    ]
    for path in [library / "caches.json", *files]:
        name = str(path.relative_to(library))
        yield Damage(name, "deleted")
        number = places if "/chroma/" in name else of_words
        for place in range(number):
            yield Damage(name, "cut short", place / number)
            yield Damage(name, "garbled", place / number)
        if "/chroma/" in name:
            for place in range(unsealed):
                yield Damage(name, "garbled", place / unsealed, unsealed=True)


def open_damaged(base: Path, work: Path, damage: Damage) -> Opened:
    """Damage a copy of a library and open it in a child."""
    told = Opened(damage)
    shutil.rmtree(work, ignore_errors=True)
    folder = shutil.copytree(base / "library", work / "library")
    _spoil(folder / damage.file, damage)
    if damage.unsealed:
        for seal in folder.glob("caches-*/seal.json"):
            seal.unlink()
    said, ended = child(lambda say: _open(folder, say))
    if ended != 0:
        told.wrong.append(f"the process ended with {ended}: {said}")
    for kind, *words in said:
        if kind == "wrong":
            told.wrong += words
        elif kind == "seconds":
            told.noticed, told.answered = map(float, words)
    return told


def _open(folder: Path, say: Say) -> None:
    probing.asked = forking_prober()
    upkeep._AT_ONCE = 0.0  # the first search goes on while the vectors are made anew
    started = time.monotonic()
    with Library.open(folder, SETTINGS) as library:
        library.embedder = counting = CountingEmbedder(embedder())
        _ = library.caches
        noticed = time.monotonic() - started
        found = library.search(PAPERS[1]["title"], 3)
        say("seconds", str(noticed), str(time.monotonic() - started))
        if not found or found[0].paper.title != PAPERS[1]["title"]:
            say("wrong", "a paper was not found by its words meanwhile")
        library.mended()
        if counting.embedded:
            say("wrong", f"{len(counting.embedded)} texts were embedded")
        say("wrong", *unsound(library))
    with Library.open(folder, SETTINGS) as library:
        library.embedder = embedder()
        say("wrong", *unsound(library))


def _spoil(path: Path, damage: Damage) -> None:
    content = path.read_bytes()
    at = int(len(content) * damage.place)
    if damage.kind == "deleted":
        path.unlink()
    elif damage.kind == "cut short":
        path.write_bytes(content[:at])
    else:
        noise = random.Random(str(damage)).randbytes(_GARBLED)
        path.write_bytes((content[:at] + noise + content[at + _GARBLED :])[: len(content)])


def chosen(all_of_them: Sequence[Damage], number: int) -> list[Damage]:
    """So many of the damages, of every file and kind in turn, the same each time."""
    shuffled = random.Random(7).sample(list(all_of_them), len(all_of_them))
    first: dict[tuple[str, str, bool], list[Damage]] = {}
    for damage in shuffled:
        first.setdefault((damage.file, damage.kind, damage.unsealed), []).append(damage)
    turns = [damage for turn in range(max(map(len, first.values()))) for damage in _turn(first, turn)]
    return turns[:number]


def _turn(by_kind: dict[tuple[str, str, bool], list[Damage]], turn: int) -> list[Damage]:
    return [damages[turn] for damages in by_kind.values() if turn < len(damages)]
