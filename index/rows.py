"""What the catalog stores, as values and as the rows they are kept in."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row

from index.acronyms import explained, spelling
from index.authors import author_key
from index.dates import earliest_day
from index.filters import organization_key
from index.merge import title_key
from index.schema import Chunk, Document, Notice, Paper, Section, Value

Vector = NDArray[np.float32]

CHUNK = tuple(Chunk.model_fields)
"""What of a chunk its row begins with, in this order."""
_PAPERS = 4096  # that are kept as they were read, some 10 MB


class Record(Value):
    """What one source said of one paper; `ordinal` tells entries of the same source apart."""

    source: str
    ordinal: int
    digest: str
    document: Document

    @classmethod
    def of(cls, source: str, ordinal: int, document: Document) -> Record:
        digest = hashlib.sha256(document.model_dump_json().encode()).hexdigest()
        return cls(source=source, ordinal=ordinal, digest=digest, document=document)


class Entry(Value):
    """A paper as it is to be stored: merged document, its chunks, and the records it was merged from."""

    document: Document
    chunks: tuple[Chunk, ...]
    records: tuple[Record, ...]


class Indexed(Value):
    """A stored chunk as the caches take it."""

    chunk: Chunk
    paper: Paper
    day: int | None
    sources: tuple[str, ...]


def chunk_of(row: Row[Any]) -> Chunk:
    return Chunk(**dict(zip(CHUNK, row, strict=False)))


@lru_cache(_PAPERS)
def paper_of(stored: str) -> Paper:
    """A paper as it is stored; most searches find some that others found."""
    return Paper.model_validate_json(stored)


def chunk_row(chunk: Chunk) -> dict[str, Any]:
    return chunk.model_dump(exclude={"text"})


def sections_of(stored: str) -> tuple[Section, ...]:
    return tuple(Section(**section) for section in json.loads(stored))


def document_of(row: Row[Any]) -> Document:
    return Document(
        paper=paper_of(row.paper),
        text=row.text,
        sections=sections_of(row.sections),
        notices=tuple(Notice(**notice) for notice in json.loads(row.notices or "[]")),
        layout=row.layout or b"",
        file=row.file or "",
    )


def paper_row(document: Document, change: int) -> dict[str, Any]:
    paper = document.paper
    return {
        "id": paper.id,
        "title": paper.title,
        "title_key": title_key(paper.title),
        "name_key": title_key(paper.short_name) if paper.short_name else None,
        "arxiv_id": paper.arxiv_id,
        "doi": paper.doi,
        "organization": paper.organization,
        "organization_key": organization_key(paper.organization) if paper.organization else None,
        "day": earliest_day(paper.published) if paper.published else None,
        "comments": paper.comments,
        "author_key": author_key(paper),
        "source_key": source_key(paper),
        "paper": paper.model_dump_json(),
        "text": document.text,
        "sections": json.dumps([section.model_dump() for section in document.sections]),
        "notices": json.dumps([notice.model_dump() for notice in document.notices])
        if document.notices
        else None,
        "layout": document.layout or None,
        "file": document.file or None,
        "state": "pending",
        "change": change,
        "updated": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def source_key(paper: Paper) -> str | None:
    """What papers are put in order by where it is by source."""
    return paper.source.casefold() or None


def acronym_rows(paper_id: str, title: str, text: str) -> list[dict[str, Any]]:
    """What a paper explains, in its title or its text."""
    return [
        {"paper_id": paper_id, "short": short, "long": long, "spelling": spelling(long)}
        for short, long in explained(f"{title}\n\n{text}")
    ]


def record_rows(paper_id: str, said: Sequence[Record]) -> Iterator[dict[str, Any]]:
    for position, record in enumerate(said):
        yield {
            "paper_id": paper_id,
            "source": record.source,
            "ordinal": record.ordinal,
            "name": record.document.paper.source,
            "digest": record.digest,
            "document": zlib.compress(record.document.model_dump_json().encode(), 1),
            "added": position,
        }


def record_of(row: Row[Any]) -> Record:
    document = Document.model_validate_json(zlib.decompress(row.document))
    return Record(source=row.source, ordinal=row.ordinal, digest=row.digest, document=document)


def vector_rows(
    new_vectors: Mapping[str, Vector], new_signs: Mapping[str, bytes], model: str
) -> list[dict[str, Any]]:
    return [
        {
            "chunk_id": chunk_id,
            "model": model,
            "vector": vector.astype(np.float32).tobytes(),
            "signs": new_signs.get(chunk_id),
        }
        for chunk_id, vector in new_vectors.items()
    ]
