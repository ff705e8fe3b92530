"""Who wrote which paper: names in the form they are looked up by.

Owns that form. Case, accents and full stops do not matter. Each name is kept twice, once with its words turned
round, so that a family name, a whole name, and either of them half typed, is the beginning of one of the two:
whichever is looked up is then a range of an index, however many papers there are. Refuses to know whether two
authors of one name are one person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from index.schema import Paper
from index.tables import authors, papers

_LONGEST = 200  # characters of a name that are looked at
_LAST = "\U0010ffff"  # sorts behind every letter


def name_words(name: str) -> list[str]:
    """The words of a name as they are compared.

    >>> name_words("José A. de la Peña-Ruiz")
    ['jose', 'a', 'de', 'la', 'pena-ruiz']
    """
    letters = unicodedata.normalize("NFKD", name[:_LONGEST]).casefold()
    plain = unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", letters))
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", plain)


def author_rows(paper: Paper) -> list[dict[str, Any]]:
    """What is kept of a paper's authors; a name without letters is passed over."""
    named = [(position, name_words(name)) for position, name in enumerate(paper.authors)]
    return [
        {"paper_id": paper.id, "position": position, "name": " ".join(words), "family": _turned(words)}
        for position, words in named
        if words
    ]


def author_key(paper: Paper) -> str | None:
    """What papers are put in order by: the first author's name, family name first; None where none is known."""
    return _turned(name_words(paper.authors[0])) or None if paper.authors else None


def written_by(name: str) -> ColumnElement[bool] | None:
    """What holds of papers one of whose authors has that name or family name; None where it is no name."""
    words = name_words(name)
    if not words:
        return None
    family = _turned(words)
    longer = and_(authors.c.family >= f"{family} ", authors.c.family < f"{family}!")  # "!" follows the space
    return _any_author(or_(authors.c.family == family, longer))


def written_by_one_like(name: str) -> ColumnElement[bool] | None:
    """What holds of papers one of whose authors has a name or a family name that begins so."""
    words = name_words(name)
    if not words:
        return None
    begun = ((authors.c.name, " ".join(words)), (authors.c.family, _turned(words)))
    return _any_author(or_(*(and_(column >= start, column < start + _LAST) for column, start in begun)))


def _any_author(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return papers.c.id.in_(select(authors.c.paper_id).where(condition))


def _turned(words: Sequence[str]) -> str:
    return " ".join(reversed(words))
