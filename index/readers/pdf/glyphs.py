"""What pdfium knows of a page's characters, as arrays: one call a character for its code, box and text object.

Owns pdfium's C functions for text, called through ctypes without its wrappers' checks, since a page has thousands of
characters; and the change from a page's own axes to those of a reader, who sees its top left corner. Refuses to know
words: where one ends is for `words` to say.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

MOST_CHARACTERS = 100_000  # of one page; a page of a newspaper has 30,000
_MOST_OBJECTS = 20_000  # of one page that are looked at for pictures

_BOLD = re.compile(r"bold|black|heavy|semib|demi|medi(?!ev)|cmbx|cmb\d|sfbx|sfrb|-bd|[-,]b$", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|slant|cmti|cmsl|cmmi|sfti|sfsl|-it$|[-,]i$", re.IGNORECASE)
_ITALIC_FLAG, _BOLD_FLAG = 1 << 6, 1 << 18
_LEAST_FIGURE = 40.0  # points that each side of a figure has; a stamp or a page number is smaller
_DROP = 0.25  # of a font's size, from the baseline to the bottom of its boxes, where pdfium does not say
_INVISIBLE = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)


class Frame(NamedTuple):
    """How a page is looked at: its visible box in its own axes, and its turn in quarters clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    quarters: int

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.quarters % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.quarters % 2 else self.top - self.bottom

    def seen(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Points in the page's axes as they are seen: from the left, from the top."""
        if self.quarters == 0:
            return x - self.left, self.top - y
        if self.quarters == 1:
            return y - self.bottom, x - self.left
        if self.quarters == 2:
            return self.right - x, y - self.bottom
        return self.top - y, self.right - x

    def turned(self, quarters: int) -> Frame:
        return self._replace(quarters=(self.quarters + quarters) % 4)


class Run(NamedTuple):
    """What is the same for all characters of one text object.

    `quarter` is its direction in quarter turns counter-clockwise in the page's axes, None where it is slanted; `drop`
    the distance of its baseline from the bottom of its loose boxes; `light` how light its colour is, in [0, 1].
    """

    font: str
    bold: bool
    italic: bool
    size: float
    quarter: int | None
    drop: float
    invisible: bool
    light: float
    inside: bool


class Glyphs(NamedTuple):
    """A page's characters in the file's order.

    `codes` are code points; `boxes` have the columns left, bottom, right, top in the page's axes; `of` is each one's
    place in `runs`, -1 where pdfium made it up to part words.
    """

    codes: NDArray[np.int64]
    boxes: NDArray[np.float64]
    of: NDArray[np.int64]
    runs: tuple[Run, ...]
    frame: Frame
    drawn_share: float
    lost: float = 0.0
    """Which share of its text pdfium finds no characters for, as in Chinese fonts that are not there."""


def glyphs_of(page: Any) -> Glyphs:
    """The characters of an open pdfium page; at most MOST_CHARACTERS of them."""
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return _nothing(page)
    try:
        return _Reading(page, text_page).glyphs()
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def in_figures(glyphs: Glyphs) -> NDArray[np.bool_]:
    """The characters that stand in drawings from other files; none where they are much of what the page says."""
    inside = np.array([*(run.inside for run in glyphs.runs), False], dtype=bool)[glyphs.of]
    return inside if inside.sum() < 0.6 * len(inside) else np.zeros_like(inside)


def frame_of(page: Any) -> Frame:
    """The page's crop box within its media box, and its rotation."""
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        return Frame(0.0, 0.0, pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page), 0)
    sides = sorted((box.left, box.right)), sorted((box.bottom, box.top))
    (left, right), (bottom, top) = sides
    return Frame(left, bottom, right, top, max(pdfium.FPDFPage_GetRotation(page), 0) % 4)


def _nothing(page: Any) -> Glyphs:
    none = np.zeros(0, dtype=np.int64)
    return Glyphs(none, np.zeros((0, 4)), none, (), frame_of(page), 0.0)


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """pdfium's function without the checks of its wrapper, which would cost three times the call."""
    address = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


_handle, _int = ctypes.c_void_p, ctypes.c_int
_unicode = _function("FPDFText_GetUnicode", ctypes.c_uint, _handle, _int)
_loose_box = _function("FPDFText_GetLooseCharBox", _int, _handle, _int, _handle)
_text_object = _function("FPDFText_GetTextObject", _handle, _handle, _int)


class _Reading:
    """One page being read."""

    def __init__(self, page: Any, text_page: Any) -> None:
        self.page = page
        self.text_page = text_page
        self.handle = ctypes.cast(text_page, ctypes.c_void_p).value
        self.count = min(max(pdfium.FPDFText_CountChars(text_page), 0), MOST_CHARACTERS)

    def glyphs(self) -> Glyphs:
        count, handle = self.count, self.handle
        codes = np.fromiter(map(_unicode, repeat(handle), range(count)), dtype=np.int64, count=count)
        loose = (ctypes.c_float * (4 * max(count, 1)))()
        base = ctypes.addressof(loose)
        for _ in map(_loose_box, repeat(handle), range(count), range(base, base + 16 * count, 16)):
            pass
        boxes = np.frombuffer(loose, dtype=np.float32)[: 4 * count].reshape(-1, 4).astype(np.float64)
        boxes = boxes[:, [0, 3, 2, 1]]  # pdfium's order is left, top, right, bottom
        objects = [found or 0 for found in map(_text_object, repeat(handle), range(count))]
        places, runs = self._runs(objects, boxes)
        of = np.fromiter(map(places.__getitem__, objects), dtype=np.int64, count=count)
        self._straighten(boxes, of, runs)
        frame = frame_of(self.page)
        pictures = _share(self._pictures, frame)
        return Glyphs(
            codes, boxes, of, tuple(runs), frame, pictures, self._lost(places, int((of >= 0).sum()))
        )

    def _runs(self, objects: list[int], boxes: NDArray[np.float64]) -> tuple[dict[int, int], list[Run]]:
        """The runs, and the place of each text object among them."""
        places = {0: -1}
        runs: list[Run] = []
        fonts: dict[int, tuple[str, bool, bool]] = {}
        for position, handle in enumerate(objects):
            if handle not in places:
                places[handle] = len(runs)
                runs.append(self._run(handle, position, boxes[position], fonts))
        return places, runs

    def _run(
        self, handle: int, position: int, box: NDArray[np.float64], fonts: dict[int, tuple[str, bool, bool]]
    ) -> Run:
        item = ctypes.cast(handle, pdfium.FPDF_PAGEOBJECT)
        font = pdfium.FPDFTextObj_GetFont(item)
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in fonts:
            fonts[key] = _look(font) if key else ("", False, False)
        matrix, size, x, y = pdfium.FS_MATRIX(), ctypes.c_float(), ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFTextObj_GetFontSize(item, size)
        if not pdfium.FPDFText_GetMatrix(self.text_page, position, matrix):
            matrix.a = matrix.d = 1.0
        pdfium.FPDFText_GetCharOrigin(self.text_page, position, x, y)
        shade = _shade(item)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
        shown, quarter = abs(size.value) * math.hypot(matrix.c, matrix.d), _quarter(matrix.a, matrix.b)
        loose = quarter == 0 and box[2] > box[0]
        return Run(
            *fonts[key],
            size=shown,
            quarter=quarter,
            drop=y.value - float(box[1]) if loose else _DROP * shown,
            invisible=mode in _INVISIBLE or shade is None,
            light=shade or 0.0,
            inside=handle in self._drawn_inside,
        )

    def _straighten(self, boxes: NDArray[np.float64], of: NDArray[np.int64], runs: list[Run]) -> None:
        """Boxes of our own where pdfium's loose ones mean nothing: of text that does not run from left to right."""
        astray = np.array([run.quarter not in (0, None) for run in runs] + [False])[of]
        left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
        for position in np.flatnonzero(astray | ((boxes[:, 2] <= boxes[:, 0]) & (of >= 0))).tolist():
            pdfium.FPDFText_GetCharBox(self.text_page, position, left, right, bottom, top)
            pdfium.FPDFText_GetCharOrigin(self.text_page, position, x, y)
            run = runs[of[position]]
            up, down = (1 - _DROP) * run.size, _DROP * run.size
            tight = (left.value, bottom.value, right.value, top.value)
            boxes[position] = (
                (tight[0], y.value - down, tight[2], y.value + up),
                (x.value - up, tight[1], x.value + down, tight[3]),
                (tight[0], y.value - up, tight[2], y.value + down),
                (x.value - down, tight[1], x.value + up, tight[3]),
            )[run.quarter or 0]

    @cached_property
    def _objects(self) -> list[tuple[int, int, Any]]:
        """The page's own objects: kind, address, handle; none where they are too many to look at."""
        count = pdfium.FPDFPage_CountObjects(self.page)
        if count > _MOST_OBJECTS:
            return []
        handles = [pdfium.FPDFPage_GetObject(self.page, position) for position in range(count)]
        return [
            (pdfium.FPDFPageObj_GetType(each), ctypes.cast(each, ctypes.c_void_p).value or 0, each)
            for each in handles
        ]

    def _lost(self, places: dict[int, int], drawn: int) -> float:
        texts = [(address, each) for kind, address, each in self._objects if kind == pdfium.FPDF_PAGEOBJ_TEXT]
        unseen = [each for address, each in texts if address not in places]
        if len(unseen) < 0.3 * len(texts) or len(unseen) < 5:
            return 0.0
        empty = sum(pdfium.FPDFTextObj_GetText(each, self.text_page, None, 0) <= 2 for each in unseen)
        return float(empty / (empty + drawn))

    @cached_property
    def _drawn_inside(self) -> frozenset[int]:
        """The text objects in forms that are figures: drawings from other files, which fill part of the page."""
        frame = frame_of(self.page)
        page = abs((frame.right - frame.left) * (frame.top - frame.bottom)) or 1.0
        found: list[int] = []
        for kind, _, each in self._objects:
            if kind == pdfium.FPDF_PAGEOBJ_FORM:
                left, bottom, right, top = _bounds(each)
                wide, tall = right - left, top - bottom
                if min(wide, tall) >= _LEAST_FIGURE and wide * tall < 0.6 * page:
                    found.extend(_texts(each, 3))
        return frozenset(found)

    @property
    def _pictures(self) -> list[tuple[float, float, float, float]]:
        found = []
        for kind, _, each in self._objects:
            if kind == pdfium.FPDF_PAGEOBJ_IMAGE or (
                kind == pdfium.FPDF_PAGEOBJ_FORM and _holds_picture(each, 3)
            ):
                found.append(_bounds(each))
        return found


def _look(font: Any) -> tuple[str, bool, bool]:
    """The font's name, and whether it is bold and italic."""
    name = _name(font)
    flags = pdfium.FPDFFont_GetFlags(font)
    flags = flags if flags > 0 else 0
    bold = bool(_BOLD.search(name)) or bool(flags & _BOLD_FLAG) or pdfium.FPDFFont_GetWeight(font) >= 700
    return name, bold, bool(_ITALIC.search(name)) or bool(flags & _ITALIC_FLAG)


def _name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(128)
    length = pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    written = buffer.raw[: min(max(int(length) - 1, 0), len(buffer))].decode("utf-8", "replace")
    return re.sub(r"^[A-Z]{6}\+", "", written.split("\0")[0])


def _quarter(a: float, b: float) -> int | None:
    """A direction in quarter turns; None where it is more than eight degrees off."""
    turn = math.atan2(b, a) / (math.pi / 2)
    return round(turn) % 4 if abs(turn - round(turn)) < 0.09 else None


def _shade(item: Any) -> float | None:
    """How light the object is filled, in [0, 1]; None where it is transparent."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return 0.0
    if alpha.value < 13:
        return None
    return (0.299 * red.value + 0.587 * green.value + 0.114 * blue.value) / 255


def _bounds(item: Any) -> tuple[float, float, float, float]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return left.value, bottom.value, right.value, top.value


def _texts(form: Any, depth: int) -> Iterator[int]:
    """The addresses of the text objects in a form, and in the forms that it holds."""
    for position in range(min(pdfium.FPDFFormObj_CountObjects(form), _MOST_OBJECTS)):
        inner = pdfium.FPDFFormObj_GetObject(form, position)
        kind = pdfium.FPDFPageObj_GetType(inner)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            yield ctypes.cast(inner, ctypes.c_void_p).value or 0
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth:
            yield from _texts(inner, depth - 1)


def _holds_picture(form: Any, depth: int) -> bool:
    for position in range(min(pdfium.FPDFFormObj_CountObjects(form), 20)):
        inner = pdfium.FPDFFormObj_GetObject(form, position)
        kind = pdfium.FPDFPageObj_GetType(inner)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            return True
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth and _holds_picture(inner, depth - 1):
            return True
    return False


def _share(pictures: list[tuple[float, float, float, float]], frame: Frame) -> float:
    """How much of the page the pictures cover, counted on a grid so that overlaps count once."""
    wide, tall = frame.right - frame.left, frame.top - frame.bottom
    if not pictures or wide <= 0 or tall <= 0:
        return 0.0
    grid = np.zeros((50, 50), dtype=bool)
    for left, bottom, right, top in pictures:
        across = [round(np.clip((x - frame.left) / wide, 0, 1) * 50) for x in (left, right)]
        up = [round(np.clip((y - frame.bottom) / tall, 0, 1) * 50) for y in (bottom, top)]
        grid[up[0] : up[1], across[0] : across[1]] = True
    return float(grid.mean())
