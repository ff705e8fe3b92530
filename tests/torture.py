"""What `make torture` runs: a library's process killed hundreds of times, its files damaged, its disk filled.

Prints a table of figures and fails where one promise is not kept: `python -m tests.torture --help`. It opens nothing
itself and forks every part, as importing takes longer than all that is done to a library.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import chromadb.api.rust  # noqa: F401  (what every child needs is imported once, before they are forked)

from index.embedding import load_embedder
from index.settings import IndexSettings
from index.tokens import count_tokens
from tests import killing
from tests.bare_chroma import kill_bare
from tests.damaging import chosen, damages, open_damaged
from tests.forking import Say, child
from tests.killing import COMMANDS, Course
from tests.writers import another_writer, told_after

_WITHIN = 5.0  # seconds in which damage is to be noticed
_TOLD_WITHIN = 1.0  # seconds in which a second writer is to be told
_SHARES = {
    "add": 5,
    "update": 4,
    "remove": 2,
    "set aside": 1,
    "rebuild": 2,
    "rebuild, cut anew": 2,
    "chat": 3,
}


def moments(passed: Sequence[str]) -> list[str]:
    """Every failpoint that a command passes, as `name:number`: the first passings, the middle one and the last."""
    found = []
    for name, number in Counter(passed).items():
        found += [f"{name}:{at}" for at in sorted({1, 2, (number + 1) // 2, number}) if at <= number]
    return found


def plan(courses: dict[str, Course], kills: int) -> list[tuple[str, str]]:
    """So many kills: two thirds at failpoints, a sample where there are more, and the others at random moments."""
    chance = random.Random(kills)
    at_points = [
        (command, moment) for command, course in courses.items() for moment in moments(course.passed)
    ]
    if len(at_points) > 2 * kills // 3:
        at_points = chance.sample(at_points, 2 * kills // 3)
    weighed = [command for command, share in _SHARES.items() for _ in range(share) if command in courses]
    at_random = [
        (weighed[number % len(weighed)], f"{chance.random():.3f}") for number in range(kills - len(at_points))
    ]
    return chance.sample(at_points + at_random, kills)


def kill(work: Path, kills: int, lanes: int) -> tuple[list[str], list[str]]:
    """The figures of kills, a line a command, and what was not kept."""
    bases, courses = _prepared(work, lanes)
    planned = plan(courses, kills)

    def play(lane: int, say: Say) -> None:
        for command, moment in planned[lane::lanes]:
            told = killing.kill(bases[lane], work / f"lane-{lane}", command, moment, courses[command])
            say("round", json.dumps(asdict(told)))
            if told.wrong:
                print(f"{command} at {moment}: {told.wrong}", file=sys.stderr, flush=True)

    rounds = [json.loads(said) for said in _lanes(lanes, play)]
    lines = [f"{'kills':<20}{'all':>5}{'at failpoints':>15}{'at random':>11}{'ended first':>13}"
             f"{'breaches':>10}{'reopened in, median':>21}{'longest':>9}"]  # fmt: skip
    for command in [*COMMANDS, ""]:
        told = [each for each in rounds if command in ("", each["command"])]
        if told:
            seconds = [each["seconds"] for each in told]
            lines.append(
                f"{command or 'all':<20}{len(told):>5}{sum(':' in each['moment'] for each in told):>15}"
                f"{sum(':' not in each['moment'] for each in told):>11}{sum(not each['killed'] for each in told):>13}"
                f"{sum(bool(each['wrong']) for each in told):>10}{median(seconds):>19.2f} s{max(seconds):>7.2f} s"
            )
    wrong = [f"{each['command']} at {each['moment']}: {each['wrong']}" for each in rounds if each["wrong"]]
    if len(rounds) != kills:
        wrong.append(f"{len(rounds)} of {kills} rounds were played")
    return lines, wrong


def damage(work: Path, places: int, sample: int, lanes: int) -> tuple[list[str], list[str]]:
    """The figures of damaged files, and what was not kept."""
    bases, _ = _prepared(work, lanes, commands=())
    all_of_them = list(damages(bases[0] / "library", places, max(places // 5, 1), max(places // 5, 1)))
    wanted = chosen(all_of_them, sample or len(all_of_them))

    def play(lane: int, say: Say) -> None:
        for position, each in enumerate(wanted[lane::lanes]):
            here = wanted[lane::lanes][position]
            if not (bases[lane] / "library" / here.file).exists():  # its graph has a name of its own
                here = _like(bases[lane] / "library", bases[0] / "library", each)
            told = open_damaged(bases[lane], work / f"lane-{lane}", here)
            say("opened", json.dumps(asdict(told)))

    opened = [json.loads(said) for said in _lanes(lanes, play)]
    lines = [f"{'damaged files':<20}{'cases':>7}{'breaches':>10}{'noticed in, median':>20}{'longest':>9}"
             f"{'first answer, median':>22}{'longest':>9}"]  # fmt: skip
    for part in ("chroma", "keywords", "notes"):
        told = [each for each in opened if _part(each["damage"]["file"]) == part]
        if told:
            noticed, answered = ([each[name] for each in told] for name in ("noticed", "answered"))
            lines.append(
                f"{part:<20}{len(told):>7}{sum(bool(each['wrong']) for each in told):>10}"
                f"{median(noticed):>18.2f} s{max(noticed):>7.2f} s{median(answered):>20.2f} s{max(answered):>7.2f} s"
            )
    wrong = [f"{each['damage']}: {each['wrong']}" for each in opened if each["wrong"]]
    late = [each for each in opened if each["noticed"] > _WITHIN]
    wrong += [f"{each['damage']}: noticed after {each['noticed']:.1f} s" for each in late]
    if len(opened) != len(wanted):
        wrong.append(f"{len(opened)} of {len(wanted)} damaged libraries were opened")
    return lines, wrong


def _part(file: str) -> str:
    """Which cache a file is of; what is of neither says where they are, or what they were."""
    return next((part for part in ("chroma", "keywords") if part in Path(file).parts), "notes")


def _like(library: Path, other: Path, damage: Any) -> Any:
    """The same damage to the file of another library that has the same part in it."""
    mine = sorted(str(path.relative_to(library)) for path in library.glob("caches-*/**/*") if path.is_file())
    named = Path(damage.file)
    same = [
        name for name in mine if Path(name).suffix == named.suffix and Path(name).parts[:2] == named.parts[:2]
    ]
    exact = [name for name in same if Path(name).name == named.name]
    return type(damage)((exact or same)[0], damage.kind, damage.place, damage.unsealed)


def control(work: Path, kills: int, lanes: int) -> tuple[list[str], list[str]]:
    """The same kills against bare Chroma folders; nothing is promised of them, so that nothing is wrong."""

    def play(lane: int, say: Say) -> None:
        held: set[str] = set()
        for number in range(lane, kills, lanes):
            left = kill_bare(work / f"control-{lane}", number, held, 3.0)
            say("left", json.dumps(asdict(left)))

    left = [json.loads(said) for said in _lanes(lanes, play)]
    broken = [each["wrong"][0] for each in left if each["wrong"]]
    lines = [f"control: {len(broken)} of {len(left)} kills broke a bare Chroma folder"]
    lines += [f"    {number} × {reason[:150]}" for reason, number in Counter(broken).most_common()]
    return lines, []


def writers(work: Path, tries: int = 20) -> tuple[list[str], list[str]]:
    """How soon a second writer is told that another process writes."""
    with another_writer(work):
        waited = [told_after(work) for _ in range(tries)]
    told = [seconds for seconds in waited if seconds is not None]
    wrong = ["a second writer was let in beside the first"] if len(told) < tries else []
    if told and max(told) > _TOLD_WITHIN:
        wrong.append(f"a second writer waited {max(told):.2f} s to be told")
    seconds = f"{median(told):.2f} s median, {max(told):.2f} s longest" if told else "never"
    return [f"second writer told in: {seconds} ({tries} tries)"], wrong


def machine(_: Path) -> tuple[list[str], list[str]]:
    """The state machine of tests/test_states.py, at length, and the tests of a full disk and of two writers."""
    told = ["tests/test_states.py", "tests/test_disk.py", "tests/test_lock.py"]
    environment = os.environ | {"IBID_LONG": "1"}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *told],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
    wrong = [] if done.returncode == 0 else [done.stdout[-4000:]]
    return [f"state machine, full disk, two writers: {last} ({time.monotonic() - started:.0f} s)"], wrong


def _prepared(
    work: Path, lanes: int, commands: Iterable[str] = COMMANDS
) -> tuple[list[Path], dict[str, Course]]:
    bases = [killing.prepare(work / f"lane-{lane}") for lane in range(lanes)]
    return bases, {name: killing.course(bases[0], work / "lane-0", name) for name in commands}


def _lanes(lanes: int, play: Callable[[int, Say], None]) -> list[str]:
    """What several processes said, each at its share of the work, one word at a time."""
    import threading

    told: list[list[list[str]]] = [[] for _ in range(lanes)]

    def follow(lane: int) -> None:
        said, ended = child(lambda say: play(lane, say), after=7200.0)
        told[lane] = said if ended == 0 else [*said, ["trouble", f"lane {lane} ended with {ended}"]]

    threads = [threading.Thread(target=follow, args=(lane,)) for lane in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for said in told:
        for kind, *words in said:
            if kind == "trouble":
                print(*words, file=sys.stderr)
    return [words[0] for said in told for kind, *words in said if kind != "trouble"]


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    asked.add_argument("--kills", type=int, default=330, help="how often a library's process is killed")
    asked.add_argument(
        "--places", type=int, default=20, help="places at which each file of Chroma is damaged"
    )
    asked.add_argument("--sample", type=int, default=0, help="how many of the damages; 0: all")
    asked.add_argument("--control", type=int, default=120, help="kills of a bare Chroma folder")
    asked.add_argument("--lanes", type=int, default=min(os.cpu_count() or 1, 8), help="rounds played at once")
    asked.add_argument("--real", action="store_true", help="embed with the default model")
    asked.add_argument(
        "--only", choices=["kills", "damage", "control", "writers", "machine"], help="one part alone"
    )
    told = asked.parse_args()
    count_tokens(["loaded once"])
    if told.real:
        embedding = IndexSettings().embedding
        killing.embedder = lambda: load_embedder(embedding.model, embedding.models)
    parts: dict[str, Callable[[Path], tuple[list[str], list[str]]]] = {
        "kills": lambda work: kill(work, told.kills, told.lanes),
        "damage": lambda work: damage(work, told.places, told.sample, told.lanes),
        "control": lambda work: control(work, told.control, told.lanes),
        "writers": writers,
        "machine": machine,
    }
    wrong: list[str] = []
    for name, part in parts.items():
        if told.only in (None, name):
            work = Path(tempfile.mkdtemp(prefix="torture-"))
            try:
                lines, breaches = part(work)
            finally:
                shutil.rmtree(work, ignore_errors=True)
            print("\n".join(lines), end="\n\n", flush=True)
            wrong += breaches
    for breach in wrong:
        print(f"NOT KEPT: {breach}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
