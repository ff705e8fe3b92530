"""The two caches, Chroma and the keyword index, and how they follow the catalog.

A note names the caches in use and the catalog's change both have reached (`index.places`). Following is
idempotent, so a kill between writing and saying so costs a repetition and nothing else. A rebuild
fills new caches and swaps them in by replacing that note.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from index.catalog import Catalog
from index.errors import LibraryError
from index.exact import Exact
from index.filters import Bounds
from index.keywords import Keywords
from index.places import Place, Position, next_name
from index.rows import Indexed, Vector
from index.vectors import Hit, Vectors

_ALL = Bounds()
Progress = Callable[[int, int], None]  # chunks done, chunks in all


class Caches:
    """Both caches of one catalog, for one embedding model.

    Safe to share between threads. `refresh` notices what another process has written.
    """

    def __init__(self, place: Place, catalog: Catalog, model: str, fingerprint: str) -> None:
        self.place = place
        self.library = place.folder
        self.catalog = catalog
        self.model = model
        self.fingerprint = fingerprint
        self._guard = threading.RLock()
        self._stores: tuple[Vectors, Keywords] | None = None
        self.position = self.place.stored() or Position(folder="caches-1", change=0)
        self._exact = Exact(catalog, model)

    @property
    def vectors(self) -> Vectors:
        return self._opened()[0]

    @property
    def keywords(self) -> Keywords:
        return self._opened()[1]

    def close(self) -> None:
        with self._guard:
            if self._stores is not None:
                self._stores[0].close()
                self._stores = None

    @property
    def behind(self) -> bool:
        """Whether the catalog has changes that the caches have not seen."""
        return self.position.change != self.catalog.change()

    def faults(self) -> list[str]:
        """What is wrong with caches that claim to have reached the catalog; empty where nothing is.

        Raises LibraryError where they cannot be opened or searched at all.
        """
        with self._surviving() as survivor:
            if not survivor:
                return ["Chroma ended the process that opened it last"]
            held = (("Chroma", self.vectors), ("the keyword index", self.keywords))
            for _, cache in held:
                cache.probe()
        if self.behind:
            return []
        chunks = self.catalog.counts()["chunks"]
        return [
            f"{name} holds {cache.count()} chunks, the catalog {chunks}"
            for name, cache in held
            if cache.count() != chunks
        ]

    def follow(self) -> None:
        """Bring both caches to the catalog's last change, then let its papers be seen."""
        with self._guard:
            target = self.catalog.change()
            if target != self.position.change:
                removed = self.catalog.removed(self.position.change)
                if removed:
                    self.vectors.delete(removed)
                    self.keywords.follow([], removed)
                for rows in self.catalog.changed(self.position.change):
                    self._write(self.vectors, self.keywords, rows)
                self._reach(Position(folder=self.position.folder, change=target))
            self.catalog.mark_ready(target)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Fill new caches from the catalog, embedding nothing, and swap them in."""
        with self._guard:
            target = self.catalog.change()
            names, before = self.place.names(), self.position.folder
            folder = next_name(names)
            vectors, keywords = stores = self._open(folder)
            total, done = self.catalog.counts()["chunks"], 0
            for rows in self.catalog.changed(0):
                self._write(vectors, keywords, rows)
                done += len(rows)
                if progress:
                    progress(done, total)
            self._reach(Position(folder=folder, change=target))
            self.close()
            self._stores = stores
            # Another machine may be searching in those that were in use: they stay until the next rebuild.
            for old in set(names) - ({before} if self.place.shared else set()):
                self.place.drop(old)
            self.catalog.mark_ready(target)

    def start_over(self) -> None:
        """Take what is in the caches for nothing: new ones are filled when the catalog is next followed."""
        with self._guard:
            self.close()
            old = self.place.names()
            self._reach(Position(folder=next_name(old), change=0))
            for name in old:
                self.place.drop(name)

    def refresh(self) -> None:
        """Open the caches again where another process has moved them on."""
        with self._guard:
            stored = self.place.stored()
            if stored is None or stored == self.position:
                return
            self.close()
            self.position = stored

    def nearest(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        """The `count` chunks in scope nearest to `query`: of all by Chroma's graph, of some by looking at each."""
        found = None if scope == _ALL else self._exact.nearest(query, count, scope)
        if found is not None:
            return found
        with self._guard:
            return self.vectors.nearest(query, count, scope)

    @contextmanager
    def _surviving(self) -> Iterator[bool]:
        """Whether nobody died in this block before: a damaged graph can end the process that loads it.

        A mark is left while the block runs, under a lock that ends with its process.
        """
        if self.place.shared:  # no graph is loaded here
            yield True
            return
        folder = self.library / self.position.folder
        folder.mkdir(exist_ok=True)
        mark = folder / "probing"
        try:
            with FileLock(folder / "probe.lock", timeout=0, thread_local=False, is_singleton=False):
                if mark.exists():
                    yield False
                    return
                mark.touch()
                try:
                    yield True
                finally:
                    mark.unlink(missing_ok=True)
        except Timeout:  # another is at it, and alive
            yield True

    def _write(self, vectors: Vectors, keywords: Keywords, rows: list[Indexed]) -> None:
        known = self.catalog.vectors_of([row.chunk.id for row in rows], self.model)
        missing = [row.paper.title for row in rows if row.chunk.id not in known]
        if missing:
            raise LibraryError(
                f"{len(missing)} chunks have no vector of {self.model}, the first in {missing[0]!r}: "
                "run `ibid rebuild` to embed them."
            )
        vectors.upsert(rows, known)
        keywords.follow(rows, [])

    def _opened(self) -> tuple[Vectors, Keywords]:
        with self._guard:
            if self._stores is None:
                self._stores = self._open(self.position.folder)
            return self._stores

    def _open(self, folder: str) -> tuple[Vectors, Keywords]:
        return self.place.open(folder, self.model, self.fingerprint)

    def _reach(self, position: Position) -> None:
        self.place.note(position)
        self.position = position
