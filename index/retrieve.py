"""Finding passages: dense and keyword candidates held to one scope, fused per paper.

Papers are ranked first, since words and meanings of a question that lie in different passages of a
paper should count together; then the passages of each. The best papers are looked at once more with late
interaction, and by a reranker where there is one. A paper that the question names leads, and the rest of
the question ranks inside it. A list of references tells what a paper rests on and not what it says: it counts for
less, and is given to nobody who looks for words to quote. Candidates are ranked by where they stand; only what is
given back is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from index.acronyms import expansions
from index.asking import topic
from index.caches import Caches
from index.catalog import Catalog
from index.embedding import Embedder
from index.filters import Bounds
from index.fusion import standardised_sum
from index.late import Asked, best_matches, late_scores
from index.names import papers_named
from index.rerank import Reranker, reread
from index.rows import Vector
from index.schema import Filters, Passage
from index.settings import RetrievalSettings
from index.shelf import Spot, Spots
from index.vectors import Hit

_NAMED_SURELY = 1000.0  # above any sum of standard scores
_NAMED_APART = 20.0  # between papers of different sure names; those of one name keep their order
_NAMED_LIKELY = 3.0
_REFERENCES = 0.5  # what a match in a paper's list of references counts
_FURTHER = 0.5  # how much a paper's further passages fall behind for matching less than its best


class Candidates(NamedTuple):
    """What the retrievers proposed: ranked chunks by retriever, and papers by BM25 of their whole text."""

    dense: tuple[Hit, ...]
    keyword: tuple[Hit, ...]
    papers: tuple[Hit, ...]


class Ranked(NamedTuple):
    """A candidate with its place in the ranking, not read yet; the rest is as in `Passage`."""

    chunk_id: str
    spot: Spot
    score: float
    found_by: dict[str, int]
    similarity: float


class Retriever:
    """Dense and keyword search over one library. Safe to share between threads."""

    def __init__(
        self,
        catalog: Catalog,
        caches: Caches,
        embedder: Embedder,
        settings: RetrievalSettings,
        reranker: Reranker | None = None,
    ) -> None:
        self.catalog = catalog
        self.caches = caches
        self.embedder = embedder
        self.settings = settings
        self.reranker = reranker

    def passages(self, query: str, filters: Filters = Filters()) -> list[Passage]:
        """Every candidate passage in scope, best first; of each paper the best passage first. None is of references."""
        return self._read([ranked for ranked in self._found(query, filters) if not ranked.spot.lists])

    def papers(self, query: str, count: int, filters: Filters = Filters()) -> list[Passage]:
        """The best passage of each of the `count` best papers in scope, best first; it may be one of references."""
        best: dict[str, Ranked] = {}
        for ranked in self._found(query, filters):
            best.setdefault(ranked.spot.paper_id, ranked)
        left, found = iter(best.values()), list[Passage]()
        while wanted := list(islice(left, count - len(found))):  # again for those whose papers are not ready
            found += self._read(wanted)
        return found

    def _read(self, ranking: Sequence[Ranked]) -> list[Passage]:
        """The passages of a ranking, in its order; those of papers not ready are left out."""
        located = self.catalog.located([ranked.chunk_id for ranked in ranking])
        return [
            Passage(
                paper=located[ranked.chunk_id][0],
                chunk=located[ranked.chunk_id][1],
                score=round(ranked.score, 4),
                found_by=ranked.found_by,
                similarity=ranked.similarity,
            )
            for ranked in ranking
            if ranked.chunk_id in located
        ]

    def _found(self, query: str, filters: Filters) -> list[Ranked]:
        query = " ".join(query.split())
        if not query:
            return []
        self.caches.refresh()
        scope = self.catalog.bounds(filters)
        named = papers_named(query, self.catalog, self.caches.keywords, filters)
        surely: dict[str, list[str]] = {}
        for called in named:
            if called.sure:
                surely.setdefault(called.name, []).append(called.paper.id)
        leading: list[Ranked] = []
        for place, (name, papers) in enumerate(surely.items()):
            inside = scope.model_copy(update={"papers": tuple(papers)})
            lead = _NAMED_SURELY - place * _NAMED_APART
            leading += self._ranked(self._beside(name, query), inside, dict.fromkeys(papers, lead))
        likely = {called.paper.id: _NAMED_LIKELY for called in named if not called.sure}
        others = self._ranked(query, scope, likely, {called.name for called in named})
        known = {ranked.spot.paper_id for ranked in leading}
        return leading + [ranked for ranked in others if ranked.spot.paper_id not in known]

    def _beside(self, name: str, query: str) -> str:
        """What a query asks of the paper it names; the query where it says no more than the name."""
        rest = query.replace(name, " ", 1)
        return rest if self.caches.keywords.stems(topic(rest)) else query

    def _ranked(
        self, query: str, scope: Bounds, lead: Mapping[str, float], names: Collection[str] = ()
    ) -> list[Ranked]:
        """The candidates, best first; papers in `lead` are candidates, and score that much more.

        `names` are the names of papers in the query.
        """
        asked, words = self.embedder.asked(query), topic(query, names)
        proposed = self._candidates(words, asked.vector, scope, tuple(lead))
        spots = self._spots(proposed)
        lists = sum(spot.lists for spot in spots.values())
        if lists:  # they take nobody's place
            proposed = self._candidates(words, asked.vector, scope, tuple(lead), lists)
            spots = self._spots(proposed)
        cosines = self._cosines(asked.vector, spots, proposed.dense)
        meaning = _lessened(cosines, spots)
        wording = _lessened(dict.fromkeys(spots, 0.0) | _scores(proposed.keyword, spots), spots)
        chunks = standardised_sum([meaning, wording], [self.settings.meaning, self.settings.words])
        papers = self._paper_scores(spots, meaning, wording, _scores(proposed.papers))
        papers = self._matched(words, asked, papers, spots)
        if self.reranker is not None:
            papers = self._reread(self.reranker, query, papers, spots, chunks)
        papers = {paper: score + lead.get(paper, 0.0) for paper, score in papers.items()}
        return _ranking(_passage_scores(spots, papers, chunks), spots, cosines, proposed)

    def _candidates(
        self, words: str, vector: Vector, scope: Bounds, named: tuple[str, ...], more: int = 0
    ) -> Candidates:
        count, keywords = self.settings.candidates + more, self.caches.keywords
        dense = self.caches.nearest(vector, count, scope)
        if named and named != scope.papers:
            known = {hit.item for hit in dense}
            inside = self.caches.nearest(vector, count, scope.model_copy(update={"papers": named}))
            dense += [hit for hit in inside if hit.item not in known]
        also = expansions(words, self.catalog.acronyms)
        return Candidates(
            dense=tuple(dense),
            keyword=tuple(keywords.best_chunks(words, count, scope, also)),
            papers=tuple(keywords.best_papers(words, count, scope, also)),
        )

    def _spots(self, proposed: Candidates) -> Spots:
        """Those of the proposed chunks, and of the first chunk of each paper that only its whole text brought in."""
        spots = self.catalog.spots([hit.item for hit in (*proposed.dense, *proposed.keyword)])
        present = {spot.paper_id for spot in spots.values() if not spot.lists}
        absent = [hit.item for hit in proposed.papers if hit.item not in present]
        return spots | self.catalog.first_spots(absent)

    def _cosines(self, vector: Vector, spots: Spots, dense: Sequence[Hit]) -> dict[str, float]:
        """The cosine of every candidate; those the dense retriever did not return are computed."""
        known = _scores(dense, spots)
        missing = [chunk_id for chunk_id in spots if chunk_id not in known]
        stored = self.catalog.vectors_of(missing, self.embedder.fingerprint.key)
        computed = {chunk_id: float(np.dot(vector, held)) for chunk_id, held in stored.items()}
        return {chunk_id: known.get(chunk_id, computed.get(chunk_id, 0.0)) for chunk_id in spots}

    def _paper_scores(
        self,
        spots: Spots,
        cosines: Mapping[str, float],
        chunk_words: Mapping[str, float],
        paper_words: Mapping[str, float],
    ) -> dict[str, float]:
        """By a paper's closest chunk and the words of all its text; of its references, by those of the best chunk."""
        meaning: dict[str, float] = {}
        wording: dict[str, float] = {}
        for chunk_id, (paper, lists) in spots.items():
            meaning[paper] = max(meaning.get(paper, -1.0), cosines[chunk_id])
            said = wording.setdefault(paper, paper_words.get(paper, 0.0))
            if lists:
                wording[paper] = max(said, chunk_words[chunk_id])
        return standardised_sum([meaning, wording], [self.settings.meaning, self.settings.words])

    def _matched(self, words: str, asked: Asked, papers: dict[str, float], spots: Spots) -> dict[str, float]:
        """The best papers with late interaction added to their scores; the others stay below them.

        A paper matches a word as well as its best passage does, so passages are joined before the sum.
        """
        leading = set(list(papers)[: self.settings.reranked])
        held = {
            chunk_id: paper for chunk_id, (paper, lists) in spots.items() if paper in leading and not lists
        }
        found = self.token_matches(asked, list(held)) if self.settings.late else {}
        if not found:
            return papers
        matches: dict[str, Vector] = {}
        for chunk_id, best in found.items():
            known = matches.get(held[chunk_id])
            matches[held[chunk_id]] = best if known is None else np.maximum(known, best)
        late = late_scores(matches, self.caches.keywords.weights_at(words, asked.spans))
        floor = min(late.values())
        scores = standardised_sum(
            [{paper: late.get(paper, floor) for paper in leading}], [self.settings.late]
        )
        lowest = min(scores.values())
        return {paper: score + scores.get(paper, lowest) for paper, score in papers.items()}

    def _reread(
        self,
        reranker: Reranker,
        query: str,
        papers: dict[str, float],
        spots: Spots,
        chunks: Mapping[str, float],
    ) -> dict[str, float]:
        """The papers' scores after a reranker has read the best of them, each in its best chunk."""
        leading = sorted(papers, key=lambda paper: -papers[paper])[: self.settings.reread]
        best: dict[str, str] = {}
        for chunk_id in sorted(spots, key=lambda chunk_id: -chunks[chunk_id]):
            best.setdefault(spots[chunk_id].paper_id, chunk_id)
        located = self.catalog.located([best[paper] for paper in leading])
        read = (located[best[paper]] for paper in leading if best[paper] in located)
        texts = {paper.id: f"{paper.title}\n{chunk.text}" for paper, chunk in read}
        return reread(reranker, query, papers, texts)

    def token_matches(self, asked: Asked, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """The best match (tokens,) of each of the question's tokens in each chunk whose tokens are kept."""
        if asked.tokens is None:
            return {}
        kept = self.catalog.signs_of(chunk_ids, self.embedder.fingerprint.key)
        found = best_matches(asked.tokens, list(kept.values())) if kept else ()
        return dict(zip(kept, found, strict=True))


def _lessened(scores: Mapping[str, float], spots: Spots) -> dict[str, float]:
    return {
        chunk_id: _REFERENCES * score if spots[chunk_id].lists else score
        for chunk_id, score in scores.items()
    }


def _passage_scores(
    spots: Spots, papers: Mapping[str, float], chunks: Mapping[str, float]
) -> dict[str, float]:
    """A paper's best passage has the paper's score, its others less by what they match less."""
    best: dict[str, float] = {}
    for chunk_id, (paper, _) in spots.items():
        best[paper] = max(best.get(paper, -np.inf), chunks[chunk_id])
    scores = {
        chunk_id: papers[paper] - _FURTHER * (best[paper] - chunks[chunk_id])
        for chunk_id, (paper, _) in spots.items()
    }
    return dict(sorted(scores.items(), key=lambda scored: -scored[1]))


def _ranking(
    scores: Mapping[str, float], spots: Spots, cosines: Mapping[str, float], proposed: Candidates
) -> list[Ranked]:
    ranks = {"dense": _ranks(proposed.dense), "keyword": _ranks(proposed.keyword)}
    return [
        Ranked(
            chunk_id=chunk_id,
            spot=spots[chunk_id],
            score=score,
            found_by={name: rank[chunk_id] for name, rank in ranks.items() if chunk_id in rank},
            similarity=cosines[chunk_id],
        )
        for chunk_id, score in scores.items()
    ]


def _scores(hits: Sequence[Hit], within: Mapping[str, object] | None = None) -> dict[str, float]:
    return {hit.item: hit.score for hit in hits if within is None or hit.item in within}


def _ranks(hits: Sequence[Hit]) -> dict[str, int]:
    return {hit.item: rank for rank, hit in enumerate(hits, start=1)}
