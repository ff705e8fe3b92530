"""What a worker does with a file: read it as this machine would, cut it, and embed what is not stored.

Owns what goes to a worker and what comes back. None of it depends on the catalog: that a paper was met before, and
what it then comes to, is for the one process that stores. Refuses to know Ray.

A worker opens the file by its path where that leads to the same file (same size, same time of change: a shared
folder), and else asks for its bytes. What it cannot have either way is told as `Absent`, as is a file that names
others beside it: those were not sent along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.checksums import digest_of
from index.chunking import Chunker
from index.embedding import Embedded, Embedder, Fingerprint, load_embedder
from index.errors import EmbedderMismatch
from index.merge import paper_id
from index.premade import Made, mark_of
from index.readers import Found
from index.reading import Content, Over, Reading, Source
from index.sandbox.limits import MEGABYTE
from index.schema import Document, Enclosed, Unreadable
from index.settings import ChunkingSettings, EmbeddingSettings, ReadingSettings

MOST_SENT = 64 * MEGABYTE  # of a file that is sent to a worker
_PIECE = 100_000  # characters that are embedded as one piece of work
_ITEMS = 256  # documents in one

Stored = NDArray[np.uint64]
"""The beginnings of the ids of stored chunks, in order."""
Fetch = Callable[[int], bytes | None]
"""The bytes of the file at a position; None where they cannot be had."""


class Way(NamedTuple):
    """How files are read, cut and embedded, alike on every worker."""

    reading: ReadingSettings
    chunking: ChunkingSettings
    embedding: EmbeddingSettings
    fingerprint: Fingerprint
    release: str = version("ibid")


class Errand(NamedTuple):
    """A file to be read: its place among all, what tells that a path leads to it, and what is known of it."""

    position: int
    source: Source
    size: int
    modified: int
    known: Content | None


class Sent(NamedTuple):
    """A document or a failure of the file at `position`; `made` are vectors of its chunks."""

    position: int
    found: Document | Unreadable
    made: Made | None = None


class Kept(NamedTuple):
    """A file whose pages are to be shown: that at `position` itself, or another that it holds, with its bytes."""

    position: int
    digest: str
    content: bytes | None


class Ended(NamedTuple):
    """All of the file was told; the rest as in `Over`."""

    position: int
    content: Content | None
    unchanged: bool
    named: tuple[str, ...]


class Absent(NamedTuple):
    """The file at `position` cannot be read there."""

    position: int


Row = Sent | Kept | Ended | Absent


class _NamesOthers(Exception):
    """The file names files beside it."""


class _Away(Reading):
    """Reading on a worker: files to be kept are laid aside, to be sent home."""

    def __init__(self, way: Way, errand: Errand, own: Path, sent: bool) -> None:
        known = {errand.source.key: errand.known} if errand.known is not None else None
        super().__init__(way.reading, known, self._lay_aside)
        self._position, self._own, self._sent = errand.position, own, sent
        self.aside: list[Kept] = []

    def _lay_aside(self, path: Path) -> str:
        digest = digest_of(path)
        self.aside.append(Kept(self._position, digest, None if path == self._own else path.read_bytes()))
        return digest

    def _read(self, path: Path) -> Iterator[Found]:
        for item in super()._read(path):
            if self._sent and _names_others(item):
                raise _NamesOthers
            yield item


def read_errand(errand: Errand, way: Way, fetch: Fetch) -> Iterator[Row]:
    """What a file holds, in its order, and its end."""
    source = errand.source
    if _here(errand):
        yield from _rows(errand, way, source.path, sent=False)
        return
    content = (
        None if ".rdf" in source.path.suffixes else fetch(errand.position)
    )  # it names files, found or not
    if content is None:
        yield Absent(errand.position)
        return
    with ExitStack() as held:
        folder = held.enter_context(TemporaryDirectory(prefix="ibid-"))
        path = Path(folder) / source.path.name
        path.write_bytes(content)
        try:
            yield from list(_rows(errand, way, path, sent=True))
        except _NamesOthers:
            yield Absent(errand.position)


def _rows(errand: Errand, way: Way, path: Path, sent: bool) -> Iterator[Row]:
    reading = _Away(way, errand, path, sent)
    for told in reading.told_of(errand.source.model_copy(update={"path": path})):
        yield from reading.aside
        reading.aside.clear()
        if isinstance(told, Over):
            yield Ended(errand.position, told.content, told.unchanged, told.named)
        else:
            yield Sent(errand.position, told.found)


def _names_others(item: Found) -> bool:
    """Whether it speaks of files beside its own, found or not; or of another part that was not read."""
    if isinstance(item, Document):
        return any(notice.kind == "not read" for notice in item.notices)
    return isinstance(item, Enclosed) and item.content is None


def _here(errand: Errand) -> bool:
    """Whether the path leads to the same file on this machine."""
    try:
        found = errand.source.path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (errand.size, errand.modified)


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in pieces of work of like size."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += len(row.found.text) if isinstance(row, Sent) and isinstance(row.found, Document) else 200
        if size >= _PIECE or len(piece) >= _ITEMS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


class Embedding:
    """A worker's embedder, loaded once. EmbedderMismatch where it is not the one that the library is of."""

    def __init__(self, way: Way) -> None:
        require_release(way)
        self.embedder: Embedder = load_embedder(way.embedding.model, way.embedding.models)
        if self.embedder.fingerprint != way.fingerprint:
            raise EmbedderMismatch(
                f"A worker's {way.embedding.model} is {self.embedder.fingerprint.key}, "
                f"here it is {way.fingerprint.key}. Install the same on every worker."
            )
        cut = way.chunking
        self.chunker = Chunker(cut.tokens, cut.overlap, self.embedder.count, self.embedder.window)
        self.keep_tokens = way.embedding.tokens and self.embedder.tells_tokens

    def embed(self, rows: list[Row], stored: Stored) -> list[Row]:
        """The same rows, with vectors of those chunks that a library would have of their documents and has not."""
        texts: list[str] = []
        ends: dict[int, int] = {}
        for position, row in enumerate(rows):
            if isinstance(row, Sent) and isinstance(row.found, Document):
                texts += self._lacking(row.found, stored)
                ends[position] = len(texts)
        found = self._embedded(texts)
        start, done = 0, list(rows)
        for position, end in ends.items():
            row = rows[position]
            if end > start and isinstance(row, Sent):
                signs = None if found.signs is None else found.signs[start:end]
                marks = tuple(map(mark_of, texts[start:end]))
                done[position] = row._replace(made=Made(marks, Embedded(found.vectors[start:end], signs)))
            start = end
        return done

    def _lacking(self, document: Document, stored: Stored) -> list[str]:
        """What a document's chunks are embedded as, if no other source speaks of its paper."""
        paper = document.paper.model_copy(update={"id": paper_id(document.paper)})
        chunks = self.chunker.chunks(document.model_copy(update={"paper": paper}))
        known = np.isin(np.array([beginning(chunk.id) for chunk in chunks], np.uint64), stored)
        return [
            self.chunker.embedded(paper.title, chunk)
            for chunk, held in zip(chunks, known, strict=True)
            if not held
        ]

    def _embedded(self, texts: list[str]) -> Embedded:
        if self.keep_tokens:
            return self.embedder.signed_passages(texts)
        return Embedded(self.embedder.passages(texts))


def beginning(chunk_id: str) -> int:
    """What a chunk's id begins with, as a number; two chunks may share it, and then one is embedded later."""
    return int(chunk_id[:16], 16)


def require_release(way: Way) -> None:
    """EmbedderMismatch where a worker runs another release, which may cut and read otherwise."""
    own = version("ibid")
    if own != way.release:
        raise EmbedderMismatch(
            f"A worker has Ibid {own}, this is {way.release}. Install the same on every worker."
        )
