"""Which paper a document is about: one stored, one met before it in the same batch, or a new one.

Owns the identity that papers of a batch are given. Refuses to know what is then made of them (`index.ingest`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.catalog import Catalog
from index.identity import same_paper
from index.merge import merge, namesake_id, paper_id, title_key
from index.schema import Document, Paper


class Known:
    """Which stored or just met paper a document of a batch is about; `described` are the batch's papers.

    The catalog is asked once which of them may be stored, and of those only is then looked for.
    """

    def __init__(self, catalog: Catalog, described: Sequence[Paper]) -> None:
        self.catalog = catalog
        self._held = catalog.held(keys(described))
        self._stored: set[str] = set()
        self._met: dict[str, list[str]] = {}  # ids of papers, by what they may be met by again
        self._said: dict[str, Paper] = {}  # what is known of a paper in all, by its id

    def resolve(self, document: Document) -> str:
        """The id of the paper that the document is about."""
        paper = document.paper
        found = self._just_met(paper) or self._found(paper) or self._new(paper)
        self._note(paper, found)
        return found

    def stored(self, paper_id: str) -> bool:
        """Whether a paper that `resolve` named was in the catalog."""
        return paper_id in self._stored

    def _just_met(self, paper: Paper) -> str | None:
        met = (known for key in _keys(paper) for known in self._met.get(key, ()))
        return next((known for known in met if same_paper(paper, self._said[known])), None)

    def _found(self, paper: Paper) -> str | None:
        if self._held.isdisjoint(_keys(paper)):
            return None
        stored = self.catalog.known(paper)
        if stored is None:
            return None
        self._stored.add(stored.id)
        if stored.id not in self._said:
            self._note(stored, stored.id)
        return stored.id if same_paper(paper, self._said[stored.id]) else None

    def _new(self, paper: Paper) -> str:
        """A name of its own, also for a paper whose title is another paper's."""
        name = paper_id(paper)
        if name not in self._said and name not in self._held:
            return name
        name = namesake_id(paper)
        if self.catalog.entry(name) is not None:
            self._stored.add(name)
        return name

    def _note(self, paper: Paper, known: str) -> None:
        for key in _keys(paper):
            self._met.setdefault(key, []).append(known)
        before, whole = self._said.get(known), paper
        if before is not None:
            whole = merge([Document(paper=each, text="") for each in (before, paper)])[0].paper
        self._said[known] = whole.model_copy(update={"id": known})


def identity(paper: Paper) -> str:
    """What a source calls a paper by: the surest name that it gives."""
    return paper.id or paper.arxiv_id or paper.doi or title_key(paper.title)


def keys(described: Iterable[Paper]) -> set[str]:
    """All that papers may be met by, and the names that they would be given."""
    return {key for paper in described for key in (*_keys(paper), paper_id(paper))}


def _keys(paper: Paper) -> list[str]:
    """What a paper may be met by again, the surest first."""
    names = [paper.id, paper.arxiv_id, paper.doi, title_key(paper.title)]
    return [name for name in names if name]
