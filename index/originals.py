"""The files that papers' pages are shown from, kept with the library.

Owns the folder `files`, in which each lies under the SHA-256 of its bytes: a name from outside is never a path, and
the same file given twice is kept once. Refuses to know what is in them, and who needs them: `sweep` is told.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection
from pathlib import Path

from index.disk import trouble
from index.errors import LibraryError
from index.failpoints import reached

_BLOCK = 2**20
_NAME = re.compile(r"[0-9a-f]{64}")


class Originals:
    """The kept files of one library."""

    def __init__(self, library: Path) -> None:
        self.folder = library / "files"

    def keep(self, path: Path) -> str:
        """Copy a file in; the SHA-256 of what was copied. LibraryError where there is no room for it."""
        self.folder.mkdir(exist_ok=True)
        part = (
            self.folder
            / f"{os.getpid()}-{hashlib.sha256(str(path).encode('utf-8', 'replace')).hexdigest()}.part"
        )
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, part.open("wb") as target:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    target.write(block)
            reached("originals.copied")
            place = self._place(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            part.replace(place)
            reached("originals.kept")
        except OSError as error:
            told = trouble(error, self.folder)
            raise told or LibraryError(
                f"'{path.name}' cannot be kept in {self.folder}: {error.strerror}"
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest()

    def path(self, name: str) -> Path | None:
        """Where the file of that SHA-256 lies; None where it is not kept."""
        if not _NAME.fullmatch(name):
            return None
        place = self._place(name)
        return place if place.is_file() else None

    def names(self) -> set[str]:
        """The SHA-256 of every kept file."""
        return {path.name for path in self.folder.glob("*/*") if _NAME.fullmatch(path.name)}

    def take_in(self, folder: Path) -> None:
        """Move in the files of another library's folder, each of which lies there under its SHA-256."""
        for path in folder.glob("*/*"):
            place = self._place(path.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)

    def sweep(self, needed: Collection[str]) -> int:
        """Delete every file but those needed; how many went."""
        gone = self.names().difference(needed)
        for name in gone:
            self._place(name).unlink(missing_ok=True)
            reached("originals.swept")
        return len(gone)

    def _place(self, name: str) -> Path:
        return self.folder / name[:2] / name
