"""The benchmark measures what it says. No figure of it is asserted: it is of one machine at one time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation import peer, speed
from assistant.evaluation.machine import machine_words
from index.library import Library
from index.settings import EmbeddingSettings, IndexSettings


@pytest.fixture
def same_models(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    """The benchmark, and the processes it starts, use the run's folder of models."""
    monkeypatch.setattr(
        speed, "IndexSettings", lambda: IndexSettings(embedding=EmbeddingSettings(models=models))
    )
    monkeypatch.setenv("IBID_EMBEDDING__MODELS", str(models))


@pytest.mark.usefixtures("same_models")
def test_every_figure_is_measured(write_papers: Callable[..., Path], papers: Any, tmp_path: Path) -> None:
    figures = speed.measure([write_papers("papers.jsonl", *papers)], tmp_path / "bench", rounds=1)
    assert list(figures) == [
        "papers",
        "papers/s",
        "search p50 ms",
        "search p95 ms",
        "answer p50 ms",
        "answer p95 ms",
        "cold ask s",
        "memory MB",
        "adding MB",
    ]
    assert figures["papers"] == 6
    assert all(value > 0 for value in figures.values())


def test_a_peer_is_given_the_same_papers_and_questions(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/told\necho \'{{"papers/s": 2.0}}\'\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PEER", str(stand_in))
    library.close()
    theirs = speed.measure_peer(library.folder, tmp_path, rounds=3)
    script, papers, questions, model, rounds = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert (script, rounds) == (peer.__file__, "3")
    assert len(Path(papers).read_text(encoding="utf-8").splitlines()) == 6
    assert "question" in json.loads(Path(questions).read_text(encoding="utf-8").splitlines()[0])
    assert (Path(model) / "config.json").is_file()
    assert theirs == {"papers": 6, "papers/s": 2.0}


def test_without_a_peer_there_is_nothing_to_compare(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PEER", raising=False)
    monkeypatch.setattr(speed, "find_spec", lambda name: None)
    assert speed.measure_peer(library.folder, tmp_path) is None


def test_figures_stand_side_by_side() -> None:
    shown = speed.table({"papers/s": 61.24, "cold ask s": 1.5}, {"papers/s": 12.0})
    assert shown.splitlines()[1].split() == ["papers/s", "61.2", "12.0"]
    assert shown.splitlines()[2].split() == ["cold", "ask", "s", "1.5"]


def test_the_machine_is_described_without_a_name_or_a_date() -> None:
    assert "cores" in machine_words()
    assert "Python 3." in machine_words()
