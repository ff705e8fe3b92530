"""Files that a file holds or names, made ready to be read by themselves.

Owns what of them is let in: the bytes of a member of an archive are laid into a folder that nobody else knows, under a
name of our own; a file that is named must lie below the folder of the one that names it. How many bytes come out is
counted. Refuses to know what is in them.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from index.errors import ReadError
from index.schema import Enclosed

MOST_BYTES = 200 * 2**20


class Spool:
    """The folder for what one file holds; made when first needed, gone when closed."""

    def __init__(self, outer: Path) -> None:
        self._outer = outer
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._bytes = self._files = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def path(self, enclosed: Enclosed) -> Path:
        """Where the enclosed file now lies. ReadError where it may not be read."""
        if enclosed.content is None:
            return self._beside(enclosed)
        self._bytes += len(enclosed.content)
        if self._bytes > MOST_BYTES:
            raise ReadError(
                f"is past the {MOST_BYTES // 2**20} MB that may come out of {self._outer.name!r}; split it"
            )
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ibid-")
        self._files += 1
        folder = Path(self._folder.name) / str(self._files)
        folder.mkdir()
        path = folder / _own_name(enclosed.name)
        path.write_bytes(enclosed.content)
        return path

    def _beside(self, enclosed: Enclosed) -> Path:
        path, folder = Path(enclosed.path).resolve(), self._outer.resolve().parent
        if not path.is_relative_to(folder):
            raise ReadError(f"lies outside of the folder of {self._outer.name!r}; copy it there")
        if not path.is_file():
            raise ReadError("is not there; export it again with its files")
        return path


def _own_name(name: str) -> str:
    """A file name that every file system takes: the last part of the one that was given, with its endings."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", re.split(r"[/\\]", name)[-1]).strip(" .") or "file"
    endings = "".join(Path(plain).suffixes[-2:])[-20:]
    stem = plain[: len(plain) - len(endings)] if endings else plain
    return f"{stem[:100]}{endings}".encode("utf-8", "replace").decode()
