"""What a model writes, taken apart into sentences while it is still being written.

Owns the many ways models spell a marker, and what of their Markdown is kept: paragraphs and list items.
Headings, tables' rules, code fences, links, images and HTML are taken off; what is left is plain text. Pure,
and total: any text is read as something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from index.invisible import visible
from index.schema import Value
from index.sentences import sentences

Lead = Literal["sentence", "item", "paragraph"]
"""How a sentence begins: in the paragraph of the one before, as a list item, or as a new paragraph."""

MOST = 60_000  # characters read of one reply; no answer is that long

_NUMBERS = r"\^?\d{1,3}(?:\s*(?:[,;]|-|–)\s*\^?\d{1,3})*"
_MARKER = (
    rf"\s*(?:\[\s*(?:passages?\s+|sources?\s+)?{_NUMBERS}\s*\](?:\([^()\s]*\))?"
    rf"|【\s*{_NUMBERS}[^】\n]{{0,40}}】)"
)
_MARKERS = re.compile(_MARKER, re.IGNORECASE)
_LATE_MARKERS = re.compile(rf"([.!?…。！？][\"'”’)*_]*)((?:{_MARKER})+)", re.IGNORECASE)
_UNFINISHED_MARKER = re.compile(r"^\s*[\[【][^\]】]{0,40}$")
_IDEOGRAPHIC_STOP = re.compile(r"(?<=[。！？])\s*(?=[^\s」』”’）])")
_ITEM = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s")
_MAY_VANISH = re.compile(r"^\s*(?:#|```|~~~|\|)")  # a heading, a fence, a table's rule
_OPEN_FORMULA = re.compile(r"^[^$]*(?:\$[^$]*\$[^$]*)*\$[^$]*$|.*\\[(\[](?!.*\\[)\]])", re.DOTALL)
_RULE = re.compile(r"^\s*(?:```.*|~~~.*|[-=*_]{3,}|\|?[\s:|-]*\|[\s:|-]*)$")
_IMAGE = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])?")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_TAG = re.compile(r"</?[A-Za-z!][^<>\n]*>|<https?://[^\s>]*>")
_ADDRESS = re.compile(r"\b(?:https?|ftp|javascript|data)\s*:\S*|\bwww\.\S+", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_JOINED_DIGITS = re.compile(r"(?<=\d)[\u200c\u200d]+")
_SPACES = re.compile(r"\s+")


class Draft(Value):
    """A sentence as plain text without its markers, and the numbers of the passages it refers to."""

    text: str
    markers: tuple[int, ...] = ()
    lead: Lead = "sentence"


class Drafts:
    """Reads a reply piece by piece; a sentence is given as soon as it is sure to have ended, markers and all."""

    def __init__(self) -> None:
        self._line = ""
        self._inside = False  # whether sentences of the line were given already
        self._lead: Lead = "paragraph"
        self._read = 0

    def feed(self, piece: str) -> list[Draft]:
        """The sentences that are whole after one more piece of the reply."""
        piece = piece[: max(MOST - self._read, 0)]
        self._read += len(piece)
        *whole, self._line = (
            (self._line + visible(piece)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        )
        found = [draft for line in whole for draft in self._ended(line)]
        return found + self._begun()

    def end(self) -> list[Draft]:
        """What is left once the reply has ended."""
        line, self._line = self._line, ""
        return list(self._ended(line))

    def _ended(self, line: str) -> Iterator[Draft]:
        inside, self._inside = self._inside, False
        if (not line.strip() and not inside) or (not inside and _is_scaffold(line)):
            self._lead = "paragraph"
        else:
            yield from self._drafts(_parted(line if inside else self._opened(line)))

    def _begun(self) -> list[Draft]:
        """The sentences of the unfinished line that something else follows; the line keeps the rest."""
        line = self._line
        if not line.strip() or (not self._inside and _MAY_VANISH.match(line)):
            return []
        *whole, last = _parted(line if self._inside else _ITEM.sub("", line)) or [""]
        if not whole or _UNFINISHED_MARKER.match(last) or _OPEN_FORMULA.match(line):
            return []
        if not self._inside:
            self._opened(line)
        self._inside = True
        found = list(self._drafts(whole))
        self._line = last + line[len(line.rstrip()) :]
        return found

    def _opened(self, line: str) -> str:
        """A line less what makes it a list item, which is noted."""
        text = _ITEM.sub("", line)
        if text != line:
            self._lead = "item"
        return text

    def _drafts(self, parts: list[str]) -> Iterator[Draft]:
        for part in parts:
            text, numbers = without_markers(part)
            text = plain(text)
            if re.search(r"\w", text):
                yield Draft(text=text, markers=numbers, lead=self._lead)
                self._lead = "sentence"


def drafts(reply: str) -> list[Draft]:
    """The sentences of a whole reply."""
    reading = Drafts()
    return reading.feed(reply) + reading.end()


def without_markers(text: str) -> tuple[str, tuple[int, ...]]:
    """The text less its markers, and the numbers these name, each once and in order: `[1, 3]`, `[2-4]`, `【5】`."""
    numbers: dict[int, None] = {}
    for marker in _MARKERS.findall(text):
        numbers |= dict.fromkeys(_spelled(re.findall(_NUMBERS, marker)[0]))
    return _MARKERS.sub("", text), tuple(numbers)


def plain(text: str) -> str:
    """Markdown's words without its links, images, addresses, HTML and emphasis, on one line."""
    text = _JOINED_DIGITS.sub("", text)
    text = _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", text)))
    text = _ADDRESS.sub(" ", text)
    for _ in range(3):
        text = _EMPHASIS.sub(r"\2", text)
    text = text.replace("`", "").strip().strip("|").replace("|", ";")
    return _SPACES.sub(" ", text).strip()


def _is_scaffold(line: str) -> bool:
    """Whether a line says nothing itself: a heading, a fence, a rule, a row of a table that refers to nothing."""
    row = line.lstrip().startswith("|") and not _MARKERS.search(line)
    return row or bool(_HEADING.match(line) or _RULE.match(line))


def _spelled(numbers: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"[,;]", numbers.replace("^", "")):
        first, _, last = part.replace("–", "-").partition("-")
        low, high = int(first), int(last or first)
        found += range(low, min(high, low + 20) + 1) if low <= high else [low, high]
    return found


def _parted(line: str) -> list[str]:
    """The sentences of a line, each with the markers that stand behind it."""
    line = _LATE_MARKERS.sub(lambda match: match[2] + match[1], line)
    whole = (line[start:end] for start, end in sentences(line))
    return [part for sentence in whole for part in _IDEOGRAPHIC_STOP.split(sentence)]
