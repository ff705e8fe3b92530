"""Files as bytes and as text: opened plain or gzipped, within limits, with one kind of line end.

Owns opening and sizes, so that every reader refuses the same broken files in the same words. Refuses to know what
the text means, and which encoding it is in: `encodings` does. Formats that are UTF-8 by their rules (JSON) are read
strictly; of text that may be older than UTF-8, the reader is told where its encoding was not certain.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar, cast

from index.errors import ReadError
from index.readers.encodings import decode, decode_strictly, mark_of
from index.schema import Document, Enclosed, Notice, Unreadable

LARGEST_TEXT = 256 * 2**20  # bytes, unpacked: a small gzip file can hold more than the memory does
LONGEST_LINE = 64 * 2**20  # bytes

Found = TypeVar("Found", bound=Document | Unreadable | Enclosed)

_UNSURE = 5  # letters that the notice shows


class Noted(NamedTuple):
    """A file's text, and what its reader should know of how it was read."""

    text: str
    notices: tuple[Notice, ...] = ()

    def on(self, found: Found) -> Found:
        """A document of this file with the file's notices, where any of its text may be concerned."""
        if not self.notices or not isinstance(found, Document):
            return found
        if (found.text + found.paper.title + found.paper.abstract + "".join(found.paper.authors)).isascii():
            return found
        return found.model_copy(update={"notices": (*found.notices, *self.notices)})


def name_of(path: Path) -> str:
    """The file's name as text that can be stored: bytes that are not UTF-8 are shown as `?`."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def stem_of(path: Path) -> str:
    """The file's name without its endings, for a paper that has no other title."""
    name = name_of(path)
    return Path(name.removesuffix(".gz")).stem


def read_bytes(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """The file's bytes, unpacked; ReadError where it holds nothing or more than `most`."""
    name = name_of(path)
    with opened(path) as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise ReadError(f"{name!r} holds more than {most // 2**20} MB of text; split it")
    if not raw.strip():
        raise ReadError(f"{name!r} is empty")
    return raw


def read_whole(path: Path) -> str:
    """The file's text, line ends as `\\n`, in UTF-8 or as its mark says; ReadError where it is not text."""
    name = name_of(path)
    try:
        text = decode_strictly(read_bytes(path))
    except ValueError as exc:
        raise ReadError(f"{name!r} {exc}") from exc
    if not text.strip():
        raise ReadError(f"{name!r} is empty")
    return text


def read_noted(path: Path, declared: str | None = None) -> Noted:
    """`read_whole` for kinds of text that may be older than UTF-8, with a notice where the encoding was guessed."""
    name = name_of(path)
    try:
        decoded = decode(read_bytes(path), declared)
    except ValueError as exc:
        raise ReadError(f"{name!r} {exc}") from exc
    if not decoded.text.strip():
        raise ReadError(f"{name!r} is empty")
    return Noted(decoded.text, () if decoded.sure else (unsure(decoded.text),))


def unsure(text: str) -> Notice:
    """The notice that a text was read as windows-1252, and which of its letters that concerns."""
    letters = list(
        dict.fromkeys(character for character in text if character.isalpha() and not character.isascii())
    )
    shown = " ".join(letters[:_UNSURE]) + (" …" if len(letters) > _UNSURE else "")
    return Notice(
        kind="not read",
        text=f"the file is not UTF-8 and names no encoding; it was read as windows-1252, so that its letters beyond "
        f"ASCII ({shown}) may not be the author's; save it as UTF-8 to be sure",
    )


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The file's lines that hold something, with their numbers from 1, in UTF-8, one at a time.

    They stay bytes, so that one badly encoded line costs no other. A line beyond LONGEST_LINE comes
    as its first LONGEST_LINE + 1 bytes. ReadError where the file cannot be opened or unpacked.
    """
    with opened(path) as stream:
        mark = _peek(stream)
        if mark_of(mark) in ("utf-16", "utf-32"):
            for number, text in enumerate(read_whole(path).split("\n"), 1):
                if text.strip():
                    yield number, text.encode("utf-8")
            return
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            rest = line
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE + 1)
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if line.strip():
                yield number, line.rstrip(b"\r\n")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file as bytes, unpacked where it is gzipped. ReadError where it cannot be read or unpacked."""
    name = name_of(path)
    try:
        opener = gzip.open if path.suffix.lower() == ".gz" else open
        with cast(BinaryIO, opener(path, "rb")) as stream:
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise ReadError(f"{name!r} is not a whole gzip file ({exc}); fetch or pack it again") from exc
    except OSError as exc:
        raise ReadError(f"{name!r} cannot be read: {exc.strerror or exc}") from exc


def _peek(stream: BinaryIO) -> bytes:
    mark = stream.read(4)
    stream.seek(0)
    return mark
