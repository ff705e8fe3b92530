"""Where the words of a text stand on the pages of its file.

Owns one packed form of it, small enough to be kept with every paper: about ten bytes a word. Refuses to know where
words come from (a text layer, or recognised characters) and how a page is drawn.

Pages count from 1. Boxes are in points (1/72 inch) from the top left corner of the page as it is shown, rotation
applied; they are kept to a tenth of a point.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_TENTHS = 10.0
_LARGEST = 256 * 2**20  # bytes, unpacked: nine million words
_SAME_LINE = 0.5  # of the lower height: two words that overlap by this stand on one line


class Box(NamedTuple):
    """A rectangle on a page: left, top, right and bottom in points from the page's top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class PlacedWord(NamedTuple):
    """The characters `[start, end)` of the text, and the box that they fill."""

    start: int
    end: int
    box: Box


class PageSize(NamedTuple):
    """A page as it is shown, in points."""

    width: float
    height: float


class Layout:
    """The pages of a file and the places of a text's words on them, in the order of the text."""

    def __init__(self, sizes: Sequence[PageSize], words: NDArray[np.int32]) -> None:
        """`words` has the shape (words, 7): start, end, page, and the box in tenths of a point."""
        self.sizes = tuple(sizes)
        self._words = words

    @classmethod
    def of(cls, sizes: Sequence[PageSize], words: Iterable[PlacedWord]) -> Layout:
        """From words in any order; their spans may not overlap."""
        rows = [
            (word.start, word.end, word.box.page, *(round(side * _TENTHS) for side in word.box[1:]))
            for word in words
        ]
        packed = np.array(sorted(rows), dtype=np.int32).reshape(-1, 7)
        return cls(sizes, packed)

    @classmethod
    def unpacked(cls, packed: bytes) -> Layout:
        """What `packed` gave. ValueError where it is something else."""
        try:
            unpacker = zlib.decompressobj()
            head, _, body = unpacker.decompress(packed, _LARGEST).partition(b"\n")
            if not unpacker.eof:
                raise ValueError(f"it breaks off, or unpacks to more than {_LARGEST // 2**20} MB")
            sizes = [PageSize(*size) for size in json.loads(head)]
            columns = np.frombuffer(body, dtype="<i4").reshape(7, -1)
        except (zlib.error, ValueError, TypeError) as error:
            raise ValueError(f"this is no layout: {error}") from error
        return cls(sizes, np.cumsum(columns, axis=1, dtype=np.int32).T)

    def packed(self) -> bytes:
        """The layout as bytes, each column as differences, which compress well."""
        columns = np.diff(self._words, axis=0, prepend=np.zeros((1, 7), dtype=np.int32)).T
        head = json.dumps([[round(side, 1) for side in size] for size in self.sizes])
        return zlib.compress(head.encode() + b"\n" + columns.astype("<i4").tobytes(), 6)

    def fits(self, length: int) -> bool:
        """Whether the words stand one after another in a text of that length, each on a page that there is."""
        starts, ends, on = self._words[:, 0], self._words[:, 1], self._words[:, 2]
        ordered = bool((starts < ends).all() and (ends[:-1] <= starts[1:]).all())
        inside = not len(starts) or bool(starts[0] >= 0 and ends[-1] <= length)
        return ordered and inside and bool(((on >= 1) & (on <= self.pages)).all())

    @property
    def pages(self) -> int:
        return len(self.sizes)

    def page_at(self, offset: int) -> int | None:
        """The page of the word at that offset, or of the nearest one after it, else before it; None without words."""
        if not len(self._words):
            return None
        position = int(np.searchsorted(self._ends, offset, side="right"))
        return int(self._words[min(position, len(self._words) - 1), 2])

    def words(self, start: int, end: int) -> list[PlacedWord]:
        """The words that lie wholly or partly in `[start, end)`, in the order of the text."""
        first = int(np.searchsorted(self._ends, start, side="right"))
        last = int(np.searchsorted(self._words[:, 0], end, side="left"))
        return [
            PlacedWord(row[0], row[1], Box(row[2], *(side / _TENTHS for side in row[3:])))
            for row in self._words[first:last].tolist()
        ]

    def boxes(self, start: int, end: int) -> list[Box]:
        """The boxes that hold the text `[start, end)`, one for each run of words on a line, in order."""
        lines: list[Box] = []
        for word in self.words(start, end):
            if lines and _continues(lines[-1], word.box):
                lines[-1] = _around(lines[-1], word.box)
            else:
                lines.append(word.box)
        return lines

    @cached_property
    def _ends(self) -> NDArray[np.int32]:
        return np.ascontiguousarray(self._words[:, 1])


def _continues(line: Box, word: Box) -> bool:
    """Whether a word goes on the line that the words before it stand on, whichever way it is written."""
    shared = min(line.bottom, word.bottom) - max(line.top, word.top)
    lower = min(line.bottom - line.top, word.bottom - word.top)
    height = max(line.bottom - line.top, word.bottom - word.top)
    gap = max(word.left - line.right, line.left - word.right)
    return line.page == word.page and shared >= _SAME_LINE * lower and gap <= 3 * height


def _around(one: Box, other: Box) -> Box:
    return Box(
        one.page,
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
