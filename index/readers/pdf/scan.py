"""Pages that are pictures: drawn to be recognised, and composed with the words that were recognised on them.

Two jobs of a sandbox. Between them stands whoever recognises (`index.scans`); this knows neither how that is done nor
where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from index.errors import NoTextLayer
from index.readers.files import name_of
from index.readers.pdf.order import in_order
from index.readers.pdf.pages import opened as opened_pages
from index.readers.pdf.picture import page_png
from index.readers.pdf.reader import document_of, is_read, meaningless, opened
from index.readers.pdf.schema import Line, PageText, RecognisedWord, Word

_HEIGHT = 0.9  # of a line of letters that go up and down, what its font's size is
MOST_PAGES = 500  # recognised in one file: an hour's work


def pictures(path: str, scale: float) -> Iterator[tuple[str, bytes]]:
    """Each page without a text layer: its number, then its picture as PNG, of `scale` pixels a point."""
    pages = opened(Path(path)).pages
    unread = [page for page in pages if meaningless(pages) or (not is_read(page) and page.drawn_share)]
    if len(unread) > MOST_PAGES:
        raise NoTextLayer(
            f"{name_of(Path(path))!r} has {len(unread):,} scanned pages, more than {MOST_PAGES}; split it"
        )
    for page in unread:
        yield "n", json.dumps(page.number).encode()
        yield "i", page_png(Path(path), page.number, scale)


def composed(path: str, recognised: str) -> Iterator[tuple[str, bytes]]:
    """The paper of a file, with the words recognised on some of its pages, by their numbers, as JSON."""
    words = {
        int(number): [RecognisedWord(*word) for word in found]
        for number, found in json.loads(recognised).items()
    }
    file = opened(Path(path))
    with opened_pages(Path(path)) as document:
        seen = {
            number: seen_page(number, document.get_page_size(number - 1), found)
            for number, found in words.items()
        }
    pages = in_order([seen.get(page.number, page) for page in file.pages])
    yield "d", document_of(pages, Path(path), file.embedded, file.digest).model_dump_json().encode()


def seen_page(number: int, size: tuple[float, float], words: Sequence[RecognisedWord]) -> PageText:
    """A page as it was recognised; the size of its letters is told by the height of their line."""
    lines = []
    for _, run in groupby(words, key=lambda word: word.line):
        line = list(run)
        letters = float(round(_HEIGHT * max(word.bottom - word.top for word in line)))
        placed = (Word(word.text, word.left, word.top, word.right, word.bottom, letters) for word in line)
        lines.append(Line(number, tuple(placed)))
    return PageText(number, *size, tuple(lines))
