"""One writer at a time, across processes, named to those who wait."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import LibraryLocked
from index.library import Library
from index.lock import FolderLock
from tests.writers import another_writer


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        another_writer(tmp_path) as other,
        pytest.raises(LibraryLocked, match=rf"process {other.pid} \(`ibid add`, since 2"),
        FolderLock(tmp_path).writing("x"),
    ):
        pass


def test_a_reader_works_while_another_process_writes(
    library: Library, write_papers: Callable[..., Path], open_library: Callable[..., Library]
) -> None:
    with another_writer(library.folder):
        assert library.search("bird song", 1)[0].paper.title == "A Grammar of Bird Song"
        assert open_library().search("bird song", 1)[0].paper.title == "A Grammar of Bird Song"
        for write in (
            lambda: library.add([write_papers("more.jsonl", {"title": "More", "abstract": "More of it."})]),
            lambda: library.remove(["A Grammar of Bird Song"]),
            library.rebuild,
        ):
            with pytest.raises(LibraryLocked, match="reading goes on"):
                write()
    assert library.count() == 6


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with another_writer(tmp_path) as other:
        other.kill()
        other.wait()
        with FolderLock(tmp_path).writing("after"):
            pass


def test_a_second_thread_is_told_too(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path).writing("first"),
        pytest.raises(LibraryLocked, match=rf"process {os.getpid()} \(`first`"),
        FolderLock(tmp_path).writing("second"),
    ):
        pass


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="inside"), FolderLock(tmp_path).writing("first"):
        raise RuntimeError("inside")
    with FolderLock(tmp_path).writing("second"):
        pass


def test_a_holder_that_left_no_name_is_another_process(tmp_path: Path) -> None:
    with another_writer(tmp_path):
        (tmp_path / "writer.json").write_text("{")
        with (
            pytest.raises(LibraryLocked, match="written by another process"),
            FolderLock(tmp_path).writing("x"),
        ):
            pass


def test_the_command_says_who_is_writing_and_fails(
    library: Library, environment: dict[str, str], papers: Any, write_papers: Callable[..., Path]
) -> None:
    more = write_papers("more.jsonl", {"title": "More", "abstract": "More of it."})
    with another_writer(library.folder) as other:
        told = subprocess.run(
            [sys.executable, "-m", "ui", "add", str(more)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert f"is being written by process {other.pid}" in told.stderr
    assert "Traceback" not in told.stderr
