"""A table as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import Table


def markdown_table(table: Table) -> str:
    """The table in Markdown, a line a row; bars and line breaks inside cells are made harmless."""
    lines = [_line(table.columns), _line(["---"] * len(table.columns)), *map(_line, table.rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    flat = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(flat)} |"
