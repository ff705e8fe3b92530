"""Finding passages: dense and keyword candidates held to one scope, fused per paper.

Papers are ranked first, since words and meanings of a question that lie in different passages of a
paper should count together; then the passages of each. The best papers are looked at once more with late
interaction, and by a reranker where there is one. A paper that the question names leads, and the rest of
the question ranks inside it. A list of references tells what a paper rests on and not what it says: it counts for
less, and is given to nobody who looks for words to quote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from index.schema import Chunk, Filters, Passage
from index.settings import RetrievalSettings
from index.shelf import Located
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
        return [passage for passage in self._found(query, filters) if not _lists(passage.chunk)]

    def _found(self, query: str, filters: Filters) -> list[Passage]:
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
        leading: list[Passage] = []
        for place, (name, papers) in enumerate(surely.items()):
            inside = scope.model_copy(update={"papers": tuple(papers)})
            lead = _NAMED_SURELY - place * _NAMED_APART
            leading += self._ranked(self._beside(name, query), inside, dict.fromkeys(papers, lead))
        likely = {called.paper.id: _NAMED_LIKELY for called in named if not called.sure}
        others = self._ranked(query, scope, likely, {called.name for called in named})
        known = {passage.paper.id for passage in leading}
        return leading + [passage for passage in others if passage.paper.id not in known]

    def papers(self, query: str, count: int, filters: Filters = Filters()) -> list[Passage]:
        """The best passage of each of the `count` best papers in scope, best first; it may be one of references."""
        best: dict[str, Passage] = {}
        for passage in self._found(query, filters):
            best.setdefault(passage.paper.id, passage)
        return list(best.values())[:count]

    def _beside(self, name: str, query: str) -> str:
        """What a query asks of the paper it names; the query where it says no more than the name."""
        rest = query.replace(name, " ", 1)
        return rest if self.caches.keywords.stems(topic(rest)) else query

    def _ranked(
        self, query: str, scope: Bounds, lead: Mapping[str, float], names: Collection[str] = ()
    ) -> list[Passage]:
        """The candidate passages, best first; papers in `lead` are candidates, and score that much more.

        `names` are the names of papers in the query.
        """
        asked, words = self.embedder.asked(query), topic(query, names)
        proposed = self._candidates(words, asked.vector, scope, tuple(lead))
        located = self._located(proposed)
        lists = sum(_lists(chunk) for _, chunk in located.values())
        if lists:  # they take nobody's place
            proposed = self._candidates(words, asked.vector, scope, tuple(lead), lists)
            located = self._located(proposed)
        cosines = self._cosines(asked.vector, located, proposed.dense)
        meaning = _lessened(cosines, located)
        wording = _lessened(dict.fromkeys(located, 0.0) | _scores(proposed.keyword, located), located)
        chunks = standardised_sum([meaning, wording], [self.settings.meaning, self.settings.words])
        papers = self._paper_scores(located, meaning, wording, _scores(proposed.papers))
        papers = self._reranked(words, asked, papers, located)
        if self.reranker is not None:
            papers = reread(self.reranker, query, papers, located, chunks, self.settings.reread)
        papers = {paper: score + lead.get(paper, 0.0) for paper, score in papers.items()}
        return _passages(_passage_scores(located, papers, chunks), located, cosines, proposed)

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

    def _located(self, proposed: Candidates) -> Located:
        """The proposed chunks, and the first chunk of each paper that only its whole text brought in."""
        located = self.catalog.located([hit.item for hit in (*proposed.dense, *proposed.keyword)])
        present = {paper.id for paper, chunk in located.values() if not _lists(chunk)}
        absent = [hit.item for hit in proposed.papers if hit.item not in present]
        return located | self.catalog.first_located(absent)

    def _cosines(self, vector: Vector, located: Located, dense: Sequence[Hit]) -> dict[str, float]:
        """The cosine of every located chunk; those the dense retriever did not return are computed."""
        known = _scores(dense, located)
        missing = [chunk_id for chunk_id in located if chunk_id not in known]
        stored = self.catalog.vectors_of(missing, self.embedder.fingerprint.key)
        computed = {chunk_id: float(np.dot(vector, held)) for chunk_id, held in stored.items()}
        return {chunk_id: known.get(chunk_id, computed.get(chunk_id, 0.0)) for chunk_id in located}

    def _paper_scores(
        self,
        located: Located,
        cosines: Mapping[str, float],
        chunk_words: Mapping[str, float],
        paper_words: Mapping[str, float],
    ) -> dict[str, float]:
        """By a paper's closest chunk and the words of all its text; of its references, by those of the best chunk."""
        meaning: dict[str, float] = {}
        wording: dict[str, float] = {}
        for chunk_id, (paper, chunk) in located.items():
            meaning[paper.id] = max(meaning.get(paper.id, -1.0), cosines[chunk_id])
            said = wording.setdefault(paper.id, paper_words.get(paper.id, 0.0))
            if _lists(chunk):
                wording[paper.id] = max(said, chunk_words[chunk_id])
        return standardised_sum([meaning, wording], [self.settings.meaning, self.settings.words])

    def _reranked(
        self, words: str, asked: Asked, papers: dict[str, float], located: Located
    ) -> dict[str, float]:
        """The best papers with late interaction added to their scores; the others stay below them.

        A paper matches a word as well as its best passage does, so passages are joined before the sum.
        """
        leading = set(list(papers)[: self.settings.reranked])
        held = {
            chunk_id: paper.id
            for chunk_id, (paper, chunk) in located.items()
            if paper.id in leading and not _lists(chunk)
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

    def token_matches(self, asked: Asked, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """The best match (tokens,) of each of the question's tokens in each chunk whose tokens are kept."""
        if asked.tokens is None:
            return {}
        kept = self.catalog.signs_of(chunk_ids, self.embedder.fingerprint.key)
        found = best_matches(asked.tokens, list(kept.values())) if kept else ()
        return dict(zip(kept, found, strict=True))


def _lists(chunk: Chunk) -> bool:
    """Whether a chunk is of a list of references."""
    return chunk.kind == "references"


def _lessened(scores: Mapping[str, float], located: Located) -> dict[str, float]:
    return {
        chunk_id: _REFERENCES * score if _lists(located[chunk_id][1]) else score
        for chunk_id, score in scores.items()
    }


def _passage_scores(
    located: Located, papers: Mapping[str, float], chunks: Mapping[str, float]
) -> dict[str, float]:
    """A paper's best passage has the paper's score, its others less by what they match less."""
    best: dict[str, float] = {}
    for chunk_id, (paper, _) in located.items():
        best[paper.id] = max(best.get(paper.id, -np.inf), chunks[chunk_id])
    scores = {
        chunk_id: papers[paper.id] - _FURTHER * (best[paper.id] - chunks[chunk_id])
        for chunk_id, (paper, _) in located.items()
    }
    return dict(sorted(scores.items(), key=lambda scored: -scored[1]))


def _passages(
    scores: Mapping[str, float], located: Located, cosines: Mapping[str, float], proposed: Candidates
) -> list[Passage]:
    ranks = {"dense": _ranks(proposed.dense), "keyword": _ranks(proposed.keyword)}
    return [
        Passage(
            paper=located[chunk_id][0],
            chunk=located[chunk_id][1],
            score=round(score, 4),
            found_by={name: rank[chunk_id] for name, rank in ranks.items() if chunk_id in rank},
            similarity=cosines[chunk_id],
        )
        for chunk_id, score in scores.items()
    ]


def _scores(hits: Sequence[Hit], within: Mapping[str, object] | None = None) -> dict[str, float]:
    return {hit.item: hit.score for hit in hits if within is None or hit.item in within}


def _ranks(hits: Sequence[Hit]) -> dict[str, int]:
    return {hit.item: rank for rank, hit in enumerate(hits, start=1)}
