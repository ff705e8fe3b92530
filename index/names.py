"""Papers that a question calls by their name."""

from __future__ import annotations

import re

from index.catalog import Catalog
from index.keywords import Keywords
from index.merge import title_key
from index.schema import Paper

_LONGEST = 30  # words of a title that are looked for
_COMMON = 0.02  # share of papers from which on a single lower-case word is a word and not a name


def papers_named(query: str, catalog: Catalog, keywords: Keywords) -> list[Paper]:
    """The papers whose whole title or short name stands in `query`, those of the longest names first.

    A short name of one word is only taken for a name where it is written as one (with a capital or a
    digit inside) or is rare in the library, since "Agents: …" does not own the word.
    """
    words = query.split()
    keys = [title_key(word) if re.search(r"\w", word) else "" for word in words]
    spelled = {title_key(query): query} if words else {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            spelled.setdefault("".join(keys[start:end]), " ".join(words[start:end]))
    found = []
    for paper in catalog.named([key for key in spelled if len(key) > 1]):
        whole = spelled.get(title_key(paper.title))
        short = spelled.get(title_key(paper.short_name or paper.title))
        if whole or (short and _is_name(short, keywords)):
            found.append((len(whole or short or ""), paper))
    return [paper for _, paper in sorted(found, key=lambda measured: (-measured[0], measured[1].id))]


def _is_name(phrase: str, keywords: Keywords) -> bool:
    word = phrase.strip("\"'“”‘’?!.,;:()[]")
    if len(re.findall(r"\w+", word)) > 1 or any(c.isupper() or c.isdigit() for c in word[1:]):
        return True
    return max(keywords.rarity(keywords.stems(word)), default=1.0) <= _COMMON
