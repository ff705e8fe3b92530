"""Papers as a table, in HTML.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.dates import date_words
from index.schema import Paper
from ui.markup import escape, mathematics
from ui.render import authors_words


def table(papers: Sequence[Paper]) -> str:
    """One row a paper."""
    rows = "".join(_row(paper) for paper in papers)
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("Paper", "Organisation", "Date", "Authors", "Comments")
    )
    return (
        '<div class="table-frame"><table class="papers"><caption class="sr-only">Papers</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(paper: Paper) -> str:
    facts = (
        paper.organization or "",
        date_words(paper.published),
        authors_words(paper),
        "" if paper.comments is None else f"{paper.comments:,}",
    )
    cells = "".join(f'<td dir="auto">{escape(fact)}</td>' for fact in facts)
    return f'<tr><th scope="row" dir="auto">{mathematics(paper.title)}</th>{cells}</tr>'
