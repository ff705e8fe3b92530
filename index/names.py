"""Papers that a question calls by their name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.catalog import Catalog
from index.keywords import Keywords
from index.merge import title_key
from index.schema import Filters, Paper, Value

_LONGEST = 30  # words of a title that are looked for
_SURE = 4  # words of a name from which on it is no chance phrase
_COMMON = 0.02  # share of papers above which a single lower-case word is a word and not a name


class Named(Value):
    """A paper that a query calls by `name`; not `sure` where the name may as well be a common term."""

    paper: Paper
    name: str
    sure: bool


def papers_named(
    query: str, catalog: Catalog, keywords: Keywords, filters: Filters = Filters()
) -> list[Named]:
    """The papers in scope whose whole title or short name stands in `query`, those of the longest names first.

    A name of one word is only taken for one where it is written so (with a capital or a digit inside)
    or is rare in the library, since "Agents: …" does not own the word.
    """
    words = query.split()
    keys = [title_key(word) if re.search(r"\w", word) else "" for word in words]
    spelled = {title_key(query): query} if words else {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            spelled.setdefault("".join(keys[start:end]), " ".join(words[start:end]))
    found = []
    for paper in catalog.named([key for key in spelled if len(key) > 1]):
        names = (spelled.get(title_key(name)) for name in (paper.title, paper.short_name) if name)
        called = max((name for name in names if name and _is_name(name, keywords)), key=len, default=None)
        if called:
            sure = called == query or len(called.split()) >= _SURE
            found.append(Named(paper=paper, name=called, sure=sure))
    inside = _in_scope([named.paper.id for named in found], catalog, filters)
    kept = [named for named in found if named.paper.id in inside]
    return sorted(kept, key=lambda named: (-len(named.name), named.paper.id))


def _in_scope(paper_ids: Sequence[str], catalog: Catalog, filters: Filters) -> set[str]:
    ids = set(paper_ids)
    if filters.empty or not ids:
        return ids
    ids &= set(filters.papers) or ids
    scope = filters.model_copy(update={"papers": tuple(ids)})
    return {paper.id for paper in catalog.papers(scope, "", 0, len(ids))} if ids else ids


def _is_name(phrase: str, keywords: Keywords) -> bool:
    word = phrase.strip("\"'“”‘’?!.,;:()[]")
    if len(re.findall(r"\w+", word)) > 1 or any(c.isupper() or c.isdigit() for c in word[1:]):
        return True
    rare = max(_COMMON, 1.0 / max(keywords.papers.count(), 1))
    return max(keywords.rarity(keywords.stems(word)), default=1.0) <= rare
