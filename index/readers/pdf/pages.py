"""A file's pages, opened with pdfium and read one at a time.

Owns the open file and its pages' life, and the one limit that pdfium itself does not keep: how many pages there may
be. Refuses to judge: what is no PDF or broken is refused before, by `structure`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from pypdfium2 import PdfDocument, PdfiumError

from index.errors import ReadError
from index.readers.files import name_of
from index.readers.pdf.glyphs import glyphs_of, in_figures
from index.readers.pdf.hidden import hidden, hidden_texts
from index.readers.pdf.order import in_order
from index.readers.pdf.schema import PageText
from index.readers.pdf.words import seen

MOST_PAGES = 5_000
_LONGEST_SIDE = 1_600  # pixels of a page's picture in which light text is looked for


class Unopened(ReadError):
    """A file that pdfium cannot open."""


@contextmanager
def opened(source: Path | bytes, name: str = "") -> Iterator[PdfDocument]:
    """The file, open in pdfium; ReadError where it is none or has too many pages."""
    name = name or (name_of(source) if isinstance(source, Path) else "the file")
    try:
        document = PdfDocument(source)
    except (PdfiumError, OSError) as error:
        raise Unopened(f"{name!r} cannot be opened as a PDF: {error}") from error
    try:
        if len(document) > MOST_PAGES:
            raise ReadError(f"{name!r} has {len(document):,} pages, more than {MOST_PAGES:,}; split it")
        yield document
    finally:
        document.close()


def pages_of(source: Path | bytes, most: int | None = None, name: str = "") -> list[PageText]:
    """The text of a file's pages, of the first `most` where given, each line in reading order."""
    with opened(source, name) as document:
        count = len(document) if most is None else min(most, len(document))
        return in_order([page_of(document, number) for number in range(1, count + 1)])


def page_of(document: PdfDocument, number: int) -> PageText:
    """One page's words in the file's order, in runs; a page that pdfium cannot load is an empty one."""
    page = pdfium.FPDF_LoadPage(document.raw, number - 1)
    if not page:
        return PageText(number, 612.0, 792.0, ())
    try:
        glyphs = glyphs_of(page)
        why = hidden(glyphs, lambda: grey(page))
        found = seen(glyphs, (why > 0) | in_figures(glyphs), number)
        return PageText(
            number,
            round(found.width, 1),
            round(found.height, 1),
            found.runs,
            hidden_texts(glyphs, why, number),
            round(glyphs.drawn_share, 2),
            found.turned,
            found.sideways,
            found.aside,
            max(found.unmapped, glyphs.lost),
        )
    finally:
        pdfium.FPDF_ClosePage(page)


def grey(page: Any) -> tuple[NDArray[np.uint8], float]:
    """The page drawn in shades of grey, row by row, and how many pixels a point has."""
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    scale = min(1.5, _LONGEST_SIDE / max(width, height, 1.0))
    across, down = max(round(width * scale), 1), max(round(height * scale), 1)
    bitmap = pdfium.FPDFBitmap_CreateEx(across, down, pdfium.FPDFBitmap_Gray, None, 0)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, across, down, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, across, down, 0, pdfium.FPDF_ANNOT)
        stride, start = pdfium.FPDFBitmap_GetStride(bitmap), pdfium.FPDFBitmap_GetBuffer(bitmap)
        held = ctypes.cast(start, ctypes.POINTER(ctypes.c_ubyte * (stride * down))).contents
        raw = np.frombuffer(held, dtype=np.uint8)
        return raw.reshape(down, stride)[:, :across].copy(), scale
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
