"""Rows of a paper's table as an answer shows them: what the caption says, then the header and the rows, each cited.

Pure. What is shown as cells is quoted as it stands: the caption, the header and each row are citations of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.citations import Citations, unmarked, with_markers
from assistant.evidence import Evidence
from assistant.grids import Grid, Line, cells, columns
from assistant.schema import Sentence, Table
from assistant.tables import markdown_table


def tabulated(items: Sequence[Evidence], citations: Citations) -> tuple[str, list[Sentence], Table | None]:
    """The rows of one table, in its order, as Markdown, as sentences, and as a table where its columns are known."""
    rows = sorted(items, key=lambda item: item.start)
    grid = rows[0].grid
    assert grid is not None
    lines, sentences = [], []
    if grid.caption:
        sentences.append(_quoted(rows[0], grid.caption, citations))
        lines += [with_markers(_flat(grid.caption.text), sentences[-1].citations), ""]
    header = _quoted(rows[0], grid.header, citations) if grid.header else None
    said = [_quoted(item, Line(text=item.text, start=item.start, end=item.end), citations) for item in rows]
    sentences += [*([header] if header else []), *said]
    table = _table(grid, header, said)
    lines.append(markdown_table(table) if table else _listed(grid, header, said))
    return "\n".join(lines), sentences, table


def _quoted(item: Evidence, line: Line, citations: Citations) -> Sentence:
    number = citations.cite(item.paper, item.chunk, line.text, line.start)
    return Sentence(text=line.text, citations=(number,), support="verbatim")


def _table(grid: Grid, header: Sentence | None, rows: Sequence[Sentence]) -> Table | None:
    """None where the header does not tell which cell is of which column."""
    widths = {len(cells(row.text)) for row in rows}
    names = columns(grid.header.text, widths.pop()) if grid.header and len(widths) == 1 else None
    if names is None or header is None:
        return None
    return Table(
        columns=_marked(names, header.citations),
        rows=tuple(_marked(cells(row.text), row.citations) for row in rows),
    )


def _listed(grid: Grid, header: Sentence | None, rows: Sequence[Sentence]) -> str:
    told = [*([header] if header else []), *rows]
    return "\n".join(f"- {' · '.join(_marked(_apart(each.text), each.citations))}" for each in told)


def _apart(text: str) -> tuple[str, ...]:
    return tuple(cell for cell in cells(_flat(text)) if cell)


def _marked(told: Sequence[str], numbers: Sequence[int]) -> tuple[str, ...]:
    """Cells as Markdown, the last of which carries the markers."""
    shown = [unmarked(cell) for cell in told]
    markers = "".join(f"[{number}]" for number in numbers)
    return (*shown[:-1], f"{shown[-1]} {markers}".strip())


def _flat(text: str) -> str:
    return " ".join(text.split())
