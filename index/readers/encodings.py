"""Bytes to text: which encoding a file is in, and whether that is sure.

Pure. A byte order mark decides; else UTF-8, which hardly anything else is valid as; else UTF-16, where the zero bytes
leave no doubt; else what the file declares; else windows-1252, the encoding of most old Western files, but only where
the text it gives looks like one: letters beyond ASCII are few, stand among ASCII letters, and no sign stands between
two letters. That last step is a guess and comes back as one (`sure` is False), so that it can be said. Where it does
not hold the bytes are refused: a wrong guess would put characters into a citation that the paper does not hold.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

# UTF-32's mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KINDS = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"7z\xbc\xaf": "an archive",
    b"Rar!": "an archive",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
}
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
_FAR_LETTERS = re.compile(
    "[\u0160\u0161\u017d\u017e\u0152\u0153\u0178\u0192\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]"
)
_SIGN_WITHIN = re.compile(  # ’ and ´ may part a word, a soft hyphen and a middle dot too
    r"[^\W\d_][\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b3\u00b5\u00b6\u00b8\u00b9\u00bb-\u00bf\u00d7\u00f7\u0192\u201a"
    r"\u201e\u2020\u2021\u02c6\u2030\u2039\u20ac\u2122\u203a\u2022][^\W\d_]"
)
_LONGEST_RUN = re.compile("[\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]{4,}")
_NEVER_ASCII = re.compile(rb"[\x01-\x08\x0e-\x1f\x80-\xff]")
_MOST_FAR = 0.25  # of all letters; French has 0.04 to 0.08, a short line of it more
_PEEKED = 2**16  # bytes in which a binary file shows itself
_WESTERN = frozenset(
    {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252"}
)


class Decoded(NamedTuple):
    """A file's text with `\\n` line ends, the encoding it was read in, and whether that is certain."""

    text: str
    encoding: str
    sure: bool = True


def mark_of(raw: bytes) -> str | None:
    """The encoding that a byte order mark names."""
    return next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), None)


def decode_strictly(raw: bytes) -> str:
    """Bytes as text by their mark or as UTF-8, nothing else. ValueError says why they are not text."""
    encoding = mark_of(raw) or "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        label = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
        where = f"{error.reason} at byte {error.start}"
        raise ValueError(f"is not {label} text ({where}); save it as UTF-8") from error
    return _lines(_without_nuls(text, raw))


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """Bytes as text, in the encoding that they are in as far as that can be told. ValueError where it cannot."""
    if mark_of(raw):
        return Decoded(decode_strictly(raw), mark_of(raw) or "")
    if kind := next((kind for start, kind in _KINDS.items() if raw.startswith(start)), None):
        raise ValueError(f"is not text: it begins as {kind} does; give it the ending of its kind")
    if wide := _wide(raw):
        return wide
    try:
        return Decoded(_lines(_without_nuls(raw.decode("utf-8"), raw)), "utf-8")
    except UnicodeDecodeError as error:
        _refuse_binary(raw)
        found = _declared(raw, declared) or _western(raw)
        if found is None:
            raise ValueError(
                f"is not UTF-8 text ({error.reason} at byte {error.start}), and in which other encoding it is "
                "cannot be told; save it as UTF-8"
            ) from error
        return found


def _wide(raw: bytes) -> Decoded | None:
    """UTF-16 without a mark: zero bytes in plenty, all of them on one side of the pairs, and no control characters."""
    peeked = raw[: _PEEKED & ~1]
    zeros = (peeked[0::2].count(0), peeked[1::2].count(0))
    if len(raw) % 2 or not any(zeros) or all(zeros) or sum(zeros) * 20 < len(peeked) // 2:
        return None
    if sum(zeros) * 4 < len(peeked) and not _NEVER_ASCII.search(peeked):
        return None  # plain text with a few NULs in it
    encoding = "utf-16-be" if zeros[0] else "utf-16-le"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else Decoded(_lines(text), encoding)


def _declared(raw: bytes, declared: str | None) -> Decoded | None:
    """The text in the encoding that the file names; as everywhere on the web, Latin-1 means windows-1252."""
    name = (declared or "").strip().lower()
    if not name or name in _WESTERN or name in ("utf-8", "utf8"):
        return _plain(raw, "cp1252") if name in _WESTERN else None
    return _plain(raw, name)


def _plain(raw: bytes, encoding: str) -> Decoded | None:
    try:
        codec = codecs.lookup(encoding)
        if not getattr(codec, "_is_text_encoding", True):
            return None
        text = raw.decode(encoding)
    except (LookupError, UnicodeError, ValueError):
        return None
    return None if "\0" in text else Decoded(_lines(text), codec.name)


def _western(raw: bytes) -> Decoded | None:
    """The text as windows-1252, where it looks like Western text."""
    found = _plain(raw, "cp1252")
    if found is None or _CONTROLS.search(found.text) or _SIGN_WITHIN.search(found.text):
        return None
    letters = sum(map(str.isalpha, found.text))
    far = len(_FAR_LETTERS.findall(found.text))
    if far > max(letters * _MOST_FAR, 3) or _LONGEST_RUN.search(found.text):
        return None
    return found._replace(sure=False)


def _refuse_binary(raw: bytes) -> None:
    peeked = raw[:_PEEKED]
    if len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", peeked)) > max(len(peeked) // 20, 4):
        raise ValueError("is not text: it holds binary data")


def _without_nuls(text: str, raw: bytes) -> str:
    """The text itself. ValueError where it has a NUL, which no text has and few databases store."""
    if "\0" in text:
        _refuse_binary(raw)
        first, count = text.index("\0"), text.count("\0")
        line = text.count("\n", 0, first) + 1
        many = "a NUL character" if count == 1 else f"{count} NUL characters"
        raise ValueError(f"is not text: it holds {many} (at {first}, in line {line}); take them out")
    return text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
