"""What the files of a caches folder were when they were last written whole.

Owns `seal.json` in that folder: the checksums of every file of Chroma and of the keyword index. It is taken away
before either is written to, and set anew when that is done. So a folder that has none may be half written, as by a
process that was killed, and one that differs from its seal was damaged at rest: Chroma's native code, which can crash
or hang on a damaged graph, must not see it. Refuses to know what the files mean, but for this: whoever opens Chroma
writes a row to a table that nobody reads, so those pages of its database may differ.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from index.checksums import Sums, loose_pages, root_of, sums, without_counters
from index.failpoints import reached

State = Literal["sound", "unsealed", "damaged"]

_DATABASE = "chroma.sqlite3"
_TOUCHED = "acquire_write"
_GRAPH = "index_metadata.pickle"
"""A graph without this file was never written out: its other files are remade as it is loaded from the database."""


class Seal:
    """The seal of one caches folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "seal.json"

    @property
    def there(self) -> bool:
        return self.path.exists()

    def state(self, part: str) -> State:
        """How a part, `chroma` or `keywords`, stands to the seal: `damaged` where a file differs or is gone."""
        noted = self._noted()
        if noted is None:
            return "unsealed"
        files = {name: told for name, told in noted.items() if name.startswith(f"{part}/")}
        if files and all(self._agrees(name, told) for name, told in files.items()):
            return "sound"
        return (
            "damaged" if noted == self._noted() else "unsealed"
        )  # a writer may have taken it away meanwhile

    def take_away(self) -> None:
        """Say that the files are about to be written, so that it holds after a power failure too."""
        if self.there:
            self.path.unlink()
            _sync(self.folder)
        reached("caches.unsealed")

    def set(self) -> None:
        """Say that the files are whole as they are now. Where that cannot be written, there is no seal."""
        with suppress(OSError):
            noted = {str(path.relative_to(self.folder)): _note(path) for path in _files(self.folder)}
            replaced = self.path.with_suffix(".new")
            with replaced.open("w") as file:
                json.dump(noted, file)
                file.flush()
                os.fsync(file.fileno())
            reached("seal.written")
            replaced.replace(self.path)
            reached("seal.set")

    def _noted(self) -> dict[str, Any] | None:
        try:
            noted = json.loads(self.path.read_text())
            return noted if isinstance(noted, dict) else None
        except (OSError, ValueError):
            return None

    def _agrees(self, name: str, told: Any) -> bool:
        path = self.folder / name
        try:
            if path.name != _DATABASE:
                return bool(_note(path) == told)
            known = np.frombuffer(base64.b64decode(told["pages"]), np.uint64)
            found = without_counters(path, sums(path))[: len(known)]
            if len(found) < len(known):
                return False
            differ = {int(page) + 1 for page in np.nonzero(found != known)[0]}
            return not differ or differ <= loose_pages(path, told["touched"])
        except (OSError, ValueError, KeyError, TypeError):
            return False


def _note(path: Path) -> dict[str, Any]:
    found = sums(path)
    if path.name == _DATABASE:
        pages = base64.b64encode(without_counters(path, found).tobytes()).decode()
        return {"pages": pages, "touched": root_of(path, _TOUCHED)}
    return {"size": path.stat().st_size, "digest": _digest(found)}


def _digest(found: Sums) -> str:
    return hashlib.blake2b(found.tobytes(), digest_size=16).hexdigest()


def _files(folder: Path) -> list[Path]:
    """Every file whose loss or change would be damage."""
    return [
        path
        for part in ("chroma", "keywords")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", "-journal")) and not _unwritten(path)
    ]


def _unwritten(path: Path) -> bool:
    return path.suffix == ".bin" and not (path.parent / _GRAPH).exists()


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
