"""A library as a map."""

from __future__ import annotations

import numpy as np

from index.atlas import how_many_groups, sorted_into
from index.library import Library


def blobs(*sizes: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Unit vectors around as many directions as there are sizes."""
    random = np.random.default_rng(1)
    rows = [
        np.eye(12, dtype=np.float32)[place] + random.normal(0, 0.08, 12).astype(np.float32)
        for place, size in enumerate(sizes)
        for _ in range(size)
    ]
    stacked = np.stack(rows)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)


def test_vectors_that_point_alike_are_sorted_together_the_largest_group_first() -> None:
    groups = sorted_into(blobs(10, 30, 20), 3)
    assert [set(groups[start:end]) for start, end in ((0, 10), (10, 40), (40, 60))] == [{2}, {0}, {1}]


def test_equal_vectors_are_sorted_without_trouble() -> None:
    same = np.tile(np.eye(4, dtype=np.float32)[0], (9, 1))
    assert set(sorted_into(same, 3)) == {0}


def test_more_papers_make_more_groups_up_to_a_dozen() -> None:
    numbers = [how_many_groups(papers) for papers in (1, 7, 8, 300, 20_000, 1_000_000)]
    assert numbers == sorted(numbers)
    assert numbers[0] == numbers[1] == 1
    assert numbers[-1] == 12


def test_every_paper_has_its_place_and_the_map_is_the_same_each_time(sample_library: Library) -> None:
    atlas = sample_library.atlas()
    assert {point.paper_id for point in atlas.points} == {paper.id for paper in sample_library.papers()}
    assert all(0 <= at <= 1 for point in atlas.points for at in (point.x, point.y))
    assert sum(group.papers for group in atlas.groups) == len(atlas.points)
    assert all(group.name for group in atlas.groups)
    assert sample_library.atlas() == atlas


def test_a_few_papers_make_one_group_and_none_make_an_empty_map(library: Library) -> None:
    assert len(library.atlas().groups) == 1
    library.remove([paper.id for paper in library.papers()])
    assert library.atlas().points == ()
