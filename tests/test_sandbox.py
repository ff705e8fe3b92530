"""The sandbox: what a job may do, what it may not, and how its end is told."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ReadError
from index.sandbox.client import Sandbox
from index.sandbox.limits import MEGABYTE, Limits

JOBS = "tests.sandbox_jobs"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    with Sandbox(Limits(seconds=1, output=20 * MEGABYTE)) as made:
        yield made


def said(sandbox: Sandbox, job: str, *arguments: str | int) -> list[bytes]:
    return [frame.content for frame in sandbox.run(f"{JOBS}:{job}", *arguments)]


def test_a_job_says_what_it_has_to_say_and_what_it_took(sandbox: Sandbox) -> None:
    assert said(sandbox, "echo", "word", 3) == [b"word"] * 3
    assert 0 < sandbox.used.seconds < 1
    assert MEGABYTE < sandbox.used.memory < 1024 * MEGABYTE


def test_a_job_may_have_threads(sandbox: Sandbox) -> None:
    assert said(sandbox, "think", 4) == [b"thought"]


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("spin", "takes more than 1 s of processor time to read; split it"),
        ("hoard", "needs more than 1,024 MB of memory to read; split it"),
        ("crash", r"crashes its parser \(SIGSEGV\): it is damaged"),
        ("stumble", "RuntimeError: over its own feet"),
        ("chatter", "comes to more than 20 MB once it is read; split it"),
        ("nothing_of_that_name", "AttributeError: .* has no attribute 'nothing_of_that_name'"),
    ],
)
def test_a_job_that_ends_badly_has_one_reason_and_the_next_goes_well(
    sandbox: Sandbox, job: str, reason: str
) -> None:
    with pytest.raises(ReadError, match=f"^{reason}"):
        said(sandbox, job)
    assert said(sandbox, "echo", "after", 1) == [b"after"]


def test_a_job_that_gives_up_is_told_in_its_own_words(sandbox: Sandbox) -> None:
    with pytest.raises(ReadError, match=r"^'x\.pdf' is no paper; bring another$"):
        said(sandbox, "give_up", "'x.pdf' is no paper; bring another")


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
@pytest.mark.parametrize(
    "what",
    [
        *("connect", "look up", "run", "write", "append", "make", "delete", "rename", "empty", "open to all"),
        *("kill", "fork", "fork and run", "native connect"),
    ],
)
def test_a_job_reaches_no_network_runs_nothing_and_changes_no_file(
    sandbox: Sandbox, what: str, tmp_path: Path
) -> None:
    file = tmp_path / "file.txt"
    file.write_text("as it was")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert said(sandbox, "attempt", what, str(file), port) == [b"refused: Permission denied"]
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
    assert (file.read_text(), file.stat().st_mode & 0o002) == ("as it was", 0)


def test_a_job_knows_nothing_of_the_keys_in_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted")
    assert b"OPENAI_API_KEY" not in said(sandbox, "environment")


def test_a_job_that_nobody_listens_to_any_more_is_ended(sandbox: Sandbox) -> None:
    job = sandbox.run(f"{JOBS}:wait")
    child = int(next(job).content)
    job.close()
    swept = time.monotonic() + 30  # its parent is gone too, and the system takes a moment to sweep it up
    with pytest.raises(ProcessLookupError):  # noqa: PT012
        while time.monotonic() < swept:
            os.kill(child, 0)
    assert said(sandbox, "echo", "after", 1) == [b"after"]


def test_a_sandbox_whose_process_was_killed_says_so_and_starts_another(sandbox: Sandbox) -> None:
    job = sandbox.run(f"{JOBS}:wait")
    child = int(next(job).content)
    os.killpg(os.getpgid(child), 9)
    with pytest.raises(ReadError, match="was ended from outside"):
        next(job)
    assert said(sandbox, "echo", "after", 1) == [b"after"]
