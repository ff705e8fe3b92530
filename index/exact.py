"""The dense search within a scope: every vector in it is looked at, so that none is missed.

Chroma finds the nearest of all chunks in milliseconds, but a condition costs it a walk through its database, and too
many papers it refuses. Here the vectors lie in memory beside the few facts that a scope is made of, as the catalog has
them; a change of the catalog costs what it changed. Owns that memory. Refuses to know how the caches are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from index.catalog import Catalog
from index.filters import Bounds
from index.rows import Vector
from index.shelf import in_scope
from index.tables import chunks, papers, records, vectors
from index.vectors import Hit

MOST = 400_000
"""Chunks, above which a scope is left to Chroma: so many vectors of 384 numbers take 600 MB."""
_FEW = 50  # papers whose vectors are read from the catalog sooner than those of all
_WIDE = 0.35  # share of the rows in scope from which on multiplying all is sooner than picking them
_ROOM = 1.25  # rows there is room for, to one that is there
_BLOCK = 256  # rows of 384 numbers: 400 KB
_PAGE = 1000
_UNKNOWN = -1
_FACTS = np.dtype([("paper", "i4"), ("day", "i4"), ("comments", "i4"), ("organization", "i4")])

Rows = NDArray[np.intp]


class Exact:
    """The vectors of one model in a catalog. Safe to share between threads."""

    def __init__(self, catalog: Catalog, model: str) -> None:
        self.catalog = catalog
        self.model = model
        self._guard = threading.Lock()
        self._held = _Held()

    def nearest(self, query: Vector, count: int, scope: Bounds) -> list[Hit] | None:
        """The `count` chunks in scope with the highest cosine to `query`, best first; None of too large a library."""
        if scope.papers is not None and len(scope.papers) <= _FEW:
            return self._of_few(query, count, scope)
        with self._guard:
            if not self._updated():
                return None
            held, inside = self._held, self._held.inside(scope)
            ids, matrix = held.ids, held.matrix
        if len(inside) > _WIDE * len(matrix):
            return _best(ids, inside, (matrix @ query)[inside], count)
        return _best(ids, inside, _products(matrix, inside, query), count)

    def _of_few(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        with self.catalog.engine.connect() as connection:
            rows = connection.execute(_stored(self.model).where(*in_scope(scope, pending=True))).all()
        if not rows:
            return []
        matrix = np.frombuffer(b"".join(row.vector for row in rows), np.float32).reshape(len(rows), -1)
        return _best([row.chunk for row in rows], np.arange(len(rows)), matrix @ query, count)

    def _updated(self) -> bool:
        """Take in what the catalog has changed since the last time; whether all has room."""
        change = self.catalog.change()
        if change != self._held.change:
            with self.catalog.engine.connect() as connection:
                if (connection.scalar(select(func.count()).select_from(chunks)) or 0) > MOST:
                    return False
                if self._held.mostly_gone:
                    self._held = _Held()
                self._held.take(connection, self.model, change)
        return True


class _Held:
    """Rows of vectors, each with its chunk and the facts of its paper; a row that counts no more has no paper."""

    def __init__(self) -> None:
        self.change = 0
        self.ids: list[str] = []
        self._matrix: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._facts = np.empty(0, _FACTS)
        self._papers: dict[str, int] = {}
        self._numbers = 0
        self._organizations: dict[str, int] = {}
        self._sources: dict[str, set[int]] = {}

    @property
    def matrix(self) -> NDArray[np.float32]:
        return self._matrix[: len(self.ids)]

    @property
    def facts(self) -> NDArray[Any]:
        return self._facts[: len(self.ids)]

    @property
    def mostly_gone(self) -> bool:
        return len(self.ids) > 2 * int(np.count_nonzero(self.facts["paper"] != _UNKNOWN))

    def inside(self, scope: Bounds) -> Rows:
        """The rows of the papers in scope."""
        facts = self.facts
        wanted = facts["paper"] != _UNKNOWN
        if scope.papers is not None:
            wanted &= self._of(map(self._papers.get, scope.papers))
        if scope.excluded:
            wanted &= ~self._of(map(self._papers.get, scope.excluded))
        if scope.first_day is not None:
            wanted &= (facts["day"] != _UNKNOWN) & (facts["day"] >= scope.first_day)
        if scope.last_day is not None:
            wanted &= (facts["day"] != _UNKNOWN) & (facts["day"] <= scope.last_day)
        if scope.organizations:
            known = [self._organizations[name] for name in scope.organizations if name in self._organizations]
            wanted &= np.isin(facts["organization"], known)
        if scope.min_comments is not None:
            wanted &= (facts["comments"] != _UNKNOWN) & (facts["comments"] >= scope.min_comments)
        if scope.sources:
            wanted &= self._of(set().union(*(self._sources.get(name, set()) for name in scope.sources)))
        return np.flatnonzero(wanted)

    def _of(self, numbers: Iterable[int | None]) -> NDArray[np.bool_]:
        """For each row whether its paper is one of those."""
        marked = np.zeros(self._numbers + 1, bool)  # the last one is the paper of rows that have none
        marked[[number for number in numbers if number is not None]] = True
        return np.asarray(marked[self.facts["paper"]])

    def take(self, connection: Connection, model: str, change: int) -> None:
        """All that was written after the change it has reached, which is `change` now."""
        changed = papers.c.change > self.change
        self._forget(connection, connection.scalars(select(papers.c.id).where(changed)))
        wanted = _stored(model).where(changed)
        self._make_room(connection.scalar(wanted.with_only_columns(func.count())) or 0)
        for page in connection.execute(wanted, execution_options={"yield_per": _PAGE}).partitions():
            self._append(page)
        named = select(records.c.paper_id, records.c.name).join(papers, papers.c.id == records.c.paper_id)
        for paper_id, name in connection.execute(named.where(changed).distinct()):
            if paper_id in self._papers:
                self._sources.setdefault(name, set()).add(self._papers[paper_id])
        self.change = change

    def _forget(self, connection: Connection, changed: Iterable[str]) -> None:
        """Let go of the rows of papers that are written anew, and of those that are no more."""
        if not self._papers:
            return
        again = list(changed)
        stored = connection.scalar(select(func.count()).select_from(papers)) or 0
        gone: set[str] = set()
        if stored != len({*self._papers, *again}):
            gone = set(self._papers).difference(connection.scalars(select(papers.c.id)))
        numbers = {self._papers[paper_id] for paper_id in (*again, *gone) if paper_id in self._papers}
        facts = self._facts.copy()  # whoever searches goes on with what was there
        facts["paper"][: len(self.ids)][self._of(numbers)] = _UNKNOWN
        self._facts = facts
        for paper_id in gone:
            del self._papers[paper_id]
        for known in self._sources.values():
            known -= numbers

    def _make_room(self, more: int) -> None:
        """Have room for so many rows more."""
        needed, there = len(self.ids) + more, len(self.ids)
        if needed > len(self._facts):
            room = int(needed * _ROOM) if there else needed
            facts, matrix = np.empty(room, _FACTS), np.empty((room, self._matrix.shape[1]), np.float32)
            facts[:there], matrix[:there] = self.facts, self.matrix
            self._facts, self._matrix = facts, matrix

    def _append(self, page: Sequence[Any]) -> None:
        read = np.frombuffer(b"".join(row.vector for row in page), np.float32).reshape(len(page), -1)
        if not self.ids:
            self._matrix = np.empty((len(self._facts), read.shape[1]), np.float32)
        there = slice(len(self.ids), len(self.ids) + len(page))
        self._matrix[there] = read
        self._facts[there] = [
            (
                self._number(row.paper),
                _UNKNOWN if row.day is None else row.day,
                _UNKNOWN if row.comments is None else row.comments,
                self._organizations.setdefault(row.organization_key or "", len(self._organizations)),
            )
            for row in page
        ]
        self.ids += [row.chunk for row in page]

    def _number(self, paper_id: str) -> int:
        if paper_id not in self._papers:
            self._papers[paper_id] = self._numbers
            self._numbers += 1
        return self._papers[paper_id]


def _stored(model: str) -> Any:
    """A row for each chunk that has a vector: its id, its vector, and its paper with what scopes ask of it."""
    return (
        select(
            chunks.c.id.label("chunk"),
            vectors.c.vector,
            papers.c.id.label("paper"),
            papers.c.day,
            papers.c.comments,
            papers.c.organization_key,
        )
        .join(papers, papers.c.id == chunks.c.paper_id)
        .join(vectors, (vectors.c.chunk_id == chunks.c.id) & (vectors.c.model == model))
    )


def _products(matrix: NDArray[np.float32], rows: Rows, query: Vector) -> NDArray[np.float32]:
    """Some rows times a vector; picked a block at a time, so that what is picked stays in the processor's cache."""
    found = np.empty(len(rows), np.float32)
    picked = np.empty((min(_BLOCK, len(rows)), matrix.shape[1]), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        np.take(matrix, block, axis=0, out=picked[: len(block)], mode="clip")  # "raise" would copy once more
        np.matmul(picked[: len(block)], query, out=found[start : start + len(block)])
    return found


def _best(ids: Sequence[str], rows: Rows, cosines: NDArray[np.float32], count: int) -> list[Hit]:
    """The highest of the rows' cosines, of equal ones the first."""
    if len(rows) > count:
        kept = np.sort(np.argpartition(-cosines, count - 1)[:count])
        rows, cosines = rows[kept], cosines[kept]
    order = np.argsort(-cosines, kind="stable")
    return [Hit(item=ids[rows[place]], score=float(cosines[place])) for place in order]
