"""Papers as points: the mean of a paper's passages, and which papers lie near each other.

Owns nothing stored: means are taken of the catalog's vectors when asked for. Refuses to know questions;
how a passage answers one is `index.retrieve`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from index.caches import Caches
from index.catalog import Catalog
from index.filters import Bounds
from index.rows import Vector
from index.schema import Paper, Value
from index.shelf import own_words
from index.tables import chunks, papers, vectors

_NEIGHBOURS = 8  # passages looked at for each paper wanted
_PAGE = 500


class Similar(Value):
    """A paper near another; `similarity` is the cosine of their means, in [-1, 1]."""

    paper: Paper
    similarity: float


def mean_vectors(
    catalog: Catalog, model: str, paper_ids: Sequence[str] | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """The ids of ready papers and the unit means of their chunks' vectors, of shape (papers, dimension).

    References do not count. All papers where none are named; those without a vector of `model` are left out.
    """
    sums: dict[str, Vector] = {}
    wanted: list[Sequence[str] | None] = [None]
    if paper_ids is not None:
        wanted = [paper_ids[start : start + _PAGE] for start in range(0, len(paper_ids), _PAGE)]
    query = (
        select(chunks.c.paper_id, vectors.c.vector)
        .join(vectors, vectors.c.chunk_id == chunks.c.id)
        .join(papers, papers.c.id == chunks.c.paper_id)
        .where(vectors.c.model == model, papers.c.state == "ready", own_words())
    )
    with catalog.engine.connect() as connection:
        for page in wanted:
            named = query if page is None else query.where(chunks.c.paper_id.in_(page))
            for row in connection.execute(named.execution_options(yield_per=2000)):
                vector = np.frombuffer(row.vector, np.float32)
                known = sums.get(row.paper_id)
                sums[row.paper_id] = vector if known is None else known + vector
    if not sums:
        return [], np.zeros((0, 0), np.float32)
    ids = sorted(sums)
    stacked = np.stack([sums[paper_id] for paper_id in ids])
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    return ids, np.asarray(stacked / np.where(lengths == 0, 1, lengths), np.float32)


def similar(paper_id: str, count: int, catalog: Catalog, caches: Caches) -> list[Similar]:
    """The `count` papers whose means lie nearest to that of a paper, nearest first."""
    _, own = mean_vectors(catalog, caches.model, [paper_id])
    if not len(own):
        return []
    near = _near(paper_id, own[0], count, catalog, caches)
    ids, means = mean_vectors(catalog, caches.model, list(near))
    if not ids:
        return []
    cosines = means @ own[0]
    best = np.argsort(-cosines, kind="stable")[:count]
    return [Similar(paper=near[ids[place]], similarity=round(float(cosines[place]), 4)) for place in best]


def _near(paper_id: str, mean: Vector, count: int, catalog: Catalog, caches: Caches) -> dict[str, Paper]:
    """The papers of the passages nearest to a paper's mean, at least `count` where there are so many.

    The many passages of a full text may be all that is nearest, its own above all: papers that were met are then
    passed over, and it is looked again.
    """
    met: dict[str, Paper] = {}
    while len(met) <= count:
        hits = caches.nearest(mean, _NEIGHBOURS * (count + 1), Bounds(excluded=tuple(met)))
        found = {paper.id: paper for paper, _ in catalog.located([hit.item for hit in hits]).values()}
        if not found:
            break
        met |= found
    met.pop(paper_id, None)
    return met
