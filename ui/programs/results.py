"""What programs are told besides answers: what a search found, a list of papers, a paper's text.

Owns these shapes and nothing that makes them searchable; each dumps to the JSON that the command line, the
endpoints and the MCP tools all give.
"""

from __future__ import annotations

from index.library import Library
from index.schema import Filters, Paper, Passage, Section, Value


class Excerpt(Value):
    """A passage's text, which stands at `[start, end)` of its paper's."""

    text: str
    section: str | None = None
    page: int | None = None
    start: int
    end: int


class Result(Value):
    """A paper that a search found, by its best passage; `rank` counts from 1."""

    rank: int
    score: float
    paper: Paper
    passage: Excerpt
    found_by: dict[str, int]


class Results(Value):
    """What a search found, best first, one result a paper."""

    query: str
    results: tuple[Result, ...]


class PaperList(Value):
    """Some of the papers in scope, newest first, and how many are in scope."""

    papers: tuple[Paper, ...]
    in_scope: int


class PaperText(Value):
    """A paper and the part `[start, end)` of its text, which is `length` characters long."""

    paper: Paper
    sections: tuple[Section, ...]
    text: str
    start: int
    end: int
    length: int


def search_results(library: Library, query: str, count: int, filters: Filters) -> Results:
    """The `count` best papers for a query, as `ibid search --json` prints them."""
    found = library.search(query, count, filters)
    return Results(query=query, results=tuple(_result(rank, one) for rank, one in enumerate(found, start=1)))


def _result(rank: int, passage: Passage) -> Result:
    chunk = passage.chunk
    excerpt = Excerpt(
        text=chunk.text, section=chunk.section, page=chunk.page, start=chunk.start, end=chunk.end
    )
    return Result(
        rank=rank,
        score=passage.score,
        paper=passage.paper,
        passage=excerpt,
        found_by=passage.found_by,
    )
