"""Who wrote a paper, and where: the part of a first page between its title and its abstract.

Owns how bylines are set: names in one line with commas and marks, a name a line, or blocks side by side with the
affiliation below each name. Names share one look, which the first of them shows; an affiliation that looks the same is
told by its words and by standing below a name. Refuses to know where the byline begins and ends
(`index.readers.pdf.front`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index.readers.pdf.people import BREAK, organisation, people, person, pieces
from index.readers.pdf.schema import Line, Word

_APART = 0.95  # ems between words that stand in different cells
_SMALL = 0.8  # of the size of the words around it: a mark
_RAISED = 0.12  # of a word's size
_SAME_ROW = 0.5  # of the smaller size, between the baselines of one row
_NEXT_ROW = 1.5  # sizes from row to row within one block
_AND = re.compile(r"and|und|et|y|&", re.IGNORECASE)
_WELL_KNOWN = re.compile(
    r"universit|universid|college|institut|hochschule|laborator|corporation|\binc\b|\bltd\b|research|"
    r"academy|hospital|school of (economics|mines)|polytech|\b(AI|MIT|ETH|EPFL)\b",
    re.IGNORECASE,
)
_PART_OF_ONE = re.compile(
    r"^(the )?(dep(t|artment|artamento|artement)|school|faculty|division|group|cent(er|re) for|lab)\b",
    re.IGNORECASE,
)


class Look(NamedTuple):
    """What tells names from what stands around them."""

    size: float
    bold: bool
    italic: bool
    font: str

    def like(self, other: Look) -> bool:
        """Whether two runs of words are set alike; small capitals are smaller letters of the same font."""
        close = min(self.size, other.size) >= 0.72 * max(self.size, other.size)
        same_size = abs(self.size - other.size) <= 0.06 * max(self.size, other.size)
        face = self.bold == other.bold and self.italic == other.italic
        return face and (same_size or (close and self.font == other.font))


class Cell(NamedTuple):
    """Words of one line without a wide gap between them, as a byline's columns are set.

    `look` is that of its first word that is no mark; `base` the lower edge of its words on the baseline.
    """

    words: tuple[Word, ...]
    left: float
    top: float
    right: float
    base: float
    look: Look


class Byline(NamedTuple):
    """The names in the order of the page, and the organisation of the first where it is clear.

    `sure` tells that more than capitals speaks for names: marks behind them, or several in one list.
    """

    authors: tuple[str, ...] = ()
    organization: str | None = None
    sure: bool = False


class _Entry(NamedTuple):
    """What a byline says in one place, with a break for each mark."""

    text: str
    cell: Cell


def cells_of(line: Line) -> Iterator[Cell]:
    """The line's words in cells, from left to right; an address for mail ends one and is none."""
    cell: list[Word] = []
    for token in _tokens(line.words):
        mail = "@" in "".join(word.text for word in token)
        if cell and (mail or _apart(cell, token[0])):
            yield _cell(cell)
            cell = []
        if not mail:
            cell += token
    if cell:
        yield _cell(cell)


def byline(lines: Sequence[Line]) -> Byline:
    """The authors that these lines name, which stand between a title and an abstract."""
    rows = _rows([cell for line in lines for cell in cells_of(line)])
    named: list[str] = []
    first: Cell | None = None
    sure = False
    above: list[tuple[Cell, bool]] = []
    for entry in _mended([[_Entry(_text(cell), cell) for cell in row] for row in rows]):
        found = _names(entry, first, above)
        above.append((entry.cell, bool(found)))
        named += [name for name in found if name not in named]
        first = first or (entry.cell if found else None)
        sure = sure or len(found) > 1 or bool(found and BREAK in entry.text)
    return Byline(tuple(named), _organisation_of(first, rows) if first else None, sure)


def addressed(lines: Sequence[Line]) -> bool:
    """Whether a byline names an organisation or holds an address for mail, as those of papers do."""
    return any(
        "@" in line.text or _WELL_KNOWN.search(line.text) or _PART_OF_ONE.search(line.text) for line in lines
    )


# Cells and rows


def _tokens(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words that no space parts."""
    token = [words[0]]
    for word in words[1:]:
        if not word.glued:
            yield token
            token = []
        token.append(word)
    yield token


def _apart(cell: Sequence[Word], word: Word) -> bool:
    size = min(max(word.size, cell[-1].size), 14)
    return word.left - max(each.right for each in cell[-3:]) > _APART * size


def _cell(words: Sequence[Word]) -> Cell:
    largest = _largest(words)
    plain = [word for word in words if not _mark(word, largest)] or list(words)
    telling = (
        word for word in plain if re.search(r"[^\W\d_]{2}", word.text) and not _AND.fullmatch(word.text)
    )
    first = next(telling, plain[0])
    size = max(word.size for word in plain if word.font == first.font)
    return Cell(
        tuple(words),
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in plain),
        Look(size, first.bold, first.italic, first.font),
    )


def _rows(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells beside each other as rows, from top to bottom."""
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda each: (each.base, each.left)):
        row = rows[-1] if rows else []
        if row and abs(row[0].base - cell.base) < _SAME_ROW * min(row[0].look.size, cell.look.size):
            row.append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _largest(words: Sequence[Word]) -> float:
    return max(word.size for word in words)


def _mark(word: Word, largest: float) -> bool:
    """Whether a word is a mark behind a name: raised, or smaller than the `largest` beside it and no small capitals."""
    if word.rise > _RAISED * largest:
        return True
    return word.size < _SMALL * largest and not (word.text.isupper() and len(word.text) > 1)


# Names


def _text(cell: Cell) -> str:
    """The words that look like the cell's first ones; what parts them otherwise, marks too, is a break."""
    parts: list[str] = []
    largest = _largest(cell.words)
    for word in cell.words:
        here = Look(word.size, word.bold, word.italic, word.font)
        small = word.glued and word.text.isalpha() and cell.look.font == word.font
        neutral = not re.search(r"[^\W\d_]{2}", word.text) or _AND.fullmatch(word.text) or small
        if _mark(word, largest) or not (neutral or here.like(cell.look)):
            parts.append(BREAK if word.glued else f" {BREAK}")
        else:
            parts.append(word.text if word.glued else f" {word.text}")
    return re.sub(rf"(\s*{BREAK})+", BREAK, "".join(parts)).strip()


def _mended(rows: Sequence[Sequence[_Entry]]) -> Iterator[_Entry]:
    """The entries in order, those joined that are one list of names with a name broken at a line's end."""
    broken: _Entry | None = None
    for row, following in zip(rows, [*rows[1:], []], strict=False):
        for position, entry in enumerate(row):
            if broken is not None:
                entry = _Entry(f"{broken.text} {entry.text}", broken.cell)
                broken = None
            last = position == len(row) - 1
            if last and following and _breaks(entry, row[-1].cell, following[0]):
                broken = entry
            else:
                yield entry


def _breaks(entry: _Entry, cell: Cell, following: _Entry) -> bool:
    """Whether a list with commas ends within a name, which the next line goes on with."""
    one = entry.text
    if "," not in one or re.search(rf"(,|;|\band|&|{BREAK})$", one) or re.search(r"\b(and|&)\s[^,]+$", one):
        return False
    if not following.cell.look.like(cell.look) or following.cell.base - cell.base > 2 * cell.look.size:
        return False
    before, after = pieces(one), pieces(following.text)
    if not before or not after or person(f"{before[-1]} {after[0]}") is None:
        return False
    whole = person(before[-1]) is not None and person(after[0]) is not None
    return not whole or one.count(BREAK) >= len(before) - 1 > 0


def _names(entry: _Entry, first: Cell | None, above: Sequence[tuple[Cell, bool]]) -> list[str]:
    """The names of an entry, if it is set as the first names are and goes on no address."""
    found = people(entry.text) if entry.text else None
    if not found or (first is not None and not entry.cell.look.like(first.look)):
        return []
    marked = BREAK in entry.text.strip(f" {BREAK}")
    return [] if not marked and _below_address(entry.cell, above, first) else found


def _below_address(cell: Cell, above: Sequence[tuple[Cell, bool]], first: Cell | None) -> bool:
    """Whether the cell goes on a block whose line above is no name: an address's next line."""
    for other, named in reversed(above):
        if min(cell.right, other.right) > max(cell.left, other.left) and cell.base > other.base:
            unlike = first is not None and not other.look.like(first.look)
            return cell.base - other.base < _NEXT_ROW * cell.look.size and not named and not unlike
    return False


# Organisation


def _organisation_of(first: Cell, rows: Sequence[Sequence[Cell]]) -> str | None:
    """What the first author is with: the nearest cell below that names an organisation, in its own column."""
    for cell, alone in ((cell, len(row) == 1) for row in rows for cell in row):
        largest = _largest(cell.words)
        text = " ".join(word.text for word in cell.words if not _mark(word, largest))
        text = re.sub(r"\s+", " ", text).strip(" ,;.*∗†‡§¶0123456789")
        below = cell.base > first.base + 1 and (
            alone or min(cell.right, first.right) > max(cell.left, first.left)
        )
        if below and organisation(text) and _WELL_KNOWN.search(text):
            return _named_part(text)
    return None


def _named_part(text: str) -> str | None:
    """The part of an address that names the organisation, without its departments and its town."""
    parts = [part.strip() for part in re.split(r",|;| [-–—] ", text) if part.strip()]
    known = [part for part in parts if _WELL_KNOWN.search(part)]
    whole = [part for part in known if not _PART_OF_ONE.match(part)] or known
    best = next((part for part in whole if re.search("universi|college", part, re.IGNORECASE)), None)
    chosen = best or (whole[0] if whole else None)
    return chosen if chosen and len(chosen) <= 80 and "@" not in chosen else None
