"""What the library page does, without the page.

Owns what each address of the page shows and what each click there does to the library. Knows nothing of
Gradio, so that all of it can be driven from a test. What is shown follows from the address alone, so that
it can be reloaded, shared and gone back to; what is chosen is known to the browser and sent along.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.cited import cited_in
from assistant.conversation import Conversations
from assistant.engine import Assistant
from index.atlas import Atlas
from index.errors import IbidError, PaperNotFound
from index.library import Library
from index.readers import readers
from index.schema import Filters, Paper, Value
from index.similar import Similar
from ui.library import adding_view, map_view, paper_view, papers_view
from ui.library.adding import Adding, Job
from ui.library.address import Address, read
from ui.library.papers_view import PAGE
from ui.parts import bibliography, frame_view, scope
from ui.parts.markup import escape
from ui.parts.reader import Reader
from ui.parts.render import counted
from ui.parts.spreadsheet import papers_csv

SIMILAR = 6  # papers
MOST_CHOSEN = 10_000  # papers: what a conversation's scope can carry, and the stores can look up at once


class View(Value):
    """Parts of the page as they should be now, as HTML; None leaves a part as it is."""

    header: str | None = None
    parts: str | None = None
    controls: str | None = None
    main: str | None = None
    notice: str | None = None
    adding: str | None = None
    status: str | None = None


class Desk:
    """The library page's doings over one library; one serves every browser."""

    def __init__(
        self, library: Library, assistant: Assistant, adding: Adding, reader: Reader = Reader()
    ) -> None:
        self.library = library
        self.reader = reader
        self.assistant = assistant
        self.adding = adding
        self._atlas: Atlas | None = None
        self._drawing = threading.Lock()

    # Showing

    def enter(self, query: str) -> View:
        """The whole page at an address."""
        shown = self.show(query)
        rows = adding_view.rows(self._jobs)
        return shown.model_copy(update={"controls": self._controls(), "adding": rows})

    def show(self, query: str) -> View:
        """What the address with this query string shows."""
        address = read(query)
        main, heard = self._main(address)
        return View(header=self.header(), parts=papers_view.parts(address), main=main, status=escape(heard))

    def header(self) -> str:
        return frame_view.header(self.assistant.engine, self.library.count(), "Library", reader=self.reader)

    def _controls(self) -> str:
        return papers_view.controls(self.library.facts())

    def _main(self, address: Address) -> tuple[str, str]:
        """The part that an address shows, and what a screen reader hears of it."""
        if address.paper:
            return self._paper(address)
        if address.part == "add":
            self.library.require_changeable()
            return adding_view.form(self.endings), adding_view.status(self._jobs)
        if address.part == "map":
            return self._map(address)
        return self._papers(address)

    def _map(self, address: Address) -> tuple[str, str]:
        """The map, or that it is being drawn: the page asks for that with `draw`."""
        papers = self.library.count()
        if not papers:
            return papers_view.empty(), "No papers."
        drawn = self._atlas
        if drawn is None or drawn.change != self.library.catalog.change():
            return map_view.drawing(papers), "Drawing the map."
        scope = None if address.whole else frozenset(self._in_scope(address))
        return map_view.atlas(address, drawn, scope), f"A map of {counted(papers, 'paper')}."

    def draw(self) -> int:
        """Draw the map, if it is not drawn already; how many papers are on it."""
        with self._drawing:
            if self._atlas is None or self._atlas.change != self.library.catalog.change():
                self._atlas = self.library.atlas()
            return len(self._atlas.points)

    def coloured(self, query: str, hue: int) -> list[str]:
        """The ids of all papers that have a colour of the map, drawn or not."""
        drawn = self._atlas
        return map_view.members(read(query), drawn, hue) if drawn else []

    def _in_scope(self, address: Address) -> list[str]:
        return self.library.listed_ids(address.filters, address.words, self.library.count())

    def _papers(self, address: Address) -> tuple[str, str]:
        """The list at an address, and what a screen reader hears of it."""
        if address.trouble:
            return papers_view.trouble(address.trouble), address.trouble
        offset = (address.page - 1) * PAGE
        found = self.library.listing(address.filters, address.words, address.order, offset, PAGE)
        if not found.entries and found.total:  # a page behind the last one
            return self._papers(address.model_copy(update={"page": -(-found.total // PAGE)}))
        if not found.total and address.whole:
            return papers_view.empty(), "No papers."
        said = f"{counted(found.total, 'paper')}."
        return papers_view.papers(address, found, None if found.total else self._advice(address)), said

    def _paper(self, address: Address) -> tuple[str, str]:
        """A paper's own page."""
        try:
            document = self.library.document(address.paper)
        except PaperNotFound:
            return paper_view.absent(address.paper), "This paper is not in the library."
        found = paper_view.Opened(
            document=document,
            tags=self.library.catalog.tags.of([address.paper]).get(address.paper, ()),
            conflicts=self.library.conflicts(address.paper),
            sources=self.library.paper_sources(address.paper),
            versions=self.library.versions(address.paper),
            similar=self._similar(address.paper),
            cited=tuple(cited_in(address.paper, self.library)),
            bibtex=bibliography.bibtex([document.paper]),
            start=address.start,
            end=address.end,
        )
        return paper_view.paper(found), f"{document.paper.title}."

    def _similar(self, paper_id: str) -> tuple[Similar, ...] | None:
        """The papers like it; None where the model cannot tell, for the page must open all the same."""
        try:
            return tuple(self.library.similar(paper_id, SIMILAR))
        except IbidError:
            return None

    def _advice(self, address: Address) -> tuple[str, str, int] | None:
        def papers(filters: Filters) -> int:
            return self.library.listing(filters, address.words, limit=1).total

        return scope.part_to_drop(address.filters, papers)

    # Doing something with chosen papers

    def chosen(self, query: str) -> list[str]:
        """The ids of all papers that an address shows."""
        return self._in_scope(read(query))

    def ask(self, paper_ids: Sequence[str]) -> str:
        """The id of a new conversation held to the papers. IbidError where there are none, or too many."""
        _some(paper_ids)
        return Conversations(self.library).create(Filters(papers=tuple(paper_ids))).id

    def tag(self, query: str, paper_ids: Sequence[str], tag: str, off: bool = False) -> View:
        """File papers under a tag, or take it off them."""
        _some(paper_ids)
        try:
            (self.library.untag if off else self.library.tag)(paper_ids, tag)
        except ValueError as error:
            return View(notice=papers_view.told(str(error)))
        done = f"Tag “{' '.join(tag.split())}” {'taken off' if off else 'put on'} {_papers(paper_ids)}."
        return self._done(query, papers_view.told(done))

    def remove(self, query: str, paper_ids: Sequence[str]) -> View:
        """Take papers out of the library; the notice leads back."""
        _some(paper_ids)
        found = self.library.papers(Filters(papers=tuple(paper_ids)), limit=len(paper_ids))
        if not found:
            return self._done(query, papers_view.told("These papers are no longer in the library."))
        mark = self.library.set_aside([paper.id for paper in found])
        return self._done(query, papers_view.removed(len(found), found[0].title, mark))

    def bring_back(self, query: str, mark: str) -> View:
        """Undo a removal."""
        papers = self.library.bring_back(mark)
        return self._done(query, papers_view.told(f"{counted(papers, 'paper')} brought back."))

    def bibtex(self, paper_ids: Sequence[str]) -> str:
        """The papers as BibTeX; those gone since are left out."""
        return bibliography.bibtex(self._chosen(paper_ids))

    def csv(self, paper_ids: Sequence[str]) -> str:
        """The papers as CSV, likewise."""
        return papers_csv(self._chosen(paper_ids))

    def _chosen(self, paper_ids: Sequence[str]) -> list[Paper]:
        _some(paper_ids)
        return self.library.papers(Filters(papers=tuple(paper_ids)), limit=len(paper_ids))

    # Adding

    @property
    def endings(self) -> list[str]:
        """The endings of the files that can be read."""
        return sorted(readers())

    def give(self, path: Path, name: str) -> View:
        """Add a file that the browser has sent."""
        self._adding().take(path, name)
        return self._rows()

    def refuse(self, name: str, reason: str) -> View:
        """List a file that did not arrive."""
        self._adding().refuse(name, reason)
        return self._rows()

    def paste(self, text: str) -> View:
        """Add what was pasted."""
        self._adding().write(text)
        return self._rows()

    def retry(self, number: int) -> View:
        self._adding().retry(number)
        return self._rows()

    def cancel(self, number: int) -> View:
        self._adding().cancel(number)
        return self._rows()

    def clear(self) -> View:
        self._adding().clear()
        return self._rows()

    def follow(self) -> Iterator[View]:
        """The files being added as they come along, until all are done."""
        if not self.library.may_change:
            return
        for jobs in self.adding.follow():
            yield View(adding=adding_view.rows(jobs), status=adding_view.status(jobs) if jobs else None)

    def _adding(self) -> Adding:
        """Where files are added; NotAllowed where the library may only be read."""
        self.library.require_changeable()
        return self.adding

    @property
    def _jobs(self) -> tuple[Job, ...]:
        """The files that are being added, which only those see who may add some."""
        return self.adding.jobs if self.library.may_change else ()

    def _rows(self) -> View:
        return View(adding=adding_view.rows(self._jobs))

    def _done(self, query: str, notice: str) -> View:
        """The page after the library has changed."""
        return self.enter(query).model_copy(update={"notice": notice})


def _some(paper_ids: Sequence[str]) -> None:
    if not 0 < len(paper_ids) <= MOST_CHOSEN:
        raise IbidError(
            f"{len(paper_ids):,} papers are chosen, and between 1 and {MOST_CHOSEN:,} can be taken at once. Search "
            "or narrow the list by a filter first, and choose what it shows."
        )


def _papers(paper_ids: Sequence[str]) -> str:
    return counted(len(paper_ids), "paper")
