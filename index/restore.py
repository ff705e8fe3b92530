"""Putting back what a backup holds.

Owns the order in which that happens, so that a library is either what it was or what the backup holds: the archive is
unpacked beside it and verified, then files are moved in, which changes nothing that is shown, then the catalog changes
in one transaction; the caches are made anew from it. Refuses to know the archive's form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from index.backup import CATALOG_FILE, Manifest, Progress, read, silent
from index.errors import LibraryError
from index.library import Library
from index.migrate import Tables
from index.snapshot import held, opened

_NOT_CONTENT = {"facts", "removals", "failures", "contents"}


def restore(
    archive: Path,
    library_at: Callable[[str], Library],
    tables: Sequence[Tables],
    force: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Have libraries hold what a backup holds; `library_at` opens the one for a path in it, "" or `people/<id>/`.

    Nothing is changed before all of the backup is verified and all of the libraries are looked at. LibraryError where
    it is damaged or of a later Ibid, and, unless `force`, where a library holds something; LibraryLocked where one is
    being written. What interrupts it in the middle of several libraries leaves each whole, the earlier ones restored.
    EmbedderMismatch where all is restored, and the settings name another model than made the vectors.
    """
    folder = library_at("").folder
    with TemporaryDirectory(prefix="restoring-", dir=folder) as work:
        manifest = read(archive, Path(work), progress)
        libraries = {part.path: library_at(part.path) for part in manifest.parts}
        for path, library in libraries.items():
            with opened(Path(work) / path / CATALOG_FILE, tables):
                pass  # of a later Ibid, it is refused here
            if not force:
                _require_empty(library, tables)
        for path, library in libraries.items():
            progress(f"restoring {library.folder}", manifest.size)
            library.take_over(Path(work) / path, tables)
        for library in libraries.values():
            _ = library.caches  # made anew here, so that searches elsewhere do not wait for one who may write
            library.mended()
    return manifest


def _require_empty(library: Library, tables: Sequence[Tables]) -> None:
    rows = held(library.catalog.engine, tables)
    holds = [f"{number:,} {name}" for name, number in rows.items() if number and name not in _NOT_CONTENT]
    if holds:
        raise LibraryError(
            f"The library in {library.folder} is not empty ({', '.join(holds)}): name another with --library, or "
            "replace all that it holds with --force."
        )
