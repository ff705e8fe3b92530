"""Any page of the web: a PDF or an HTML page, told by what it is and by what its server says.

Owns which of the two it is. What a server says alone is not trusted: many send PDFs as plain bytes, and a page that
asks one to log in comes under a PDF's address.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from index.errors import FetchError
from index.online.fetch import Client, Received
from index.online.schema import Fetched, place
from index.schema import Paper

_PDFS = ("application/pdf", "application/x-pdf", "application/octet-stream", "binary/octet-stream", "")
_PAGES = ("text/html", "application/xhtml+xml")
_HEAD = 1024  # bytes within which a PDF says that it is one
_MOST_PAGE = 32 * 2**20


def fetch_url(client: Client, url: str, folder: Path) -> Iterator[Fetched]:
    """The PDF or page at a URL. FetchError where it is neither."""
    received = client.get(url, place(folder, url, ".download"), "application/pdf, text/html;q=0.9, */*;q=0.1")
    if is_pdf(received):
        path = received.path.replace(place(folder, url, ".pdf"))
    elif received.kind in _PAGES:
        if received.path.stat().st_size > _MOST_PAGE:
            raise FetchError(f"{received.url} is a page of more than {_MOST_PAGE // 2**20} MB")
        path = _as_unicode(received).replace(place(folder, url, ".html"))
    else:
        kind = f"{received.kind!r}" if received.kind else "nothing known"
        raise FetchError(
            f"{received.url} is {kind}, neither a PDF nor a web page; save it and add the file instead"
        )
    yield Fetched(path=path, key=url, shown=url, paper=Paper(title="", url=received.url, source=url))


def require_pdf(received: Received) -> None:
    """FetchError where what came is no PDF."""
    if not is_pdf(received):
        kind = received.kind or "something unknown"
        raise FetchError(f"{received.url} is {kind}, and no PDF")


def is_pdf(received: Received) -> bool:
    """Whether what came is a PDF, by what it is called and by how it begins."""
    with received.path.open("rb") as stream:
        return received.kind in _PDFS and b"%PDF-" in stream.read(_HEAD)


def _as_unicode(received: Received) -> Path:
    """The page in UTF-8, marked so, where its server alone told its encoding: the file will be read without it."""
    try:
        codec = codecs.lookup(received.charset or "utf-8")
    except LookupError:
        return received.path
    content = received.path.read_bytes()
    if codec.name != "utf-8" and not content.startswith((codecs.BOM_UTF8, codecs.BOM_LE, codecs.BOM_BE)):
        try:
            text = content.decode(codec.name, "replace")
        except (LookupError, UnicodeError):
            return received.path  # a codec of Python's that is no text encoding
        received.path.write_bytes(codecs.BOM_UTF8 + text.encode("utf-8", "replace"))
    return received.path
