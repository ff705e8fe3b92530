"""The forks that the torture stands on: one that hangs is given up, and what it had said is kept."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import probing
from tests.forking import Say, child, forking_prober


def test_a_child_that_hangs_is_given_up_though_its_own_child_lives_on() -> None:
    def hang(say: Say) -> None:
        say("line", "one")
        if os.fork() == 0:
            time.sleep(3)
            say("line", "two")
            os._exit(0)
        time.sleep(60)

    assert child(hang, after=0.5) == ([["line", "one"]], -signal.SIGKILL)


def test_a_child_that_fails_tells_why() -> None:
    def fail(say: Say) -> None:
        raise ValueError("no such tide")

    (told,), ended = child(fail)
    assert ended == 1
    assert told[0] == "trouble"
    assert "ValueError: no such tide" in told[1]


def test_a_prober_asks_a_fork_for_each_folder_and_gives_up_one_that_never_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def told(folder: Path, model: str, fingerprint: str) -> Iterator[str]:
        yield f"{folder.name} {model} {fingerprint} {os.getpid() == forked_by}"
        if folder.name == "hangs":
            time.sleep(60)
        if folder.name == "dies":
            os._exit(3)

    forked_by = os.getpid()
    monkeypatch.setattr(probing, "told", told)
    asked = forking_prober()
    assert asked([str(tmp_path / "sound"), "m", "f"], 20) == (["sound m f False"], "")
    assert asked([str(tmp_path / "hangs"), "m", "f"], 0.5) == (["hangs m f False"], "it never ended")
    assert asked([str(tmp_path / "dies"), "m", "f"], 20) == (["dies m f False"], "it ended with 3")
