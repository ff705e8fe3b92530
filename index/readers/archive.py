"""Zip archives: each member is handed on, to be read by the reader of its ending.

Owns what of an archive is let in. No member's name is ever a path. How much comes out is counted while it comes out:
what a member claims of its size is not believed. An archive in an archive is not opened. Refuses to know any format
and to write anything down.

A paper's source is `archive.zip/member`, so that the same archive given again is the same source.
"""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from index.errors import ReadError
from index.readers import ending_of, readers
from index.readers.files import name_of
from index.schema import Enclosed, Unreadable

LARGEST = 200 * 2**20  # bytes that all members together unpack to
HIGHEST_RATIO = 100  # bytes unpacked for a byte packed
MOST_MEMBERS = 10_000
_DIRECTORY = 8 * 2**20  # bytes of the archive's own list, which is read whole
_END = b"PK\x05\x06"
_TAIL = 22 + 65_535  # the end record and the longest comment behind it
_BLOCK = 2**20
_NAMED = 120  # characters of a member's name that are told
_NESTED = (".zip", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def read_zip(path: Path) -> Iterator[Enclosed | Unreadable]:
    """Every member that a reader knows, in the archive's order.

    A member that cannot be used is an `Unreadable` of its own. Hidden members and those of other kinds are passed
    over, as in folders. ReadError where the archive cannot be opened or holds nothing for any reader.
    """
    name, known, unpacked = name_of(path), readers(), _Counted()
    with _opened(path) as archive:
        members = [member for member in archive.infolist() if _wanted(member, known)]
        if not members:
            raise ReadError(f"{name!r} holds no file of a known kind: {' '.join(sorted(known))}")
        for member in members:
            place = f"{name}/{_shown(member.filename)}"
            try:
                content = _unpacked(archive, member, unpacked)
                yield Enclosed(name=_parts(member.filename)[-1], place=place, content=content)
            except ReadError as error:
                yield Unreadable(place=place, reason=str(error))
            if unpacked.bytes > LARGEST:
                break


class _Counted:
    """How many bytes came out of an archive so far, those of refused members too."""

    bytes = 0


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    name = name_of(path)
    try:
        _check_list(path)
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise ReadError(f"{name!r} is not a whole zip archive ({error}); fetch or pack it again") from error
    except OSError as error:
        raise ReadError(f"{name!r} cannot be read: {error.strerror or error}") from error


def _check_list(path: Path) -> None:
    """Refuse an archive whose list of members would fill the memory, before it is read."""
    with path.open("rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(stream.tell() - _TAIL, 0))
        tail = stream.read()
    short = tail[-22:]
    record = short if short.startswith(_END) else tail[max(tail.rfind(_END), 0) :][:22]
    if not record.startswith(_END) or len(record) < 22:
        raise BadZipFile("it has no list of members")
    members, size = int.from_bytes(record[10:12], "little"), int.from_bytes(record[12:16], "little")
    if members > MOST_MEMBERS or size > _DIRECTORY:
        raise ReadError(f"{name_of(path)!r} holds more than {MOST_MEMBERS:,} members; split it")


def _wanted(member: ZipInfo, known: dict[str, str]) -> bool:
    """Whether there is something to be read, or to be refused aloud."""
    parts = _parts(member.filename)
    hidden = any(part.startswith(".") and part.strip(".") for part in parts) or "__MACOSX" in parts
    if member.is_dir() or hidden or not parts:
        return False
    return ending_of(Path(parts[-1]), known) is not None or _nested(member) or _linked(member)


def _unpacked(archive: ZipFile, member: ZipInfo, unpacked: _Counted) -> bytes:
    """A member's bytes. ReadError where it may not come in, or not so much of it."""
    if trouble := _trouble(member):
        raise ReadError(trouble)
    most, content = member.compress_size * HIGHEST_RATIO, bytearray()
    try:
        with archive.open(member) as packed:
            while block := packed.read(_BLOCK):
                content += block
                unpacked.bytes += len(block)
                if unpacked.bytes > LARGEST:
                    raise ReadError(
                        f"is where the archive comes to more than {LARGEST // 2**20} MB unpacked: it and all after "
                        "it were left out; split the archive"
                    )
                if len(content) > most:
                    raise ReadError(f"unpacks to more than {HIGHEST_RATIO} times its packed size")
    except (
        BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as error:
        raise ReadError(f"cannot be unpacked: {error}") from error
    return bytes(content)


def _trouble(member: ZipInfo) -> str:
    """Why a member is not even opened; empty where nothing speaks against it."""
    plain = re.split(r"[/\\]", member.filename)
    if ".." in plain or plain[0] == "" or re.match(r"[A-Za-z]:", plain[0]):
        return "leads out of the archive by its name"
    if _linked(member):
        return "is a link and not a file"
    if _nested(member):
        return "is packed once more; unpack it first"
    if member.flag_bits & 1:
        return "is encrypted; unpack it with its password first"
    return ""


def _linked(member: ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _nested(member: ZipInfo) -> bool:
    return member.filename.lower().endswith(_NESTED)


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[/\\]", name) if part]


def _shown(name: str) -> str:
    """A member's name as it is told: its end, where it is long."""
    plain = "/".join(_parts(name)).encode("utf-8", "replace").decode()
    plain = re.sub(r"[\x00-\x1f\x7f]", "-", plain)
    return plain if len(plain) <= _NAMED else f"…{plain[-_NAMED:]}"
