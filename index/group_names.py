"""Names for groups of papers, made of the words that their titles share.

Owns how titles' words are counted and written, and the two ways in which they tell a group: `name_of` names
a group by itself, by its rarest words; `names_apart` names groups beside each other, by the words that each
has more than the others. Pure: what a word's stem is, and how rare it is, are given.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

from index.function_words import FUNCTION_WORDS

_NAMED = 3  # words of a name
_FILLED = 2  # words up to which those that papers have anyway are taken too
_SHARED = 0.34  # share of a group's papers that must have a word of its name
_RARE = 1.0  # weight below which a word is one that papers have anyway: more than a third of them
_PLAIN = frozenset(
    ("approach", "based", "from", "method", "new", "towards", "toward", "using", "via", "with")
)
_WORD = re.compile(r"[^\W\d_][\w-]*\w")

Weigh = Callable[[str], tuple[str, float]]
"""A word's stem, and how rare it is; an empty stem for a word without meaning."""
Stem = Callable[[str], str]
"""A word's stem, empty for a word without meaning."""


class Wording:
    """The words of titles by their stems, and how each is mostly written."""

    def __init__(self, stem: Stem) -> None:
        self._stem = stem
        self._stems: dict[str, str] = {}
        self._written: dict[str, Counter[str]] = {}

    def read(self, title: str) -> set[str]:
        """The distinct stems of a title's words."""
        found = set()
        for word in _WORD.findall(title):
            if word not in self._stems:
                self._stems[word] = "" if word.lower() in FUNCTION_WORDS else self._stem(word)
            if stem := self._stems[word]:
                found.add(stem)
                self._written.setdefault(stem, Counter())[_small(word)] += 1
        return found

    def written(self, stem: str) -> str:
        """The word as most titles have it."""
        return self._written[stem].most_common(1)[0][0]


def name_of(titles: Sequence[str], weigh: Weigh) -> str:
    """The rarest words that the titles share, as `style, image`; empty where they share none.

    A word must stand in at least two of the titles, and counts the more the more of them have it. Words that
    papers have anyway only fill a name up.
    """
    worth: dict[str, float] = {}

    def stem_of(word: str) -> str:
        stem, weight = weigh(word)
        worth[stem] = max(worth.get(stem, 0.0), weight)
        return stem

    wording = Wording(stem_of)
    held = Counter(stem for title in titles for stem in wording.read(title))
    least = max(2, round(_SHARED * len(titles)))
    shared = sorted(
        (stem for stem, times in held.items() if times >= least and worth[stem] > 0),
        key=lambda stem: (worth[stem] < _RARE, -worth[stem] * held[stem], stem),
    )
    name: list[str] = []
    for stem in shared:
        word = wording.written(stem)
        told = any(word.lower() in other.lower() or other.lower() in word.lower() for other in name)
        if not told and (worth[stem] >= _RARE or len(name) < _FILLED):
            name.append(word)
    return ", ".join(name[:_NAMED])


def names_apart(titles: Sequence[str], groups: Sequence[int], number: int, stem: Stem) -> list[str]:
    """A name for each of `number` groups: the words in most of its titles and few of the others'.

    `groups` gives each title's group, from 0. A group that shares no word is called `other`.
    """
    wording = Wording(lambda word: "" if word.lower() in _PLAIN else stem(word))
    held: list[Counter[str]] = [Counter() for _ in range(number)]
    for title, group in zip(titles, groups, strict=True):
        held[group].update(wording.read(title))
    overall, sizes = sum(held, Counter()), Counter(groups)
    return [
        ", ".join(map(wording.written, _telling(held[group], overall, sizes[group], len(titles)))) or "other"
        for group in range(number)
    ]


def _telling(held: Counter[str], overall: Counter[str], size: int, everything: int) -> list[str]:
    """The stems that a group has more than all titles have."""

    def worth(stem: str) -> float:
        inside, outside = held[stem] / size, overall[stem] / everything
        return inside * math.log(inside / outside)

    shared = [stem for stem, times in held.items() if times > 1 or size == 1]
    return sorted(shared, key=lambda stem: (-worth(stem), stem))[:_NAMED]


def _small(word: str) -> str:
    """In small letters, unless it is written with capitals inside: `LLMs` is a name."""
    return word if any(letter.isupper() for letter in word[1:]) else word.lower()
