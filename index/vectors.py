"""The dense cache: one Chroma collection per embedding model.

Holds nothing that the catalog does not: it can be deleted and filled again without embedding anything.
Vectors are passed in, never texts alone, so that Chroma never looks for a model of its own.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import numpy as np
from pydantic import SecretStr

from index.disk import trouble, without_reason
from index.errors import DiskTrouble, LibraryError, SettingsError
from index.filters import Bounds, organization_key
from index.rows import Indexed, Vector
from index.schema import Value

_BATCH = 2000
_WRITTEN = 100
"""Chunks that are written into a folder at once: Chroma lets no other Python thread run until it has written them."""
_LOOKED_AT = 400
"""How many chunks the graph looks at. With Chroma's own 100 it missed 2 to 3 % of the nearest, others each time."""
_NAMED = 10_000
"""How many papers a condition may name: from some 32,000 on Chroma refuses it."""
_WIDER = 4  # how many times more is asked for where a scope is applied here
_PREFIX = "ibid-"
_served_by: dict[tuple[str, str], Any] = {}
_opening = threading.Lock()


class Hit(NamedTuple):
    """What a retriever found (a chunk, or a paper), with its own score: a cosine or a BM25 sum."""

    item: str
    score: float


class ChromaServer(Value):
    """A Chroma server, and what sets this library's collections there apart from others'."""

    url: str
    token: SecretStr = SecretStr("")
    prefix: str

    def __str__(self) -> str:
        return self.url


class Vectors:
    """Chroma's collection for `model`, in a folder or on a server.

    Raises LibraryError where Chroma cannot open its place or the collection does not answer.
    """

    def __init__(self, place: Path | ChromaServer, model: str, fingerprint: str) -> None:
        self.place = place
        self._written = _WRITTEN if isinstance(place, Path) else _BATCH
        self._system: Any = None
        try:
            if isinstance(place, Path):
                client, self._system = _embedded(place)
            else:
                client = _served(place)
            self.collection = client.get_or_create_collection(
                collection_name(model, place.prefix if isinstance(place, ChromaServer) else _PREFIX),
                metadata={"model": model, "fingerprint": fingerprint},
                configuration={"hnsw": {"space": "cosine", "ef_search": _LOOKED_AT}},
                embedding_function=None,
            )
        except SettingsError:
            raise
        except Exception as error:
            told = _of_its_disk(error, place)
            raise told or LibraryError(f"Chroma cannot open {place}: {error}") from error

    def close(self) -> None:
        """Let go of the place; this is not used afterwards."""
        if self._system is not None:
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
            raise LibraryError(f"Chroma cannot search {self.place}: {error}") from error
        if broken:
            raise LibraryError(f"Chroma cannot search {self.place}: {broken}")

    def upsert(self, rows: Sequence[Indexed], vectors: dict[str, Vector]) -> None:
        """Write chunks with their vectors; those already there are replaced."""
        for start in range(0, len(rows), self._written):
            batch = rows[start : start + self._written]
            with self._asked("write to"):
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
        for start in range(0, len(chunk_ids), self._written):
            with self._asked("write to"):
                self.collection.delete(ids=list(chunk_ids[start : start + self._written]))

    def nearest(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        """The `count` chunks in scope with the highest cosine to `query` of shape (dimension,), best first."""
        if scope.papers == ():
            return []
        if len(scope.papers or ()) + len(scope.excluded) > _NAMED:
            return self._nearest_among(query, count, scope)
        return [hit for hit, _ in self._nearest(query, count, scope, "distances")]

    def _nearest_among(self, query: Vector, count: int, scope: Bounds) -> list[Hit]:
        """The same where the scope names more papers than Chroma takes: enough are asked for, and held to it here."""
        inside = None if scope.papers is None else set(scope.papers)
        outside = set(scope.excluded)
        rest = scope.model_copy(update={"papers": None, "excluded": ()})
        wanted, every = count * _WIDER, self.count()
        while True:
            found = self._nearest(query, min(wanted, max(every, 1)), rest, "distances", "metadatas")
            hits = [
                hit for hit, paper in found if paper not in outside and (inside is None or paper in inside)
            ]
            if len(hits) >= count or wanted >= every:
                return hits[:count]
            wanted *= _WIDER

    def _nearest(self, query: Vector, count: int, scope: Bounds, *told: Any) -> list[tuple[Hit, str]]:
        """Hits, each with its paper where `told` has metadata."""
        with self._asked("search"):
            found = self.collection.query(
                query_embeddings=query[None, :], n_results=count, where=_where(scope), include=list(told)
            )
        distances = (found["distances"] or [[]])[0]
        known: Sequence[Any] = (found["metadatas"] or [[{}] * len(distances)])[0]
        return [
            (Hit(item=chunk_id, score=1.0 - distance), str(facts.get("paper_id", "")))
            for chunk_id, distance, facts in zip(found["ids"][0], distances, known, strict=True)
        ]

    def count(self) -> int:
        return int(self.collection.count())

    def ids(self) -> set[str]:
        """Every chunk id held, read in pages (an unpaged read fails on a large collection)."""
        found: set[str] = set()
        for offset in range(0, self.count(), _BATCH):
            found.update(self.collection.get(include=[], limit=_BATCH, offset=offset)["ids"])
        return found

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """What a server or a disk refuses, or that it is gone, as an error of ours."""
        try:
            yield
        except Exception as error:
            told = _of_its_disk(error, self.place)
            raise told or LibraryError(
                f"Chroma at {self.place} could not {what} the collection: {error}"
            ) from error


def _of_its_disk(error: Exception, place: Path | ChromaServer) -> DiskTrouble | None:
    return without_reason(error, place) if isinstance(place, Path) else trouble(error, str(place))


def begin_import() -> None:
    """Import Chroma in a thread of its own: that takes most of a second, in which files can be read."""
    if "chromadb" not in sys.modules:
        threading.Thread(target=import_module, args=("chromadb",), name="importing", daemon=True).start()


def collections(server: ChromaServer) -> list[str]:
    """The names of all collections that begin with the server's prefix."""
    client = _served(server)
    names: list[str] = []
    while page := client.list_collections(limit=_BATCH, offset=len(names)):
        names += [collection.name for collection in page]
    return [name for name in names if name.startswith(server.prefix)]


def drop_collection(server: ChromaServer, name: str) -> None:
    """Forget a collection of that name."""
    _served(server).delete_collection(name)


def collection_name(model: str, prefix: str) -> str:
    """A name Chroma accepts, `[a-zA-Z0-9._-]{3,512}`, told from the model's."""
    return prefix + re.sub(r"[^a-zA-Z0-9._-]+", "-", model).strip("-._")


def _served(server: ChromaServer) -> Any:
    """A client of a server, one for all libraries of this process.

    Chroma asks for no password itself: the token is for the proxy before it, or for its cloud.
    """
    with _opening:
        key = (server.url, server.token.get_secret_value())
        if key not in _served_by:
            _served_by[key] = _connected(*key)
        return _served_by[key]


def _connected(address: str, token: str) -> Any:
    import chromadb
    from chromadb.config import Settings

    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise SettingsError(f"storage.chroma is {address!r}: give it as `http://host:8000`.")
    port = url.port or (443 if url.scheme == "https" else 80)
    return chromadb.HttpClient(
        host=f"{url.scheme}://{url.hostname}:{port}{url.path.rstrip('/')}",
        port=port,
        ssl=url.scheme == "https",
        headers={"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {},
        settings=Settings(anonymized_telemetry=False),
        **{name: told[0] for name, told in parse_qs(url.query).items() if name in ("tenant", "database")},
    )


def _embedded(folder: Path) -> tuple[Any, Any]:
    """A Chroma client with the system that serves it, its own.

    Chroma would share one system among all that open a path in a process: a library that closes would
    take it from the others, and one that opens again would not see what another process has written.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    folder.mkdir(parents=True, exist_ok=True)
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
