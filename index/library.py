"""The library: a folder with a catalog and its caches, and everything one does with papers.

The façade of this package. Models and caches are opened when first needed, so that listing papers
loads neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from index.aside import Aside
from index.caches import Caches
from index.caches import Progress as RebuildProgress
from index.catalog import Catalog
from index.chunking import Chunker
from index.contents import Contents
from index.course import Progress, Step
from index.disk import told_plainly
from index.embedding import Embedder, Fingerprint, load_embedder
from index.errors import (
    EmbedderMismatch,
    NotAllowed,
    PaperNotFound,
)
from index.ingest import Ingestion, Mirror
from index.lock import lock_of
from index.lookup import ADDING, Lookup
from index.migrate import Tables
from index.mishaps import tell_errors
from index.online.addresses import Address, advised, parted
from index.online.papers import Online
from index.originals import Originals
from index.outcomes import AddReport
from index.places import Place
from index.readers import VERSION
from index.reading import Reading, Source, sources_of
from index.rerank import load_reranker
from index.rows import Entry
from index.schema import Paper, Unreadable
from index.settings import IndexSettings
from index.snapshot import put
from index.sources import Sources
from index.spread.errands import Way
from index.spread.workers import Workers, workers
from index.upkeep import Upkeep
from index.vectors import begin_import

_FOLLOWING = "ibid watch"


class _Once:
    """A model that is loaded when it is first asked for, once for all who see the library."""

    def __init__(self, load: Callable[[], Embedder]) -> None:
        self._load = load
        self._guard = threading.Lock()
        self._loaded: Embedder | None = None

    def loaded(self) -> Embedder:
        with self._guard:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


class Library(Lookup):
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
        self.catalog = Catalog.of(folder, settings.storage)
        self.lock = lock_of(folder, self.catalog.engine)
        self.catalog.fence = self.lock.fence
        self.originals = Originals(folder)
        self._upkeep = Upkeep(folder, self.lock, self._unopened_caches)
        self._model = _Once(lambda: load_embedder(settings.embedding.model, settings.embedding.models))

    @classmethod
    def open(cls, folder: Path | str, settings: IndexSettings | None = None) -> Library:
        """The library in `folder`, made where there is none.

        Raises LibraryError where the catalog cannot be opened, and what `load_reranker` raises where the
        settings name a reranker that is not to be had. That the vectors are of another model than the
        settings name is found when they are first needed: EmbedderMismatch.
        """
        return cls(Path(folder), settings or IndexSettings())

    def seen_by(self, reader: str, may_change: bool = True) -> Library:
        """This library as a reader has it: their own conversations and saved questions, the papers of all.

        Where they may not change it, every way to do so raises NotAllowed. Catalog, caches and model are the
        same, and are closed where this one is.
        """
        seen = copy(self)
        seen.reader, seen.may_change = reader, may_change
        return seen

    def beside(self, folder: Path, settings: IndexSettings) -> Library:
        """Another library that is embedded by this one's model, which is in memory once for both."""
        other = Library.open(folder, settings)
        other._model = _Once(lambda: self.embedder)
        return other

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._upkeep.close()
        self.catalog.close()

    # Changing

    def add(
        self,
        paths: Sequence[Path | str],
        progress: Progress | None = None,
        mirror: bool = False,
        ray: str = "",
    ) -> AddReport:
        """Add files and folders of papers, and what strings that are addresses lead to; see `AddReport`.

        Addresses are `arxiv:…`, `doi:…` and those of web pages (`index.online.addresses`); a `Path` is none. What a
        source said before and no longer says stays, unless sources are to be mirrored. With `ray`, the address of a
        cluster, its workers read and embed files; what comes of it is the same. Raises LibraryLocked where another
        process is writing, ClusterError where the cluster fails. Papers already committed stay, whatever happens later.
        """
        files, addresses = parted(paths)
        if not ray:
            return self._add(files, addresses, progress, mirror)
        settings = self.settings
        way = Way(settings.reading, settings.chunking, settings.embedding, self.embedder.fingerprint)
        with workers(ray, way) as others:
            return self._add(files, addresses, progress, mirror, others)

    def fetch(self, address: Address, progress: Progress | None = None) -> AddReport:
        """Add the paper at an address; see `add`."""
        return self._add((), (address,), progress)

    def _add(
        self,
        files: Sequence[Path],
        addresses: Sequence[Address],
        progress: Progress | None,
        mirror: bool = False,
        others: Workers | None = None,
    ) -> AddReport:
        with self._writing(ADDING) as caches:
            if self.catalog.fact("embedder") is None:
                self._remember_model()
            sources, refused = sources_of(files)
            ingestion = self._ingestion(caches)
            for failed in refused:
                ingestion.refuse(advised(failed))
            if mirror:
                mirrored = Sources(self.catalog, ingestion.restore)
                report = self._ingest(ingestion, sources, progress, mirrored.keep_only, others)
                return self._settled(caches, mirrored, report)
            report = self._ingest(ingestion, sources, progress, others=others)
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
        others: Workers | None = None,
    ) -> AddReport:
        contents = Contents(self.catalog.engine, self.way_of_reading)
        known = contents.known([source.key for source in sources])
        if others is not None:
            reading: Reading = others.reading(known, self.originals.keep, self.catalog.chunk_beginnings())
        else:
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
        self.require_changeable()
        with self._upkeep.guard:
            self._upkeep.close()
        with told_plainly(self.folder), self.lock.writing("ibid rebuild"), self._upkeep.guard:
            self._upkeep.close()
            caches = self._unopened_caches()
            if self.catalog.fact("cut") != self._cut() or self.catalog.unfit(caches.model):
                self._ingestion(caches).recut(progress)
                self._remember_model()
            caches.rebuild(progress)
            self._upkeep.caches = caches

    def renew(self, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """Store papers anew as they are given, cut and embedded where that is needed, and forget those `gone`."""
        if not entries and not gone:
            return
        with self._writing("ibid doctor --repair") as caches:
            self._ingestion(caches).restore(entries)
            self.catalog.remove(gone)
            caches.follow()
            self.originals.sweep(self._files_needed())

    def caches_astray(self) -> str:
        """What is wrong with where the caches are said to be, before they are opened; empty where nothing is."""
        return self._unopened_caches().astray()

    def take_over(self, unpacked: Path, tables: Sequence[Tables]) -> None:
        """Hold what a folder with a snapshot of the tables and with kept files holds, and nothing else.

        The folder's files are moved. The caches are made anew when they are next needed, without embedding anything.
        """
        self.require_changeable()
        with self._upkeep.guard:
            self._upkeep.close()
        with told_plainly(self.folder), self.lock.writing("ibid restore"), self._upkeep.guard:
            self._upkeep.close()
            caches = self._unopened_caches()
            caches.start_over()
            self.originals.take_in(unpacked / "files")
            put(unpacked / "catalog.sqlite3", self.catalog.engine, tables)
            caches.note_position()  # which the catalog may keep, and now says of others
            self.originals.sweep(self._files_needed())

    def mended(self) -> None:
        """Wait until vectors that are being made anew are; raises what keeps them from being so."""
        self._upkeep.mended()

    @property
    def state(self) -> str:
        """What a reader should know of the library just now, as a sentence; empty where all is well."""
        return self._upkeep.state

    def tag(self, paper_ids: Sequence[str], tag: str) -> None:
        """File papers under a tag; ValueError where it is no name."""
        self.require_changeable()
        self.catalog.tags.add(paper_ids, tag)

    def untag(self, paper_ids: Sequence[str], tag: str) -> None:
        """Take a tag off papers."""
        self.require_changeable()
        self.catalog.tags.remove(paper_ids, tag)

    def require_changeable(self) -> None:
        """NotAllowed where whoever has this library may only read it."""
        if not self.may_change:
            raise NotAllowed(
                "This library is shared, and only its administrators change it. Choose your own papers to add some."
            )

    # What is open

    @property
    def open_caches(self) -> Caches | None:
        """Both caches where they are open; unlike `caches` this opens nothing."""
        return self._upkeep.caches

    @property
    def opened(self) -> bool:
        """Whether the model and both caches are open, so that a question waits for neither."""
        return self._upkeep.caches is not None and "embedder" in vars(self)

    def tell_database_errors(self, told: Callable[[str], None]) -> None:
        """Have each error of the catalog's database told by its kind: `connection`, `integrity` or `other`."""
        tell_errors(self.catalog.engine, told)

    # Parts, opened when first needed

    @cached_property
    def embedder(self) -> Embedder:
        return self._model.loaded()

    @cached_property
    def online(self) -> Online:
        return Online(self.settings.online, self.settings.reading)

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
    def caches(self) -> Caches:
        """Both caches, brought up to date where this process may write, rebuilt where they are broken."""
        begin_import()
        self.require_same_model()  # each time: another process may have rebuilt with another model
        return self._upkeep.opened()

    def _ingestion(self, caches: Caches) -> Ingestion:
        keep_tokens = self.settings.embedding.tokens
        return Ingestion(self.catalog, caches, self.embedder, self.chunker, keep_tokens)

    def _unopened_caches(self) -> Caches:
        fingerprint = self.embedder.fingerprint
        place = Place(self.folder, self.settings.storage, self.catalog.engine)
        return Caches(place, self.catalog, fingerprint.key, fingerprint.sha256)

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[Caches]:
        self.require_changeable()
        caches = self.caches
        self.mended()
        with told_plainly(self.folder), self.lock.writing(purpose):
            self.require_same_model()
            caches.refresh()
            try:
                if caches.behind:
                    caches.follow()
                yield caches
            finally:
                if caches.behind:  # whatever stopped it may have left a cache half written
                    self._upkeep.close()
                else:
                    caches.seal()

    # The embedder's fingerprint

    def require_same_model(self) -> None:
        """EmbedderMismatch where the vectors are of another model than the settings name."""
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
