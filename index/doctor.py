"""Checking a library against every invariant it promises, and saying what to do about a breach."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from sqlalchemy import func, select, text

from index.errors import IbidError
from index.library import Library
from index.schema import Value
from index.tables import chunks, papers


class Finding(Value):
    """One check: what was looked at, whether it holds, what was seen, and the remedy where it does not."""

    check: str
    holds: bool
    seen: str
    remedy: str = ""


def examine(library: Library) -> Iterator[Finding]:
    """Every check in turn; one that cannot be made counts as failed, and the others go on."""
    checks: list[tuple[str, Callable[[Library], tuple[bool, str]], str]] = [
        ("catalog is whole", _catalog_is_whole, "restore the folder from a copy"),
        (
            "model is the one the vectors were made by",
            _model_matches,
            "set embedding.model, or run `ibid rebuild`",
        ),
        ("no paper is half written", _nothing_pending, "run `ibid rebuild`"),
        ("chunks lie inside their papers", _chunks_inside, "run `ibid rebuild`"),
        ("every chunk has a unit vector", _vectors_whole, "run `ibid rebuild`"),
        ("Chroma holds exactly the catalog's chunks", _chroma_agrees, "run `ibid rebuild`"),
        ("the keyword index holds exactly the catalog's chunks", _keywords_agree, "run `ibid rebuild`"),
    ]
    for name, check, remedy in checks:
        try:
            holds, seen = check(library)
        except IbidError as error:
            holds, seen = False, str(error)
        yield Finding(check=name, holds=holds, seen=seen, remedy="" if holds else remedy)


def _catalog_is_whole(library: Library) -> tuple[bool, str]:
    engine = library.catalog.engine
    counts = library.catalog.counts()
    seen = f"{counts['ready']} papers, {counts['chunks']} chunks, change {library.catalog.change()}"
    if engine.dialect.name != "sqlite":
        return True, seen
    with engine.connect() as connection:
        verdict = connection.scalar(text("PRAGMA integrity_check"))
    return verdict == "ok", seen if verdict == "ok" else str(verdict)


def _model_matches(library: Library) -> tuple[bool, str]:
    _ = library.caches
    return True, library.embedder.fingerprint.key


def _nothing_pending(library: Library) -> tuple[bool, str]:
    pending = library.catalog.counts()["pending"]
    return pending == 0, f"{pending} pending"


def _chunks_inside(library: Library) -> tuple[bool, str]:
    outside = (
        select(func.count())
        .select_from(chunks.outerjoin(papers, papers.c.id == chunks.c.paper_id))
        .where(
            papers.c.id.is_(None)
            | (chunks.c.start >= chunks.c.end)
            | (chunks.c.end > func.length(papers.c.text))
        )
    )
    with library.catalog.engine.connect() as connection:
        number = connection.scalar(outside) or 0
    return number == 0, f"{number} outside"


def _vectors_whole(library: Library) -> tuple[bool, str]:
    fingerprint = library.embedder.fingerprint
    wanted = sorted(library.catalog.chunk_ids())
    wrong = 0
    for start in range(0, len(wanted), 500):
        page = wanted[start : start + 500]
        held = library.catalog.vectors_of(page, fingerprint.key)
        right = [
            v
            for v in held.values()
            if v.shape == (fingerprint.dimension,) and abs(np.linalg.norm(v) - 1) < 1e-3
        ]
        wrong += len(page) - len(right)
    return wrong == 0, f"{wrong} of {len(wanted)} missing or wrong"


def _chroma_agrees(library: Library) -> tuple[bool, str]:
    return _same(library.catalog.chunk_ids(), library.caches.vectors.ids())


def _keywords_agree(library: Library) -> tuple[bool, str]:
    return _same(library.catalog.chunk_ids(), library.caches.keywords.ids())


def _same(wanted: set[str], held: set[str]) -> tuple[bool, str]:
    return wanted == held, f"{len(wanted - held)} missing, {len(held - wanted)} too many"
