"""Runs of words into lines, in the order in which a reader reads a page.

Owns columns: where the gutters of a page are, what spans them, and what follows what. A gutter is a strip that nothing
crosses over many lines, with running text on both sides (a table's columns hold no running text); what crosses it (a
title, a wide figure) parts the page into bands, and each band is read column by column. Pages of one file share their
gutters, so that a page with few lines, or with tables in its columns, is read as the others are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.readers.pdf.furniture import without_line_numbers
from index.readers.pdf.schema import Line, PageText, Word
from index.readers.pdf.style import CAPTION

_CELL = 2.0  # points; a gutter is looked for on a grid of such cells
_LEAST_HEIGHT = 40.0  # points of lines beside each other that make a gutter
_LEAST_SHARE = 0.15  # of the height of a page's lines
_RUNNING = 0.55  # of a column's characters that stand in runs as long as running text
_NARROWEST = (
    0.42  # of the other side's width; a table's first column is narrower, one of three columns is not
)
_APART = 25.0  # points from a file's gutter to that of a page which is laid out otherwise
_FAR = 5.0  # line heights between the rows of one figure
_CLOSE = 1.6  # line heights between rows that belong to one wide part
_SAME_ROW = 0.5  # of the lower height that two runs of one row share

_FIRST_ENTRY = re.compile(r"\[1\]|1\.\s|\(1\)\s|1\)\s")


class Span(NamedTuple):
    """A run with its sides, measured once."""

    left: float
    top: float
    right: float
    bottom: float
    run: Line

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top


Row = list[Span]
Edges = tuple[float, float]


def in_order(pages: Sequence[PageText]) -> list[PageText]:
    """The pages with their runs joined to lines in reading order."""
    spans = [[_span(run) for run in without_line_numbers(page.lines)] for page in pages]
    upright = sum(page.turned == 0 for page in pages)
    found = [
        None if page.turned and upright > len(pages) / 2 else _gutter(each)
        for page, each in zip(pages, spans, strict=True)
    ]
    shared = _shared([gutter for gutter in found if gutter is not None], len(pages))
    ordered = []
    for page, each, own in zip(pages, spans, found, strict=True):
        near = [gutter for gutter in shared if own is not None and abs(gutter - own) < _APART]
        usual = shared if page.turned == 0 or upright <= len(pages) / 2 else ()
        rows = _arranged(each, own if near or not shared else None, usual, 0)
        lines = (*_lines(rows, page.number), *_sideways(page))
        ordered.append(page._replace(lines=lines, sideways=()))
    return ordered


def _sideways(page: PageText) -> Iterator[Line]:
    """The lines of a table that is laid sideways on a page of text; what runs along figures is left out."""
    for turned in sorted({run.turned for run in page.sideways}):
        spans = [_span(run) for run in page.sideways if run.turned == turned]
        rows = rows_of(spans)
        if sum(len(row) >= 3 for row in rows) >= 3:
            yield from _lines(_in_column(spans, _edges(spans)), page.number)


def rows_of(spans: Iterable[Span]) -> list[Row]:
    """Runs beside each other as rows, from top to bottom; each row from left to right."""
    rows: list[tuple[Span, Row]] = []
    for span in sorted(spans, key=lambda each: (each.middle, each.left)):
        for anchor, row in reversed(rows[-3:]):
            if _beside(anchor, span) and not any(_overlaps(other, span) for other in row):
                row.append(span)
                break
        else:
            rows.append((span, [span]))
    return [sorted(row, key=lambda each: each.left) for _, row in rows]


def _span(run: Line) -> Span:
    """The box of a run's words on the baseline; what is raised or lowered reaches into other lines."""
    words = [word for word in run.words if abs(word.rise) < 0.1 * word.size] or list(run.words)
    return Span(run.left, min(word.top for word in words), run.right, max(word.bottom for word in words), run)


def _beside(one: Span, other: Span) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared >= _SAME_ROW * min(one.height, other.height)


def _overlaps(one: Span, other: Span) -> bool:
    return min(one.right, other.right) - max(one.left, other.left) > 0.3 * min(
        one.right - one.left, other.right - other.left
    )


# Gutters


def _gutter(spans: Sequence[Span], known: float | None = None) -> float | None:
    """The middle of the strip that parts the most running text, or `known` where that does part some."""
    if len(spans) < 4:
        return None
    left, right = min(span.left for span in spans), max(span.right for span in spans)
    top, bottom = min(span.top for span in spans), max(span.bottom for span in spans)
    filled = _grid(spans, left, top, right, bottom)
    columns = np.arange(filled.shape[1])
    inked: NDArray[np.bool_] = np.any(filled, axis=1)
    first, last = filled.argmax(axis=1), filled.shape[1] - 1 - filled[:, ::-1].argmax(axis=1)
    wide = filled.copy()
    wide[:, 1:] |= filled[:, :-1]
    wide[:, :-1] |= filled[:, 1:]
    free = ~wide & (columns > first[:, None]) & (columns < last[:, None]) & inked[:, None]
    score = free.sum(axis=0) * _CELL
    if known is not None:
        cell = int((known - left) / _CELL)
        good = 0 <= cell < len(score) and score[max(cell - 2, 0) : cell + 3].max() >= 2 * _CELL * 5
        return known if good and _parts(spans, known, 0.0) else None
    best = int(score.argmax())
    enough = max(_LEAST_HEIGHT, _LEAST_SHARE * float(inked.sum()) * _CELL)
    if score[best] < enough:
        return None
    end = best
    while end + 1 < len(score) and score[end + 1] >= 0.97 * score[best]:
        end += 1
    middle = left + ((best + end) / 2 + 0.5) * _CELL
    return middle if _parts(spans, middle, _RUNNING) else None


def _grid(spans: Sequence[Span], left: float, top: float, right: float, bottom: float) -> NDArray[np.bool_]:
    """Which cells of the text's box hold text, each line as its middle part, so that lines do not touch."""
    wide, tall = min(int((right - left) / _CELL) + 2, 2_000), min(int((bottom - top) / _CELL) + 2, 2_000)
    filled = np.zeros((tall, wide), dtype=bool)
    for span in spans:
        inset = 0.2 * span.height
        rows = slice(int((span.top + inset - top) / _CELL), int((span.bottom - inset - top) / _CELL) + 1)
        filled[rows, int((span.left - left) / _CELL) : int((span.right - left) / _CELL) + 1] = True
    return filled


def _parts(spans: Sequence[Span], gutter: float, running: float) -> bool:
    """Whether both sides of a gutter hold running text, in runs that are long enough."""
    sides = (
        [span for span in spans if span.right <= gutter + 3],
        [span for span in spans if span.left >= gutter - 3],
    )
    if not all(len(side) >= 2 and _running(side) >= running for side in sides):
        return False
    widths = sorted(max(span.right for span in side) - min(span.left for span in side) for side in sides)
    return not running or widths[0] >= _NARROWEST * widths[1]


def _running(spans: Sequence[Span]) -> float:
    """Which share of the characters stands in runs of at least four words, or as many letters."""
    total = long = 0
    for span in spans:
        text = span.run.text
        total += len(text)
        if text.count(" ") >= 3 or len(text) >= 24 or (len(text) >= 10 and ord(max(text)) > 0x2E80):
            long += len(text)
    return long / total if total else 0.0


def _shared(gutters: Sequence[float], pages: int) -> list[float]:
    """The gutters that several pages have."""
    groups: list[list[float]] = []
    for gutter in sorted(gutters):
        if groups and gutter - groups[-1][0] < 12:
            groups[-1].append(gutter)
        else:
            groups.append([gutter])
    common = [group for group in groups if len(group) >= max(2, 0.25 * pages)]
    common.sort(key=len, reverse=True)
    return [float(np.median(group)) for group in common]


# Order


def _arranged(
    spans: Sequence[Span], gutter: float | None, shared: Sequence[float], depth: int
) -> Iterator[tuple[Edges, Row]]:
    """Rows in reading order, each with its column's edges: bands from top to bottom, in each column after column."""
    for known in shared if gutter is None else ():
        gutter = gutter or _gutter(spans, known)
    if gutter is None or depth > 4:
        yield from _in_column(spans, _edges(spans))
        return
    bands = list(_bands(rows_of(spans), gutter))
    narrow = [span for wide, band in bands if not wide for span in band]
    left_edges = _edges([span for span in narrow if _leans_left(span, gutter)])
    right_edges = _edges([span for span in narrow if not _leans_left(span, gutter)])
    leftward = _leftward(spans)
    for wide, band in bands:
        if wide:
            yield from _in_column(band, _edges(spans))
            continue
        left = [span for span in band if _leans_left(span, gutter)], left_edges
        right = [span for span in band if not _leans_left(span, gutter)], right_edges
        for column, edges in (right, left) if leftward else (left, right):
            inner = _gutter(column)
            yield from _arranged(column, inner, (), depth + 1) if inner else _in_column(column, edges)


def _in_column(spans: Sequence[Span], edges: Edges) -> Iterator[tuple[Edges, Row]]:
    return ((edges, row) for row in rows_of(spans))


def _leans_left(span: Span, gutter: float) -> bool:
    return (span.left + span.right) / 2 <= gutter


def _edges(spans: Sequence[Span]) -> Edges:
    """Where most of the lines of a column begin and end, but for few that stick out."""
    if not spans:
        return 0.0, 0.0
    lefts, rights = sorted(span.left for span in spans), sorted(span.right for span in spans)
    few = len(spans) // 20
    return lefts[few], rights[-1 - few]


def _bands(rows: Sequence[Row], gutter: float) -> Iterator[tuple[bool, list[Span]]]:
    """Runs of rows that cross the gutter, and of rows that do not, from top to bottom."""
    crossing = [any(span.left < gutter - 3 and span.right > gutter + 3 for span in row) for row in rows]
    _close(rows, crossing)
    _last_lines(rows, crossing)
    _spread(rows, crossing, gutter)
    _last_lines(rows, crossing)
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or crossing[end] != crossing[start] or _lists_begin(rows, end):
            yield crossing[start], [span for row in rows[start:end] for span in row]
            start = end


def _lists_begin(rows: Sequence[Row], place: int) -> bool:
    """Whether references begin at a row, below the text of both columns, in smaller letters and without a heading."""
    row, above = rows[place], rows[place - 1]
    if not _FIRST_ENTRY.match(row[0].run.text) or place < 3:
        return False
    smaller = all(span.run.size < 0.97 * other.run.size for span in row for other in above)
    return smaller and _distance(above, row) > 1.7


def _close(rows: Sequence[Row], crossing: list[bool]) -> None:
    """Counts few rows between two that cross, close to both, as crossing too: a wide table's or a title's."""
    wide = [position for position, crosses in enumerate(crossing) if crosses]
    for before, after in zip(wide, wide[1:], strict=False):
        if 1 < after - before <= 8 and all(
            _distance(rows[place], rows[place + 1]) < _CLOSE for place in range(before, after)
        ):
            for place in range(before + 1, after):
                crossing[place] = True


def _spread(rows: Sequence[Row], crossing: list[bool], gutter: float) -> None:
    """Counts the cells of a wide table or figure as crossing, which stand by a caption that does."""
    if not rows:
        return
    left = min(span.left for row in rows for span in row)
    right = max(span.right for row in rows for span in row)
    for start, row in enumerate(rows):
        if not CAPTION.match(row[0].run.text) or (
            not crossing[start] and any(_fills(span, left, gutter, right) for span in row[1:])
        ):
            continue
        first = end = start
        while end + 1 < len(rows) and crossing[end + 1]:
            end += 1
        while first and crossing[first - 1]:
            first -= 1
        for edge, step in ((first, -1), (end, 1)):
            last = place = edge
            while 0 <= place + step < len(rows) and not crossing[place + step]:
                if abs(_distance(*sorted((rows[place], rows[place + step]), key=_middle))) > _FAR:
                    break
                place += step
                if any(_fills(span, left, gutter, right) for span in rows[place]):
                    break
                cells = rows[place]
                sides = {_leans_left(span, gutter) for span in cells}
                last = place if len(cells) >= 3 and len(sides) == 2 else last
            beyond = last + step
            while (
                last != edge and 0 <= beyond < len(rows) and not crossing[beyond] and abs(beyond - last) <= 2
            ):
                near = abs(_distance(*sorted((rows[beyond - step], rows[beyond]), key=_middle))) < _CLOSE
                if not near or any(_fills(span, left, gutter, right) for span in rows[beyond]):
                    break
                beyond += step
            beyond -= step
            if last == edge and not crossing[edge]:
                continue
            for place in range(min(edge, beyond), max(edge, beyond) + 1):
                crossing[place] = True


def _last_lines(rows: Sequence[Row], crossing: list[bool]) -> None:
    """Counts a short line as crossing that ends a paragraph of lines that cross."""
    for place in range(1, len(rows)):
        row, above = rows[place], rows[place - 1]
        if crossing[place] or not crossing[place - 1] or len(row) > 1 or len(above) > 1:
            continue
        aligned = abs(row[0].left - above[0].left) < 3 and abs(row[0].height - above[0].height) < 1
        if aligned and _distance(above, row) < 1.35:
            crossing[place] = True


def _middle(row: Row) -> float:
    return row[0].middle


def _fills(span: Span, left: float, gutter: float, right: float) -> bool:
    """Whether a run is as wide as its column, as a line of running text is."""
    column = gutter - left if span.right <= gutter + 3 else right - gutter
    return span.right - span.left > 0.72 * column


def _distance(upper: Row, lower: Row) -> float:
    """The way from one row's middle to the next one's, in heights of a line."""
    height = max(max(span.height for span in upper), max(span.height for span in lower), 1.0)
    return (lower[0].middle - upper[0].middle) / height


def _leftward(spans: Sequence[Span]) -> bool:
    if all(span.run.text.isascii() for span in spans):
        return False
    rtl = sum(0x590 <= ord(letter) <= 0x8FF for span in spans for letter in span.run.text)
    return rtl > 0.4 * sum(len(span.run.text) for span in spans)


def _lines(rows: Iterable[tuple[Edges, Row]], number: int) -> Iterator[Line]:
    for edges, row in rows:
        spans = row[::-1] if _leftward(row) else row
        words = [word for span in spans for word in _loose(span.run.words)]
        yield Line(number, tuple(words), edges, spans[0].run.turned)


def _loose(words: Sequence[Word]) -> Iterator[Word]:
    for position, word in enumerate(words):
        yield word._replace(glued=False) if position == 0 and word.glued else word
