"""A full-text query in SQL that ranks by BM25.

Owns the text of it and what is given with it; which items are worth ranking is decided elsewhere, and so is what
words weigh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from index.bm25 import LENGTH, SATURATION
from index.filters import Bounds
from index.lexemes import phrase

_ALIKE = "CAST('{1,1,1,1}' AS real[])"  # every occurrence counts one
LONG = 800
"""Words from which on an item is long."""
_LIMITS = {
    "papers": "paper_id = ANY(:papers)",
    "excluded": "paper_id <> ALL(:excluded)",
    "first_day": "day >= :first_day",
    "last_day": "day <= :last_day",
    "organizations": "organization = ANY(:organizations)",
    "min_comments": "comments >= :min_comments",
    "sources": "sources && CAST(:sources AS text[])",
}


class Ranking:
    """A query over the items that match a `tsquery` and lie in scope. `given` goes with its text."""

    def __init__(self, table: str, query: str, scope: Bounds) -> None:
        self.table = table
        self.given: dict[str, Any] = {"query": query}
        self._conditions = ["words @@ CAST(:query AS tsquery)"]
        for name, condition in _LIMITS.items():
            value = getattr(scope, name)
            if value is None or (value == () and name != "papers"):
                continue
            self._conditions.append(condition)
            self.given[name] = list(value) if isinstance(value, tuple) else value
        self._columns: list[str] = []

    def counted(self) -> str:
        """The query for how many they are; to be made before words are weighed."""
        return f"SELECT count(*) FROM {self.table} WHERE {self._where}"

    def weigh(self, words: Sequence[str], weight: float) -> str:
        """What an item scores for words that follow each other in it, as an expression."""
        name = f"f{len(self._columns)}"
        self._columns.append(
            f"CAST(ts_rank_cd({_ALIKE}, words, CAST(:{name} AS tsquery)) AS double precision) AS {name}"
        )
        self.given |= {name: phrase(words), f"{name}_weight": weight * (SATURATION + 1)}
        return f"CAST(:{name}_weight AS double precision) * {name} / ({name} + norm)"

    def holds(self, query: str) -> str:
        """1 where an item matches another query too, else 0, as an expression."""
        name = f"f{len(self._columns)}"
        self._columns.append(f"CAST(words @@ CAST(:{name} AS tsquery) AS integer) AS {name}")
        self.given[name] = query
        return name

    def ranked(self, score: str, average: float, count: int, offset: int = 0) -> str:
        """The query for the best of them: rows of `id` and `score`, best first.

        `average` is how many words an item has. Those of long items lie apart from their rows, and are fetched once.
        """
        self.given |= {"average": max(average, 1.0), "count": count, "offset": offset}
        norm = (
            f"{SATURATION} * ({1 - LENGTH} + {LENGTH} * length / CAST(:average AS double precision)) AS norm"
        )
        columns = ", ".join(("id", norm, *self._columns))
        words = "setweight(words, 'D') AS words" if average > LONG else "words"
        found = f"SELECT id, length, {words} FROM {self.table} WHERE {self._where} OFFSET 0"
        return (
            f"SELECT id, {score} AS score FROM (SELECT {columns} FROM ({found}) AS found OFFSET 0) AS weighed "
            "ORDER BY score DESC, id LIMIT :count OFFSET :offset"
        )

    @property
    def _where(self) -> str:
        return " AND ".join(self._conditions)


def either(scores: Sequence[str]) -> str:
    """The highest of several scores."""
    return scores[0] if len(scores) == 1 else f"greatest({', '.join(scores)})"


def together(scores: Sequence[str]) -> str:
    return f"({' + '.join(scores)})" if scores else "0"
