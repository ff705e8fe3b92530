"""Which items of a large index are worth ranking for a query.

Decides from numbers alone. An item that holds a rare word of a query outranks those that hold frequent words only,
unless it is several of these: so what is ranked are the items of the rarest words, and those in which frequent words
meet, as many as a budget allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

_PAIRED = 6  # frequent words that are looked at for where two meet
_TOGETHER = 2.5  # words of one question meet that much more often than chance has it


def clauses(sizes: Sequence[int], total: int, budget: int) -> list[tuple[int, ...]]:
    """Positions of words, the words of a clause all in one item, such that the clauses' items number about `budget`.

    `sizes` are how many of `total` items hold each word.

    >>> clauses([10, 400_000, 90], total=1_000_000, budget=500)
    [(0,), (2,)]
    >>> clauses([400_000, 40_000], total=1_000_000, budget=2000)
    [(0, 1)]
    """
    order = sorted(range(len(sizes)), key=lambda position: sizes[position])
    chosen: list[tuple[int, ...]] = []
    spent = 0.0
    for position in order:
        if spent + sizes[position] > budget:
            break
        chosen.append((position,))
        spent += sizes[position]
    frequent = order[len(chosen) :][:_PAIRED]
    meeting = sorted(
        (sizes[a] * sizes[b] / max(total, 1) * _TOGETHER, (a, b)) for a, b in combinations(frequent, 2)
    )
    for size, pair in meeting:
        if chosen and spent + size > budget:
            break
        chosen.append((min(pair), max(pair)))
        spent += size
    return chosen or [(position,) for position in order[:1]]
