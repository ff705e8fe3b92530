"""The values that flow through the index: documents in, passages out.

All are frozen. Offsets count Unicode characters of a paper's stored text, and
`text[start:end]` is the thing meant, for every span in this project.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PartKind = Literal["text", "caption", "table", "references"]
NoticeKind = Literal["hidden text", "invisible characters", "not read"]


class Value(BaseModel):
    """A frozen record that refuses unknown fields. Bytes are base64 in its JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


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
    """A headed part of a paper's text; `name` is None for text before the first heading.

    `kind` tells what it is made of: running text, the caption of a figure, a table with its caption, or the
    list of references. Sections stand in the order of the text and do not overlap.
    """

    name: str | None
    start: int
    end: int
    page: int | None = None
    kind: PartKind = "text"


class Notice(Value):
    """Something about a document that its reader should know: what a file hides, or what of it was not read.

    `text` is fit to be shown: what cannot be seen is spelled out in it.
    """

    kind: NoticeKind
    text: str
    page: int | None = None


class Document(Value):
    """One paper as a reader found it: its facts, its text, and the text's sections in order.

    `layout` says where the text's words stand on the pages of its file (`index.layout`), empty where it has no
    pages; `file` is then the SHA-256, in hex, of the file's bytes, under which the library keeps it.
    """

    paper: Paper
    text: str
    sections: tuple[Section, ...] = ()
    notices: tuple[Notice, ...] = ()
    layout: bytes = b""
    file: str = ""


class Enclosed(Value):
    """A file that another one holds or names, to be read by the reader of its own ending.

    Its bytes are in `content`, as for a member of an archive, or it lies at `path`, as a reference manager's
    attachment does. `place` tells people where it came from. `paper` is what is known of it already; what its own
    text says fills the gaps.
    """

    name: str
    place: str
    content: bytes | None = None
    path: str = ""
    paper: Paper | None = None


class Unreadable(Value):
    """An entry or a file that a reader could not use: where, and why."""

    place: str
    reason: str


class Conflict(Value):
    """A fact on which two sources of the same paper disagree: the one kept and the other.

    `source` says the other, `kept_source` the one kept.
    """

    field: str
    kept: str
    other: str
    source: str
    kept_source: str = ""


class PaperSource(Value):
    """One source of a paper: the name it goes by, where it lies, and how many characters of text it had."""

    name: str
    place: str
    characters: int


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
    kind: PartKind = "text"


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
