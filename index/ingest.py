"""Adding files to a library: read, recognise, merge, chunk, embed, store, index.

Works in batches, each of which is committed before the next is read, so that an interrupted run loses
at most one and the next run goes on from there. Nothing that is stored already is embedded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from index.caches import Caches
from index.catalog import Catalog
from index.chunking import Chunker
from index.embedding import Embedder
from index.errors import ReadError
from index.identity import same_paper
from index.merge import merge, namesake_id, paper_id, title_key
from index.readers import find_files, read
from index.rows import Entry, Record
from index.schema import Conflict, Document, Paper, Unreadable, Value

_BATCH = 256


class Conflicting(Value):
    """A paper whose sources disagree, and on what."""

    title: str
    conflicts: tuple[Conflict, ...]


class AddReport(Value):
    """What an addition did: titles by outcome, unreadable entries, disagreements among sources.

    A paper met several times in one addition counts once, under its weightiest outcome.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Unreadable, ...] = ()
    conflicting: tuple[Conflicting, ...] = ()

    @property
    def papers(self) -> int:
        """How many distinct papers the files held."""
        return len(self.added) + len(self.updated) + len(self.unchanged)


class Step(Value):
    """Progress: which file is being read, and how many entries have been read and stored in all.

    `share` is the part, in [0, 1], of the entries read and not yet stored that is embedded.
    """

    file: str = ""
    files_done: int = 0
    files: int = 0
    entries: int = 0
    stored: int = 0
    share: float = 0.0


Progress = Callable[[Step], None]


class Found(Value):
    """A document with the place in its source that it came from."""

    document: Document
    source: str
    ordinal: int


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
        self._outcomes: dict[str, tuple[str, str]] = {}
        self._failed: dict[str, list[Unreadable]] = {}
        self._conflicts: dict[str, Conflicting] = {}
        self._step = Step()
        self._progress: Progress | None = None

    def add(self, paths: Sequence[Path], progress: Progress | None = None) -> AddReport:
        """Add files and folders; a bad file or entry is reported and never stops the rest."""
        files = self._expanded(paths)
        self._progress = progress
        stream = self._stream(files)
        while batch := list(islice(stream, _BATCH)):
            self._store(batch)
            self._tell(stored=self._step.stored + len(batch), share=0.0)
        for source, failed in self._failed.items():
            self.catalog.set_failures(source, failed)
        return self._report()

    def restore(self, entries: Sequence[Entry]) -> None:
        """Store papers again as they were; what has a vector still is not embedded."""
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            self._write([self._entry(entry.document, entry.records) for entry in batch])
            self.caches.follow()

    def recut(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Cut and embed every stored paper as the settings now say; the caches are left behind.

        Chunks that come out the same keep their vectors.
        """
        ids = self.catalog.paper_ids()
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            entries = [
                self._entry(document, self.catalog.records(document.paper.id))
                for document in self._stored(batch)
            ]
            self._write(entries)
            if progress:
                progress(start + len(batch), len(ids))

    def _stored(self, ids: Sequence[str]) -> Iterator[Document]:
        return (document for document in map(self.catalog.entry, ids) if document is not None)

    def _entry(self, document: Document, said: Sequence[Record]) -> Entry:
        return Entry(document=document, chunks=tuple(self.chunker.chunks(document)), records=tuple(said))

    def _expanded(self, paths: Sequence[Path]) -> list[Path]:
        files: list[Path] = []
        for path in paths:
            try:
                files.extend(find_files([path]))
            except ReadError as error:
                self._failed.setdefault(str(path), []).append(Unreadable(place=str(path), reason=str(error)))
        return list(dict.fromkeys(files))

    def _tell(self, **changes: object) -> None:
        self._step = self._step.model_copy(update=changes)
        if self._progress is not None:
            self._progress(self._step)

    def _stream(self, files: Sequence[Path]) -> Iterator[Found]:
        entries = 0
        for done, file in enumerate(files):
            source = str(file.resolve())
            failed = self._failed.setdefault(source, [])
            times: dict[str, int] = {}
            try:
                for item in read(file):
                    if isinstance(item, Unreadable):
                        failed.append(item)
                        continue
                    key = _identity(item.paper)
                    times[key] = times.get(key, 0) + 1
                    yield Found(document=item, source=source, ordinal=times[key])
                    entries += 1
                    if entries % 16 == 0:
                        self._tell(file=file.name, files_done=done, files=len(files), entries=entries)
            except ReadError as error:
                failed.append(Unreadable(place=file.name, reason=str(error)))
            self._tell(file=file.name, files_done=done + 1, files=len(files), entries=entries)

    def _store(self, batch: Sequence[Found]) -> None:
        said: dict[str, list[Record]] = {}
        touched: set[str] = set()
        known = _Known(self.catalog)
        for found in batch:
            paper_id = known.resolve(found.document)
            if paper_id not in said:
                said[paper_id] = self.catalog.records(paper_id)
            if _replace_record(said[paper_id], _record(found)):
                touched.add(paper_id)
        entries = [entry for paper_id in said for entry in self._entries(paper_id, said[paper_id], touched)]
        if entries:
            self._write(entries)
            self.caches.follow()

    def _entries(self, paper_id: str, said: list[Record], touched: set[str]) -> list[Entry]:
        """The paper as its records now make it, where that is new; records alone are written at once."""
        document, conflicts = merge([record.document for record in said])
        document = document.model_copy(update={"paper": document.paper.model_copy(update={"id": paper_id})})
        if conflicts:
            self._conflicts[paper_id] = Conflicting(title=document.paper.title, conflicts=conflicts)
        stored = self.catalog.entry(paper_id) if paper_id in touched else document
        if stored == document:
            self._note(paper_id, document, "unchanged")
            if paper_id not in touched:
                return []
            if _names(said) != _names(self.catalog.records(paper_id)):
                return [self._entry(document, said)]  # the caches filter by source, so they must hear of it
            self.catalog.write_records(paper_id, said)
            return []
        self._note(paper_id, document, "updated" if stored else "added")
        return [self._entry(document, said)]

    def _write(self, entries: Sequence[Entry]) -> None:
        """Store entries with the vectors of those of their chunks that have none yet."""
        texts = {
            chunk.id: self.chunker.embedded(entry.document.paper.title, chunk)
            for entry in entries
            for chunk in entry.chunks
        }
        model = self.embedder.fingerprint.key
        keep_tokens = self.keep_tokens and self.embedder.tells_tokens
        known = self.catalog.known_vectors(list(texts), model, signed=keep_tokens)
        missing = [chunk_id for chunk_id in texts if chunk_id not in known]
        found = self.embedder.signed_passages([texts[chunk_id] for chunk_id in missing], self._embedded)
        vectors = dict(zip(missing, found.vectors, strict=True))
        signs = dict(zip(missing, found.signs or (), strict=False))
        self.catalog.write(entries, vectors, model, signs if keep_tokens else {})

    def _embedded(self, done: int, total: int) -> None:
        self._tell(share=done / max(total, 1))

    def _note(self, paper_id: str, document: Document, outcome: str) -> None:
        before = self._outcomes.get(paper_id)
        if before is None or before[1] == "unchanged":
            self._outcomes[paper_id] = (document.paper.title, outcome)

    def _report(self) -> AddReport:
        titles: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": []}
        for title, outcome in self._outcomes.values():
            titles[outcome].append(title)
        return AddReport(
            added=tuple(titles["added"]),
            updated=tuple(titles["updated"]),
            unchanged=tuple(titles["unchanged"]),
            failed=tuple(item for failed in self._failed.values() for item in failed),
            conflicting=tuple(self._conflicts.values()),
        )


class _Known:
    """Which stored or just met paper a document is about, within one batch."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._met: dict[str, list[str]] = {}  # ids of papers, by what they may be met by again
        self._said: dict[str, Paper] = {}  # what is known of a paper in all, by its id

    def resolve(self, document: Document) -> str:
        paper = document.paper
        identity = self._just_met(paper) or self._stored(paper) or self._new(paper)
        self._note(paper, identity)
        return identity

    def _just_met(self, paper: Paper) -> str | None:
        met = (identity for key in _keys(paper) for identity in self._met.get(key, ()))
        return next((identity for identity in met if same_paper(paper, self._said[identity])), None)

    def _stored(self, paper: Paper) -> str | None:
        stored = self.catalog.known(paper)
        if stored is None:
            return None
        if stored.id not in self._said:
            self._note(stored, stored.id)
        return stored.id if same_paper(paper, self._said[stored.id]) else None

    def _new(self, paper: Paper) -> str:
        """A name of its own, also for a paper whose title is another paper's."""
        name = paper_id(paper)
        taken = name in self._said or self.catalog.entry(name) is not None
        return namesake_id(paper) if taken else name

    def _note(self, paper: Paper, identity: str) -> None:
        for key in _keys(paper):
            self._met.setdefault(key, []).append(identity)
        said = [known for known in (self._said.get(identity), paper) if known is not None]
        whole = merge([Document(paper=known, text="") for known in said])[0].paper
        self._said[identity] = whole.model_copy(update={"id": identity})


def _keys(paper: Paper) -> list[str]:
    """What a paper may be met by again, the surest first."""
    names = [paper.id, paper.arxiv_id, paper.doi, title_key(paper.title)]
    return [name for name in names if name]


def _identity(paper: Paper) -> str:
    return paper.id or paper.arxiv_id or paper.doi or title_key(paper.title)


def _names(said: Sequence[Record]) -> set[str]:
    return {record.document.paper.source for record in said}


def _record(found: Found) -> Record:
    digest = hashlib.sha256(found.document.model_dump_json().encode()).hexdigest()
    return Record(source=found.source, ordinal=found.ordinal, digest=digest, document=found.document)


def _replace_record(said: list[Record], record: Record) -> bool:
    """Put what a source says now in the place of what it said; whether that differs."""
    for position, old in enumerate(said):
        if (old.source, old.ordinal) == (record.source, record.ordinal):
            said[position] = record
            return old.digest != record.digest
    said.append(record)
    return True
