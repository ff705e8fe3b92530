"""A library's process killed, and its files damaged: the short form of `make torture`, which has hundreds of each."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.conversation import Conversations
from index import checksums
from index.checksums import sums
from index.library import Library
from tests.killing import state_of
from tests.torture import moments

ROOT = Path(__file__).parents[1]


def tortured(*arguments: str) -> str:
    """What `python -m tests.torture` prints; it forks, and so is a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_thirty_kills_lose_nothing_that_was_committed() -> None:
    """At failpoints and at random moments; `tests.killing` says what is held against what."""
    (last,) = [
        line.split()
        for line in tortured("--only", "kills", "--kills", "30").splitlines()
        if line[:4] == "all "
    ]
    name, kills, at_failpoints, at_random, _, breaches, *_ = last
    assert (name, kills, at_failpoints, at_random, breaches) == ("all", "30", "20", "10", "0")


def test_damaged_files_are_noticed_and_made_good_without_embedding() -> None:
    figures = [
        line.split()
        for line in tortured("--only", "damage", "--places", "5", "--sample", "24").splitlines()[1:]
    ]
    assert sum(int(cases) for _, cases, *_ in filter(None, figures)) == 24
    assert [breaches for _, _, breaches, *_ in filter(None, figures)] == ["0"] * len(
        list(filter(None, figures))
    )


def test_the_moments_of_a_command_are_its_first_middle_and_last_passings() -> None:
    passed = ["catalog.written"] * 9 + ["seal.set"]
    assert moments(passed) == [
        *(f"catalog.written:{number}" for number in (1, 2, 5, 9)),
        "seal.set:1",
    ]


def test_a_state_tells_any_change_of_a_paper(library: Library) -> None:
    Conversations(library)
    before = state_of(library.folder)
    assert len(before.papers) == 6
    with library.catalog.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE chunks SET tokens = tokens + 1 WHERE id = (SELECT min(id) FROM chunks)"
        )
    after = state_of(library.folder)
    assert sum(before.papers[paper] != after.papers[paper] for paper in before.papers) == 1


def test_a_page_that_differs_in_any_bit_has_another_sum(tmp_path: Path) -> None:
    chance = random.Random(0)
    content = bytearray(chance.randbytes(3 * 4096 + 100))
    path = tmp_path / "file"
    path.write_bytes(content)
    known = sums(path)
    assert len(known) == 4
    for _ in range(200):
        place, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        content[place] ^= bit
        path.write_bytes(content)
        assert [page for page in range(4) if sums(path)[page] != known[page]] == [place // 4096]
        content[place] ^= bit


def test_a_file_that_several_threads_read_has_the_same_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(random.Random(0).randbytes(21 * 4096 + 100))
    whole = sums(path)
    monkeypatch.setattr(checksums, "_BLOCK", 4096)
    monkeypatch.setattr(checksums, "_PART", 2 * 4096)
    assert len(whole) == 22
    assert sums(path).tolist() == whole.tolist()
