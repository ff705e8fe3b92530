"""PDF: one file, one paper.

Owns the way from a file to a `Document`: its structure is checked first, its pages are read, and what they say is
composed. The composing is pure (`document_of`), so that pages whose characters were recognised by other means become
a document in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from index.errors import NoTextLayer, ReadError
from index.layout import Layout, PageSize
from index.readers.files import name_of, stem_of
from index.readers.pdf.blocks import Block, blocks_of
from index.readers.pdf.front import Front, front_matter
from index.readers.pdf.furniture import Place, furniture
from index.readers.pdf.hidden import SCAN
from index.readers.pdf.pages import Unopened, pages_of
from index.readers.pdf.schema import PageText
from index.readers.pdf.structure import Embedded, broken, structure
from index.readers.pdf.style import Style, style_of
from index.readers.pdf.text import Composed, compose
from index.schema import Document, Notice, Paper, Unreadable

_UNMAPPED = 0.4  # of a file's characters that mean nothing, from which its text layer is none
_MOST_FRONT = (
    0.35  # of a text that title and byline are; where they seem to be more, the file is no whole paper
)
_FEW = 3  # words on a page from which it counts as read


class Opened(NamedTuple):
    """A file's pages in reading order, what it says of itself, and the SHA-256 of its bytes."""

    pages: list[PageText]
    embedded: Embedded
    digest: str


def read_pdf(path: Path) -> Iterator[Document | Unreadable]:
    """The paper that a PDF holds. ReadError where it has no text to read, or none that can be read."""
    pages, embedded, digest = opened(path)
    refuse_unread(pages, path)
    yield document_of(pages, path, embedded, digest)


def opened(path: Path) -> Opened:
    """The pages of a file that may be opened. ReadError where it may not, or cannot."""
    name = name_of(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReadError(f"{name!r} cannot be read: {error.strerror or error}") from error
    known = structure(content, name)
    try:
        pages = pages_of(known.unlocked or content, name=name)
    except Unopened as error:
        raise broken(name, known.trouble) from error
    return Opened(pages, known.embedded, hashlib.sha256(content).hexdigest())


def document_of(
    pages: Sequence[PageText], path: Path, embedded: Embedded | None = None, digest: str = ""
) -> Document:
    """The paper that pages make, whoever read their characters; lines stand in reading order.

    `embedded` is what the file says of itself, `digest` the SHA-256 of its bytes.
    """
    front = front_matter(pages, embedded or Embedded(), pages[0].aside if pages else ())
    known = frozenset((*front.abstract_places, *((front.heading,) if front.heading else ())))
    used = front.used if _share(pages, front.used) < _MOST_FRONT else frozenset()
    apart = furniture(pages) | known | used
    lines = [
        line
        for page in pages
        for position, line in enumerate(page.lines)
        if (page.number, position) not in apart
    ]
    if not lines and not front.abstract:  # a text so short that it looks like what stands around one
        lines = [line for page in pages for line in page.lines]
    style = style_of([*lines, *front.abstract])
    composed = compose([*_abstract(front, pages, style), *blocks_of(lines, style)], pages)
    return Document(
        paper=_paper(front, composed, path),
        text=composed.text,
        sections=composed.sections,
        notices=notices_of(pages),
        layout=Layout.of([_shown_size(page) for page in pages], composed.words).packed(),
        file=digest,
    )


def _share(pages: Sequence[PageText], places: frozenset[Place]) -> float:
    """How much of the text stands in those places."""
    lengths = {
        (page.number, position): len(line.text) for page in pages for position, line in enumerate(page.lines)
    }
    return sum(lengths.get(place, 0) for place in places) / max(sum(lengths.values()), 1)


def _abstract(front: Front, pages: Sequence[PageText], style: Style) -> Iterator[Block]:
    """The abstract's blocks, under its heading where it has one; what follows has no name yet."""
    if not front.abstract:
        return
    lines = {(page.number, position): line for page in pages for position, line in enumerate(page.lines)}
    yield Block("heading", (lines[front.heading],) if front.heading else (), "Abstract")
    for block in blocks_of(front.abstract, style):
        yield block._replace(kind="text", name=None)
    yield Block("heading", (), None)


def _paper(front: Front, composed: Composed, path: Path) -> Paper:
    first = composed.sections[0] if composed.sections else None
    abstract = (
        composed.text[first.start : first.end] if first is not None and first.name == "Abstract" else ""
    )
    return Paper(
        title=front.title or stem_of(path),
        abstract=abstract,
        authors=front.authors,
        author_count=len(front.authors) or None,
        organization=front.organization,
        published=front.published,
        doi=front.doi,
        arxiv_id=front.arxiv_id,
        source=name_of(path),
    )


def refuse_unread(pages: Sequence[PageText], path: Path) -> None:
    """ReadError where no page has text that can be read, with the reason."""
    name, count = name_of(path), f"{len(pages)} page" + ("s" if len(pages) != 1 else "")
    letters = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
    garbled = sum(
        page.unmapped * len(word.text) for page in pages for line in page.lines for word in line.words
    )
    if letters and garbled > _UNMAPPED * letters:
        raise NoTextLayer(
            f"{name!r} has a text layer whose characters stand for nothing (its fonts do not say which letters they "
            f"draw; {count}); add it with `ibid add --ocr`, which needs tesseract"
        )
    if any(is_read(page) for page in pages):
        return
    if any(page.drawn_share >= 0.1 for page in pages):
        raise NoTextLayer(
            f"{name!r} is a scan without a text layer ({count}); add it with `ibid add --ocr`, which needs tesseract"
        )
    if any(page.hidden for page in pages):
        raise ReadError(f"{name!r} shows no text, it only hides some ({count})")
    if not letters:
        raise ReadError(f"{name!r} holds no text ({count})")


def meaningless(pages: Sequence[PageText]) -> bool:
    """Whether the characters of the text layer stand for nothing."""
    broken = sum(page.unmapped * _letters(page) for page in pages)
    return broken > _UNMAPPED * sum(map(_letters, pages))


def notices_of(pages: Sequence[PageText]) -> tuple[Notice, ...]:
    """What the pages hide, and which of them were not read."""
    found: list[Notice] = []
    for page in pages:
        found.extend(
            Notice(kind="hidden text", page=page.number, text=f"{each.text} ({each.how})")
            for each in page.hidden
        )
        if not is_read(page) and page.drawn_share >= SCAN:
            found.append(
                Notice(
                    kind="not read", page=page.number, text=f"page {page.number} is a picture without text"
                )
            )
    return tuple(found)


def is_read(page: PageText) -> bool:
    """Whether a page has words enough to count as read."""
    return sum(len(line.words) for line in page.lines) >= _FEW


def _letters(page: PageText) -> int:
    return sum(len(word.text) for line in page.lines for word in line.words)


def _shown_size(page: PageText) -> PageSize:
    width, height = (page.height, page.width) if page.turned % 2 else (page.width, page.height)
    return PageSize(width, height)
