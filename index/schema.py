"""The values that flow through the index: documents in, passages out.

All are frozen. Offsets count Unicode characters of a paper's stored text, and
`text[start:end]` is the thing meant, for every span in this project.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paper(Value):
    """What is known about one paper; `None` or empty means unknown.

    `published` is ISO 8601 at the precision known: `2025-06-19`, `2025-06`, `2025`, or `--06-19`
    where only the day is (the year-less form of XML Schema's gMonthDay). `year_inferred` says that
    the year follows from the listing the paper stood on and was not written beside it.
    `comments` counts the comments under the paper in its listing.
    """

    id: str = ""
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organization: str | None = None
    published: str | None = None
    year_inferred: bool = False
    comments: int | None = None
    url: str | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    source: str = ""

    @property
    def short_name(self) -> str | None:
        """The name before the title's colon ("PRDP"), where the title has one of at most four words."""
        name, colon, _ = self.title.partition(":")
        return name.strip() if colon and 0 < len(name.split()) <= 4 else None

    @property
    def year(self) -> int | None:
        match = re.match(r"\d{4}", self.published or "")
        return int(match.group()) if match else None


class Section(Value):
    """A headed part of a paper's text; `name` is None for text before the first heading."""

    name: str | None
    start: int
    end: int
    page: int | None = None


class Document(Value):
    """One paper as a reader found it: its facts, its text, and the text's sections in order."""

    paper: Paper
    text: str
    sections: tuple[Section, ...] = ()


class Unreadable(Value):
    """An entry or a file that a reader could not use: where, and why."""

    place: str
    reason: str


class Conflict(Value):
    """A fact on which two sources of the same paper disagree: the one kept and the other."""

    field: str
    kept: str
    other: str
    source: str


class Chunk(Value):
    """A run of whole sentences of one section; `text == paper_text[start:end]`, `tokens` in cl100k."""

    id: str
    paper_id: str
    position: int
    section: str | None
    page: int | None
    start: int
    end: int
    text: str
    tokens: int


class Filters(Value):
    """Which papers may be looked at; an empty field allows all. Dates as in `Paper.published`, inclusive.

    `papers` and `excluded` are ids; a paper that is in both is left out.
    """

    papers: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    organizations: tuple[str, ...] = ()
    min_comments: int | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == Filters()


class Passage(Value):
    """A chunk that was found, with its paper.

    `score` orders one search's passages and means nothing outside it; `found_by` gives the rank,
    from 1, that each retriever put it at; `similarity` is its cosine to the query, in [-1, 1].
    """

    paper: Paper
    chunk: Chunk
    score: float
    found_by: dict[str, int] = Field(default_factory=dict)
    similarity: float = 0.0
