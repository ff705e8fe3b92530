"""How a paper's running text looks, and what looks otherwise.

Owns the measures that blocks and headings are told by: the size and font of most characters, how far lines are apart,
which lines hold cells of a table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from index.readers.pdf.schema import Line, Word

CELL_GAP = 0.85  # ems between two cells; a justified line's words are seldom that far apart
_WIDE = 0.55  # of its column that a line of running text fills

CAPTION = re.compile(
    r"(Figure|Fig\.?|Table|Tab\.?|Algorithm|Listing|Scheme|Plate|Box|Tableau|Abbildung|Abb\.|Tabelle|图|圖|表|그림|표)\s*"
    r"(S?\d+|[IVX]+\b|[A-Z]?\.?\d+)",
    re.IGNORECASE,
)


class Style(NamedTuple):
    """The body's size and font, whether its letters count as bold, and the usual distance of lines for each size."""

    size: float
    font: str
    bold: bool
    pitches: dict[float, float]

    def pitch_of(self, size: float) -> float:
        return self.pitches.get(round(size), 1.2 * size)


def style_of(lines: Sequence[Line]) -> Style:
    """The look of most of the text."""
    sizes: Counter[float] = Counter()
    fonts: Counter[str] = Counter()
    heavy: Counter[bool] = Counter()
    for line in lines:
        for word in line.words:
            sizes[word.size] += len(word.text)
            fonts[word.font] += len(word.text)
            heavy[word.bold] += len(word.text)
    pitches: dict[float, list[float]] = {}
    for before, line in zip(lines, lines[1:], strict=False):
        pitch = line.bottom - before.bottom
        if same_column(before, line) and 0.9 * line.size < pitch < 2.2 * line.size:
            pitches.setdefault(round(line.size), []).append(pitch)
    usual = {size: median(found) for size, found in pitches.items() if len(found) >= 3}
    size = max(sizes, key=sizes.__getitem__, default=10.0)
    return Style(size, max(fonts, key=fonts.__getitem__, default=""), heavy[True] > heavy[False], usual)


def same_column(before: Line, line: Line) -> bool:
    """Whether a line stands below another in one column."""
    beside = (before.page, before.turned, before.column) == (line.page, line.turned, line.column)
    return beside and line.bottom > before.bottom - 2


def gap_between(one: Line, other: Line) -> float:
    """The free height between two lines."""
    return max(one.top, other.top) - min(one.bottom, other.bottom)


def cells_of(line: Line) -> list[tuple[Word, ...]]:
    """The line's words, parted where they stand as far apart as a table's cells."""
    cells: list[list[Word]] = [[line.words[0]]]
    for before, word in zip(line.words, line.words[1:], strict=False):
        gap = max(word.left - before.right, before.left - word.right)
        if gap > CELL_GAP * max(before.size, word.size) and not word.glued:
            cells.append([])
        cells[-1].append(word)
    return [tuple(cell) for cell in cells]


def tabular(line: Line) -> bool:
    """Whether a line looks like a row: several cells, no one of them as long as a sentence."""
    cells = cells_of(line)
    return len(cells) >= 3 or (len(cells) == 2 and min(map(len, cells)) <= 6)


def runs_on(line: Line) -> bool:
    """Whether a line is long enough to be a sentence's, whatever its size."""
    left, right = line.column
    letters = sum(letter.isalpha() for letter in line.text)
    long = line.right - line.left > 0.7 * (right - left) and len(line.words) >= 7
    return long and len(cells_of(line)) == 1 and letters > 0.65 * len(line.text.replace(" ", ""))


def body_like(lines: Sequence[Line], position: int, style: Style) -> bool:
    """Whether a line looks like running text: the body's size, and wide, or the end of a paragraph."""
    line = lines[position]
    if abs(line.size - style.size) > 0.06 * style.size or len(cells_of(line)) > 2:
        return False
    left, right = line.column
    if line.right - line.left > _WIDE * (right - left) and len(line.words) >= 5:
        return True
    if position == 0 or not same_column(lines[position - 1], line):
        return False
    before = lines[position - 1]
    near = line.bottom - before.bottom < 1.3 * style.pitch_of(line.size)
    follows = near and abs(before.size - line.size) < 0.06 * line.size and line.left - left < line.size
    return follows and before.right - before.left > _WIDE * (right - left) and len(cells_of(before)) <= 2
