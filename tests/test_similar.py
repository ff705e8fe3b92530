"""Papers near each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.embedding import Embedder
from index.library import Library
from index.similar import mean_vectors


def test_the_nearest_papers_come_first_and_never_the_paper_itself(sample_library: Library) -> None:
    paper = sample_library.paper("ColBERT")
    found = sample_library.similar(paper.id, 5)
    assert len(found) == 5
    assert paper.id not in {one.paper.id for one in found}
    likeness = [one.similarity for one in found]
    assert likeness == sorted(likeness, reverse=True)
    ids, means = mean_vectors(sample_library.catalog, sample_library.caches.model)
    cosines = dict(zip(ids, means @ means[ids.index(paper.id)], strict=True))
    cosines.pop(paper.id)
    assert found[0].paper.id == max(cosines, key=lambda paper_id: cosines[paper_id])
    assert found[0].similarity == pytest.approx(max(cosines.values()), abs=1e-3)


def test_means_are_of_unit_length_and_of_those_named(library: Library) -> None:
    wanted = [paper.id for paper in library.papers()][:2]
    ids, means = mean_vectors(library.catalog, library.caches.model, wanted)
    assert ids == sorted(wanted)
    assert np.linalg.norm(means, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_a_paper_alone_has_no_like(library: Library) -> None:
    first, *others = [paper.id for paper in library.papers()]
    library.remove(others)
    assert library.similar(first) == []
    assert library.similar("no-such-paper") == []


def test_the_many_passages_of_a_full_text_hide_no_other_paper(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], hashing: Embedder
) -> None:
    library = open_library(model=hashing)
    many = " ".join(
        f"Well {n} lies in the valley and is {n} metres deep, as its owner told us." for n in range(600)
    )
    long = [
        {"title": f"Wells of valley {name}", "text": many.replace("valley", f"valley {name}")}
        for name in "ab"
    ]
    others = [{"title": f"Pond {n}", "abstract": f"A pond near well {n} in the valley."} for n in range(4)]
    library.add([write_papers("wells.jsonl", *long, *others)])
    first = library.paper("Wells of valley a").id
    assert len(library.catalog.chunks_of(first)) > 72
    found = library.similar(first, 5)
    assert len(found) == 5
    assert found[0].paper.title == "Wells of valley b"
