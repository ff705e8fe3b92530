"""Lines into blocks: paragraphs, headings, captions, tables, notes.

Owns where a block begins and what it is, from how its lines stand and look beside the body's: gaps, indents, sizes,
bold letters, words such as "Figure 3". What is text inside a figure is left out. Refuses to know how blocks become one
text, and which are front matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from index.readers.pdf.headings import heading, numbered
from index.readers.pdf.schema import Line, Word
from index.readers.pdf.style import (
    CAPTION,
    Style,
    body_like,
    cells_of,
    gap_between,
    runs_on,
    same_column,
    tabular,
)

BlockKind = Literal["text", "item", "heading", "caption", "table", "note"]

_LABEL = re.compile(CAPTION.pattern + r"\s*([:.|–—]|\)|$|\s(?-i:[A-Z]))", re.IGNORECASE)
_ITEM = re.compile(
    r"(•|▪|◦|‣|·|●|■|➢|✓|–\s|—\s|-\s|\*\s|\(?([ivx]{1,5}|[a-z]|\d{1,2})\)\s|\d{1,2}\.\s|\[\d{1,4}\])"
)
_MARK = re.compile(r"[∗*†‡§¶♣♠♢♦⋆]|\d{1,3}(?=\D)")
_PITCH = 1.38  # usual distances of lines, beyond which a paragraph ends
_APART = 4.0  # line heights that rows of one table are apart at most


class Block(NamedTuple):
    """Lines that belong together; `name` is a heading's text, or "Table 2" for what belongs to that caption."""

    kind: BlockKind
    lines: tuple[Line, ...]
    name: str | None = None


def blocks_of(lines: Sequence[Line], style: Style) -> list[Block]:
    """The blocks of lines in reading order, over all pages."""
    kinds: list[tuple[BlockKind, int] | None] = [None] * len(lines)
    names: dict[int, str] = {}
    _mark_captions(lines, style, kinds, names)
    dropped = _mark_rows(lines, style, kinds, names)
    _mark_notes(lines, style, kinds)
    kept = [position for position in range(len(lines)) if position not in dropped]
    return list(_grouped([lines[at] for at in kept], [kinds[at] for at in kept], names, style))


def _grouped(
    lines: Sequence[Line],
    kinds: Sequence[tuple[BlockKind, int] | None],
    names: dict[int, str],
    style: Style,
) -> Iterator[Block]:
    position = 0
    while position < len(lines):
        marked = kinds[position]
        end = position + 1
        if marked is not None:
            while end < len(lines) and kinds[end] == marked:
                end += 1
            yield Block(marked[0], tuple(lines[position:end]), names.get(marked[1]))
        elif (name := heading(lines, position, style)) is not None:
            end = position + name.lines
            yield Block("heading", tuple(lines[position:end]), name.text)
            if name.rest:
                yield Block("text", (name.rest,))
        else:
            while (
                end < len(lines)
                and kinds[end] is None
                and not _begins(lines, position, end, style)
                and heading(lines, end, style) is None
            ):
                end += 1
            kind: BlockKind = "item" if _ITEM.match(lines[position].text) else "text"
            yield Block(kind, tuple(lines[position:end]))
        position = end


def _begins(lines: Sequence[Line], first: int, position: int, style: Style) -> bool:
    """Whether a paragraph begins at a line, after one that began at `first`."""
    before, line = lines[position - 1], lines[position]
    if not same_column(before, line):
        return True
    pitch = line.bottom - before.bottom
    if pitch > _PITCH * style.pitch_of(line.size) or abs(line.size - before.size) > 0.09 * line.size:
        return True
    em, item = line.size, _ITEM.match(line.text)
    if _ITEM.match(lines[first].text):
        return bool(item) and line.left < lines[first].left + 0.5 * em
    if item and (_ends_short(before) or line.left > before.left + 0.5 * em):
        return True
    indent = line.left - line.column[0] - max(before.left - before.column[0], 0.0)
    if 0.7 * em < indent < 4 * em and line.right > line.column[0] + 6 * em:
        return True
    return _ends_short(before) and _opens(line.text)


def _ends_short(line: Line) -> bool:
    """Whether a line ends a sentence well before its column does."""
    left, right = line.column
    return line.right < right - 0.15 * (right - left) and line.text[-1:] in ".?!:;”)"


def _opens(text: str) -> bool:
    return not text[:1].islower()


# Captions, tables and figures


def _mark_captions(
    lines: Sequence[Line], style: Style, kinds: list[tuple[BlockKind, int] | None], names: dict[int, str]
) -> None:
    labels = {position: label for position, line in enumerate(lines) if (label := _LABEL.match(line.text))}
    marks = Counter(label.group(3).strip()[:1] for label in labels.values())
    usual = max(
        (mark for mark in marks if mark in (":", ".", "|", "–", "—")), key=marks.__getitem__, default=""
    )
    for position, label in labels.items():
        if kinds[position] is not None or not _is_label(lines, position, label, style, usual):
            continue
        names[position] = _label_name(label)
        end = position + 1
        while end < len(lines) and end - position < 60 and _continues(lines, position, end, style):
            end += 1
        for at in range(position, end):
            kinds[at] = ("caption", position)


def _is_label(lines: Sequence[Line], position: int, label: re.Match[str], style: Style, usual: str) -> bool:
    """Whether a line that opens with "Figure 3" is a caption and not a sentence that does."""
    line = lines[position]
    looks = (
        line.words[0].bold
        or abs(line.size - style.size) > 0.03 * style.size
        or line.words[0].font != style.font
    )
    if position:
        before = lines[position - 1]
        close = same_column(before, line) and line.bottom - before.bottom < 1.25 * style.pitch_of(line.size)
        alike = abs(before.size - line.size) < 0.05 * line.size
        goes_on = alike and not _ends_sentence(before) and len(before.words) > 3
        if goes_on and (close or not (looks or label.group(3).strip() == ":")):
            return False
    mark = label.group(3).strip()
    return mark == usual or looks or mark == ""


def _ends_sentence(line: Line) -> bool:
    return line.text.rstrip()[-1:] in ".?!:)”"


def _label_name(label: re.Match[str]) -> str:
    word, number = label.group(1), label.group(2)
    whole = {"fig": "Figure", "fig.": "Figure", "tab": "Table", "tab.": "Table"}.get(word.casefold(), word)
    return f"{whole.capitalize() if whole.isupper() else whole} {number}"


def _continues(lines: Sequence[Line], first: int, position: int, style: Style) -> bool:
    """Whether a line goes on the caption that began at `first`."""
    before, line = lines[position - 1], lines[position]
    if not same_column(before, line) or _LABEL.match(line.text):
        return False
    close = line.bottom - before.bottom < 1.3 * style.pitch_of(line.size)
    alike = abs(line.size - lines[first].size) < 0.06 * line.size
    if not (close and alike) or len(cells_of(line)) > 2:
        return False
    wide = before.right > before.column[1] - 0.25 * (before.column[1] - before.column[0])
    label = _LABEL.match(before.text)
    alone = label is not None and len(before.text) <= label.end() + 1
    full = alone or before.right - before.left > 0.5 * (line.right - line.left)
    return (alone or wide or not _ends_sentence(before)) and full


def _mark_rows(
    lines: Sequence[Line], style: Style, kinds: list[tuple[BlockKind, int] | None], names: dict[int, str]
) -> frozenset[int]:
    """Marks the rows of tables beside their captions; returns the places of text in figures."""
    spans = _caption_spans(kinds)
    below = above = 0
    tables = [span for span in spans if _is_table(names[span[0]])]
    for start, end in tables:
        below += _rows_count(lines, kinds, style, end, 1)
        above += _rows_count(lines, kinds, style, start - 1, -1)
    for start, end in tables:
        down, up = _rows(lines, kinds, style, end, 1), _rows(lines, kinds, style, start - 1, -1)
        chosen = (down or up) if below >= above else (up or down)
        for at in chosen:
            kinds[at] = ("table", start)
    dropped: set[int] = set()
    for start, _ in spans:
        if not _is_table(names[start]) and not re.match("algor|listing|box", names[start], re.IGNORECASE):
            dropped.update(_figure_text(lines, kinds, style, start))
    return frozenset(dropped)


def _is_table(name: str) -> bool:
    return re.match("tab|表|표", name, re.IGNORECASE) is not None


def _caption_spans(kinds: Sequence[tuple[BlockKind, int] | None]) -> list[tuple[int, int]]:
    spans: dict[int, int] = {}
    for position, marked in enumerate(kinds):
        if marked is not None and marked[0] == "caption":
            spans[marked[1]] = position + 1
    return sorted(spans.items())


def _rows_count(
    lines: Sequence[Line],
    kinds: Sequence[tuple[BlockKind, int] | None],
    style: Style,
    start: int,
    step: int,
) -> int:
    return 1 if len(_rows(lines, kinds, style, start, step)) >= 2 else 0


def _rows(
    lines: Sequence[Line],
    kinds: Sequence[tuple[BlockKind, int] | None],
    style: Style,
    start: int,
    step: int,
) -> list[int]:
    """The places of the rows that follow a caption in one direction; none where they are no table."""
    found: list[int] = []
    last, position = 0, start
    while 0 <= position < len(lines) and kinds[position] is None:
        line = lines[position]
        beside = lines[position - step] if 0 <= position - step < len(lines) else line
        if (
            line.page != beside.page
            or line.column != beside.column
            or gap_between(beside, line) > _APART * line.size
        ):
            break
        rows = tabular(line)
        if not rows and body_like(lines, position, style):
            break
        if step > 0 and len(found) > 1 and heading(lines, position, style) is not None:
            opens = (
                numbered(line) and line.left - line.column[0] < line.size and line.size > 0.97 * style.size
            )
            if opens or not rows:
                break
        found.append(position)
        if rows or line.size < 0.95 * style.size:
            last = len(found)
        position += step
    found = found[:last]
    return found if sum(tabular(lines[at]) for at in found) >= 2 else []


def _figure_text(
    lines: Sequence[Line], kinds: Sequence[tuple[BlockKind, int] | None], style: Style, caption: int
) -> list[int]:
    """The places of what is written in the figure above a caption, up to the next text in its column."""
    label = lines[caption]
    left, right = label.column
    above = [
        position
        for position in range(max(caption - 400, 0), min(caption + 400, len(lines)))
        if (lines[position].page, lines[position].turned) == (label.page, label.turned)
        and lines[position].bottom <= label.top + 1
        and min(right, lines[position].right) - max(left, lines[position].left) > 0
    ]
    slack = 1.5 * label.size
    found: list[int] = []
    for position in sorted(above, key=lambda place: -lines[place].bottom):
        line = lines[position]
        opens = heading(lines, position, style) is not None and line.left - line.column[0] < line.size
        outside = line.left < left - slack or line.right > right + slack
        if kinds[position] is not None or outside or (opens and line.size >= style.size):
            break
        if body_like(lines, position, style) or runs_on(line):
            break
        found.append(position)
    return found


# Notes


def _mark_notes(lines: Sequence[Line], style: Style, kinds: list[tuple[BlockKind, int] | None]) -> None:
    """Marks the small lines at the foot of each column, from the first that opens with a mark."""
    end = len(lines)
    while end > 0:
        start = end - 1
        while start > 0 and same_column(lines[start - 1], lines[start]):
            start -= 1
        foot = end
        while foot > start and lines[foot - 1].size < 0.93 * style.size and kinds[foot - 1] is None:
            foot -= 1
        current: int | None = None
        for position in range(foot, end) if foot > start or lines[start].top > 400 else ():
            if _is_mark(lines[position].words[0], lines[position]):
                current = position
            if current is not None:
                kinds[position] = ("note", current)
        end = start


def _is_mark(word: Word, line: Line) -> bool:
    return _MARK.match(line.text) is not None and (word.rise > 0 or not word.text[0].isdigit())


def main_words(lines: Sequence[Line]) -> Counter[str]:
    """How often each word stands within a line, in small letters: what words a text knows."""
    found: Counter[str] = Counter()
    for line in lines:
        found.update(re.findall(r"[\w]+(?:-[\w]+)*(?=\W|$)", line.text.casefold().rstrip("-")))
    return found
