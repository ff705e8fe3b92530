"""Papers sorted by topic: few, of one field, and each group named in their own words.

Pure functions over unit vectors and titles. Groups grow by average linkage (Sokal and Michener, "A
statistical method for evaluating systematic relationships", 1958) over vectors less what the whole library
has in common, for in a library on one field all papers are alike. How many groups there are follows from
the papers. Refuses to know where vectors come from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.grounds import meaningful

_ALIKE = 0.1  # mean cosine, less what all have in common, from which on two groups are of one topic
_NAMED = 3  # words of a name
_FILLED = 2  # words up to which those that papers have anyway are taken too
_SHARED = 0.34  # share of a group's papers that must have a word of its name
_RARE = 1.0  # weight below which a word is one that papers have anyway: more than a third of them
_WORD = re.compile(r"[^\W\d_][\w-]*\w")

Weigh = Callable[[str], tuple[str, float]]
"""A word's stem, and how rare it is; an empty stem for a word without meaning."""


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


def name_of(texts: Sequence[str], weigh: Weigh) -> str:
    """The rarest words that the texts, titles perhaps, share, as `style, image`; empty where they share none.

    A word must stand in at least two of the texts, and counts the more the more of them have it. Words that
    papers have anyway only fill a name up.
    """
    held: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    worth: dict[str, float] = {}
    for text in texts:
        found = set()
        for word in _WORD.findall(" ".join(meaningful(text))):
            stem, weight = weigh(word)
            if stem:
                found.add(stem)
                worth[stem] = max(worth.get(stem, 0.0), weight)
                written.setdefault(stem, Counter())[_small(word)] += 1
        held.update(found)
    least = max(2, round(_SHARED * len(texts)))
    shared = sorted(
        (stem for stem, times in held.items() if times >= least and worth[stem] > 0),
        key=lambda stem: (worth[stem] < _RARE, -worth[stem] * held[stem], stem),
    )
    name: list[str] = []
    for stem in shared:
        word = written[stem].most_common(1)[0][0]
        told = any(word.lower() in other.lower() or other.lower() in word.lower() for other in name)
        if not told and (worth[stem] >= _RARE or len(name) < _FILLED):
            name.append(word)
    return ", ".join(name[:_NAMED])


def _small(word: str) -> str:
    """In small letters, unless it is written with capitals inside: `LLMs` is a name."""
    return word if any(letter.isupper() for letter in word[1:]) else word.lower()
