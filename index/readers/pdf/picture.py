"""A PDF's page as a picture.

Owns how a page is drawn and how large its picture may be. Refuses to know why: to be shown beside a citation, or to
have its characters recognised.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pypdfium2 import PdfiumError

from index.errors import ReadError
from index.readers.files import name_of
from index.readers.pdf.pages import opened

LONGEST_SIDE = 5_000  # pixels; a page of A3 at 300 dots an inch


def draw(path: str, page: int, scale: float) -> Iterator[tuple[str, bytes]]:
    """A sandbox's job: a page as `page_png` draws it."""
    yield "i", page_png(Path(path), page, scale)


def page_png(path: Path, page: int, scale: float) -> bytes:
    """A page, from 1, as it is shown, at `scale` pixels a point, as PNG; less where its picture would be too large.

    ReadError where the file has no such page, or it cannot be drawn.
    """
    with opened(path) as document:
        if not 1 <= page <= len(document):
            raise ReadError(f"{name_of(path)!r} has no page {page}; it has {len(document)}")
        try:
            drawn = document[page - 1]
            longest = max(drawn.get_size())
            picture = drawn.render(scale=min(scale, LONGEST_SIDE / longest), draw_annots=False).to_pil()
        except (PdfiumError, ValueError) as error:
            raise ReadError(f"page {page} of {name_of(path)!r} cannot be drawn: {error}") from error
    written = BytesIO()
    picture.convert("RGB").save(written, "PNG", compress_level=4)
    return written.getvalue()
