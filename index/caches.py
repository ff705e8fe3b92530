"""The two caches, Chroma and the keyword index, and how they follow the catalog.

A note names the caches in use and the catalog's change both have reached (`index.places`). Following is
idempotent, so a kill between writing and saying so costs a repetition and nothing else. A rebuild
fills new caches and swaps them in by replacing that note. Files that differ from their seal (`index.seal`)
are never opened here, and those without one only after another process has (`index.probing`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from index.catalog import Catalog
from index.errors import LibraryError
from index.exact import Exact
from index.failpoints import reached
from index.filters import Bounds
from index.keywords import Keywords
from index.places import Place, Position, next_name
from index.probing import Held, look, sketch
from index.rows import Indexed, Vector
from index.schema import Value
from index.seal import Seal
from index.vectors import Hit, Vectors

_ALL = Bounds()
_WRITTEN = 1500  # chunks at once, or a few more: a commit of the keyword index costs by itself
Progress = Callable[[int, int], None]  # chunks done, chunks in all

_PATIENCE = 15.0  # seconds that another process may take to look into a small library's caches
_LOOKED_INTO = 2000  # chunks for which it may take a second more
_UNFOUND = 0.5  # the share of vectors that a sound graph may fail to find by themselves, where many are alike
_ALIKE = 1e-4  # by how much the sketches of one vector may differ, as Chroma scales it


class Faults(Value):
    """What is wrong with each cache; false where nothing is."""

    vectors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.vectors or self.words)


class Caches:
    """Both caches of one catalog, for one embedding model.

    Safe to share between threads. `refresh` notices what another process has written. While `by_words_alone`
    nothing is nearest to any vector, and Chroma is left alone.
    """

    def __init__(self, place: Place, catalog: Catalog, model: str, fingerprint: str) -> None:
        self.place = place
        self.catalog = catalog
        self.model = model
        self.fingerprint = fingerprint
        self.by_words_alone = False
        self._guard = threading.RLock()
        self._vectors: Vectors | None = None
        self._keywords: Keywords | None = None
        self._exact = Exact(catalog, model)
        self.position = self.place.stored() or Position(folder="caches-1", change=0)

    @property
    def folder(self) -> Path:
        return self.place.folder / self.position.folder

    @property
    def vectors(self) -> Vectors:
        with self._guard:
            if self.by_words_alone:
                raise LibraryError(f"The vectors in {self.folder} are damaged, and are being made anew.")
            if self._vectors is None:
                self._vectors = self._open_vectors(self.position.folder)
            return self._vectors

    @property
    def keywords(self) -> Keywords:
        with self._guard:
            if self._keywords is None:
                self._keywords = self.place.keywords(self.position.folder)
            return self._keywords

    def close(self) -> None:
        with self._guard:
            if self._vectors is not None:
                self._vectors.close()
            self._vectors = self._keywords = None

    @property
    def behind(self) -> bool:
        """Whether the catalog has changes that the caches have not seen, or papers not yet noted as seen."""
        return self.position.change != self.catalog.change() or self.catalog.pending

    def astray(self) -> str:
        """What is wrong with where the caches are said to be, without opening them; empty where nothing is.

        Whoever opens them where one may write mends it.
        """
        folder, change = self.position.folder, self.catalog.change()
        if self.position.change > change:
            return f"the caches claim change {self.position.change}, the catalog is at {change}"
        if self.behind:
            return f"the caches are at change {self.position.change}, the catalog at {change}"
        return "" if change == 0 or folder in self.place.names() else f"{folder} is not there"

    @property
    def sealed(self) -> bool:
        """Whether both are known to be whole; what lies on servers, they keep whole."""
        return not self.place.in_folder or Seal(self.folder).there

    def seal(self) -> None:
        """Say that both caches are written whole."""
        with self._guard:
            if not self.sealed:
                Seal(self.folder).set()

    def faults(self) -> Faults:
        """What is wrong with caches as they lie there; they are opened here only where nothing seems to be."""
        if not self.place.in_folder:
            return Faults(
                vectors=self._answers(lambda: self.vectors), words=self._answers(lambda: self.keywords)
            )
        seal = Seal(self.folder)
        chroma, keywords = seal.state("chroma"), seal.state("keywords")
        if "unsealed" in (chroma, keywords):
            return self._looked_into()
        found = Faults(
            vectors=("a file of Chroma is not what it was",) if chroma == "damaged" else (),
            words=("a file of the keyword index is not what it was",) if keywords == "damaged" else (),
        )
        return Faults(
            vectors=found.vectors or self._answers(lambda: self.vectors),
            words=found.words or self._answers(lambda: self.keywords),
        )

    def follow(self) -> None:
        """Bring both caches to the catalog's last change, then let its papers be seen."""
        with self._guard:
            target = self.catalog.change()
            if target != self.position.change:
                if self.place.in_folder:
                    Seal(self.folder).take_away()
                removed = self.catalog.removed(self.position.change)
                if removed:
                    self.vectors.delete(removed)
                    reached("caches.vectors_removed")
                    self.keywords.follow([], removed)
                    reached("caches.keywords_removed")
                for rows in self._changed(self.position.change):
                    self._write(self.vectors, self.keywords, rows)
                self._reach(Position(folder=self.position.folder, change=target))
            self.catalog.mark_ready(target)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Fill new caches from the catalog, embedding nothing, seal them and swap them in."""
        with self._guard:
            target = self.catalog.change()
            names, before = self.place.names(), self.position.folder
            name = next_name(names)
            vectors, keywords = self._open_vectors(name), self.place.keywords(name)
            reached("caches.folder_made")
            total, done = self.catalog.counts()["chunks"], 0
            for rows in self._changed(0):
                self._write(vectors, keywords, rows)
                done += len(rows)
                if progress:
                    progress(done, total)
            if self.place.in_folder:
                Seal(self.place.folder / name).set()
            reached("caches.folder_filled")
            self._reach(Position(folder=name, change=target))
            reached("caches.folder_swapped")
            self.close()
            self.by_words_alone = False
            self._vectors, self._keywords = vectors, keywords
            # Another machine may be searching in those that were in use: they stay until the next rebuild.
            for old in set(names) - ({before} if self.place.shared else set()):
                self.place.drop(old)
                reached("caches.folder_swept")
            self.catalog.mark_ready(target)

    def start_over(self) -> None:
        """Take what is in the caches for nothing: new ones are filled when the catalog is next followed."""
        with self._guard:
            self.close()
            old = self.place.names()
            self._reach(Position(folder=next_name(old), change=0))
            for name in old:
                self.place.drop(name)

    def rebuild_words(self) -> None:
        """Make the keyword index alone anew, in its place: whoever has the old one open goes on with that."""
        with self._guard:
            if self.place.in_folder:
                Seal(self.folder).take_away()
            self._keywords = None
            self.place.drop_words(self.position.folder)
            reached("caches.words_dropped")
            for rows in self._changed(0):
                self.keywords.follow(rows, [])
                reached("caches.keywords_written")

    def note_position(self) -> None:
        """Say once more which caches are in use, where what was said may have been lost."""
        self.place.note(self.position)

    def refresh(self) -> None:
        """Open the caches again where another process has moved them on."""
        with self._guard:
            stored = self.place.stored()
            if stored is not None and stored != self.position:
                self.renew()

    def renew(self) -> None:
        """Open the caches again, where they are now, and with the vectors."""
        with self._guard:
            self.close()
            self.position = self.place.stored() or self.position
            self.by_words_alone = False

    def nearest(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        """The `count` chunks in scope nearest to `query`: of all by Chroma's graph, of some by looking at each."""
        found = None if scope == _ALL else self._exact.nearest(query, count, scope)
        if found is not None:
            return found
        with self._guard:
            return [] if self.by_words_alone else self.vectors.nearest(query, count, scope)

    # What is wrong

    def _answers(self, opened: Callable[[], Vectors | Keywords]) -> tuple[str, ...]:
        """What is wrong with a cache that may be opened: it does not answer, or does not hold what it should."""
        try:
            cache = opened()
            cache.probe()
            held, chunks = cache.count(), self.catalog.counts()["chunks"]
        except LibraryError as error:
            return (str(error),)
        behind = self.position.change != self.catalog.change()
        return () if behind or held == chunks else (f"{held} chunks are held, and {chunks} should be",)

    def _looked_into(self) -> Faults:
        """What another process finds in caches that may be half written, held against the catalog."""
        due = self.catalog.settled(self.position.change)
        if not (self.folder / "chroma").exists() and not (self.folder / "keywords").exists():
            return Faults(vectors=("they are gone",), words=("they are gone",)) if due else Faults()
        patience = _PATIENCE + len(due) / _LOOKED_INTO
        held = look(self.folder, self.model, self.fingerprint, patience)
        may = self.catalog.chunk_ids() | set(self.catalog.removed(self.position.change))
        return Faults(
            vectors=self._wrong_vectors(held, due, may),
            words=_wrong(None if held.words is None else set(held.words), due, may, held.trouble),
        )

    def _wrong_vectors(self, held: Held, due: set[str], may: set[str]) -> tuple[str, ...]:
        wrong = _wrong(None if held.vectors is None else set(held.vectors), due, may, held.trouble)
        if wrong or held.vectors is None:
            return wrong
        stored = self.catalog.vectors_of(sorted(due), self.model)
        sketches = ((held.vectors[chunk_id], sketch(vector)) for chunk_id, vector in stored.items())
        differ = sum(not abs(one - other) < _ALIKE for one, other in sketches)
        if differ or held.unfound > _UNFOUND:
            return (f"{differ} vectors differ, {held.unfound:.0%} are not found by themselves",)
        return ()

    # Writing

    def _changed(self, since: int) -> Iterator[list[Indexed]]:
        """The chunks of papers written after a change, as many as are written at once."""
        gathered: list[Indexed] = []
        for rows in self.catalog.changed(since):
            gathered += rows
            if len(gathered) >= _WRITTEN:
                yield gathered
                gathered = []
        if gathered:
            yield gathered

    def _write(self, vectors: Vectors, keywords: Keywords, rows: list[Indexed]) -> None:
        known = self.catalog.vectors_of([row.chunk.id for row in rows], self.model)
        missing = [row.paper.title for row in rows if row.chunk.id not in known]
        if missing:
            raise LibraryError(
                f"{len(missing)} chunks have no vector of {self.model}, the first in {missing[0]!r}: "
                "run `ibid rebuild` to embed them."
            )
        vectors.upsert(rows, known)
        reached("caches.vectors_written")
        keywords.follow(rows, [])
        reached("caches.keywords_written")

    def _open_vectors(self, name: str) -> Vectors:
        return self.place.vectors(name, self.model, self.fingerprint)

    def _reach(self, position: Position) -> None:
        self.place.note(position)
        reached("caches.position_reached")
        self.position = position


def _wrong(held: set[str] | None, due: set[str], may: set[str], trouble: str) -> tuple[str, ...]:
    """What is wrong with the chunks that are held: all that are due must be, and none but those that may."""
    if held is None:
        return (trouble or "it does not answer",)
    missing, more = len(due - held), len(held - may)
    return (f"{missing} chunks are missing, {more} too many",) if missing or more else ()
