"""Adding files to a library: read, recognise, merge, chunk, embed, store, index.

Works in batches. While one is embedded, the one before it is stored and the one after it is read; each is committed
whole and in its turn, so that an interrupted run loses only what was not told as stored, seconds of work, and the
next run goes on from there. Nothing that is stored already is embedded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from index import batches
from index.ahead import Ahead, Making
from index.batches import Batch, Found
from index.caches import Caches
from index.catalog import Catalog
from index.chunking import Chunker
from index.contents import Contents
from index.course import Course, Progress, Step
from index.embedding import Embedder
from index.failpoints import reached
from index.known import Known, identity
from index.layout import Layout
from index.merge import merge
from index.outcomes import AddReport, Outcomes
from index.reading import Over, Read, Reading, Source, Told, sizes_of
from index.rows import Entry, Record
from index.schema import Document, Unreadable

_PAUSE = 0.1  # seconds between two words on how far the embedding is


Mirror = Callable[[str, set[tuple[str, int]]], None]
"""Told a source and all that it said: the papers' ids, each with its ordinal."""


class Ingestion:
    """One addition of files to a library, whose writer lock the caller holds."""

    def __init__(
        self, catalog: Catalog, caches: Caches, embedder: Embedder, chunker: Chunker, keep_tokens: bool
    ) -> None:
        self.catalog = catalog
        self.caches = caches
        self.embedder = embedder
        self.chunker = chunker
        self.keep_tokens = keep_tokens
        self._outcomes = Outcomes()
        self._step = Step()
        self._course = Course({}, {})
        self._named: tuple[str, dict[str, int]] = ("", {})
        self._named_files: set[str] = set()
        self._said: dict[str, set[tuple[str, int]]] = {}
        self._under_way: Batch | None = None
        self._unshown: list[Told] = []
        self._unfollowed = 0
        self._contents: Contents | None = None
        self._mirror: Mirror | None = None
        self._progress: Progress | None = None

    def add(
        self,
        sources: Sequence[Source],
        reading: Reading,
        contents: Contents,
        progress: Progress | None = None,
        mirror: Mirror | None = None,
    ) -> AddReport:
        """Add what sources hold; a bad file or entry is reported and never stops the rest.

        `mirror` is told all that each source said which was read whole, once that is stored.
        """
        self._progress = progress
        self._mirror = mirror
        self._course = Course(sizes_of(sources), reading.found)
        self._step = Step(files=len(sources))
        self._contents = contents
        try:
            with Ahead(self.embedder) as ahead:
                batch = Batch(small=True)
                for told in reading.read(sources, self._settle):
                    if batch.full and isinstance(told, Read):
                        self._begin(batch, ahead)
                        batch = Batch()
                    self._take(told, batch)
                    self._settle()
                for part in batch.parted():
                    self._begin(part, ahead)
                self._follow()  # what is stored is found while the last of all is embedded
                self._finish()
        finally:
            self._follow()
        return self._outcomes.report()

    def refuse(self, failed: Unreadable) -> None:
        """Report what there is nothing to be read of."""
        self._outcomes.refuse(failed)
        self.catalog.set_failures(failed.place, [failed])

    def restore(self, entries: Sequence[Entry]) -> None:
        """Store papers again as they were; what has a vector still is not embedded."""
        for start in range(0, len(entries), batches.PAPERS):
            batch = entries[start : start + batches.PAPERS]
            self._write([self._entry(entry.document, entry.records) for entry in batch])
            self.caches.follow()
            reached("ingest.restored")

    def recut(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Cut and embed every stored paper as the settings now say; the caches are left behind.

        Chunks that come out the same keep their vectors.
        """
        ids = self.catalog.paper_ids()
        for start in range(0, len(ids), batches.PAPERS):
            batch = ids[start : start + batches.PAPERS]
            entries = [
                self._entry(document, self.catalog.records(document.paper.id))
                for document in self._stored(batch)
            ]
            self._write(entries)
            reached("ingest.recut")
            if progress:
                progress(start + len(batch), len(ids))

    def _stored(self, ids: Sequence[str]) -> Iterator[Document]:
        return (document for document in map(self.catalog.entry, ids) if document is not None)

    def _entry(self, document: Document, said: Sequence[Record]) -> Entry:
        return Entry(document=document, chunks=tuple(self.chunker.chunks(document)), records=tuple(said))

    def _take(self, told: Told, batch: Batch) -> None:
        source = told.source
        if isinstance(told, Over):
            batch.over[source.key] = told.content
            self._named_files.update(told.named)
        elif source.key in self._named_files:
            return  # another source has read it as its own
        elif isinstance(told.found, Unreadable):
            self._outcomes.fail(source.key, told.found)
            return
        else:
            ordinal = self._ordinal(told.found, source)
            batch.premade.take(told.made)
            batch.add(Found(document=told.found, source=source.key, ordinal=ordinal))
        if self._under_way is None:
            self._show(told)
        else:
            self._unshown.append(told)  # told once that what was read before it is stored

    def _show(self, told: Told) -> None:
        source = told.source
        if isinstance(told, Over):
            self._end(told)
        elif isinstance(told.found, Document):
            entries, pages = self._step.entries + 1, self._step.pages + _pages(told.found)
            self._step = self._step.model_copy(update={"entries": entries, "pages": pages})
            if entries % 16 == 0 or pages:
                self._tell(file=source.shown)

    def _end(self, over: Over) -> None:
        source = over.source
        if over.unchanged:
            for paper_id, title in self.catalog.papers_of(source.key).items():
                self._outcomes.note(paper_id, title, "unchanged")
        self._tell(file=source.shown, files_done=self._step.files_done + 1)

    def _ordinal(self, document: Document, source: Source) -> int:
        """How often, with this time, the source has named that paper."""
        if self._named[0] != source.key:
            self._named = (source.key, {})
        times, key = self._named[1], identity(document.paper)
        times[key] = times.get(key, 0) + 1
        return times[key]

    def _begin(self, batch: Batch, ahead: Ahead) -> None:
        """Have a batch embedded, and store the one before it in the meantime.

        What the one before may change of it is stored first: papers that both tell of, and all where sources are
        mirrored.
        """
        if self._mirror is not None or (self._under_way is not None and self._under_way.meets(batch)):
            self._finish()
        batch.entries = self._resolved(batch.found)
        batch.texts = self._texts(batch.entries)
        batch.making = ahead.start(self._unmade(batch.texts), batch.premade)
        self._finish()
        self._under_way = batch
        self._course.begin(found.source for found in batch.found)

    def _settle(self) -> None:
        """Store what is under way once it is embedded; tell how far that is."""
        batch = self._under_way
        if batch is None or batch.making is None:
            return
        if batch.making.done:
            self._finish()
        elif batch.making.share != self._step.share:
            self._tell(share=batch.making.share)

    def _finish(self) -> None:
        """Store what is under way, and then that its sources were read to their end."""
        batch = self._under_way
        if batch is not None and batch.making is not None:
            while not batch.making.wait(_PAUSE):
                self._tell(share=batch.making.share)
            if batch.making.texts:
                self._tell(share=1.0)
            self._commit(batch, batch.making)
        self._under_way = None
        unshown, self._unshown = self._unshown, []
        for told in unshown:
            self._show(told)

    def _commit(self, batch: Batch, making: Making) -> None:
        if batch.entries:
            self._put(batch.entries, batch.texts, making)
            self._unfollowed += max(len(batch.texts), 1)
        if batch.over or self._unfollowed >= batches.FOLLOWED:
            self._follow()
        for source, content in batch.over.items():
            self.catalog.set_failures(source, self._outcomes.failures(source))
            said = self._said.pop(source, None)
            if self._mirror is not None and said and content is not None:
                self._mirror(source, said)
        if self._contents is not None:
            self._contents.note(batch.over)
        self._course.store(batch.over)
        self._tell(stored=self._step.stored + len(batch.found), share=0.0)

    def _follow(self) -> None:
        """Have the caches follow what was stored since they last did."""
        due, self._unfollowed = self._unfollowed, 0
        if due:
            self.caches.follow()

    def _tell(self, **changes: object) -> None:
        self._step = self._step.model_copy(update=changes)
        self._step = self._step.model_copy(update={"done": self._course.done(self._step.share)})
        if self._progress is not None:
            self._progress(self._step)

    def _resolved(self, batch: Sequence[Found]) -> list[Entry]:
        """What is to be written of a batch, papers by papers, as all their sources make them."""
        said: dict[str, list[Record]] = {}
        touched: set[str] = set()
        known = Known(self.catalog, [found.document.paper for found in batch])
        for found in batch:
            paper_id = known.resolve(found.document)
            if self._mirror is not None:
                self._said.setdefault(found.source, set()).add((paper_id, found.ordinal))
            if paper_id not in said:
                said[paper_id] = self.catalog.records(paper_id) if known.stored(paper_id) else []
            if _replace_record(said[paper_id], Record.of(found.source, found.ordinal, found.document)):
                touched.add(paper_id)
        return [
            entry
            for paper_id in said
            for entry in self._entries(paper_id, said[paper_id], paper_id in touched, known.stored(paper_id))
        ]

    def _entries(self, paper_id: str, said: list[Record], touched: bool, known: bool) -> list[Entry]:
        """The paper as its records now make it, where that is new; records alone are written at once."""
        document, conflicts = merge([record.document for record in said])
        document = document.model_copy(update={"paper": document.paper.model_copy(update={"id": paper_id})})
        self._outcomes.tell(paper_id, document, conflicts)
        stored = (self.catalog.entry(paper_id) if known else None) if touched else document
        if stored == document:
            self._outcomes.note(paper_id, document.paper.title, "unchanged")
            if not touched:
                return []
            if _names(said) != _names(self.catalog.records(paper_id)):
                return [self._entry(document, said)]  # the caches filter by source, so they must hear of it
            self.catalog.write_records(paper_id, said)
            return []
        self._outcomes.note(paper_id, document.paper.title, "updated" if stored else "added")
        return [self._entry(document, said)]

    def _write(self, entries: Sequence[Entry]) -> None:
        """Store entries with the vectors of those of their chunks that have none yet."""
        texts = self._texts(entries)
        with Ahead(self.embedder) as ahead:
            self._put(entries, texts, ahead.start(self._unmade(texts)))

    def _texts(self, entries: Sequence[Entry]) -> dict[str, str]:
        """What is embedded of each chunk, by its id."""
        return {
            chunk.id: self.chunker.embedded(entry.document.paper.title, chunk)
            for entry in entries
            for chunk in entry.chunks
        }

    def _unmade(self, texts: dict[str, str]) -> dict[str, str]:
        """Those of the texts whose chunks have no vector yet."""
        model, signed = self.embedder.fingerprint.key, self._keeps_tokens
        known = self.catalog.known_vectors(list(texts), model, signed)
        return {chunk_id: text for chunk_id, text in texts.items() if chunk_id not in known}

    def _put(self, entries: Sequence[Entry], texts: dict[str, str], making: Making) -> None:
        found = making.result()
        vectors = dict(zip(making.texts, found.vectors, strict=True))
        signs = dict(zip(making.texts, found.signs or (), strict=False)) if self._keeps_tokens else {}
        self.catalog.write(entries, vectors, self.embedder.fingerprint.key, signs)
        self._step = self._step.model_copy(update={"chunks": self._step.chunks + len(texts)})

    @property
    def _keeps_tokens(self) -> bool:
        return self.keep_tokens and self.embedder.tells_tokens


def _pages(document: Document) -> int:
    return Layout.unpacked(document.layout).pages if document.layout else 0


def _names(said: Sequence[Record]) -> set[str]:
    return {record.document.paper.source for record in said}


def _replace_record(said: list[Record], record: Record) -> bool:
    """Put what a source says now in the place of what it said; whether that differs."""
    for position, old in enumerate(said):
        if (old.source, old.ordinal) == (record.source, record.ordinal):
            said[position] = record
            return old.digest != record.digest
    said.append(record)
    return True
