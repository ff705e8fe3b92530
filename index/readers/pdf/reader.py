"""PDF: one file, one paper.

Owns the way from a file to a `Document`: its structure is checked first, its pages are read, and what they say is
composed. The composing is pure (`document_of`), so that pages whose characters were recognised by other means become
a document in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.errors import ReadError
from index.layout import Layout, PageSize
from index.readers.files import name_of, stem_of
from index.readers.pdf.blocks import blocks_of
from index.readers.pdf.furniture import furniture
from index.readers.pdf.hidden import SCAN
from index.readers.pdf.pages import pages_of
from index.readers.pdf.schema import PageText
from index.readers.pdf.style import style_of
from index.readers.pdf.text import compose
from index.schema import Document, Notice, Paper, Unreadable

_UNMAPPED = 0.4  # of a file's characters that mean nothing, from which its text layer is none
_FEW = 3  # words on a page from which it counts as read


def read_pdf(path: Path) -> Iterator[Document | Unreadable]:
    """The paper that a PDF holds. ReadError where it has no text to read, or none that can be read."""
    pages = pages_of(path)
    refuse_unread(pages, path)
    yield document_of(pages, path)


def document_of(pages: Sequence[PageText], path: Path) -> Document:
    """The paper that pages make, whoever read their characters; lines stand in reading order."""
    aside = furniture(pages)
    lines = [
        line
        for page in pages
        for position, line in enumerate(page.lines)
        if (page.number, position) not in aside
    ]
    style = style_of(lines)
    composed = compose(blocks_of(lines, style), pages)
    sizes = [_shown_size(page) for page in pages]
    return Document(
        paper=Paper(title=stem_of(path), source=name_of(path)),
        text=composed.text,
        sections=composed.sections,
        notices=notices_of(pages),
        layout=Layout.of(sizes, composed.words).packed(),
        file=_digest(path),
    )


def refuse_unread(pages: Sequence[PageText], path: Path) -> None:
    """ReadError where no page has text that can be read, with the reason."""
    name, count = name_of(path), f"{len(pages)} page" + ("s" if len(pages) != 1 else "")
    letters = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
    broken = sum(
        page.unmapped * len(word.text) for page in pages for line in page.lines for word in line.words
    )
    if letters and broken > _UNMAPPED * letters:
        raise ReadError(
            f"{name!r} has a text layer whose characters stand for nothing (its fonts do not say which letters they "
            f"draw; {count}); add it with --ocr, which needs tesseract"
        )
    if any(_is_read(page) for page in pages):
        return
    if any(page.drawn_share >= 0.1 for page in pages):
        raise ReadError(
            f"{name!r} is a scan without a text layer ({count}); add it with --ocr, which needs tesseract"
        )
    if any(page.hidden for page in pages):
        raise ReadError(f"{name!r} shows no text, it only hides some ({count})")
    if not letters:
        raise ReadError(f"{name!r} holds no text ({count})")


def notices_of(pages: Sequence[PageText]) -> tuple[Notice, ...]:
    """What the pages hide, and which of them were not read."""
    found = []
    for page in pages:
        found.extend(
            Notice(kind="hidden text", page=page.number, text=f"{each.text} ({each.how})") for each in page.hidden
        )
        if not _is_read(page) and page.drawn_share >= SCAN:
            found.append(
                Notice(kind="not read", page=page.number, text=f"page {page.number} is a picture without text")
            )
    return tuple(found)


def _is_read(page: PageText) -> bool:
    return sum(len(line.words) for line in page.lines) >= _FEW


def _shown_size(page: PageText) -> PageSize:
    width, height = (page.height, page.width) if page.turned % 2 else (page.width, page.height)
    return PageSize(width, height)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ReadError(f"{name_of(path)!r} cannot be read: {error.strerror or error}") from error
