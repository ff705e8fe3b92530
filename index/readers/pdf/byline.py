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
_SAME_ROW = 0.5  # of the lower height
_NEXT_ROW = 1.1  # heights of a line between rows of one block
_WELL_KNOWN = re.compile(
    r"universit|universid|college|institut|hochschule|laborator|corporation|\binc\b|\bltd\b|research|"
    r"academy|hospital|school of (economics|mines)|polytech|\b(AI|MIT|ETH|EPFL)\b",
    re.IGNORECASE,
)
_PART_OF_ONE = re.compile(
    r"^(the )?(dep(t|artment|artamento|artement)|school|faculty|division|group|cent(er|re) for|lab)\b", re.IGNORECASE
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
    """Words of one line without a wide gap between them, as a byline's columns are set."""

    words: tuple[Word, ...]
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def look(self) -> Look:
        """The look of its first word that is no mark."""
        plain = [word for word in self.words if not _mark(word, self.words)] or list(self.words)
        first = next((word for word in plain if re.search(r"[^\W\d_]{2}", word.text)), plain[0])
        size = max(word.size for word in plain if word.font == first.font)
        return Look(size, first.bold, first.italic, first.font)


class Byline(NamedTuple):
    """The names in the order of the page, and the organisation of the first where it is clear."""

    authors: tuple[str, ...]
    organization: str | None


def cells_of(line: Line) -> Iterator[Cell]:
    """The line's words in cells, from left to right."""
    words = [line.words[0]]
    for word in line.words[1:]:
        if word.left - max(each.right for each in words[-3:]) > _APART * min(max(word.size, words[-1].size), 14):
            yield _cell(words)
            words = []
        words.append(word)
    yield _cell(words)


def byline(lines: Sequence[Line]) -> Byline:
    """The authors that these lines name, which stand between a title and an abstract."""
    rows = _rows([cell for line in lines for cell in cells_of(line)])
    named: list[str] = []
    look: Look | None = None
    open_list = False
    above: list[tuple[Cell, bool]] = []  # cells of the rows before, and whether each named somebody
    first: Cell | None = None
    for row in rows:
        single = len(row) == 1
        for cell in row:
            text = _text(cell, look)
            found = people(text) if text else None
            if found and not (look is None or cell.look.like(look)):
                found = None
            if found and not text.strip(f" {BREAK}").count(BREAK) and _below_affiliation(cell, above, look):
                found = None
            if open_list and single and named and text and (look is None or cell.look.like(look)):
                joined = _joined(named[-1], text)
                if joined:
                    named[-1:] = joined
                    found, text_end = joined, text
                    open_list = _stays_open(text_end)
                    above.append((cell, True))
                    continue
            above.append((cell, bool(found)))
            if found:
                if look is None:
                    look, first = cell.look, cell
                named += [name for name in found if name not in named]
                open_list = single and _stays_open(text)
            elif text:
                open_list = False
    return Byline(tuple(named), _organisation_of(first, rows, look) if first else None)


def _cell(words: Sequence[Word]) -> Cell:
    return Cell(
        tuple(words),
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )


def _rows(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells beside each other as rows, from top to bottom."""
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda each: (_line_of(each), each.left)):
        row = rows[-1] if rows else []
        if row and abs(_line_of(row[0]) - _line_of(cell)) < _SAME_ROW * min(map(_height, (row[0], cell))):
            row.append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _line_of(cell: Cell) -> float:
    """The lower edge of its words on the baseline."""
    plain = [word.bottom for word in cell.words if not _mark(word, cell.words)]
    return max(plain or [cell.bottom])


def _height(cell: Cell) -> float:
    return max(cell.look.size, 4.0)


def _mark(word: Word, words: Sequence[Word]) -> bool:
    """Whether a word is a mark behind a name: raised, or small and no small capitals."""
    largest = max(each.size for each in words)
    if word.rise > _RAISED * largest:
        return True
    return word.size < _SMALL * largest and not (word.text.isupper() and len(word.text) > 1)


def _text(cell: Cell, look: Look | None) -> str:
    """The cell's words as far as they look like its first ones, with a break for each mark."""
    own = cell.look
    parts: list[str] = []
    for word in cell.words:
        if _mark(word, cell.words):
            parts.append(BREAK)
            continue
        here = Look(word.size, word.bold, word.italic, word.font)
        letters = len(re.findall(r"[^\W\d_]", word.text)) > 1
        if letters and not here.like(own) and word.text.casefold() not in ("and", "und", "et", "&"):
            if word.glued and word.text.isalpha() and own.font == word.font:
                pass
            else:
                parts.append(f" {BREAK}")
                if "@" in word.text:
                    continue
                rest = cell.words[cell.words.index(word) :]
                parts += _later(rest, own)
                break
        parts.append(word.text if word.glued else f" {word.text}")
    return "".join(parts).strip()


def _later(rest: Sequence[Word], own: Look) -> Iterator[str]:
    """Of what follows another look, the words that look like the first ones again: the next name in the line."""
    away = True
    for word in rest:
        here = Look(word.size, word.bold, word.italic, word.font)
        if _mark(word, rest) or not here.like(own) or "@" in word.text:
            if not away:
                yield BREAK
            away = True
            continue
        away = False
        yield word.text if word.glued else f" {word.text}"


def _below_affiliation(cell: Cell, above: Sequence[tuple[Cell, bool]], look: Look | None) -> bool:
    """Whether the cell goes on a block whose line above is no name: an address's next line."""
    for other, names in reversed(above):
        overlap = min(cell.right, other.right) - max(cell.left, other.left)
        close = _line_of(cell) - _line_of(other) < _NEXT_ROW * 1.35 * _height(cell)
        if overlap > 0 and 0 < _line_of(cell) - _line_of(other):
            unlike = look is not None and not other.look.like(look)
            return close and not names and not unlike
    return False


def _stays_open(text: str) -> bool:
    """Whether a line of names may go on in the next: it has commas or marks, and no end."""
    end = text.rstrip()
    if re.search(r"(,|;|\band|&)$", end) or not re.search(rf"[,{BREAK}]", end):
        return False
    return not end.endswith(BREAK) and not re.search(r"(,|\b)\s*(and|&)\s[^,]+$", end) and "," in end


def _joined(last: str, text: str) -> list[str] | None:
    """The name that a line broke, with the names after it; None where the line begins with a whole name."""
    parts = pieces(text)
    if not parts:
        return None
    whole = person(f"{last} {parts[0]}")
    rest = people(BREAK.join(parts[1:])) if parts[1:] else []
    alone = person(parts[0])
    if whole is None or rest is None or (alone and len(parts[0].split()) > 2):
        return None
    return [whole, *rest]


def _organisation_of(first: Cell, rows: Sequence[Sequence[Cell]], look: Look | None) -> str | None:
    """What the first author is with: the nearest cell below that names an organisation, in its own column."""
    below = [cell for row in rows for cell in row if _line_of(cell) > _line_of(first) + 1]
    for cell in below:
        overlaps = min(cell.right, first.right) - max(cell.left, first.left) > 0
        text = " ".join("" if _mark(word, cell.words) else word.text for word in cell.words)
        text = re.sub(r"\s+", " ", text).strip(" ,;.*∗†‡§¶0123456789")
        if "@" in text or not overlaps or (look and people(text) and cell.look.like(look)):
            continue
        if organisation(text) and _WELL_KNOWN.search(text):
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
