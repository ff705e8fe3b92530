"""Embedding a batch while the one before it is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index import batches
from index.ahead import Ahead
from index.course import Step
from index.embedding import Embedder, Fingerprint
from index.errors import EmbedderError
from index.library import Library

WAIT = 20.0


class Held(Embedder):
    """Another's embedder that waits with each batch until it is let go."""

    window = None

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        self.begun.release()
        assert self.go.acquire(timeout=WAIT)
        return self.inner.passages(texts)

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)


class Failing(Held):
    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        if any("Paper 25" in text for text in texts):
            raise EmbedderError("the model went away")
        return self.inner.passages(texts)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PAPERS", 10)


def entries(count: int) -> list[dict[str, str]]:
    return [{"title": f"Paper {n}", "abstract": f"Topic {n} is treated here."} for n in range(count)]


class Overlapping(Held):
    """Its first batch ends once the second has begun, the second once the first is stored."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self.second, self.stored = threading.Event(), threading.Event()

    def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
        if any(text.startswith("Paper 0") for text in texts):
            assert self.second.wait(WAIT)
        else:
            self.second.set()
            assert self.stored.wait(WAIT)
        return self.inner.passages(texts)


def test_a_batch_is_stored_while_the_next_one_is_embedded(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder
) -> None:
    overlapping = Overlapping(hashing)
    library = open_library(model=overlapping)

    def told(step: Step) -> None:
        if step.stored:
            overlapping.stored.set()

    library.add([write_papers("many.jsonl", *entries(20))], told)
    assert library.count() == 20


def test_what_two_batches_tell_of_one_paper_is_merged(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder
) -> None:
    library = open_library(model=hashing)
    again = [entry | {"organization": "Harbour"} for entry in entries(25)]
    report = library.add([write_papers("one.jsonl", *entries(25)), write_papers("two.jsonl", *again)])
    assert (len(report.added), library.count()) == (25, 25)
    assert {paper.organization for paper in library.papers(limit=30)} == {"Harbour"}
    assert len(library.catalog.records(library.papers(limit=1)[0].id)) == 2


def test_a_model_that_fails_leaves_what_was_stored_before(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder
) -> None:
    library = open_library(model=Failing(hashing))
    with pytest.raises(EmbedderError, match="the model went away"):
        library.add([write_papers("many.jsonl", *entries(40))])
    assert library.count() == 22  # a small batch and two whole ones
    assert library.catalog.counts()["pending"] == 0


def test_what_is_under_way_is_given_up_when_one_leaves(hashing: Embedder) -> None:
    class Telling(Held):
        def passages(self, texts: Sequence[str], progress: Any = None) -> NDArray[np.float32]:
            self.begun.release()
            assert self.go.acquire(timeout=WAIT)
            progress(1, 2)
            return self.inner.passages(texts)

    telling = Telling(hashing)
    ahead = Ahead(telling)
    making = ahead.start({"a": "one text"})
    assert telling.begun.acquire(timeout=WAIT)
    ahead._left.set()
    telling.go.release()
    ahead.__exit__(None)
    assert making.done
    assert making.share == 0
