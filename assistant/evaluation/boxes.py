"""Whether the box of a sentence holds the sentence: asked of pdfium, not of the words that Ibid kept.

The boxes of a stretch of text are cut out of its page, and the text that pdfium finds there must hold the stretch's
words in their order, and not much else.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from index.layout import Box, Layout
from index.schema import Document
from index.sentences import sentences

_SEED = 500
_LEAST_WORDS = 4
_FINE = 100  # device units a point, since pdfium's device coordinates are whole numbers
_MARGIN = 0.6  # points: boxes are kept to a tenth, and letters reach a little out of them
_SLACK = 1.5  # letters found for a letter meant, above which a box holds too much
_FEW = 12


class Sampled(NamedTuple):
    """A sentence that was looked for, and what was found in its boxes."""

    file: str
    page: int | None
    text: str
    found: str
    held: bool


def sample(documents: Sequence[tuple[Path, Document]], count: int) -> list[Sampled]:
    """`count` sentences drawn from the texts of files, the same ones each time, each with what its boxes hold."""
    spans = [
        (number, span)
        for number, (_, document) in enumerate(documents)
        for section in document.sections
        for span in sentences(document.text, section.start, section.end)
        if len(document.text[slice(*span)].split()) >= _LEAST_WORDS
    ]
    drawn = sorted(Random(_SEED).sample(spans, min(count, len(spans))))
    return list(_looked_up(documents, drawn))


def holds(found: str, meant: str) -> bool:
    """Whether `found` has the words of `meant` in their order, and at most half as many letters again."""
    letters = _letters(found)
    place = 0
    for word in re.findall(r"\S+", meant):
        plain = _letters(word)
        place = letters.find(plain, place)
        if place < 0:
            return False
        place += len(plain)
    return len(letters) <= _SLACK * len(_letters(meant)) + _FEW


class _Pages:
    """The pages of an open file with their text, each opened once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.pages: dict[int, tuple[Any, Any]] = {}

    def read(self, boxes: Sequence[Box]) -> str:
        """The text that pdfium finds in boxes on the pages."""
        return " ".join(map(self._cut, boxes))

    def _cut(self, box: Box) -> str:
        if box.page not in self.pages:
            page = self.document[box.page - 1]
            self.pages[box.page] = page, page.get_textpage()
        page, text = self.pages[box.page]
        width, height = page.get_size()
        corners = [
            _on_page(page, width, height, x, y)
            for x, y in ((box.left - _MARGIN, box.top), (box.right + _MARGIN, box.bottom))
        ]
        (left, right), (bottom, top) = (sorted(side) for side in zip(*corners, strict=True))
        found: str = text.get_text_bounded(left=left, bottom=bottom, right=right, top=top)
        return found

    def close(self) -> None:
        for page, text in self.pages.values():
            text.close()
            page.close()


def _looked_up(
    documents: Sequence[tuple[Path, Document]], drawn: Sequence[tuple[int, tuple[int, int]]]
) -> Iterator[Sampled]:
    for number in sorted({number for number, _ in drawn}):
        path, document = documents[number]
        layout = Layout.unpacked(document.layout)
        with pypdfium2.PdfDocument(path) as opened, closing(_Pages(opened)) as pages:
            for span in (span for other, span in drawn if other == number):
                meant, boxes = document.text[slice(*span)], layout.boxes(*span)
                found = pages.read(boxes)
                page = boxes[0].page if boxes else None
                yield Sampled(path.name, page, meant, found, holds(found, meant))


def _on_page(page: Any, width: float, height: float, x: float, y: float) -> tuple[float, float]:
    """A point from the top left corner of a page as it is shown, in the page's own axes."""
    across, up = ctypes.c_double(), ctypes.c_double()
    sides = (0, 0, round(width * _FINE), round(height * _FINE), 0)
    pdfium.FPDF_DeviceToPage(page.raw, *sides, round(x * _FINE), round(y * _FINE), across, up)
    return across.value, up.value


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
