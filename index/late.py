"""Late interaction: matching each word of a question with its best counterpart in a passage.

MaxSim is from Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized
Late Interaction over BERT", SIGIR 2020; here over the token vectors of the sentence model itself, which
nobody trained for it. Passages keep one bit a number, its sign, so that a token of 384 numbers takes 48
bytes; the question keeps its floats. On the development questions that ranks as well as all 32 bits
(docs/retrieval.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BLOCK = 2048  # rows unpacked at once: their floats, 3 MB, stay in a core's cache


class Asked(NamedTuple):
    """A question as a model sees it: its vector (dimension,), and its tokens where the model tells them.

    `tokens` is (count, dimension), each of length one; `spans` are their places in the text.
    """

    vector: Floats
    tokens: Floats | None = None
    spans: tuple[tuple[int, int], ...] = ()


def signs(tokens: Floats) -> bytes:
    """Token vectors (count, dimension) as one bit a number, row after row; the dimension is a multiple of 8."""
    return np.packbits(tokens > 0, axis=1).tobytes()


def best_matches(tokens: Floats, kept: Sequence[bytes]) -> Floats:
    """For each passage and each question token, the highest cosine to any token of the passage.

    `tokens` is (count, dimension); the result is (passages, count). A passage's vectors count as their
    signs scaled to length one.
    """
    width = tokens.shape[1]
    packed = [np.frombuffer(passage, np.uint8).reshape(-1, width // 8) for passage in kept]
    starts = np.cumsum([0, *(len(rows) for rows in packed[:-1])])
    rows = np.concatenate(packed)
    products = np.empty((len(rows), len(tokens)), np.float32)
    for start in range(0, len(rows), _BLOCK):
        bits = np.unpackbits(rows[start : start + _BLOCK], axis=1)
        np.matmul(bits.astype(np.float32), tokens.T, out=products[start : start + _BLOCK])
    best = np.maximum.reduceat(products, starts, axis=0)
    # Signs are 2·bit - 1, so their product with a token is twice that of the bits less the token's sum.
    return np.asarray((2 * best - tokens.sum(axis=1)) / np.sqrt(width), np.float32)


def late_scores(matches: Mapping[str, Floats], weights: Floats) -> dict[str, float]:
    """The weighted mean of each item's best matches (tokens,); plain where every weight is zero."""
    share = weights / weights.sum() if weights.sum() > 0 else np.full_like(weights, 1 / max(len(weights), 1))
    return {item: float(best @ share) for item, best in matches.items()}
