"""The measurement of growth, on a few papers. No figure of it is asserted: it is of one machine at one time."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.evaluation import scale, scale_steps
from assistant.evaluation.growth import Held, exponent, growth_lines, linearithmic, svg_growth, table
from index.library import Library
from index.settings import IndexSettings
from tests.conftest import HashingEmbedder
from ui.command_line import load

SIZES = (10, 20)


def row(number: int) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "title": f"Buoy {number} in the bay",
        "abstract": f"Buoy number {number} drifts across bay {number % 7} and back again, held by a chain.",
        "authors": ["Ines Duarte"],
        "venue": f"Harbour {number % 4}",
        "year": 2000 + number,
        "url": f"https://example.org/{number}",
    }


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row(n)) + "\n" for n in range(25)).encode()))
    return path


@pytest.fixture
def stepping(monkeypatch: pytest.MonkeyPatch, settings: IndexSettings) -> list[str]:
    """The steps taken, in this process and not in ones of their own."""
    taken: list[str] = []

    def step(name: str, told: dict[str, Any]) -> Any:
        taken.append(f"{name} {Path(told['library']).name}")
        return scale_steps.run(name, json.loads(json.dumps(told, default=str)), settings)

    monkeypatch.setattr(scale, "_step", step)
    monkeypatch.setattr(scale, "PART", 10)
    monkeypatch.setattr(scale_steps, "ROUNDS", 1)
    return taken


def test_growth_is_measured_at_each_size_and_nothing_is_measured_twice(
    papers: Path, tmp_path: Path, stepping: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, questions = tmp_path / "work", ["What drifts across the bay?", "What holds buoy 3?"]
    parts = scale.cut(papers, work, 20)
    assert [part.name for part in parts] == ["papers-000.jsonl.gz", "papers-001.jsonl.gz"]
    found = scale.measure(parts, SIZES, questions, work)
    assert [found[size]["papers"] for size in SIZES] == [10, 20]
    names = {bound.name for bound in scale.HELD}
    assert all(names <= set(figures) for figures in found.values())
    assert all(figures["recall@10"] == 1 for figures in found.values())
    assert all(value > 0 for figures in found.values() for value in figures.values())
    assert stepping[:2] == ["fill library-10", "opening library-10"]
    stepping.clear()
    assert scale.measure(parts, SIZES, questions, work) == found
    assert stepping == []
    docs = tmp_path / "docs"
    (docs / "pictures").mkdir(parents=True)
    (docs / "scaling.md").write_text(f"before\n{scale.BEGIN}\nold\n{scale.END}\nafter\n")
    monkeypatch.setattr(scale.speed, "measure_peer", lambda *_: None)
    scale.report(found, work, docs)
    page = (docs / "scaling.md").read_text()
    assert "| recall@10 | 1 | 1 | ≥ 0.98 |" in page
    assert page.startswith("before")
    assert page.endswith("after\n")
    assert "old" not in page
    assert (docs / "pictures" / "scale.svg").read_text().startswith("<svg")


def test_a_standstill_is_as_long_as_a_call_lets_nothing_else_run() -> None:
    took: list[float] = []
    held = scale_steps._standstill(
        lambda: took.append(scale_steps._seconds(partial(math.factorial, 200_000)))
    )
    assert held > took[0] / 2
    assert scale_steps._standstill(partial(time.sleep, took[0])) < held


def test_a_library_takes_the_vectors_of_another_and_later_has_its_caches_made_anew(
    papers: Path, tmp_path: Path, open_library: Callable[..., Library], counting: Any,
    stepping: list[str], settings: IndexSettings, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    parts = scale.cut(papers, tmp_path, 20)
    monkeypatch.setattr("index.library.load_embedder", lambda *_: counting)
    scale_steps.fill(tmp_path / "large", parts, None, settings)
    embedded = len(counting.embedded)
    scale_steps.fill(tmp_path / "small", parts[:1], tmp_path / "large", settings)
    assert embedded == len(counting.embedded) == 20
    with Library.open(tmp_path / "small", settings) as small:
        assert small.catalog.counts()["vectors"] == 10
    caches = (tmp_path / "small" / "caches.json").read_text()
    scale_steps.fill(tmp_path / "small", parts[:1], None, settings)
    assert (tmp_path / "small" / "caches.json").read_text() != caches


def test_each_batch_is_embedded_once_more_before_another_is_begun(hashing: HashingEmbedder) -> None:
    class Noting(HashingEmbedder):
        def passages(self, texts: Sequence[str], progress: Any = None) -> Any:
            begun.extend(texts)
            time.sleep(0.02)
            return super().passages(texts, progress)

    begun: list[str] = []
    twice = scale_steps.Twice(Noting())
    with ThreadPoolExecutor(2) as threads:
        vectors = [found.vectors for found in threads.map(twice.signed_passages, (["one"], ["two"]))]
    assert sorted([begun[:2], begun[2:]]) == [["one", "one"], ["two", "two"]]
    assert np.array_equal(vectors, [hashing.passages(["one"]), hashing.passages(["two"])])
    assert twice.seconds >= 0.04


def test_an_exponent_is_that_of_the_cost() -> None:
    assert exponent({10: 3.0, 100: 30.0, 1000: 300.0}) == pytest.approx(1)
    assert exponent({10: 3.0, 100: 300.0}) == pytest.approx(2)
    assert exponent({10: 3.0}) == 0
    assert 1 < linearithmic((1_000, 100_000)) < 1.2


def test_a_figure_that_misses_its_bound_is_marked() -> None:
    sizes = {1000: {"opening s": 1.0}, 2000: {"opening s": 4.0}}
    assert table(sizes, [Held("opening s", most=3)])[-1] == "| opening s | 1 | 4 | ≤ 3 (missed) |"


def test_the_picture_has_a_line_for_each_cost_and_one_for_n_log_n() -> None:
    sizes = {1000: {"storing ms a paper": 2.0, "catalog bytes": 5e6},
             100_000: {"storing ms a paper": 3.0, "catalog bytes": 5e8}}  # fmt: skip
    assert svg_growth(sizes).count("<polyline") == 3
    assert growth_lines(sizes)[2] == "| storing, s | n^1.09 |"


def test_readers_who_chat_are_answered_and_counted(
    library: Library, free_port: int, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    library.close()
    asking = load.Load(readers=2, minutes=0.02, reading=0.1, questions=6, busy=2)
    with load.serving(library.folder, free_port) as server:
        asked, memory = asyncio.run(load.chat(server, ["What do buoys measure?"], asking))
        assert server.megabytes > 0
    found = load.figures(asked, memory, asking)
    assert found["errors"] == 0
    assert found["questions"] >= 2
    assert found["over questions"] >= 6
    assert "first text p95 s" in found
