"""Characters into words, and words into runs along one baseline.

Owns where a word ends: at a space that the file draws, or at a gap that a reader sees; what a character is written as
(ligatures, accents that fonts draw apart, presentation forms); which characters are drawn twice; and which way a page
is read when its text runs sideways. Refuses to know columns and lines: a run ends at any wide gap.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.readers.pdf.glyphs import Frame, Glyphs
from index.readers.pdf.schema import Line, Word

_WIDE = 1.0  # ems between words that stand in different runs
_GAP = 0.3  # ems between characters of different words
_LEAST_GAP = 0.06  # ems without which pdfium's spaces are kerning
_LEAST_SIDEWAYS = 150  # characters of text in another direction, from which it may be a table
_LONGEST_ASIDE = 2_000  # characters
_RAISED = 0.09  # ems off the baseline of the character before

_ACCENTS = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "˝": "\u030b", "˚": "\u030a", "ˇ": "\u030c", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
_APART = np.array(sorted(map(ord, (*_ACCENTS, *_ACCENTS.values()))))
_FOLDED = re.compile("[\ufb00-\ufdff\ufe70-\ufefc\uff01-\uff5e\u2126\u212b]+")
_RTL = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC))
_HAN = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))
_PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0x10FFFF))
_SPACES = np.array(
    [9, 10, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200C), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
)
_UNSEEN = np.array([0xFEFF, *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])


class Seen(NamedTuple):
    """The runs of words of a page in the file's order, as a reader turns it, and how it is turned from upright."""

    runs: tuple[Line, ...]
    turned: int
    width: float
    height: float
    unmapped: float
    sideways: tuple[Line, ...]
    aside: tuple[str, ...]


def seen(glyphs: Glyphs, hidden: NDArray[np.bool_], number: int) -> Seen:
    """The words that page `number` shows, without the characters that are `hidden`."""
    drawn = (glyphs.of >= 0) & ~hidden
    quarters = _per_run(glyphs, [-1 if run.quarter is None else run.quarter for run in glyphs.runs], -1)
    turn = _main_turn(quarters[drawn], glyphs.frame.quarters)
    frame = glyphs.frame.turned(turn - glyphs.frame.quarters)
    outside = np.isin(glyphs.codes, _SPACES) | np.isin(glyphs.codes, _UNSEEN) | (glyphs.codes == 0)
    kept = np.flatnonzero(drawn & ~outside & (quarters == turn))
    chars = _Characters(glyphs, kept, frame)
    turned = (turn - glyphs.frame.quarters) % 4
    sideways: list[Line] = []
    for other in range(4):
        there = np.flatnonzero(drawn & ~outside & (quarters == other)) if other != turn else kept[:0]
        if len(there) >= _LEAST_SIDEWAYS:
            quarter = (other - glyphs.frame.quarters) % 4
            runs = _Characters(glyphs, there, glyphs.frame.turned(quarter)).lines(number)
            sideways.extend(run._replace(turned=quarter) for run in runs)
    unmapped = float(chars.unmapped.mean()) if len(kept) else 0.0
    return Seen(
        tuple(run._replace(turned=turned) for run in chars.lines(number)),
        turned,
        frame.width,
        frame.height,
        unmapped,
        tuple(sideways),
        _aside(glyphs, drawn & (quarters != turn)),
    )


def _aside(glyphs: Glyphs, elsewhere: NDArray[np.bool_]) -> tuple[str, ...]:
    """What is written in other directions, as a line each where there is not too much of it."""
    if not 3 < elsewhere.sum() < _LONGEST_ASIDE:
        return ()
    spaces = np.isin(glyphs.codes, _SPACES) & (glyphs.of < 0)
    codes = _written(np.where(spaces, 32, glyphs.codes))[elsewhere | spaces]
    text = " ".join("".join(map(chr, codes.tolist())).split())
    return (text,) if text else ()


def _per_run(
    glyphs: Glyphs, values: list[int] | list[float] | list[bool], otherwise: float
) -> NDArray[np.float64]:
    """A run's value for each of its characters."""
    return np.array([*values, otherwise], dtype=np.float64)[glyphs.of]


def _main_turn(quarters: NDArray[np.float64], upright: int) -> int:
    """The direction of most of a page's characters; upright where it is not clear."""
    counts = [int((quarters == quarter).sum()) for quarter in range(4)]
    best = max(range(4), key=counts.__getitem__)
    return best if counts[best] > 2 * counts[upright] else upright


class _Characters:
    """The characters of a page that are read, each beside the one before it."""

    def __init__(self, glyphs: Glyphs, kept: NDArray[np.int64], frame: Frame) -> None:
        boxes, of = glyphs.boxes[kept], glyphs.of[kept]
        left, top = frame.seen(boxes[:, 0], boxes[:, 3])
        right, bottom = frame.seen(boxes[:, 2], boxes[:, 1])
        sizes = _per_run(glyphs, [run.size for run in glyphs.runs], 0.0)[kept]
        drops = _per_run(glyphs, [run.drop for run in glyphs.runs], 0.0)[kept]
        bold = _per_run(glyphs, [run.bold for run in glyphs.runs], 0.0)[kept]
        self.glyphs = glyphs
        codes = glyphs.codes[kept]
        lefts, rights = np.minimum(left, right), np.maximum(left, right)
        tops, bottoms = np.minimum(top, bottom), np.maximum(top, bottom)
        lines = bottoms - drops
        once = ~_drawn_before(codes, lefts, lines, sizes, of)
        self.place, self.of, self.codes = kept[once], of[once], _written(codes[once])
        self.left, self.right, self.top, self.bottom = lefts[once], rights[once], tops[once], bottoms[once]
        self.line, self.size, self.bold = lines[once], sizes[once], bold[once]
        self._join_accents()
        self.unmapped = (self.codes == 0xFFFD) | _within(self.codes, _PRIVATE)

    def _join_accents(self) -> None:
        """Puts accents that are drawn apart on the letters that they stand over, where there is such a letter."""
        joined = []
        for place in np.flatnonzero(np.isin(self.codes, _APART)).tolist():
            middle = (self.left[place] + self.right[place]) / 2
            near = np.abs(self.line - self.line[place]) < 0.45 * self.size[place]
            under = np.flatnonzero(near & (self.left <= middle) & (self.right >= middle))
            for base in under.tolist():
                letter = _accented(chr(self.codes[base]), chr(self.codes[place]))
                if base != place and letter:
                    self.codes[base] = ord(letter)
                    joined.append(place)
                    break
        if joined:
            for name in ("place", "of", "codes", "left", "right", "top", "bottom", "line", "size", "bold"):
                setattr(self, name, np.delete(getattr(self, name), joined))

    def lines(self, number: int) -> list[Line]:
        if not len(self.codes):
            return []
        ends_run, ends_word, glued = self._breaks()
        starts = np.flatnonzero(ends_run | ends_word | glued)
        words = self._words(starts, (glued & ~ends_word)[starts])
        heads = np.flatnonzero(ends_run[starts]).tolist()
        return [
            Line(number, _with_rise(words[head:end], self.line[starts[head:end]].tolist()))
            for head, end in zip(heads, [*heads[1:], len(words)], strict=True)
        ]

    def _breaks(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Where a run begins, where a word begins, and where a part of one does that looks otherwise."""
        size = np.maximum(self.size, np.roll(self.size, 1)) + 1e-6
        least = np.minimum(self.size, np.roll(self.size, 1)) + 1e-6
        gap = (self.left - np.roll(self.right, 1)) / size
        rtl = _within(self.codes, _RTL)
        leftward = rtl | (np.roll(rtl, 1) & (self.right < np.roll(self.left, 1) + 0.1 * size))
        gap = np.where(leftward, (np.roll(self.left, 1) - self.right) / size, gap)
        back = np.where(leftward, 0.0, (np.roll(self.left, 1) - self.left) / size)
        shift = np.abs(self.line - np.roll(self.line, 1)) / size
        run = (shift > 0.75) | (gap > _WIDE) | (back > 0.8) | (size > 2.2 * least)
        drawn, made = self._spaces_before()
        word = run | drawn | (made & (gap > _LEAST_GAP)) | (gap > _GAP)
        part = (shift > _RAISED) | (self.bold != np.roll(self.bold, 1)) | self._after_han()
        run[0] = word[0] = True
        return run, run | word, part & ~run & ~word

    def _spaces_before(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where a space that the file draws comes before a character, and where one that pdfium made up does."""
        spaces = np.isin(self.glyphs.codes, _SPACES)
        drawn = np.concatenate(([0], np.cumsum(spaces & (self.glyphs.of >= 0))))
        made = np.concatenate(([0], np.cumsum(self.glyphs.of < 0)))
        before = np.concatenate(([0], self.place[:-1]))
        return drawn[self.place] > drawn[before], made[self.place] > made[before]

    def _after_han(self) -> NDArray[np.bool_]:
        han = _within(self.codes, _HAN)
        return han | np.roll(han, 1)

    def _words(self, starts: NDArray[np.int64], glued: NDArray[np.bool_]) -> list[Word]:
        text = "".join(map(chr, self.codes.tolist()))
        ends = [*starts[1:].tolist(), len(text)]
        plain = text.isascii()
        texts = [text[start:end] for start, end in zip(starts.tolist(), ends, strict=True)]
        sides = (
            np.minimum.reduceat(self.left, starts),
            np.minimum.reduceat(self.top, starts),
            np.maximum.reduceat(self.right, starts),
            np.maximum.reduceat(self.bottom, starts),
        )
        sizes = np.round(np.maximum.reduceat(self.size, starts), 1).tolist()
        runs = self.glyphs.runs
        rows = zip(
            texts,
            *(side.tolist() for side in sides),
            sizes,
            self.of[starts].tolist(),
            glued.tolist(),
            strict=True,
        )
        return [
            Word(
                written if plain else composed(written),
                *(left, top, right, bottom, size),
                *(runs[of].font, runs[of].bold, runs[of].italic, 0.0, together),
            )
            for written, left, top, right, bottom, size, of, together in rows
        ]


def composed(written: str) -> str:
    """A word as it is written: ligatures and presentation forms as letters, marks on theirs."""
    if written.isascii():
        return written
    folded = _FOLDED.sub(lambda found: unicodedata.normalize("NFKC", found.group()), written)
    return unicodedata.normalize("NFC", folded)


def _accented(letter: str, accent: str) -> str:
    """The letter with the accent, as one character; empty where there is none."""
    bare = {"ı": "i", "ȷ": "j"}.get(letter, letter)
    whole = unicodedata.normalize("NFC", bare + _ACCENTS.get(accent, accent)) if bare.isalpha() else ""
    return whole if len(whole) == 1 else ""


def _written(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code points that can be written: pdfium's mark for a hyphen at a line's end as one, the rest as U+FFFD."""
    codes = np.where((codes == 2) | (codes == 0xAD), ord("-"), codes)
    broken = (codes < 32) | ((codes >= 0x7F) & (codes < 0xA0)) | ((codes & 0xFFFE) == 0xFFFE)
    broken |= (codes >= 0xD800) & (codes < 0xE000) | (codes > 0x10FFFF) | _within(codes, _PRIVATE)
    return np.where(broken, 0xFFFD, codes)


def _within(codes: NDArray[np.int64], ranges: tuple[tuple[int, int], ...]) -> NDArray[np.bool_]:
    found = np.zeros(len(codes), dtype=bool)
    for first, last in ranges:
        found |= (codes >= first) & (codes <= last)
    return found


def _drawn_before(
    codes: NDArray[np.int64],
    left: NDArray[np.float64],
    line: NDArray[np.float64],
    size: NDArray[np.float64],
    of: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Characters that are drawn again nearly where they are already, as some programs make bold."""
    order = np.lexsort((np.arange(len(codes)), left, np.round(line / 3), codes))
    one, other = order[:-1], order[1:]
    near = 0.15 * size[other]
    again = (codes[one] == codes[other]) & (np.abs(left[one] - left[other]) < near)
    again &= (np.abs(line[one] - line[other]) < near) & (np.abs(size[one] - size[other]) < near)
    again &= (of[one] != of[other]) | (np.abs(one - other) > 1)  # "ff" is one glyph at one place
    found = np.zeros(len(codes), dtype=bool)
    found[np.maximum(one, other)[again]] = True
    return found


def _with_rise(words: list[Word], lines: list[float]) -> tuple[Word, ...]:
    """A run's words with their rise above its baseline, that of most of its largest characters."""
    if max(lines) - min(lines) < 0.05 * words[0].size:
        return tuple(words)
    largest = max(word.size for word in words)
    weights: dict[float, int] = {}
    for word, line in zip(words, lines, strict=True):
        if word.size > 0.85 * largest:
            weights[round(line, 1)] = weights.get(round(line, 1), 0) + len(word.text)
    base = max(weights, key=weights.__getitem__)
    return tuple(word._replace(rise=round(base - line, 1)) for word, line in zip(words, lines, strict=True))
