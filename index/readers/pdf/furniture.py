"""What stands on pages and belongs to no text: running heads and feet, page numbers, line numbers of review copies.

Owns how such lines are known: by their place near a page's edge, and by coming again on other pages, the same but for
their digits. What comes once stays, since a title or a footnote stands near an edge too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from index.readers.pdf.schema import Line, PageText
from index.readers.pdf.style import CAPTION, cells_of

Place = tuple[int, int]
"""A page's number, and a line's place among its lines."""

_EDGE = 4  # lines from a page's top or bottom among which furniture is looked for
_TABLE_ROW = 4  # cells; a table's head may stand at one height on two pages
_NEAR = 8.0  # points between the places of one running head on two pages
_NUMBER = re.compile(
    r"(page|seite|p\.)?\s*[-–—|·\[(]*\s*(\d{1,5}|[ivxl]{1,6}|[A-Z]?-?\d{1,3})\s*((of|/|von|sur)\s*\d+)?\s*[-–—|·\])]*",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(©|\(c\)|copyright\b|c⃝|\bc (19|20)\d\d\b|all rights reserved|licensed under|"
    r"^proceedings of |^published (as|in) |^accepted (to|at|for|as) |"
    r"permission to make digital|preprint\. under review|this work is licensed)",
    re.IGNORECASE,
)


def furniture(pages: Sequence[PageText]) -> frozenset[Place]:
    """The places of the lines that belong to the pages and not to the text."""
    edges = [(page, position, near, outer) for page in pages for position, near, outer in _edge_lines(page)]
    keys = Counter(key for page, position, near, _ in edges for key in {_key(page, position, near)})
    least = 2 if len(pages) < 8 else 3
    found = set()
    for page, position, near, outer in edges:
        line = page.lines[position]
        high, low = line.top < 0.11 * page.height, line.bottom > 0.89 * page.height
        edge = line.top < 0.16 * page.height or line.bottom > 0.84 * page.height
        again = (
            _again(keys, _key(page, position, near)) >= least
            and not CAPTION.match(line.text)
            and len(cells_of(line)) < _TABLE_ROW
        )
        numbered = outer and (high or low) and _NUMBER.fullmatch(line.text) is not None
        rights = page.number == 1 and (high or line.top > 0.8 * page.height) and _RIGHTS.search(line.text)
        if numbered or rights or (again and (high or low or (outer and edge))):
            found.add((page.number, position))
    return frozenset(found)


def without_line_numbers(runs: Sequence[Line]) -> list[Line]:
    """A page's runs without the numbers that count its lines at a margin."""
    numbers = [run for run in runs if len(run.words) == 1 and re.fullmatch(r"\d{1,4}", run.words[0].text)]
    if len(numbers) < 12:
        return list(runs)
    counting: set[int] = set()
    for side in ("left", "right"):
        groups: dict[int, list[Line]] = {}
        for run in numbers:
            groups.setdefault(round(getattr(run, side) / 6), []).append(run)
        for group in groups.values():
            column = sorted(group, key=lambda run: run.top)
            counted = [int(run.words[0].text) for run in column]
            steps = Counter(after - before for before, after in zip(counted, counted[1:], strict=False))
            step, times = steps.most_common(1)[0] if steps else (0, 0)
            if len(column) >= 12 and step in (1, 5) and times >= 0.8 * (len(column) - 1):
                counting.update(id(run) for run in column)
    return [run for run in runs if id(run) not in counting]


def _edge_lines(page: PageText) -> list[tuple[int, bool, bool]]:
    """The places of the lines nearest to the page's top and bottom, whether it is the top, and the very edge."""
    upright = [position for position, line in enumerate(page.lines) if line.turned == page.turned]
    down = sorted(upright, key=lambda position: page.lines[position].top)
    top = [(position, True, rank < 2) for rank, position in enumerate(down[:_EDGE])]
    bottom = [
        (position, False, rank < 2) for rank, position in enumerate(down[len(top) :][: -_EDGE - 1 : -1])
    ]
    return top + bottom


def _key(page: PageText, position: int, near_top: bool) -> tuple[str, bool, int]:
    line = page.lines[position]
    written = re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text.casefold())
    return re.sub(r"\W+", "", written.replace("#", "0")), near_top, round(line.top / _NEAR)


def _again(keys: Counter[tuple[str, bool, int]], key: tuple[str, bool, int]) -> int:
    """On how many pages a line stands, about as high."""
    written, near_top, height = key
    return sum(keys[written, near_top, height + step] for step in (-1, 0, 1))
