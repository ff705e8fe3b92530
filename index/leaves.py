"""The pages of papers' files: how large they are, where words stand on them, and what they look like.

Owns the way from a paper to its file. A page is drawn in a sandbox, as the file is read in one.
"""

from __future__ import annotations

from pathlib import Path

from index.catalog import Catalog
from index.errors import PaperNotFound, ReadError
from index.layout import Box, Layout, PageSize
from index.originals import Originals
from index.sandbox.client import Overrun
from index.sandbox.limits import Limits
from index.sandbox.pool import lent

_DRAWING = "index.readers.pdf.picture:draw"


class Leaves:
    """The pages of one library's papers. A paper that is not there is PaperNotFound in all of them."""

    def __init__(self, catalog: Catalog, originals: Originals, limits: Limits) -> None:
        self.catalog = catalog
        self.originals = originals
        self.limits = limits

    def layout(self, paper_id: str) -> Layout:
        """Where a paper's words stand on its file's pages; without pages where it has none."""
        packed, _ = self._paged(paper_id)
        return Layout.unpacked(packed) if packed else Layout.of((), ())

    def boxes(self, paper_id: str, start: int, end: int) -> list[Box]:
        """The boxes on its pages that hold `[start, end)` of a paper's text."""
        return self.layout(paper_id).boxes(start, end)

    def sizes(self, paper_id: str) -> tuple[PageSize, ...]:
        """The pages of a paper's file, in points; none where it has no pages."""
        return self.layout(paper_id).sizes

    def file(self, paper_id: str) -> Path:
        """The file that a paper's text was read from; PaperNotFound where the library keeps none."""
        _, digest = self._paged(paper_id)
        place = self.originals.path(digest)
        if place is None:
            raise PaperNotFound(f"The library keeps no file of {paper_id!r}. Add its file again.")
        return place

    def picture(self, paper_id: str, page: int, scale: float = 2.0) -> bytes:
        """A page of a paper's file as a PNG, `scale` pixels a point. ReadError where it cannot be drawn."""
        path = self.file(paper_id)
        try:
            with lent(self.limits) as sandbox:
                return b"".join(frame.content for frame in sandbox.run(_DRAWING, str(path), page, scale))
        except Overrun as error:
            raise ReadError(f"page {page} of {paper_id!r} {error}") from error

    def _paged(self, paper_id: str) -> tuple[bytes, str]:
        found = self.catalog.layout(paper_id)
        if found is None:
            raise PaperNotFound(f"No paper has the id {paper_id!r}. `ibid list` shows the ids.")
        return found
