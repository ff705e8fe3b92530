"""Files as text: opened plain or gzipped, decoded, with one kind of line end.

Owns encodings and sizes, so that every reader refuses the same broken files in the same words. Refuses
to know what the text means. Decoding is strict: a guess at an encoding would put characters into a
citation that the paper does not hold.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from index.errors import ReadError

LARGEST_TEXT = 256 * 2**20  # bytes, unpacked: a small gzip file can hold more than the memory does
LONGEST_LINE = 64 * 2**20  # bytes

# UTF-32's mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def name_of(path: Path) -> str:
    """The file's name as text that can be stored: bytes that are not UTF-8 are shown as `?`."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def stem_of(path: Path) -> str:
    """The file's name without its endings, for a paper that has no other title."""
    name = name_of(path)
    return Path(name.removesuffix(".gz")).stem


def read_whole(path: Path) -> str:
    """The file's text, line ends as `\\n`; ReadError where it is empty, too large, or not text."""
    name = name_of(path)
    with _opened(path) as stream:
        raw = stream.read(LARGEST_TEXT + 1)
    if len(raw) > LARGEST_TEXT:
        raise ReadError(f"{name!r} holds more than {LARGEST_TEXT // 2**20} MB of text; split it")
    try:
        text = decode(raw)
    except ValueError as exc:
        raise ReadError(f"{name!r} {exc}") from exc
    if not text.strip():
        raise ReadError(f"{name!r} is empty")
    return text


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The file's lines that hold something, with their numbers from 1, in UTF-8, one at a time.

    They stay bytes, so that one badly encoded line costs no other. A line beyond LONGEST_LINE comes
    as its first LONGEST_LINE + 1 bytes. ReadError where the file cannot be opened or unpacked.
    """
    with _opened(path) as stream:
        mark = _peek(stream)
        if _encoding(mark) in ("utf-16", "utf-32"):
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


def decode(raw: bytes) -> str:
    """Bytes as text: by their byte order mark, else as UTF-8. ValueError says why they are not text."""
    encoding = _encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as exc:
        label = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
        raise ValueError(f"is not {label} text ({exc.reason} at byte {exc.start}); save it as UTF-8") from exc
    if "\0" in text:
        raise ValueError(f"is not text: it holds a NUL character (at {text.index(chr(0))})")
    return text.replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
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


def _encoding(raw: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "utf-8")
