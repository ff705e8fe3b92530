"""Papers and tables as CSV, which spreadsheets open.

Owns the columns and that nothing in a cell is a command: a spreadsheet takes a cell that begins with one of a few
signs for a formula, which can fetch addresses and start programs, so such a cell gets an apostrophe before it (as
OWASP advises on CSV injection). By RFC 4180; every cell is quoted, so that no other separator cuts one in two.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

from assistant.schema import Table
from index.schema import Paper

COLUMNS = ("title", "authors", "organization", "published", "arxiv_id", "doi", "url", "comments", "id")
_FORMULAS = "=+-@＝＋－＠|%"
_ESCAPE = re.compile(r"\\([\\`*_\[\]<>&|~])")


def papers_csv(papers: Sequence[Paper]) -> str:
    """A row a paper, below the names of the columns; authors with semicolons between."""
    return written([COLUMNS, *map(_row, papers)])


def table_csv(table: Table) -> str:
    """An answer's table; cells as text, markers of citations included."""
    rows = ([_ESCAPE.sub(r"\1", cell) for cell in row] for row in (table.columns, *table.rows))
    return written(rows)


def written(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV, each cell on one line and harmless."""
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        map(harmless, row) for row in rows
    )
    return lines.getvalue()


def harmless(cell: str) -> str:
    """A cell's text on one line, which no spreadsheet takes for a formula.

    >>> harmless("=HYPERLINK(A1)"), harmless("Signs: = and +")
    ("'=HYPERLINK(A1)", 'Signs: = and +')
    """
    text = " ".join("".join(" " if unicodedata.category(c) in _UNSEEN else c for c in cell).split())
    return f"'{text}" if text.startswith(tuple(_FORMULAS)) else text


_UNSEEN = ("Cc", "Cf", "Co", "Cs")
"""Characters that nobody sees, behind which a formula could begin: control, format, private, half of a pair."""


def _row(paper: Paper) -> tuple[str, ...]:
    comments = "" if paper.comments is None else str(paper.comments)
    authors = "; ".join(paper.authors)
    told = (paper.title, authors, paper.organization, paper.published, paper.arxiv_id, paper.doi, paper.url)
    return (*(part or "" for part in told), comments, paper.id or "")
