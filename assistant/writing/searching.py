"""What a model is given to read: the passages of several searches as one ranking, and which of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from index.schema import Passage

_DAMPING = 60  # of reciprocal rank fusion (Cormack et al., SIGIR 2009)
_OF_ONE_PAPER = 3  # passages


def fused(searches: Sequence[Sequence[Passage]]) -> list[Passage]:
    """The passages of several searches by the sum of their reciprocal ranks; one search as it is."""
    if len(searches) == 1:
        return list(searches[0])
    scores: dict[str, float] = {}
    best: dict[str, Passage] = {}
    for found in searches:
        for rank, passage in enumerate(found, start=1):
            key = passage.chunk.id
            scores[key] = scores.get(key, 0.0) + 1.0 / (_DAMPING + rank)
            if key not in best or passage.similarity > best[key].similarity:
                best[key] = passage
    ranked = sorted(best, key=lambda key: -scores[key])
    return [best[key].model_copy(update={"score": scores[key]}) for key in ranked]


def chosen(found: Sequence[Passage], count: int, of_one_paper: int = _OF_ONE_PAPER) -> list[Passage]:
    """The first `count` passages, at most so many of one paper."""
    taken: dict[str, int] = {}
    kept: list[Passage] = []
    for passage in found:
        if len(kept) == count:
            break
        if taken.get(passage.paper.id, 0) < of_one_paper:
            taken[passage.paper.id] = taken.get(passage.paper.id, 0) + 1
            kept.append(passage)
    return kept
