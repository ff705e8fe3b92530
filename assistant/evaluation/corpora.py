"""The libraries that sets are asked of, built once in a working folder and used again while nothing changed.

A library is known by the content of its files and by the settings that its chunks and vectors depend on,
so a changed file or model gets a library of its own and never meets an old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from index.course import Progress
from index.errors import ReadError
from index.library import Library
from index.settings import IndexSettings

_DONE = "complete"


def corpus_library(
    papers: Sequence[Path], settings: IndexSettings, work: Path, progress: Progress | None = None
) -> Library:
    """The library of the given files, below `work`. Raises ReadError where the files hold no paper."""
    identity = _identity(papers, settings)
    folder = work / f"{papers[0].parent.name}-{identity}"
    library = Library.open(folder, _apart(settings, identity))
    if not (folder / _DONE).exists() or library.count() == 0:
        library.add(list(papers), progress)
        if library.count() == 0:
            library.close()
            raise ReadError(f"{', '.join(map(str, papers))}: no papers in them")
        (folder / _DONE).touch()
    return library


def _apart(settings: IndexSettings, identity: str) -> IndexSettings:
    """The settings with a place of its own for the library, where it is kept on servers."""
    storage = settings.storage
    namespace = f"{storage.namespace[:20] or 'eval'}_{identity}"
    return settings.model_copy(update={"storage": storage.model_copy(update={"namespace": namespace})})


def _identity(papers: Sequence[Path], settings: IndexSettings) -> str:
    digest = hashlib.sha256()
    for path in papers:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(settings.chunking.model_dump_json().encode())
    digest.update(f"{settings.embedding.model} {settings.embedding.tokens}".encode())
    return digest.hexdigest()[:12]
