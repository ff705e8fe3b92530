"""How what is added is cut into batches."""

from __future__ import annotations

import pytest

from index import batches
from index.batches import Batch, Found
from index.schema import Document, Paper


@pytest.fixture(autouse=True)
def of_sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PAPERS", 16)


def filled(count: int, length: int = 10, small: bool = False) -> Batch:
    batch = Batch(small)
    for number in range(count):
        document = Document(paper=Paper(title=f"Paper {number}"), text="x" * length)
        batch.add(Found(document=document, source="a.jsonl", ordinal=number))
    return batch


def numbers(batch: Batch) -> list[int]:
    return [found.ordinal for found in batch.found]


@pytest.mark.parametrize(("small", "papers"), [(False, 16), (True, 2)])
def test_a_batch_is_full_of_papers(small: bool, papers: int) -> None:
    assert not filled(papers - 1, small=small).full
    assert filled(papers, small=small).full


@pytest.mark.parametrize(("small", "length"), [(False, 250_000), (True, 31_250)])
def test_a_batch_is_full_of_text(small: bool, length: int) -> None:
    assert not filled(1, length - 1, small).full
    assert filled(1, length, small).full


def test_an_end_is_parted_that_fills_a_small_batch_and_comes_in_its_order() -> None:
    batch = filled(5)
    batch.over = {"a.jsonl": None}
    rest, end = batch.parted()
    assert (numbers(rest), numbers(end)) == ([0, 1, 2], [3, 4])
    assert (rest.over, end.over) == ({}, {"a.jsonl": None})
    assert rest.premade is end.premade is batch.premade


def test_the_last_of_two_long_papers_is_parted() -> None:
    assert [numbers(part) for part in filled(2, 40_000).parted()] == [[0], [1]]


@pytest.mark.parametrize(("papers", "length"), [(0, 10), (1, 10), (3, 10), (1, 300_000)])
def test_a_batch_hardly_larger_than_its_end_stays_whole(papers: int, length: int) -> None:
    batch = filled(papers, length)
    assert list(batch.parted()) == [batch]
