"""Making one ranking of several, and weighing words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def standardised_sum(scores: Sequence[Mapping[str, float]], weights: Sequence[float]) -> dict[str, float]:
    """The weighted sum of each item's scores in standard deviations from their mean, best first.

    All mappings must hold the same items. Unlike reciprocal ranks, it keeps how far ahead a retriever
    puts an item; a retriever that scores all alike adds nothing. Ties keep the order given.
    """
    fused: dict[str, float] = dict.fromkeys(scores[0], 0.0) if scores else {}
    for given, weight in zip(scores, weights, strict=True):
        mean = sum(given.values()) / max(len(given), 1)
        deviation = math.sqrt(sum((score - mean) ** 2 for score in given.values()) / max(len(given), 1))
        for item, score in given.items():
            fused[item] += weight * (score - mean) / deviation if deviation > 1e-9 else 0.0
    return dict(sorted(fused.items(), key=lambda scored: -scored[1]))


def rarity_weight(share: float) -> float:
    """The weight of a word that `share` of the papers hold: log(1 / share), at most 8, for one that none holds."""
    return min(math.log(1.0 / share), 8.0) if share > 0 else 8.0
