"""Papers sorted by topic: few, and of one field.

Pure functions over unit vectors. Groups grow by average linkage (Sokal and Michener, "A
statistical method for evaluating systematic relationships", 1958) over vectors less what the whole library
has in common, for in a library on one field all papers are alike. How many groups there are follows from
the papers. Refuses to know where vectors come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ALIKE = 0.1  # mean cosine, less what all have in common, from which on two groups are of one topic


def grouped(means: NDArray[np.float32], common: NDArray[np.float32]) -> list[list[int]]:
    """Positions in `means`, of shape (papers, dimension), by topic: the largest group first.

    `common`, of shape (dimension,), is the mean of the library's papers. A paper like no other is a group
    of its own.
    """
    apart = means - common
    lengths = np.linalg.norm(apart, axis=1, keepdims=True)
    apart = apart / np.where(lengths < 1e-9, 1, lengths)
    likeness = (apart @ apart.T).astype(np.float64)
    np.fill_diagonal(likeness, -np.inf)
    groups = [[position] for position in range(len(means))]
    while len(groups) > 1:
        one, other = sorted(divmod(int(likeness.argmax()), len(likeness)))
        if not likeness[one, other] >= _ALIKE:
            break
        _join(likeness, groups, one, other)
    return sorted((sorted(group) for group in groups if group), key=lambda group: (-len(group), group))


def _join(likeness: NDArray[np.float64], groups: list[list[int]], one: int, other: int) -> None:
    mine, theirs = len(groups[one]), len(groups[other])
    joined = (likeness[one] * mine + likeness[other] * theirs) / (mine + theirs)
    likeness[one], likeness[:, one] = joined, joined
    likeness[other], likeness[:, other] = -np.inf, -np.inf
    likeness[one, one] = -np.inf
    groups[one] += groups[other]
    groups[other] = []
