"""The dense cache: one Chroma collection per embedding model.

Holds nothing that the catalog does not: it can be deleted and filled again without embedding anything.
Vectors are passed in, never texts alone, so that Chroma never looks for a model of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.disk import without_reason
from index.errors import LibraryError
from index.filters import Bounds, organization_key
from index.rows import Indexed, Vector
from index.schema import Value

_BATCH = 2000
_LOOKED_AT = 400
"""How many chunks the graph looks at. With Chroma's own 100 it missed 2 to 3 % of the nearest, others each time."""
_opening = threading.Lock()


class Hit(Value):
    """What a retriever found (a chunk, or a paper), with its own score: a cosine or a BM25 sum."""

    item: str
    score: float


class Vectors:
    """Chroma's collection for `model` in a folder.

    Raises LibraryError where Chroma cannot open the folder or the collection does not answer.
    """

    def __init__(self, folder: Path, model: str, fingerprint: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            client, self._system = _client(folder)
            self.collection = client.get_or_create_collection(
                collection_name(model),
                metadata={"model": model, "fingerprint": fingerprint},
                configuration={"hnsw": {"space": "cosine", "ef_search": _LOOKED_AT}},
                embedding_function=None,
            )
        except Exception as error:
            told = without_reason(error, folder)
            raise told or LibraryError(f"Chroma cannot open {folder}: {error}") from error

    def close(self) -> None:
        """Let go of the folder; this is not used afterwards."""
        self._system.stop()

    def probe(self) -> None:
        """Make the index itself answer; LibraryError where it does not.

        Chroma counts and lists from its database, and so does not notice a graph that is lost.
        """
        try:
            stored = self.collection.get(limit=1, include=["embeddings"])
            if stored["ids"]:
                found = self.collection.query(query_embeddings=stored["embeddings"], n_results=1, include=[])
                broken = None if found["ids"][0] else "its graph is empty"
            else:
                broken = None
        except Exception as error:
            raise LibraryError(f"Chroma cannot search {self.folder}: {error}") from error
        if broken:
            raise LibraryError(f"Chroma cannot search {self.folder}: {broken}")

    def upsert(self, rows: Sequence[Indexed], vectors: dict[str, Vector]) -> None:
        """Write chunks with their vectors; those already there are replaced."""
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            with self._writing():
                self.collection.upsert(
                    ids=[row.chunk.id for row in batch],
                    embeddings=np.stack([vectors[row.chunk.id] for row in batch]),
                    documents=[row.chunk.text for row in batch],
                    metadatas=[_metadata(row) for row in batch],
                )

    def all(self) -> dict[str, Vector]:
        """Every chunk's vector as the graph holds it."""
        found: dict[str, Vector] = {}
        for offset in range(0, self.count(), _BATCH):
            page = self.collection.get(include=["embeddings"], limit=_BATCH, offset=offset)
            if page["embeddings"] is not None:
                found.update(zip(page["ids"], np.asarray(page["embeddings"], np.float32), strict=True))
        return found

    def delete(self, chunk_ids: Sequence[str]) -> None:
        for start in range(0, len(chunk_ids), _BATCH):
            with self._writing():
                self.collection.delete(ids=list(chunk_ids[start : start + _BATCH]))

    def nearest(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        """The `count` chunks in scope with the highest cosine to `query` of shape (dimension,), best first."""
        if scope.papers == ():
            return []
        found = self.collection.query(
            query_embeddings=query[None, :], n_results=count, where=_where(scope), include=["distances"]
        )
        distances = (found["distances"] or [[]])[0]
        return [
            Hit(item=chunk_id, score=1.0 - distance)
            for chunk_id, distance in zip(found["ids"][0], distances, strict=True)
        ]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told = without_reason(error, self.folder)
            raise told or LibraryError(f"Chroma cannot write to {self.folder}: {error}") from error

    def count(self) -> int:
        return int(self.collection.count())

    def ids(self) -> set[str]:
        """Every chunk id held, read in pages (an unpaged read fails on a large collection)."""
        found: set[str] = set()
        for offset in range(0, self.count(), _BATCH):
            found.update(self.collection.get(include=[], limit=_BATCH, offset=offset)["ids"])
        return found


def collection_name(model: str) -> str:
    """A name Chroma accepts, `[a-zA-Z0-9._-]{3,512}`, told from the model's."""
    return "ibid-" + re.sub(r"[^a-zA-Z0-9._-]+", "-", model).strip("-._")


def _client(folder: Path) -> tuple[Any, Any]:
    """A Chroma client with the system that serves it, its own.

    Chroma would share one system among all that open a path in a process: a library that closes would
    take it from the others, and one that opens again would not see what another process has written.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    with _opening:
        client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        SharedSystemClient._identifier_to_refcount.pop(str(folder), None)
        return client, SharedSystemClient._identifier_to_system.pop(str(folder))


def _metadata(row: Indexed) -> dict[str, Any]:
    """Chroma refuses None, so an unknown fact is simply absent; a filter on it then excludes the chunk."""
    paper = row.paper
    known = {
        "paper_id": paper.id,
        "title": paper.title,
        "start": row.chunk.start,
        "end": row.chunk.end,
        "section": row.chunk.section,
        "day": row.day,
        "organization": organization_key(paper.organization) if paper.organization else None,
        "comments": paper.comments,
        "sources": list(row.sources) or None,
    }
    return {key: value for key, value in known.items() if value is not None}


def _where(scope: Bounds) -> Any:
    conditions: list[dict[str, Any]] = []
    if scope.papers is not None:
        conditions.append({"paper_id": {"$in": list(scope.papers)}})
    if scope.excluded:
        conditions.append({"paper_id": {"$nin": list(scope.excluded)}})
    if scope.first_day is not None:
        conditions.append({"day": {"$gte": scope.first_day}})
    if scope.last_day is not None:
        conditions.append({"day": {"$lte": scope.last_day}})
    if scope.organizations:
        conditions.append({"organization": {"$in": list(scope.organizations)}})
    if scope.min_comments is not None:
        conditions.append({"comments": {"$gte": scope.min_comments}})
    if scope.sources:
        named = [{"sources": {"$contains": source}} for source in scope.sources]
        conditions.append(named[0] if len(named) == 1 else {"$or": named})
    if len(conditions) <= 1:
        return conditions[0] if conditions else None
    return {"$and": conditions}
