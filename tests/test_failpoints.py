"""Failpoints: off unless the process is started with them, and every one of them is passed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import failpoints
from index.failpoints import POINTS, VARIABLE, arm, reached
from ui.settings import known_settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.delenv(VARIABLE, raising=False)
    arm()


def test_nothing_happens_where_none_is_set() -> None:
    assert failpoints._set == {}
    for name in POINTS:
        reached(name)
    assert failpoints._passed == {}


def test_an_error_is_raised_at_the_passing_that_was_named(armed: pytest.MonkeyPatch) -> None:
    armed.setenv(VARIABLE, "catalog.written:2=error:ENOSPC")
    arm()
    reached("catalog.written")
    reached("catalog.writing")
    with pytest.raises(OSError, match=r"No space left on device \(failpoint catalog.written\)"):
        reached("catalog.written")
    reached("catalog.written")


def test_the_places_that_are_passed_can_be_noted(armed: pytest.MonkeyPatch, tmp_path: Path) -> None:
    armed.setenv(VARIABLE, f"*=log:{tmp_path / 'log'}")
    arm()
    reached("seal.set")
    reached("catalog.written")
    assert (tmp_path / "log").read_text().split() == ["seal.set", "catalog.written"]


@pytest.mark.parametrize(
    "told", ["nowhere=kill", "catalog.written=explode", "catalog.written", "catalog.written=error:NOTHING"]
)
def test_what_makes_no_sense_is_refused(armed: pytest.MonkeyPatch, told: str) -> None:
    armed.setenv(VARIABLE, told)
    with pytest.raises(ValueError, match=f"{re.escape(repr(told))} is no failpoint"):
        arm()


def test_a_kill_ends_a_process_that_was_started_with_it() -> None:
    code = (
        "from index.failpoints import reached\n"
        "reached('seal.set'); print('alive', flush=True); reached('catalog.written')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={VARIABLE: "catalog.written=kill", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-9, "alive\n")


def test_no_setting_and_no_other_module_switches_one_on() -> None:
    assert not [name for name in known_settings() if "failpoint" in name]
    code = [*ROOT.glob("index/**/*.py"), *ROOT.glob("assistant/**/*.py"), *ROOT.glob("ui/**/*.py")]
    named = {path.name for path in code if "failpoints.arm" in (text := path.read_text()) or VARIABLE in text}
    assert named == {"failpoints.py"}


def test_every_place_is_in_the_code_once_it_is_listed() -> None:
    code = "".join(
        path.read_text() for folder in ("index", "assistant") for path in (ROOT / folder).rglob("*.py")
    )
    called = set(re.findall(r'reached\("([a-z_.]+)"\)', code))
    assert called == set(POINTS)
