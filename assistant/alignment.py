"""How well single sentences match a question, word by word, from what the library already keeps.

A passage's token vectors were stored when it was added, so matching the sentences inside it embeds nothing
but the question. Refuses to judge what a match is worth; that is `evidence`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from index.asking import topic
from index.late import Floats, best_matches, late_scores
from index.library import Library
from index.schema import Chunk, Paper

_NAME = 0.4  # what a word of a paper's name counts
_ABOVE = 0.9  # what a word counts that matches above a row of a table

Place = tuple[Paper, Chunk, int, int]
"""A sentence: its paper, the chunk that holds it, and its span in the paper's text."""


def aligned(
    question: str,
    places: Sequence[Place],
    library: Library,
    above: Mapping[int, Sequence[Place]] = MappingProxyType({}),
    names: Collection[str] = (),
) -> list[float] | None:
    """Each sentence's late-interaction score for the question (see `index.late`).

    `above` has, by the position of a row of a table, what it is read with: a word that matches there counts for
    a little less than one of its own. `names` are of papers, as the question spells them: a paper's own text has its
    name everywhere, so that it counts for less. None where the model tells no token vectors, or where a passage was
    stored without. A sentence beyond the model's window scores as the worst.
    """
    asked = library.embedder.asked(question)
    others = list(dict.fromkeys((place[0].id, *place[2:]) for placed in above.values() for place in placed))
    known = {(place[0].id, *place[2:]): place for placed in above.values() for place in placed}
    every = [*places, *(known[other] for other in others)]
    rows = _rows(every, library) if asked.tokens is not None else None
    if asked.tokens is None or rows is None:
        return None
    seen = [position for position, row in enumerate(rows) if row]
    if not any(position < len(places) for position in seen):
        return None
    weights = _lessened(
        library.caches.keywords.weights_at(topic(question), asked.spans), question, asked.spans, names
    )
    best = dict(zip(seen, best_matches(asked.tokens, [rows[position] for position in seen]), strict=True))
    beyond = {other: len(places) + position for position, other in enumerate(others)}
    for position, placed in above.items():
        for place in placed:
            other = best.get(beyond[(place[0].id, *place[2:])])
            if other is not None and position in best:
                best[position] = np.maximum(best[position], _ABOVE * other)
    mine = {str(position): match for position, match in best.items() if position < len(places)}
    scores = late_scores(mine, weights)
    floor = min(scores.values())
    return [scores.get(str(position), floor) for position in range(len(places))]


def _lessened(
    weights: Floats, question: str, spans: Sequence[tuple[int, int]], names: Collection[str]
) -> Floats:
    """The weights of a question's tokens with those of names lessened, where it has other words."""
    named = [found.span() for name in set(names) for found in re.finditer(re.escape(name), question)]
    inside = [any(first <= start and end <= last for first, last in named) for start, end in spans]
    others = float(sum(weight for weight, held in zip(weights, inside, strict=True) if not held))
    return np.where(inside, weights * _NAME, weights) if others > 0 else weights


def _rows(places: Sequence[Place], library: Library) -> list[bytes] | None:
    """The stored bits of each sentence's tokens; empty for one beyond the model's window."""
    chunks = {chunk.id: (paper, chunk) for paper, chunk, _, _ in places}
    signs = library.catalog.signs_of(list(chunks), library.embedder.fingerprint.key)
    texts = [library.chunker.embedded(paper.title, chunk) for paper, chunk in chunks.values()]
    spans = library.embedder.spans(texts)
    if spans is None or len(signs) < len(chunks):
        return None
    tokens = dict(zip(chunks, zip(texts, spans, strict=True), strict=True))
    rows = []
    for _, chunk, start, end in places:
        text, offsets = tokens[chunk.id]
        before = len(text) - len(chunk.text) - chunk.start  # the title comes first
        inside = [
            p for p, (a, b) in enumerate(offsets) if a < b and a >= start + before and b <= end + before
        ]
        width = len(signs[chunk.id]) // max(len(offsets), 1)
        rows.append(signs[chunk.id][inside[0] * width : (inside[-1] + 1) * width] if inside else b"")
    return rows
