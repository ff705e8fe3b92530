"""What one reads of a library: papers, passages, counts, pages.

The reading half of `index.library`. Nothing here changes anything; the model and the caches are opened when first
needed, so that listing papers loads neither.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from pathlib import Path

from index.arrivals import Arrivals, arrived_since
from index.atlas import Atlas, draw
from index.caches import Caches
from index.catalog import Catalog
from index.embedding import Embedder
from index.errors import PaperNotFound
from index.leaves import Leaves
from index.listing import Lister, Listing, Order
from index.lock import Lock
from index.matching import matched
from index.merge import merge
from index.originals import Originals
from index.reading import limits_of
from index.rerank import Reranker
from index.retrieve import Retriever
from index.schema import Conflict, Document, Filters, Paper, PaperSource, Passage, Unreadable, Value
from index.settings import IndexSettings
from index.similar import Similar, similar

ADDING = "ibid add"


class LibraryFacts(Value):
    """A library at a glance; dates are ISO 8601, counts of papers are of those ready."""

    papers: int
    chunks: int
    oldest: str | None
    newest: str | None
    updated: str | None
    organizations: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...] = ()


class Lookup:
    """A library as its readers see it; `index.library.Library` opens one."""

    folder: Path
    settings: IndexSettings
    catalog: Catalog
    lock: Lock
    originals: Originals
    reranker: Reranker | None
    reader: str = ""
    """Whose conversations and saved questions are meant; empty on a machine of one's own."""
    may_change: bool = True

    @property
    def caches(self) -> Caches:
        """Both caches, brought up to date."""
        raise NotImplementedError

    @property
    def being_added(self) -> bool:
        """Whether papers are being added, by this process or another; those that are ready can be read."""
        return self.lock.purpose() == ADDING

    def search(self, query: str, k: int = 10, filters: Filters = Filters()) -> list[Passage]:
        """The `k` best papers for a query, best first, each as its best passage."""
        return self.retriever.papers(query, k, filters)

    def passages(self, query: str, filters: Filters = Filters()) -> list[Passage]:
        """The candidate passages for a query, best first, several of a paper where they match."""
        return self.retriever.passages(query, filters)

    def matched(self, question: str, text: str) -> tuple[tuple[int, int], ...]:
        """The spans of the words of `text`, a passage or a sentence, that match words of `question`, in order.

        By equal stems, and where the model tells its tokens by likeness in meaning too; function words
        never match. Embeds the question and the text.
        """
        return matched(question, text, self.caches.keywords.meanings, self.embedder)

    def paper(self, name: str) -> Paper:
        """The paper with that id, arXiv id, DOI or title, or the only one whose title begins so.

        Raises PaperNotFound, naming the candidates where there are several.
        """
        found = self.catalog.find(name)
        if len(found) == 1:
            return found[0]
        if not found:
            raise PaperNotFound(
                f"No paper is called {name!r}. Find it with `ibid search {name!r}` or `ibid list`."
            )
        titles = "; ".join(f"{paper.title} ({paper.id})" for paper in found)
        raise PaperNotFound(f"{name!r} may be any of: {titles}. Give the id in brackets.")

    def document(self, paper_id: str) -> Document:
        """A paper with its text and sections; PaperNotFound where there is none of that id."""
        document = self.catalog.document(paper_id)
        if document is None:
            raise PaperNotFound(f"No paper has the id {paper_id!r}. `ibid list` shows the ids.")
        return document

    def text(self, paper_id: str) -> str:
        """The stored text of a paper, to which every offset refers."""
        return self.document(paper_id).text

    def conflicts(self, paper_id: str) -> tuple[Conflict, ...]:
        """The facts on which the paper's sources disagree."""
        return merge([record.document for record in self.catalog.records(paper_id)])[1]

    def paper_sources(self, paper_id: str) -> tuple[PaperSource, ...]:
        """The sources that a paper was put together from, in the order first met."""
        return tuple(
            PaperSource(
                name=record.document.paper.source or record.source,
                place=record.source,
                characters=len(record.document.text),
            )
            for record in self.catalog.records(paper_id)
        )

    def versions(self, paper_id: str) -> tuple[Paper, ...]:
        """The papers that are other versions of the same work, as a preprint and its article under two DOIs are:
        of one title, and by one first author."""
        return tuple(self.catalog.versions(self.document(paper_id).paper))

    def similar(self, paper_id: str, count: int = 5) -> list[Similar]:
        """The papers whose passages' mean lies nearest to that of a paper, nearest first."""
        self.caches.refresh()
        return similar(paper_id, count, self.catalog, self.caches)

    def atlas(self) -> Atlas:
        """The map of the library as it is now; some seconds for many thousand papers."""
        return draw(self.catalog, self.caches.model, self.caches.keywords.meanings)

    def papers(
        self, filters: Filters = Filters(), words: str = "", offset: int = 0, limit: int = 50
    ) -> list[Paper]:
        """Papers in scope, newest first; each of `words` stands in the title or names an author."""
        return self.catalog.papers(filters, words, offset, limit)

    def arrivals(
        self, since: datetime | None = None, filters: Filters = Filters(), limit: int = 50
    ) -> Arrivals:
        """The papers in scope that first came into the library at `since` or later, the latest first."""
        return arrived_since(self.catalog, since, filters, limit)

    def listing(
        self,
        filters: Filters = Filters(),
        words: str = "",
        order: Order | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Listing:
        """Papers in scope by the author `words` or holding each of them, a page at a time; see `Lister.page`."""
        return self._lister.page(filters, words, order, offset, limit)

    def listed_ids(self, filters: Filters = Filters(), words: str = "", limit: int = 1000) -> list[str]:
        """The ids of the first papers that `listing` gives, without reading them."""
        return self._lister.ids(filters, words, limit)

    def count(self, filters: Filters = Filters()) -> int:
        """How many papers are in scope."""
        return self.catalog.count(filters)

    def unreadable(self) -> list[Unreadable]:
        """Entries of added sources that could not be read, with the reasons."""
        return self.catalog.unreadable()

    def facts(self) -> LibraryFacts:
        counts = self.catalog.counts()
        oldest, newest = self.catalog.days()
        return LibraryFacts(
            papers=counts["ready"],
            chunks=counts["chunks"],
            oldest=oldest,
            newest=newest,
            updated=self.catalog.updated(),
            organizations=tuple(self.catalog.organizations()),
            sources=tuple(self.catalog.sources()),
            tags=tuple(self.catalog.tags.counted()),
        )

    # Parts, opened when first needed

    @cached_property
    def embedder(self) -> Embedder:
        """The model that questions and papers are embedded by."""
        raise NotImplementedError

    @property
    def leaves(self) -> Leaves:
        """The pages of papers' files."""
        return Leaves(self.catalog, self.originals, limits_of(self.settings.reading))

    @property
    def _lister(self) -> Lister:
        return Lister(self.catalog, lambda: self.caches.keywords)

    @property
    def retriever(self) -> Retriever:
        return Retriever(self.catalog, self.caches, self.embedder, self.settings.retrieval, self.reranker)
