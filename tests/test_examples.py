"""The worked examples of the documentation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index.library import Library
from ui.command_line.examples import PAGE, START, examples, page

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def sample(sample_folder: Path, tmp_path: Path, open_library: Callable[..., Library]) -> Library:
    """The sample library with the embedder that a user has."""
    return open_library(shutil.copytree(sample_folder, tmp_path / "sample"))


def test_the_worked_examples_are_what_the_system_says(sample: Library) -> None:
    told = (DOCS / PAGE).read_text(encoding="utf-8")
    assert told == page(told, sample), "docs/answers.md is out of step: run `make docs`"


def test_there_is_an_example_of_every_kind(sample: Library) -> None:
    told = examples(sample).lower()
    kinds = ("find", "list", "compare", "summarize", "metadata", "verify", "clarify")
    assert [kind for kind in kinds if f"### {kind}" not in told] == []


def test_the_pages_own_words_are_kept(sample: Library) -> None:
    assert page(f"Words.\n{START}\nold", sample).startswith(f"Words.\n{START}\n\n### ")
