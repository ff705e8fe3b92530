"""A list of references into its entries, one each.

Owns how entries are told apart: by labels, by hanging indents, by the distance between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.readers.pdf.schema import Line
from index.readers.pdf.style import same_column

Column = tuple[int, tuple[float, float]]
"""A page's number, and where the lines of a column begin and end."""

_LABEL = re.compile(r"(\[\w[^\]]{0,30}\]|\(?\d{1,3}[.)]\s)")
_OPENING = re.compile(r"\W?[A-ZÀ-ÞĀ-Ž\u0400-\u042f\u4e00-\u9fff\d]|(de|van|von|le|la|di|da)\s", re.IGNORECASE)


def entries(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """The entries of a list of references, as lines, in order."""
    if not lines:
        return []
    usual, hanging = _usual_pitch(lines), _hanging(lines)
    labelled = sum(_LABEL.match(line.text) is not None for line in lines)
    starts = [0]
    for position in range(1, len(lines)):
        if labelled >= 0.12 * len(lines):
            begins = _LABEL.match(lines[position].text) is not None and not _inside_number(lines, position)
        else:
            begins = _hangs(lines[position], hanging) or _parted(lines, position, usual)
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


def _hangs(line: Line, hanging: frozenset[Column]) -> bool:
    """Whether a line stands out to the left of those that go on the entry before."""
    if (line.page, line.column) not in hanging:
        return False
    return line.left - line.column[0] < 0.5 * line.size and _OPENING.match(line.text) is not None


def _hanging(lines: Sequence[Line]) -> frozenset[Column]:
    """The columns in which lines go on with an indent."""
    counts: dict[Column, list[int]] = {}
    for line in lines:
        inset = 0.5 * line.size < line.left - line.column[0] < 4 * line.size
        counts.setdefault((line.page, line.column), []).append(inset)
    return frozenset(
        column for column, insets in counts.items() if len(insets) == 1 or sum(insets) >= 0.25 * len(insets)
    )


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
