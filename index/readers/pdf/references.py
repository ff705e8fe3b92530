"""A list of references into its entries, one each.

Owns how entries are told apart: by labels, by hanging indents, by the distance between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.readers.pdf.schema import Line
from index.readers.pdf.style import same_column

_LABEL = re.compile(r"(\[\w[^\]]{0,30}\]|\(?\d{1,3}[.)]\s)")
_OPENING = re.compile(r"\W?[A-ZÀ-ÞĀ-Ž\u0400-\u042f\u4e00-\u9fff\d]|(de|van|von|le|la|di|da)\s", re.IGNORECASE)


def entries(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """The entries of a list of references, as lines, in order."""
    if not lines:
        return []
    usual = _usual_pitch(lines)
    labelled = sum(_LABEL.match(line.text) is not None for line in lines)
    starts = [0]
    for position in range(1, len(lines)):
        if labelled >= 0.12 * len(lines):
            begins = _LABEL.match(lines[position].text) is not None and not _inside_number(lines, position)
        else:
            begins = _hangs(lines, position) or _parted(lines, position, usual)
        if begins:
            starts.append(position)
    return [tuple(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def first_entry(firsts: Sequence[str]) -> int | None:
    """Where a list of references begins that has no heading: the first of lines, each a paragraph's, that count up
    to the end in brackets."""
    numbers = [
        int(found[1]) if (found := re.match(r"\[(\d{1,3})\]\s*\S", first)) else None for first in firsts
    ]
    starts = [position for position, number in enumerate(numbers) if number == 1]
    for start in reversed(starts):
        counted = [number for number in numbers[start:] if number is not None]
        rising = sum(after == before + 1 for before, after in zip(counted, counted[1:], strict=False))
        if (
            len(counted) >= 3
            and rising >= 0.7 * (len(counted) - 1)
            and len(counted) >= 0.5 * len(numbers[start:])
        ):
            return start
    return None


def _inside_number(lines: Sequence[Line], position: int) -> bool:
    """Whether a number at a line's beginning goes on the line above ("pages 12-\\n34. Springer")."""
    return lines[position].text[0].isdigit() and lines[position - 1].text.rstrip()[-1] in "-–,("


def _hangs(lines: Sequence[Line], position: int) -> bool:
    """Whether a line stands out to the left of those that go on the entry before."""
    line = lines[position]
    indented = _indents(lines, line)
    if not indented:
        return False
    return line.left - line.column[0] < 0.5 * line.size and _OPENING.match(line.text) is not None


def _indents(lines: Sequence[Line], line: Line) -> bool:
    """Whether lines of the same column go on with an indent."""
    beside = [other for other in lines if other.page == line.page and other.column == line.column]
    inset = sum(0.5 * line.size < other.left - line.column[0] < 4 * line.size for other in beside)
    return inset >= 0.25 * len(beside) or len(beside) == 1


def _parted(lines: Sequence[Line], position: int, usual: float) -> bool:
    """Whether a line stands farther from the one above than lines of one entry do."""
    before, line = lines[position - 1], lines[position]
    if not same_column(before, line):
        return (
            before.text.rstrip()[-1:] == "."
            and _OPENING.match(line.text) is not None
            and line.text[0].isupper()
        )
    return line.bottom - before.bottom > 1.18 * usual


def _usual_pitch(lines: Sequence[Line]) -> float:
    """How far lines of one entry are apart: as most of the nearer ones are."""
    pitches = sorted(
        line.bottom - before.bottom
        for before, line in zip(lines, lines[1:], strict=False)
        if same_column(before, line)
    )
    return pitches[len(pitches) // 4] if pitches else 0.0
