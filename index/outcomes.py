"""What an addition came to: what became of each paper, what could not be read, what a person should know of it."""

from __future__ import annotations

from collections.abc import Sequence

from index.schema import Conflict, Document, Notice, Unreadable, Value


class Conflicting(Value):
    """A paper whose sources disagree, and on what."""

    title: str
    conflicts: tuple[Conflict, ...]


class Noticed(Value):
    """A paper of whose file its reader should know something, and what; `paper` is its id."""

    paper: str
    title: str
    notices: tuple[Notice, ...]


class AddReport(Value):
    """What an addition did: titles by outcome, unreadable entries, disagreements among sources, notices.

    A paper met several times in one addition counts once, under its weightiest outcome. `removed` are those that no
    source tells of any more, where sources were mirrored or forgotten.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Unreadable, ...] = ()
    conflicting: tuple[Conflicting, ...] = ()
    noticed: tuple[Noticed, ...] = ()

    @property
    def papers(self) -> int:
        """How many distinct papers the files held."""
        return len(self.added) + len(self.updated) + len(self.unchanged)


class Outcomes:
    """Gathers the report of an addition while it goes on."""

    def __init__(self) -> None:
        self._papers: dict[str, tuple[str, str]] = {}
        self._failed: dict[str, list[Unreadable]] = {}
        self._conflicting: dict[str, Conflicting] = {}
        self._noticed: dict[str, Noticed] = {}

    def note(self, paper_id: str, title: str, outcome: str) -> None:
        """A paper came to `added`, `updated` or `unchanged`; the first of these that is a change stays."""
        before = self._papers.get(paper_id)
        if before is None or before[1] == "unchanged":
            self._papers[paper_id] = (title, outcome)

    def fail(self, source: str, failed: Unreadable) -> None:
        """An entry of a source could not be read."""
        self._failed.setdefault(source, []).append(failed)

    def refuse(self, failed: Unreadable) -> None:
        """There is nothing to be read at a place."""
        self._failed[failed.place] = [failed]

    def failures(self, source: str) -> Sequence[Unreadable]:
        """What of a source could not be read so far."""
        return self._failed.get(source, ())

    def tell(self, paper_id: str, document: Document, conflicts: Sequence[Conflict]) -> None:
        """What a paper's sources disagree on, and what of its file should be known."""
        title = document.paper.title
        if document.notices:
            self._noticed[paper_id] = Noticed(paper=paper_id, title=title, notices=document.notices)
        if conflicts:
            self._conflicting[paper_id] = Conflicting(title=title, conflicts=tuple(conflicts))

    def report(self) -> AddReport:
        """What it came to so far."""
        titles: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": []}
        for title, outcome in self._papers.values():
            titles[outcome].append(title)
        return AddReport(
            added=tuple(titles["added"]),
            updated=tuple(titles["updated"]),
            unchanged=tuple(titles["unchanged"]),
            failed=tuple(item for failed in self._failed.values() for item in failed),
            conflicting=tuple(self._conflicting.values()),
            noticed=tuple(self._noticed.values()),
        )
