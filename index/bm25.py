"""The numbers of BM25 as tantivy has them, for an index that is ranked elsewhere.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

from __future__ import annotations

import math

SATURATION = 1.2
"""How soon further occurrences of a word add nothing (k1)."""
LENGTH = 0.75
"""How much a long item must hold a word more often than a short one (b)."""
_EXACT = 24  # words up to which a length is kept as it is, and with four bits above


def inverse_frequency(held: float, total: int) -> float:
    """The weight of a word that `held` of all items hold."""
    return math.log1p((total - held + 0.5) / (held + 0.5))


def coarse(length: int) -> int:
    """A length as tantivy keeps it, in one byte.

    >>> [coarse(length) for length in (7, 39, 41, 100, 1000)]
    [7, 39, 40, 96, 984]
    """
    rest = length - _EXACT
    shift = max(rest.bit_length() - 4, 0) if rest > 0 else 0
    return _EXACT + (rest >> shift << shift)
