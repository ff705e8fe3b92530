"""A page of a PDF as a picture.

To be replaced: it draws in this process, which a hostile file can take with it.
"""

from __future__ import annotations

import io

import pypdfium2

from index.errors import ReadError

_MOST_PIXELS = 4000  # of a side


def drawn(pdf: bytes, page: int, scale: float) -> bytes:
    """A page, counted from 1, as a PNG of `scale` pixels a point. ReadError where it cannot be drawn."""
    try:
        with pypdfium2.PdfDocument(pdf) as document:
            if not 1 <= page <= len(document):
                raise ReadError(f"The file has {len(document)} pages, and none of the number {page}.")
            longest = max(document[page - 1].get_size())
            shown = document[page - 1].render(scale=min(scale, _MOST_PIXELS / longest)).to_pil()
    except pypdfium2.PdfiumError as error:
        raise ReadError(f"Page {page} cannot be drawn: {error}.") from error
    picture = io.BytesIO()
    shown.save(picture, "PNG")
    return picture.getvalue()
