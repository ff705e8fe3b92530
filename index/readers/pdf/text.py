"""Blocks into one text, every word of which keeps its place.

Owns the order of what stands apart from the running text (captions, tables, notes follow the paragraph that they
interrupt), how lines are joined (a word that is parted at a line's end becomes one again, with a box for each part),
and the sections. The text and the places of its words come from one list of words, so that they cannot disagree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index.layout import Box, PlacedWord
from index.readers.pdf.blocks import Block
from index.readers.pdf.headings import ABSTRACTS, REFERENCES, plain_name
from index.readers.pdf.references import entries, first_entry
from index.readers.pdf.schema import Line, PageText, Word
from index.readers.pdf.style import cells_of
from index.schema import PartKind, Section

_HYPHENS = "-‐\u00ad"
_PREFIXES = frozenset(
    {"non", "self", "semi", "quasi", "so", "state", "well", "ill", "long", "short", "high", "low"}
)
_SUFFIXES = frozenset({
    "based", "level", "wise", "style", "aware", "free", "like", "trained", "tuned", "specific", "driven", "oriented",
    "dependent", "related", "shot", "scale", "centric", "grained", "agnostic", "supervised", "of", "to", "art", "term",
})  # fmt: skip
_APPENDIX = re.compile(
    r"(appendix|appendices|annex|supplement|[A-Z](\.\d+)*\.?\s+\S|checklist|author)", re.IGNORECASE
)


class Composed(NamedTuple):
    """A text, where its words stand, and its sections."""

    text: str
    words: tuple[PlacedWord, ...]
    sections: tuple[Section, ...]


class Part(NamedTuple):
    """Paragraphs of one kind under one name."""

    name: str | None
    kind: PartKind
    heading: Block | None
    paragraphs: tuple[Block, ...]


def compose(blocks: Sequence[Block], pages: Sequence[PageText]) -> Composed:
    """The text of blocks in reading order."""
    writing = _Writing(pages, vocabulary(blocks))
    for part in parts_of(blocks):
        writing.part(part)
    return Composed("".join(writing.pieces), tuple(writing.words), tuple(writing.sections))


def vocabulary(blocks: Sequence[Block]) -> Counter[str]:
    """The words, whole and with their hyphens, that stand within lines, in small letters."""
    found: Counter[str] = Counter()
    for block in blocks:
        for line in block.lines:
            text = line.text.casefold()
            found.update(re.findall(r"\w+(?:[-‐]\w+)*", text[: -len(line.words[-1].text)]))
    return found


def parts_of(blocks: Sequence[Block]) -> list[Part]:
    """The parts of a paper: each heading with its paragraphs; captions, tables and references as their own."""
    parts: list[Part] = []
    name: str | None = None
    kind: PartKind = "text"
    heading: Block | None = None
    flowing = list(_flowing(blocks))
    unheaded = None if _headed(flowing) else _list_start(flowing)
    for position, block in enumerate(flowing):
        if position == unheaded:
            name, kind = "References", "references"
        if block.kind == "heading":
            name = block.name
            if plain_name(name or "") in REFERENCES:
                kind = "references"
            elif kind != "references" or _ends_references(block, parts):
                kind = "text"
            heading = block if block.lines else None
            parts.append(Part(name, kind, heading, ()))
        elif block.kind in ("caption", "table"):
            apart: PartKind = "table" if block.kind == "table" or _tabled(block, blocks) else "caption"
            _add(parts, Part(block.name, apart, None, (block,)))
        else:
            _add(parts, Part(name, kind, None, (block,)))
    return [_with_entries(part) if part.kind == "references" else part for part in parts]


def _headed(blocks: Sequence[Block]) -> bool:
    return any(block.kind == "heading" and plain_name(block.name or "") in REFERENCES for block in blocks)


def _list_start(blocks: Sequence[Block]) -> int | None:
    """The place of the block with which references begin that have no heading."""
    places = [place for place, block in enumerate(blocks) if block.kind in ("text", "item") and block.lines]
    start = first_entry([blocks[place].lines[0].text for place in places])
    return None if start is None else places[start]


def _add(parts: list[Part], part: Part) -> None:
    last = parts[-1] if parts else None
    if last is not None and (last.name, last.kind) == (part.name, part.kind):
        parts[-1] = last._replace(paragraphs=(*last.paragraphs, *part.paragraphs))
    else:
        parts.append(part)


def _tabled(caption: Block, blocks: Sequence[Block]) -> bool:
    """Whether a caption's table is among the blocks."""
    return any(block.kind == "table" and block.name == caption.name for block in blocks)


def _ends_references(block: Block, parts: Sequence[Part]) -> bool:
    """Whether a heading after the references begins something else, and is no heading of a part of them."""
    return bool(parts and parts[-1].paragraphs) and (
        _APPENDIX.match(block.name or "") is not None or len((block.name or "").split()) > 1
    )


def _with_entries(part: Part) -> Part:
    lines = [line for block in part.paragraphs for line in block.lines]
    return part._replace(paragraphs=tuple(Block("item", entry) for entry in entries(lines)))


# What goes on where


def _flowing(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with paragraphs whole that a column's end or a figure parts, and what parted them after them."""
    waiting: list[Block] = []
    running: Block | None = None
    for block in _tables_together(blocks):
        if block.kind in ("caption", "table", "note"):
            waiting.append(block)
            continue
        if running is not None and block.kind == "text" and _goes_on(running, block):
            running = running._replace(lines=(*running.lines, *block.lines))
            continue
        if running is not None and _stands_aside(running, block):
            waiting.append(block)
            continue
        if running is not None:
            yield running
        yield from waiting
        waiting = []
        running = block
    if running is not None:
        yield running
    yield from waiting


def _tables_together(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with each table after its caption."""
    captions = {block.name for block in blocks if block.kind == "caption"}
    early: dict[str | None, list[Block]] = {}
    for block in blocks:
        if block.kind == "table" and block.name in captions:
            early.setdefault(block.name, []).append(block)
    for block in blocks:
        if block.kind == "caption":
            yield block
            yield from early.pop(block.name, ())
        elif not (block.kind == "table" and block.name in captions):
            yield block


def _goes_on(running: Block, block: Block) -> bool:
    """Whether a paragraph goes on in a block: it ends in the midst of a sentence, and the block begins there."""
    if running.kind not in ("text", "item"):
        return False
    last, first = running.lines[-1], block.lines[0]
    if last.page == first.page and last.column == first.column and first.top > last.top:
        near = first.top - last.bottom < 0.6 * last.size
        if near and not first.text[0].islower():
            return False
    if abs(last.size - first.size) > 0.06 * last.size:
        return False
    ending, opening = last.text.rstrip()[-1], first.text[0]
    left, right = last.column
    full = last.right > right - 0.1 * (right - left)
    if ending in _HYPHENS:
        return full
    if ending in ".?!:”":
        return False
    return opening.islower() or (full and (last.page, last.column) != (first.page, first.column))


def _stands_aside(running: Block, block: Block) -> bool:
    """Whether smaller text, such as a table's notes, interrupts a paragraph in the midst of a sentence."""
    if running.kind not in ("text", "item") or block.kind not in ("text", "item") or len(running.lines) < 2:
        return False
    last, first = running.lines[-1], block.lines[0]
    return last.text.rstrip()[-1] not in ".?!:”)" and first.size < 0.94 * last.size


# Writing


class _Writing:
    """The text as it grows."""

    def __init__(self, pages: Sequence[PageText], known: Counter[str]) -> None:
        self.pages = {page.number: page for page in pages}
        self.known = known
        self.pieces: list[str] = []
        self.length = 0
        self.words: list[PlacedWord] = []
        self.sections: list[Section] = []

    def part(self, part: Part) -> None:
        if part.heading is not None:
            self._paragraph(part.heading)
        if not part.paragraphs:
            return
        started: int | None = None
        for block in part.paragraphs:
            rows = block.lines if block.kind == "table" else (None,)
            for row in rows:
                start = self._row(row) if row is not None else self._paragraph(block)
                started = start if started is None else started
        if started is not None and self.length > started:
            page = part.paragraphs[0].lines[0].page
            name = (
                "Abstract" if plain_name(part.name or "") in ABSTRACTS and part.kind == "text" else part.name
            )
            self.sections.append(
                Section(name=name, start=started, end=self.length, page=page, kind=part.kind)
            )

    def _paragraph(self, block: Block) -> int:
        start = self._break()
        for position, line in enumerate(block.lines):
            after = block.lines[position + 1] if position + 1 < len(block.lines) else None
            self._line(line, after)
        return start

    def _row(self, line: Line) -> int:
        start = self._break()
        for position, cell in enumerate(cells_of(line)):
            if position:
                self._write(" | ")
            self._line(line._replace(words=cell), None)
        return start

    def _break(self) -> int:
        if self.length:
            self._write("\n\n")
        return self.length

    def _line(self, line: Line, after: Line | None) -> None:
        for position, word in enumerate(line.words):
            if position and not word.glued:
                self._write(" ")
            last = position == len(line.words) - 1
            text, joint = self._joined(line, after) if last and after is not None else (word.text, "")
            self._place(word, line.page, line.turned, text)
            self._write(joint)

    def _joined(self, line: Line, after: Line) -> tuple[str, str]:
        """A line's last word as it is written before the next line, and what stands between."""
        word, following = line.words[-1].text, after.words[0].text
        if word[-1] in _HYPHENS and len(word) > 1 and word[-2].isalnum():
            if not following[0].isalnum():
                return word, ""
            whole = _whole_word(line)
            return (word, "") if self._keeps_hyphen(whole, following) else (word[:-1], "")
        if word[-1] in "–—/" and len(word) > 1 and following[0].isalnum():
            return word, ""
        if _is_han(word[-1]) and _is_han(following[0]):
            return word, ""
        return word, " "

    def _keeps_hyphen(self, word: str, following: str) -> bool:
        """Whether a hyphen at a line's end belongs to the word, as the rest of the text writes it."""
        if not following[0].isalpha() or not word[-2].isalpha():
            return True
        before = re.sub(r"^\W+", "", word[:-1].casefold())
        rest = re.match(r"\w*", following.casefold())
        after = rest.group() if rest else ""
        hyphened, plain = self.known[f"{before}-{after}"], self.known[before + after]
        if hyphened or plain:
            return hyphened > plain
        if not following[0].islower() or "-" in before or before in _PREFIXES or after in _SUFFIXES:
            return True
        if before.endswith("ly") and len(before) > 4:
            return True
        return min(len(before), len(after)) > 3 and bool(self.known[before] and self.known[after])

    def _place(self, word: Word, page: int, turned: int, text: str) -> None:
        start = self.length
        self._write(text)
        if text:
            box = upright(word, self.pages[page], turned)
            self.words.append(PlacedWord(start, self.length, box))

    def _write(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)


def _whole_word(line: Line) -> str:
    """The line's last word with the parts that are glued to it."""
    text = ""
    for word in reversed(line.words):
        text = word.text + text
        if not word.glued:
            break
    return text


def _is_han(letter: str) -> bool:
    return (
        0x2E80 <= ord(letter) <= 0x9FFF or 0xF900 <= ord(letter) <= 0xFAFF or 0xFF00 <= ord(letter) <= 0xFFEF
    )


def upright(word: Word, page: PageText, turned: int) -> Box:
    """The box of a word that is seen `turned` on the page as it is shown."""
    left, top, right, bottom = word.left, word.top, word.right, word.bottom
    width, height = (page.height, page.width) if (turned - page.turned) % 2 else (page.width, page.height)
    if turned == 1:
        left, top, right, bottom = top, width - right, bottom, width - left
    elif turned == 2:
        left, top, right, bottom = width - right, height - bottom, width - left, height - top
    elif turned == 3:
        left, top, right, bottom = height - bottom, left, height - top, right
    return Box(page.number, left, top, right, bottom)
