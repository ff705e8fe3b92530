"""Backups: one archive that holds libraries as they were at one moment, each of its members under its hash.

Owns the archive's form: a `.tar.gz` with `catalog.sqlite3` and the kept files, those of people's own libraries under
`people/<id>/`, and last `manifest.json` with the SHA-256 of each. Caches are left out, since they are made from the
catalog; so is what is not the library's own: settings, secrets, accounts and what is being uploaded. Refuses to know
what a library's tables are: it is told them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from pydantic import ValidationError

from index.aside import Aside
from index.catalog import Catalog
from index.checksums import digest_of
from index.errors import LibraryError
from index.library import Library
from index.migrate import Tables
from index.schema import Value
from index.snapshot import take

FORM = 1
CATALOG_FILE = "catalog.sqlite3"
_MANIFEST = "manifest.json"
_NAME = re.compile(r"(people/[a-z0-9]{1,32}/)?(catalog\.sqlite3|files/[0-9a-f]{2}/[0-9a-f]{64})")
_BLOCK = 2**20
_QUICK = 1  # most of it is vectors, which no effort makes smaller

Progress = Callable[[str, int], None]  # what is being done, bytes done so far


class Member(Value):
    sha256: str
    size: int


class Part(Value):
    """One library in a backup; `path` is "" or `people/<id>/`. `lacking` are kept files that were not to be had."""

    path: str
    papers: int
    lacking: tuple[str, ...] = ()


class Manifest(Value):
    """What a backup holds, by whom and when it was made, ISO 8601 in UTC."""

    form: int = FORM
    ibid: str
    made: str
    parts: tuple[Part, ...]
    members: dict[str, Member]

    @property
    def papers(self) -> int:
        return sum(part.papers for part in self.parts)

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members.values())


def silent(_: str, __: int) -> None:
    """Progress that nobody follows."""


def back_up(
    libraries: Mapping[str, Library], tables: Sequence[Tables], target: Path, progress: Progress = silent
) -> tuple[Path, Manifest]:
    """Write libraries, by their path in the backup, into an archive while others read and write them.

    `target` is a file that is not there yet, or a folder, in which the archive is named by the time. It is verified
    before it gets that name; what is interrupted leaves nothing under it. Raises LibraryError.
    """
    archive = _named(target)
    part = archive.with_name(f".{archive.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as raw:
            _write(raw, libraries, tables, progress)
            raw.flush()
            os.fsync(raw.fileno())
        manifest = read(part, progress=progress)
        part.replace(archive)
    except OSError as error:
        raise LibraryError(f"The backup {archive} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return archive, manifest


def read(archive: Path, into: Path | None = None, progress: Progress = silent) -> Manifest:
    """Hold every member of an archive against the manifest, unpacking them into a folder where one is given.

    LibraryError where the archive is damaged, with the name of the first member that is not what it was.
    """
    found: dict[str, Member] = {}
    told: bytes | None = None
    reading, done = "its beginning", 0
    try:
        with gzip.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            for entry in tar:
                reading = entry.name
                stream = tar.extractfile(entry) if entry.isreg() else None
                if stream is None or not (reading == _MANIFEST or _NAME.fullmatch(reading)):
                    raise _damaged(archive, f"{reading!r} does not belong in it")
                if reading == _MANIFEST:
                    told = stream.read()
                    continue
                found[reading] = _received(stream, into / reading if into else None)
                done += entry.size
                progress(f"verifying {reading}", done)
            while packed.read(_BLOCK):  # its own checksum stands at the very end
                pass
    except FileNotFoundError as error:
        raise LibraryError(f"There is no backup {archive}.") from error
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        if told is not None:
            _held_against(archive, told, found)  # names the member, where one can be told
        raise _damaged(archive, f"{reading} cannot be read ({error})") from error
    return _held_against(archive, told, found)


def _named(target: Path) -> Path:
    if target.is_dir():
        return target / f"ibid-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
    if target.exists():
        raise LibraryError(f"{target} is there already: name another file, or a folder.")
    if not target.parent.is_dir():
        raise LibraryError(f"There is no folder {target.parent} for the backup.")
    return target


# Writing


def _write(
    raw: IO[bytes], libraries: Mapping[str, Library], tables: Sequence[Tables], progress: Progress
) -> None:
    members: dict[str, Member] = {}
    parts = []
    with (
        gzip.GzipFile("", "wb", _QUICK, raw) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        done = 0
        for path, library in libraries.items():
            progress(f"copying the catalog of {library.folder}", done)
            with _moment(library, tables) as (contents, part):
                for name, file in sorted(contents.items()):
                    members[path + name] = _put(tar, path + name, file)
                    done += members[path + name].size
                    progress(f"writing {name}", done)
            parts.append(part.model_copy(update={"path": path}))
        manifest = Manifest(
            ibid=version("ibid"),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            parts=tuple(parts),
            members=members,
        )
        _put_bytes(tar, _MANIFEST, manifest.model_dump_json(indent=1).encode())


@contextmanager
def _moment(library: Library, tables: Sequence[Tables]) -> Iterator[tuple[dict[str, Path], Part]]:
    """A library's catalog and kept files, by their names in a backup, as they were at one moment.

    Kept files are linked before the catalog is copied and again after it, so that none is missed that is taken
    away or comes meanwhile.
    """
    with TemporaryDirectory(prefix="backup-", dir=library.folder) as work:
        staged = Path(work)
        _link(library, staged)
        take(library.catalog.engine, tables, staged / CATALOG_FILE)
        _link(library, staged)
        needed, papers = _read_snapshot(staged)
        contents = {CATALOG_FILE: staged / CATALOG_FILE}
        lacking = []
        for name in sorted(needed):
            file = staged / name
            if file.exists() and digest_of(file) == name:
                contents[f"files/{name[:2]}/{name}"] = file
            else:
                lacking.append(name)
        yield contents, Part(path="", papers=papers, lacking=tuple(lacking))


def _link(library: Library, staged: Path) -> None:
    for name in library.originals.names():
        file, place = library.originals.path(name), staged / name
        if file is None or place.exists():
            continue
        try:
            place.hardlink_to(file)
        except FileNotFoundError:
            continue  # taken away just now
        except OSError:  # a file system that has no links
            shutil.copyfile(file, place)


def _read_snapshot(staged: Path) -> tuple[set[str], int]:
    """The files that a snapshot's papers need, and how many papers there are."""
    catalog = Catalog.in_folder(staged)
    try:
        return catalog.files() | Aside(catalog).files(), len(catalog.paper_ids())
    finally:
        catalog.close()


class _Hashed(io.RawIOBase):
    """A stream that is hashed as it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.digest.update(block)
        return block


def _put(tar: tarfile.TarFile, name: str, file: Path) -> Member:
    entry = _entry(name, file.stat().st_size)
    with file.open("rb") as stream:
        hashed = _Hashed(stream)
        tar.addfile(entry, hashed)
    return Member(sha256=hashed.digest.hexdigest(), size=entry.size)


def _put_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    entry.mtime = int(datetime.now(UTC).timestamp())
    return entry


# Reading


def _received(stream: IO[bytes], place: Path | None) -> Member:
    hashed, size = _Hashed(stream), 0
    if place is None:
        while block := hashed.read(_BLOCK):
            size += len(block)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as target:
            while block := hashed.read(_BLOCK):
                size += len(block)
                target.write(block)
    return Member(sha256=hashed.digest.hexdigest(), size=size)


def _held_against(archive: Path, told: bytes | None, found: Mapping[str, Member]) -> Manifest:
    if told is None:
        raise _damaged(archive, f"{_MANIFEST} is missing")
    try:
        manifest = Manifest.model_validate_json(told)
    except ValidationError as error:
        raise _damaged(archive, f"{_MANIFEST} cannot be read; it may be of a later Ibid") from error
    for name, member in manifest.members.items():
        if name not in found:
            raise _damaged(archive, f"{name} is missing")
        if found[name] != member:
            raise _damaged(archive, f"{name} is not what it was")
    for name in found:
        if name not in manifest.members:
            raise _damaged(archive, f"{name!r} does not belong in it")
    return manifest


def _damaged(archive: Path, what: str) -> LibraryError:
    return LibraryError(f"The backup {archive} is damaged: {what}. Use another one.")
