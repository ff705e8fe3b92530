"""Titles that complete what is typed after an `@`."""

from __future__ import annotations

import re

from index.library import Library
from index.schema import Paper
from ui.parts.render import byline

SHOWN = 8
_CONSIDERED = 60


def titles(words: str, library: Library) -> list[dict[str, str]]:
    """Papers whose titles have every word typed, as `id`, `title` and `about`; titles that begin so lead."""
    found = library.papers(words=words, limit=_CONSIDERED)
    ranked = sorted(found, key=lambda paper: _distance(paper, words))
    return [{"id": paper.id, "title": paper.title, "about": byline(paper)} for paper in ranked[:SHOWN]]


def _distance(paper: Paper, words: str) -> int:
    """0 where the title begins with what is typed, 1 where words of it begin so, 2 else; `sorted` keeps the rest."""
    typed, title = words.casefold().strip(), paper.title.casefold()
    if title.startswith(typed):
        return 0
    begun = set(re.findall(r"\w+", title))
    return 1 if all(any(word.startswith(part) for word in begun) for part in typed.split()) else 2
