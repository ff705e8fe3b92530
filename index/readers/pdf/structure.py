"""Whether a PDF may be opened at all: its kind, its lock, its pages and how much it unpacks to; and what it says of
itself.

Owns the limits that come before any page is read, and the one reason a file is refused for. pypdf reads the structure
here, since it keeps to limits where pdfium, which reads the pages afterwards, takes what it is given. Damage is no
reason by itself: what pypdf cannot follow, pdfium may still repair, and `Structure.trouble` says what was wrong in
case it cannot. Refuses to know text.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any, NamedTuple, TypeVar

from lxml import etree
from pypdf import DocumentInformation, PasswordType, PdfReader, PdfWriter
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError
from pypdf.generic import IndirectObject

from index.errors import ReadError
from index.readers.pdf.streams import LARGEST_STREAM, excess

MOST_PAGES = 5_000
LARGEST_SIDE = 100_000  # points: 35 metres
_LONGEST_FACT = 2_000  # characters of what a file says of itself
_LARGEST_XMP = 2**20  # bytes
_HEADER = 1024  # bytes in which a PDF's mark may stand, as readers allow

_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%!PS", "PostScript"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "an RTF text"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"AT&TFORM", "a DjVu book"),
)
_TROUBLES = (
    ("startxref", "its end is missing, where the table of its parts is named"),
    ("ended unexpectedly", "it ends in the middle"),
    ("Root object", "it has no catalog, from which its pages are found"),
    ("/Pages", "its catalog names no list of pages"),
    ("/Kids", "its list of pages is damaged"),
    ("Trailer", "the table of its parts is damaged"),
    ("object stream", "its parts are packed into one that is damaged"),
)
_SPACES = {"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "dc": "http://purl.org/dc/elements/1.1/"}

_T = TypeVar("_T")


class Embedded(NamedTuple):
    """What a file says of itself beside its pages, which is often a template's or nobody's; empty means unknown.

    `created` is the day in ISO 8601. A single author may be several, as one wrote them down.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    subject: str = ""
    keywords: str = ""
    created: str | None = None


class Structure(NamedTuple):
    """What is known before pages are read.

    `pages` is None, and `trouble` says why, where pypdf cannot find them. `unlocked` is a copy to read instead of a
    file whose owner's password alone is empty, which pdfium would not try; empty for all others.
    """

    pages: int | None
    embedded: Embedded
    trouble: str = ""
    unlocked: bytes = b""


def structure(content: bytes, name: str) -> Structure:
    """The structure of the PDF that these bytes are. ReadError with one reason where it must not be opened further."""
    _check_kind(content, name)
    if reason := excess(content):
        raise _too_large(name, reason)
    with _quietly():
        try:
            return _structure(content, name)
        except ReadError:
            raise
        except FileNotDecryptedError as error:
            raise _locked(name) from error
        except LimitReachedError as error:
            raise _too_large(name, _first_line(error)) from error
        except MemoryError:
            raise
        except Exception as error:  # a damaged file may raise anything; pdfium is asked next
            if "cyclic" in str(error):
                raise ReadError(f"{name!r} is broken: its list of pages leads back into itself") from error
            return Structure(None, Embedded(), _trouble(error))


def broken(name: str, trouble: str) -> ReadError:
    """The error for a file that nothing could repair."""
    return ReadError(f"{name!r} is broken: {trouble or 'its pages cannot be opened'}; fetch it again")


def _check_kind(content: bytes, name: str) -> None:
    """Refuse what no reader would take for a PDF, and say what it looks like."""
    if not content.strip():
        raise ReadError(f"{name!r} is empty")
    if b"%PDF-" in content[:_HEADER]:
        return
    start = content[:_HEADER].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    kind = next((kind for mark, kind in _KINDS if start.startswith(mark)), None)
    if re.match(rb"(?is)<(?:!doctype\s+html|html|head|body)\b", start):
        kind = "a web page"
    elif kind is None and start.startswith(b"<"):
        kind = "XML"
    raise ReadError(f"{name!r} is not a PDF: it " + (f"begins like {kind}" if kind else "has no PDF header"))


def _structure(content: bytes, name: str) -> Structure:
    reader = PdfReader(BytesIO(content))
    opened = reader.decrypt("") if reader.is_encrypted else PasswordType.USER_PASSWORD
    if opened is PasswordType.NOT_DECRYPTED:
        raise _locked(name)
    pages = reader.pages
    count = len(pages)
    if not count:
        raise ReadError(f"{name!r} has no pages")
    if count > MOST_PAGES:
        raise ReadError(f"{name!r} has {count:,} pages, more than the {MOST_PAGES:,} that are read; split it")
    for number, page in enumerate(pages, 1):
        _check_page(page, number, name)
        if reader.is_encrypted:  # elsewhere `excess` has seen it already
            _check_drawing(page, number, name)
    unlocked = _unlocked(reader, name) if opened is PasswordType.OWNER_PASSWORD else b""
    return Structure(count, _embedded(reader), unlocked=unlocked)


def _unlocked(reader: PdfReader, name: str) -> bytes:
    copy = BytesIO()
    PdfWriter(clone_from=reader).write(copy)
    if reason := excess(copy.getvalue()):
        raise _too_large(name, reason)
    return copy.getvalue()


def _too_large(name: str, reason: str) -> ReadError:
    return ReadError(f"{name!r} is too large to be read: {reason}")


def _locked(name: str) -> ReadError:
    return ReadError(f"{name!r} is encrypted; save a copy without its password")


def _check_page(page: Any, number: int, name: str) -> None:
    sides = _or(lambda: [float(side) for side in page.mediabox], [0.0])
    if any(not abs(side) <= LARGEST_SIDE for side in sides):
        raise _too_large(name, f"page {number} measures {_metres(sides)}")


def _metres(sides: list[float]) -> str:
    return f"{max(map(abs, sides)) / 72 * 0.0254:,.0f} m"


def _check_drawing(page: Any, number: int, name: str) -> None:
    """Hold what a page of an encrypted file draws to the limit that other files' parts are held to."""
    contents = _or(lambda: page.get("/Contents"), None)
    contents = contents.get_object() if isinstance(contents, IndirectObject) else contents
    parts = contents if isinstance(contents, list) else [contents]
    size = sum(len(_or(lambda part=part: part.get_object().get_data(), b"")) for part in parts)  # type: ignore[misc]
    if size > LARGEST_STREAM:
        raise _too_large(name, f"page {number} unpacks to more than {LARGEST_STREAM // 2**20} MB")


def _embedded(reader: PdfReader) -> Embedded:
    told: Any = _or(lambda: reader.metadata, None) or DocumentInformation()
    nothing: list[str] = []
    titles, creators = _or(lambda: _from_xmp(reader), (nothing, nothing))
    created = _or(lambda: told.creation_date, None)
    author = _fact(told, "/Author")
    return Embedded(
        title=_fact(told, "/Title") or next(iter(titles), ""),
        authors=tuple(creators) if len(creators) > 1 or not author else (author,),
        subject=_fact(told, "/Subject"),
        keywords=_fact(told, "/Keywords"),
        created=created.date().isoformat() if created else None,
    )


def _fact(told: Any, key: str) -> str:
    value = _or(lambda: told.get(key), None)
    value = _or(value.get_object, None) if isinstance(value, IndirectObject) else value
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    plain = "".join(letter if letter.isprintable() or letter.isspace() else "" for letter in text)
    return " ".join(plain.split())[:_LONGEST_FACT]


def _from_xmp(reader: PdfReader) -> tuple[list[str], list[str]]:
    """The titles and the creators of the XMP packet: Dublin Core's, parsed without entities."""
    packet = reader.root_object["/Metadata"].get_object()
    data: bytes = packet.get_data()  # type: ignore[union-attr]
    if len(data) > _LARGEST_XMP or b"<!" in data:
        return [], []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    root = etree.fromstring(data, parser)
    items = ("dc:title/rdf:Alt/rdf:li", "dc:creator/rdf:Seq/rdf:li")
    titles, creators = (
        [_clean(item.text or "") for item in root.iterfind(f".//{path}", _SPACES)] for path in items
    )
    return [title for title in titles if title], [creator for creator in creators if creator]


def _trouble(error: Exception) -> str:
    said = _first_line(error)
    if not said or not isinstance(error, PyPdfError):
        return "its parts are not what its tables say they are"
    return next((words for part, words in _TROUBLES if part in said), said)


def _first_line(error: Exception) -> str:
    return _clean((str(error).splitlines() or [""])[0])[:160].rstrip(".")


def _or(get: Callable[[], _T], otherwise: _T) -> _T:
    """What `get` gives, where a file lets it be had: one fact that is damaged says nothing of the rest."""
    with suppress(Exception):
        return get()
    return otherwise


@contextmanager
def _quietly() -> Iterator[None]:
    """pypdf tells damage to its log and as warnings; what matters of it becomes a reason here."""
    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
