"""The library: a folder with a catalog and its caches, and everything one does with papers.

The façade of this package. Models and caches are opened when first needed, so that listing papers
loads neither.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from index.arrivals import Arrivals, arrived_since
from index.aside import Aside
from index.atlas import Atlas, draw
from index.caches import Caches
from index.caches import Progress as RebuildProgress
from index.catalog import Catalog
from index.chunking import Chunker
from index.contents import Contents
from index.embedding import Embedder, Fingerprint, load_embedder
from index.errors import EmbedderMismatch, LibraryError, LibraryLocked, PaperNotFound
from index.ingest import AddReport, Ingestion, Mirror, Progress, Step
from index.leaves import Leaves
from index.listing import Lister, Listing, Order
from index.lock import purpose, writing
from index.matching import matched
from index.merge import merge
from index.online.addresses import Address, advised, parted
from index.online.papers import Online
from index.originals import Originals
from index.readers import VERSION
from index.reading import Reading, Source, limits_of, sources_of
from index.rerank import load_reranker
from index.retrieve import Retriever
from index.schema import Conflict, Document, Filters, Paper, PaperSource, Passage, Unreadable, Value
from index.settings import IndexSettings
from index.similar import Similar, similar
from index.sources import Sources

_ADDING = "ibid add"
_FOLLOWING = "ibid watch"


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


class Library:
    """Papers on disk, to be added to and searched. Use as a context manager, or call `close`.

    Example:

        with Library.open(Path("papers")) as library:
            library.add([Path("listing.txt")])
            for passage in library.search("reward hacking", k=3):
                print(passage.paper.title)
    """

    def __init__(self, folder: Path, settings: IndexSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.reranker = load_reranker(settings.retrieval.reranker) if settings.retrieval.reranker else None
        self.catalog = Catalog.in_folder(folder)
        self.originals = Originals(folder)
        self._caches: Caches | None = None
        self._opening = threading.RLock()

    @classmethod
    def open(cls, folder: Path | str, settings: IndexSettings | None = None) -> Library:
        """The library in `folder`, made where there is none.

        Raises LibraryError where the catalog cannot be opened, and what `load_reranker` raises where the
        settings name a reranker that is not to be had. That the vectors are of another model than the
        settings name is found when they are first needed: EmbedderMismatch.
        """
        return cls(Path(folder), settings or IndexSettings())

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._close_caches()
        self.catalog.close()

    # Changing

    def add(
        self, paths: Sequence[Path | str], progress: Progress | None = None, mirror: bool = False
    ) -> AddReport:
        """Add files and folders of papers, and what strings that are addresses lead to; see `AddReport`.

        Addresses are `arxiv:…`, `doi:…` and those of web pages (`index.online.addresses`); a `Path` is none. What a
        source said before and no longer says stays, unless sources are to be mirrored. Raises
        LibraryLocked where another process is writing. Papers already committed stay, whatever happens later.
        """
        return self._add(*parted(paths), progress, mirror)

    def fetch(self, address: Address, progress: Progress | None = None) -> AddReport:
        """Add the paper at an address; see `add`."""
        return self._add((), (address,), progress)

    def _add(
        self,
        files: Sequence[Path],
        addresses: Sequence[Address],
        progress: Progress | None,
        mirror: bool = False,
    ) -> AddReport:
        with self._writing(_ADDING) as caches:
            if self.catalog.fact("embedder") is None:
                self._remember_model()
            sources, refused = sources_of(files)
            ingestion = self._ingestion(caches)
            for failed in refused:
                ingestion.refuse(advised(failed))
            if mirror:
                mirrored = Sources(self.catalog, ingestion.restore)
                report = self._ingest(ingestion, sources, progress, mirrored.keep_only)
                return self._settled(caches, mirrored, report)
            report = self._ingest(ingestion, sources, progress)
            for position, address in enumerate(addresses):
                if progress is not None:
                    progress(Step(file=address.shown, files_done=position, files=len(addresses)))
                report = self._add_online(ingestion, address, progress)
            return report

    def _ingest(
        self,
        ingestion: Ingestion,
        sources: Sequence[Source],
        progress: Progress | None,
        mirror: Mirror | None = None,
    ) -> AddReport:
        contents = Contents(self.catalog.engine, self.way_of_reading)
        known = contents.known([source.key for source in sources])
        reading = Reading(self.settings.reading, known, self.originals.keep)
        return ingestion.add(sources, reading, contents, progress, mirror)

    def _add_online(self, ingestion: Ingestion, address: Address, progress: Progress | None) -> AddReport:
        """Fetch what an address names and add it, before the next is asked for: what is stored then stays."""
        with TemporaryDirectory(prefix="fetching-", dir=self.folder) as folder:
            sources = []
            for found in self.online.fetch(address, Path(folder)):
                if isinstance(found, Unreadable):
                    ingestion.refuse(found)
                else:
                    sources.append(Source(**dict(found)))
            return self._ingest(ingestion, sources, progress)

    def forget_sources(self, sources: Sequence[str]) -> AddReport:
        """Forget what sources, named by `index.reading.key_of`, said; papers that no other tells of are removed."""
        with self._writing(_FOLLOWING) as caches:
            forgotten = Sources(self.catalog, self._ingestion(caches).restore)
            forgotten.forget(sources)
            return self._settled(caches, forgotten, AddReport())

    def rename_sources(self, moved: Mapping[str, str]) -> None:
        """Have sources go by the names of the places that they moved to; no file is read, nothing is embedded."""
        with self._writing(_FOLLOWING) as caches:
            Sources(self.catalog, self._ingestion(caches).restore).rename(moved)

    def remove(self, names: Sequence[str]) -> list[Paper]:
        """Forget papers, named as for `paper`; returns those removed. All are found or none is removed."""
        found = [self.paper(name) for name in names]
        with self._writing("ibid remove") as caches:
            self.catalog.remove([paper.id for paper in found])
            caches.follow()
            self.originals.sweep(self._files_needed())
        return found

    def set_aside(self, paper_ids: Sequence[str]) -> str:
        """Remove papers so that `bring_back` can undo it for a day; returns the mark to do so by."""
        aside = Aside(self.catalog)
        with self._writing("ibid, removing papers") as caches:
            aside.forget()
            mark = aside.put(paper_ids)
            caches.follow()
            self.originals.sweep(self._files_needed())
        return mark

    def bring_back(self, mark: str) -> int:
        """Undo a removal, embedding nothing; how many papers came back.

        PaperNotFound where nothing stands under the mark any more.
        """
        aside = Aside(self.catalog)
        with self._writing("ibid, bringing papers back") as caches:
            entries = aside.take(mark)
            if not entries:
                raise PaperNotFound("What was removed cannot be brought back any more: add its file again.")
            self._ingestion(caches).restore(entries)
            aside.forget(mark)
        return len(entries)

    def rebuild(self, progress: RebuildProgress | None = None) -> None:
        """Make both caches anew from the catalog.

        Embeds nothing, unless the settings now name another model or another way of cutting, or a chunk
        or a vector is damaged: then every paper is cut anew, and what has no vector is embedded.
        `progress` is told papers while embedding, then chunks.
        """
        with writing(self.folder, "ibid rebuild"), self._opening:
            self._close_caches()
            caches = self._unopened_caches()
            if self.catalog.fact("cut") != self._cut() or self.catalog.unfit(caches.model):
                self._ingestion(caches).recut(progress)
                self._remember_model()
            caches.rebuild(progress)
            self._caches = caches

    def tag(self, paper_ids: Sequence[str], tag: str) -> None:
        """File papers under a tag; ValueError where it is no name."""
        self.catalog.tags.add(paper_ids, tag)

    def untag(self, paper_ids: Sequence[str], tag: str) -> None:
        """Take a tag off papers."""
        self.catalog.tags.remove(paper_ids, tag)

    # Reading

    @property
    def being_added(self) -> bool:
        """Whether papers are being added, by this process or another; those that are ready can be read."""
        return purpose(self.folder) == _ADDING

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
    def online(self) -> Online:
        return Online(self.settings.online, self.settings.reading)

    @cached_property
    def embedder(self) -> Embedder:
        return load_embedder(self.settings.embedding.model, self.settings.embedding.models)

    @cached_property
    def chunker(self) -> Chunker:
        chunking = self.settings.chunking
        return Chunker(chunking.tokens, chunking.overlap, self.embedder.count, self.embedder.window)

    def _settled(self, caches: Caches, sources: Sources, report: AddReport) -> AddReport:
        """Have the caches and the kept files follow what became of sources, and report it too."""
        caches.follow()
        self.originals.sweep(self._files_needed())
        return sources.told(report)

    def _files_needed(self) -> set[str]:
        return self.catalog.files() | Aside(self.catalog).files()

    @property
    def way_of_reading(self) -> str:
        """What a file is read into depends on besides its content."""
        reading = self.settings.reading
        return f"{VERSION}/{reading.languages if reading.ocr else 'no ocr'}"

    @property
    def leaves(self) -> Leaves:
        """The pages of papers' files."""
        return Leaves(self.catalog, self.originals, limits_of(self.settings.reading))

    @property
    def _lister(self) -> Lister:
        return Lister(self.catalog, lambda: self.caches.keywords)

    @property
    def caches(self) -> Caches:
        """Both caches, brought up to date where this process may write, rebuilt where they are broken."""
        with self._opening:
            self._require_same_model()  # each time: another process may have rebuilt with another model
            if self._caches is None:
                caches = self._unopened_caches()
                self._bring_up(caches)
                self._caches = caches
            return self._caches

    @property
    def retriever(self) -> Retriever:
        return Retriever(self.catalog, self.caches, self.embedder, self.settings.retrieval, self.reranker)

    def _ingestion(self, caches: Caches) -> Ingestion:
        keep_tokens = self.settings.embedding.tokens
        return Ingestion(self.catalog, caches, self.embedder, self.chunker, keep_tokens)

    def _unopened_caches(self) -> Caches:
        fingerprint = self.embedder.fingerprint
        return Caches(self.folder, self.catalog, fingerprint.key, fingerprint.sha256)

    def _close_caches(self) -> None:
        if self._caches is not None:
            self._caches.close()
            self._caches = None

    def _bring_up(self, caches: Caches) -> None:
        try:
            broken = bool(caches.faults())
        except LibraryError:
            broken = True
        unlearned = self.catalog.unlearned
        if not (broken or unlearned or caches.behind or self.catalog.counts()["pending"]):
            return
        try:
            with writing(self.folder, "ibid, bringing the caches up to date"):
                if unlearned:
                    self.catalog.learn_acronyms()
                caches.rebuild() if broken else caches.follow()
        except LibraryLocked:
            if broken:
                raise

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[Caches]:
        caches = self.caches
        with writing(self.folder, purpose):
            self._require_same_model()
            caches.refresh()
            if caches.behind:
                caches.follow()
            yield caches

    # The embedder's fingerprint

    def _require_same_model(self) -> None:
        stored = self.catalog.fact("embedder")
        if stored is None:
            return
        made_by, asked = Fingerprint.model_validate_json(stored), self.embedder.fingerprint
        if made_by != asked:
            raise EmbedderMismatch(
                f"The vectors in {self.folder} were made by {made_by.key}, the settings name {asked.key}. "
                f"Set embedding.model to {made_by.name}, or run `ibid rebuild` to embed every paper with "
                f"{asked.name}."
            )

    def _remember_model(self) -> None:
        self.catalog.set_fact("embedder", self.embedder.fingerprint.model_dump_json())
        self.catalog.set_fact("cut", self._cut())

    def _cut(self) -> str:
        """What the chunks depend on besides the papers."""
        chunking, embedder = self.settings.chunking, self.embedder
        tokens = "tokens" if self.settings.embedding.tokens else "no tokens"
        return f"{chunking.tokens}/{chunking.overlap}/{embedder.window}/{embedder.fingerprint.key}/{tokens}"
