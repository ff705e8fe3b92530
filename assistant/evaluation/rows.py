"""A case's row: its gold papers as the library knows them, and what a ranking of papers is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistant.evaluation.ranking import best_place, ranking_measures
from assistant.evaluation.schema import Case, Row
from index.errors import PaperNotFound
from index.library import Library
from index.schema import Filters

_SHOWN = 10  # papers ranked above the right one that a row keeps


class Rows:
    """Makes the rows of one library's cases."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._known: dict[str, str] = {}

    def ranked(self, case: Case, ranked: Sequence[str], milliseconds: Mapping[str, float]) -> Row:
        """The row of a ranking of paper ids, best first."""
        gold = self.gold(case)
        place = best_place(gold, ranked)
        before = ranked[: place - 1] if place else ranked
        return Row(
            id=case.id,
            question=case.question,
            label=case.label,
            measures=ranking_measures(gold, ranked) if gold else {},
            gold=tuple(map(self.title, gold)),
            place=place,
            above=tuple(map(self.title, before[:_SHOWN])),
            milliseconds=dict(milliseconds),
        )

    def gold(self, case: Case) -> dict[str, int]:
        """The case's gold by paper id."""
        return {self.paper_id(name): gain for name, gain in case.gold.items()}

    def scope(self, case: Case) -> Filters:
        """The papers that the case is held to."""
        return Filters(papers=tuple(map(self.paper_id, case.scope)))

    def absent(self, cases: Iterable[Case]) -> list[str]:
        """The gold papers that the library does not have; each is missed by every system."""
        named = dict.fromkeys(name for case in cases for name in (*case.gold, *case.scope))
        return [name for name in named if self.library.catalog.document(self.paper_id(name)) is None]

    def paper_id(self, name: str) -> str:
        """The id of a paper named by id or title; a paper that is not there keeps its name."""
        if name not in self._known:
            try:
                self._known[name] = self.library.paper(name).id
            except PaperNotFound:
                self._known[name] = name
        return self._known[name]

    def title(self, paper_id: str) -> str:
        document = self.library.catalog.document(paper_id)
        return document.paper.title if document else f"{paper_id} (not in the library)"
