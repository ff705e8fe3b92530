"""Choosing the sentences that answer a question, and deciding that none does.

Sentences are scored by meaning (cosine to the question), by words (the share of the question's weight
in words that the sentence holds, rarer words weighing more) and by how well their paper was found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.question import names_paper
from index.embedding import Embedder
from index.fusion import rarity_weight
from index.keywords import Keywords
from index.schema import Chunk, Paper, Passage, Value
from index.sentences import sentences

_SHORTEST = 25  # characters; below, a "sentence" is a heading or a fragment
_MEANING, _WORDS, _STANDING, _NAMED = 0.5, 0.5, 0.05, 0.5
_HIGHEST = 6.0  # standing of a paper beyond which more says nothing: a named paper's is without measure
_UNKNOWN = 0.5  # what a question wholly of words that no paper has costs in closeness
_COVERED = 0.3  # what a paper that has all of the question's words adds
_LEAST_CLOSE = 0.26
_LOOKED_AT = 10  # passages
_EMBEDDED = 32  # sentences whose meaning is looked at: those that share most words and stand highest


class Evidence(Value):
    """A sentence that may answer: its exact span in its paper's text, and how well it does."""

    paper: Paper
    chunk: Chunk
    text: str
    start: int
    end: int
    words: float
    standing: float
    named: bool
    meaning: float = 0.0

    @property
    def score(self) -> float:
        found = _MEANING * self.meaning + _WORDS * self.words + _STANDING * self.standing
        return found + (_NAMED if self.named else 0.0)


class Weights(Value):
    """A question's stems with the weight of each: log(1 / share of chunks that hold it), at most 8."""

    of: dict[str, float]

    def covered(self, stems: Sequence[str]) -> float:
        """The share of the total weight that `stems` hold, in [0, 1]; 0 for a question without words."""
        total = sum(self.of.values())
        held = set(stems)
        return sum(weight for stem, weight in self.of.items() if stem in held) / total if total else 0.0


def weigh(question: str, keywords: Keywords) -> Weights:
    """Weigh a question's words by how rare they are in the library."""
    stems = keywords.stems(question)
    shares = keywords.rarity(stems)
    return Weights(of={stem: rarity_weight(share) for stem, share in zip(stems, shares, strict=True)})


def gather(
    question: str, passages: Sequence[Passage], embedder: Embedder, keywords: Keywords
) -> list[Evidence]:
    """Every distinct sentence of the passages as evidence, best first."""
    weights = weigh(question, keywords)
    named = {passage.paper.id for passage in passages if names_paper(question, passage.paper)}
    standing: dict[str, float] = {}
    for passage in passages:
        standing.setdefault(passage.paper.id, min(passage.score, _HIGHEST))
    found = []
    for paper, chunk, start, end in _spans(passages):
        text = chunk.text[start - chunk.start : end - chunk.start]
        held = keywords.stems(f"{paper.title} {text}" if paper.id in named else text)
        found.append(
            Evidence(
                paper=paper,
                chunk=chunk,
                text=text,
                start=start,
                end=end,
                words=weights.covered(held),
                standing=standing[paper.id],
                named=paper.id in named,
            )
        )
    return _by_meaning(question, sorted(found, key=_score)[-_EMBEDDED:], embedder)


def _by_meaning(question: str, found: Sequence[Evidence], embedder: Embedder) -> list[Evidence]:
    """The evidence with its likeness in meaning, best first."""
    if not found:
        return []
    meanings = embedder.passages([item.text for item in found]) @ embedder.query(question)
    measured = [
        item.model_copy(update={"meaning": float(meaning)})
        for item, meaning in zip(found, meanings, strict=True)
    ]
    return sorted(measured, key=_score, reverse=True)


def _score(item: Evidence) -> float:
    return item.score


class Support(Value):
    """Whether what was found bears on what was asked.

    `closeness` is the best passage's cosine to the question, more for the share of the question's weight
    in words that one paper covers, less for the share in words that no paper has; `unknown` are those.
    """

    closeness: float
    unknown: tuple[str, ...]
    named: bool

    @property
    def holds(self) -> bool:
        """Close enough, or about a paper that is asked for by name."""
        return self.named or self.closeness >= _LEAST_CLOSE


def support(question: str, passages: Sequence[Passage], keywords: Keywords) -> Support:
    """How well the passages found support an answer."""
    weights = weigh(question, keywords)
    total = sum(weights.of.values())
    unknown = [word for word in _words(question) if _unheard(word, keywords)]
    missed = sum(weights.of.get(stem, 0.0) for word in unknown for stem in keywords.stems(word))
    similarity = max((passage.similarity for passage in passages), default=-1.0)
    covered = max((weights.covered(keywords.stems(text)) for text in _joined(passages)), default=0.0)
    return Support(
        closeness=similarity + _COVERED * covered - _UNKNOWN * (missed / total if total else 0.0),
        unknown=tuple(unknown),
        named=any(names_paper(question, passage.paper) for passage in passages),
    )


def _joined(passages: Sequence[Passage]) -> list[str]:
    """The title and the best passages of each of the first papers, as one text a paper."""
    texts: dict[str, str] = {}
    for passage in passages[:_LOOKED_AT]:
        texts.setdefault(passage.paper.id, passage.paper.title)
        texts[passage.paper.id] += f"\n{passage.chunk.text}"
    return list(texts.values())


def _words(question: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\w+", question)))


def _unheard(word: str, keywords: Keywords) -> bool:
    stems = keywords.stems(word)
    return bool(stems) and max(keywords.rarity(stems)) == 0.0


def _spans(passages: Sequence[Passage]) -> list[tuple[Paper, Chunk, int, int]]:
    found: dict[tuple[str, int, int], tuple[Paper, Chunk, int, int]] = {}
    for passage in passages:
        chunk = passage.chunk
        for start, end in sentences(chunk.text):
            if end - start >= _SHORTEST:
                span = (chunk.start + start, chunk.start + end)
                found.setdefault((passage.paper.id, *span), (passage.paper, chunk, *span))
    return list(found.values())
