"""A table in a paper's text: its caption, its header and its rows, each an exact span of that text.

Owns how these are told apart, and which tables the passages found belong to. A table is longer than a passage:
whoever reads a row of it needs what stands above, wherever that is. Refuses to judge what a row is worth; that is
`evidence`. Reading a table is pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from assistant.alignment import Place
from index.library import Library
from index.schema import Chunk, Paper, Passage, Section, Value
from index.sentences import CELL, parted, sentences

_MOST_HEADED = 3  # rows that a header may have
_SHORTEST = 25  # characters of a caption that says something: "Table 2." goes on with its next sentence
_READ = 12  # tables read for one question
_BAR = re.compile(r"(?<!\S)\|(?!\S)")
_FIGURE = re.compile(r"^[^\w\s]*\d[\d.,]*(?!\d|(?:st|nd|rd|th)\b|-[a-z])")  # neither "1st order" nor "5-shot"


class Line(Value):
    """A span of a paper's text."""

    text: str
    start: int
    end: int


class Grid(Value):
    """Rows of a table under one header: what the caption says first, the header, and the rows.

    A table that has a header again in its middle is as many grids, each with the caption.
    """

    caption: Line | None
    header: Line | None
    rows: tuple[Line, ...]

    @property
    def above(self) -> tuple[Line, ...]:
        """What every row is read with."""
        return tuple(line for line in (self.caption, self.header) if line is not None)


class Row(NamedTuple):
    """A row with the table it is of: where it stands, and where what is above it does."""

    place: Place
    line: Line
    grid: Grid
    above: tuple[Place, ...]

    @property
    def figures(self) -> bool:
        """Whether figures are what it tells, and not words."""
        return _figures(cells(self.line.text)) >= 0.5


def cells(row: str) -> tuple[str, ...]:
    """The cells of a row, empty ones kept."""
    return tuple(cell.strip() for cell in _BAR.split(row))


def grids(text: str, start: int, end: int) -> list[Grid]:
    """The table that stands at `[start, end)` of a text: a caption, then a row a paragraph."""
    lines = [_line(text, *span) for span in parted(text, start, end)]
    rows = [line for line in lines if CELL in line.text]
    first = rows[0].start if rows else end
    told = [line for line in lines if line.end <= first]
    caption = _opening(text, told[0]) if told else None
    return [
        Grid(
            caption=caption,
            header=_line(text, rows[top].start, rows[body - 1].end) if body > top else None,
            rows=tuple(rows[body:bottom]),
        )
        for top, body, bottom in _blocks([cells(row.text) for row in rows])
    ]


def caption(text: str, start: int, end: int) -> tuple[Line, ...]:
    """The sentences of the caption, of a figure or of a table, that `[start, end)` of a text begins with.

    The first is what the others, and the rows, are read with. Empty where a row comes first.
    """
    spans = parted(text, start, end)
    if not spans or CELL in text[slice(*spans[0])]:
        return ()
    opening = _opening(text, _line(text, *spans[0]))
    last = spans[0][1] if CELL in text[start:end] else end
    return (opening, *(_line(text, *span) for span in sentences(text, opening.end, last)))


def columns(header: str, width: int) -> tuple[str, ...] | None:
    """The names of the `width` columns under a header of several rows; None where it does not tell them.

    What stands above several columns names each of them, and a line of its own names the first.
    """
    lines = [line.strip() for line in header.split("\n") if line.strip()]
    rows = [cells(line) for line in lines if CELL in line]
    corner = next((line for line in lines if CELL not in line), None)
    named = [("", *_spread(row, width - 1)) for row in rows[:-1] if len(row) != width]
    named += [row for row in rows[:-1] if len(row) == width]
    last = (corner, *rows[-1]) if rows and corner and len(rows[-1]) == width - 1 else rows[-1] if rows else ()
    if len(last) != width or any(len(row) != width for row in named):
        return None
    return tuple(
        " ".join(dict.fromkeys(name for name in names if name)) for names in zip(*named, last, strict=True)
    )


def _spread(row: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Each cell as often as it takes to fill the width; nothing where that cannot be."""
    times, left = divmod(width, len(row))
    return tuple(cell for cell in row for _ in range(times)) if not left else ()


def rows_met(passages: Sequence[Passage], library: Library) -> list[Row]:
    """The rows of the first tables that the passages are of, whether a passage holds them or not."""
    papers = {passage.paper.id: passage.paper for passage in passages if passage.chunk.kind == "table"}
    sections = library.catalog.sections(list(papers))
    met: dict[tuple[str, int], Section] = {}
    for passage in passages:
        for section in sections.get(passage.paper.id, ()):
            if passage.chunk.kind == "table" and section.start <= passage.chunk.start < section.end:
                met.setdefault((passage.paper.id, section.start), section)
    found: list[Row] = []
    read: dict[str, tuple[str, list[Chunk]]] = {}
    for (paper_id, _), section in list(met.items())[:_READ]:
        if paper_id not in read:
            read[paper_id] = (library.text(paper_id), library.catalog.chunks_of(paper_id))
        found += _rows(papers[paper_id], section, *read[paper_id])
    return found


def _rows(paper: Paper, section: Section, text: str, chunks: Sequence[Chunk]) -> list[Row]:
    held = [chunk for chunk in chunks if section.start <= chunk.start < section.end]
    return [
        Row((paper, _holding(held, line), line.start, line.end), line, one, above)
        for one in grids(text, section.start, section.end)
        for above in [tuple((paper, _holding(held, line), line.start, line.end) for line in one.above)]
        for line in one.rows
    ]


def _holding(chunks: Sequence[Chunk], line: Line) -> Chunk:
    """The chunk that holds a line, else the last that begins before it ends."""
    whole = [chunk for chunk in chunks if chunk.start <= line.start and line.end <= chunk.end]
    return (whole or [chunk for chunk in chunks if chunk.start < line.end][-1:] or list(chunks))[0]


def _blocks(rows: Sequence[tuple[str, ...]]) -> list[tuple[int, int, int]]:
    """Where each header begins, its rows begin and end."""
    headed = _headed(rows)
    names = {name for row in rows[:headed] for name in row if name}
    again = [
        place
        for place in range(headed + 1, len(rows) - 1)
        if len(rows[place]) > 2 and not _figures(rows[place]) and names & set(rows[place])
    ]
    tops = [0, *again]
    bodies = [headed, *(place + 1 for place in again)]
    return list(zip(tops, bodies, [*again, len(rows)], strict=True)) if rows else []


def _headed(rows: Sequence[tuple[str, ...]]) -> int:
    """How many rows from the first on name the columns: those before the first row of figures."""
    filled = next((place for place, row in enumerate(rows) if _figures(row) >= 0.5), None)
    if filled is None or filled > _MOST_HEADED:
        return min(1, len(rows) - 1)
    return min(filled, 1) if rows and len(rows[filled]) == 2 else filled


def _figures(row: tuple[str, ...]) -> float:
    """The share of a row's cells, but its first, that are numbers; of those that hold something."""
    told = [cell for cell in row[1:] if cell]
    return sum(_FIGURE.match(cell) is not None for cell in told) / len(told) if told else 0.0


def _opening(text: str, told: Line) -> Line:
    """The first sentence of a caption, with the next where it is but the table's name."""
    spans = sentences(text, told.start, told.end)
    end = next((last for _, last in spans if last - told.start >= _SHORTEST), told.end)
    return _line(text, told.start, end)


def _line(text: str, start: int, end: int) -> Line:
    return Line(text=text[start:end], start=start, end=end)
