"""What is evaluated: Ibid's own search, and each of its two retrievers alone, over the same library.

The two are the baselines: BM25 over whole papers, as any search engine ranks them, and the nearest
vectors, as plain retrieval-augmented programs do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.errors import SettingsError
from index.filters import bounds
from index.library import Library
from index.schema import Filters

DEPTH = 100
"""How many papers a ranking is looked at, to say where the right one is."""
_CHUNKS = 5  # vectors asked for to find one paper, since a paper has several

Ranking = dict[str, float]
"""Paper ids with their scores, best first."""
Ranker = Callable[[Library, str], Ranking]


def ibid(library: Library, query: str) -> Ranking:
    """The whole search, as `ibid search` does it."""
    return {passage.paper.id: passage.score for passage in library.search(query, DEPTH)}


def bm25(library: Library, query: str) -> Ranking:
    """Words alone: BM25 of each paper's whole text."""
    found = library.caches.keywords.best_papers(query, DEPTH, bounds(Filters()))
    return {hit.item: hit.score for hit in found}


def dense(library: Library, query: str) -> Ranking:
    """Meanings alone: each paper's nearest chunk by cosine, neither fused nor reranked."""
    hits = library.caches.nearest(library.embedder.query(query), DEPTH * _CHUNKS, bounds(Filters()))
    papers = {
        chunk: paper.id for chunk, (paper, _) in library.catalog.located([h.item for h in hits]).items()
    }
    best: Ranking = {}
    for hit in hits:
        best.setdefault(papers[hit.item], hit.score)
    return dict(list(best.items())[:DEPTH])


SYSTEMS: dict[str, Ranker] = {"ibid": ibid, "bm25": bm25, "dense": dense}


def chosen_systems(names: Sequence[str]) -> dict[str, Ranker]:
    """The systems of those names, in that order. Raises SettingsError for one that is not known."""
    for name in names:
        if name not in SYSTEMS:
            raise SettingsError(f"unknown system {name!r}. Known: {', '.join(SYSTEMS)}")
    return {name: SYSTEMS[name] for name in names}
