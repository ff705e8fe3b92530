"""Vectors of texts that were embedded before it was known which of them would be stored.

Owns what becomes of them: one that is asked for is given, the others are forgotten with their batch, and what nobody
embedded ahead the embedder still does. Refuses to know who embedded, and where (`index.spread`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.embedding import Embedded, Embedder, Progress


class Made(NamedTuple):
    """The marks of texts, in the order of their vectors."""

    marks: tuple[bytes, ...]
    embedded: Embedded


class Premade:
    """What was embedded ahead for one batch of documents."""

    def __init__(self) -> None:
        self._made: dict[bytes, tuple[NDArray[np.float32], bytes]] = {}

    def take(self, made: Made | None) -> None:
        """Hold vectors until the batch is stored."""
        if made is not None:
            signs = made.embedded.signs or [b""] * len(made.marks)
            self._made.update(zip(made.marks, zip(made.embedded.vectors, signs, strict=True), strict=True))

    def embedded(self, embedder: Embedder, texts: Sequence[str], progress: Progress | None) -> Embedded:
        """As `embedder.signed_passages`, which is asked only for what is not there."""
        marks = [mark_of(text) for text in texts] if self._made else []
        found = {p: self._made[mark] for p, mark in enumerate(marks) if mark in self._made}
        if not found:
            return embedder.signed_passages(texts, progress)
        lacking = [position for position in range(len(texts)) if position not in found]
        rest = embedder.signed_passages([texts[position] for position in lacking], progress)
        signs = rest.signs or [b""] * len(lacking)
        found |= {p: (rest.vectors[n], signs[n]) for n, p in enumerate(lacking)}
        ordered = [found[position] for position in range(len(texts))]
        told = [signs for _, signs in ordered]
        return Embedded(np.array([vector for vector, _ in ordered], np.float32), told if any(told) else None)


def mark_of(text: str) -> bytes:
    """What a text is known by, on whichever machine it was embedded."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
