"""The catalog's tables, in SQLAlchemy Core.

`papers` is what the sources say once merged; `records` is what each source said, so that a changed
file changes only its own part. Vectors are kept here as bytes so that Chroma can be rebuilt without
embedding anything. `acronyms` holds what each paper's text explains (`index.acronyms`), `authors` who wrote it
(`index.authors`), `arrivals` when each paper first came (`index.arrivals`).
`layout` and `file` say where a paper's words stand on which file's pages; `contents` what each source was made of
when it was read whole, so that it need not be read again. `removed` holds papers that can be
brought back; `removals` tells the caches which chunks and papers went, under the change that took them.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, text

from index.columns import key, words

metadata = MetaData()
_FILTERED = ("state", "id", "organization_key")

CHANGE, MARKED = "change", "marked"
"""Facts: the number of the last change, and up to which one papers were marked ready."""

facts = Table(
    "facts",
    metadata,
    Column("key", words(64), primary_key=True),
    Column("value", words(), nullable=False),
)

papers = Table(
    "papers",
    metadata,
    Column("id", words(200), primary_key=True),
    Column("title", words(), nullable=False),
    Column("title_key", key(300), nullable=False, index=True),
    Column("name_key", key(200), index=True),
    Column("arxiv_id", key(64, 64), index=True),
    Column("doi", key(300, 300), index=True),
    Column("organization", words()),
    Column("organization_key", key(200, 200), index=True),
    Column("day", Integer, index=True),
    Column("comments", Integer),
    Column("author_key", key(200)),
    Column("source_key", key(200)),
    Column("paper", words(), nullable=False),
    Column("text", words(), nullable=False),
    Column("sections", words(), nullable=False),
    Column("notices", words()),
    Column("layout", LargeBinary),
    Column("file", words(64), index=True),
    Column("state", words(16), nullable=False),
    Column("change", Integer, nullable=False, index=True),
    Column("updated", words(32), nullable=False),
    Index("papers_by_updated", "updated"),
    # Each order of `index.listing`, with all that filters look at: a page is found without reading a paper.
    Index("papers_by_title", "title_key", *_FILTERED, "day", "comments"),
    Index("papers_by_day", text("day DESC"), "title_key", *_FILTERED, "comments"),
    Index("papers_by_comments", text("comments DESC"), "title_key", *_FILTERED, "day"),
    Index("papers_by_organization", "organization_key", "title_key", "state", "id", "day", "comments"),
    Index("papers_by_author", "author_key", "title_key", *_FILTERED, "day", "comments"),
    Index("papers_by_source", "source_key", "title_key", *_FILTERED, "day", "comments"),
    Index("papers_by_change", text("change DESC"), "title_key", *_FILTERED, "day", "comments"),
)

records = Table(
    "records",
    metadata,
    Column("paper_id", words(200), primary_key=True),
    Column("source", words(1000), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", words(300), nullable=False, index=True),
    Column("digest", words(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("added", Integer, nullable=False),
    Index("records_by_name", "name", "paper_id"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", words(32), primary_key=True),
    Column("paper_id", words(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("section", words()),
    Column("page", Integer),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("kind", words(16)),
    Index("chunks_of_paper", "paper_id", "position"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("chunk_id", words(32), primary_key=True),
    Column("model", words(300), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("signs", LargeBinary),
)

acronyms = Table(
    "acronyms",
    metadata,
    Column("paper_id", words(200), primary_key=True),
    Column("short", words(16), primary_key=True),
    Column("long", words(300), primary_key=True),
    Column("spelling", words(300), nullable=False, index=True),
    Index("acronyms_explained", "short", "long"),
)

authors = Table(
    "authors",
    metadata,
    Column("paper_id", words(200), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", words(), nullable=False),
    Column("family", words(), nullable=False),
    Index("authors_by_name", "name", "paper_id"),
    Index("authors_by_family", "family", "paper_id"),
)

removals = Table(
    "removals",
    metadata,
    Column("item", words(200), primary_key=True),
    Column("change", Integer, nullable=False, index=True),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("paper_id", words(200), primary_key=True),
    Column("arrived", words(32), nullable=False, index=True),
)

tags = Table(
    "tags",
    metadata,
    Column("paper_id", words(200), primary_key=True),
    Column("key", words(60), primary_key=True, index=True),
    Column("name", words(60), nullable=False),
)

removed = Table(
    "removed",
    metadata,
    Column("mark", words(32), primary_key=True),
    Column("paper_id", words(200), primary_key=True),
    Column("since", words(32), nullable=False, index=True),
    Column("entry", LargeBinary, nullable=False),
    Column("chunks", words(), nullable=False),
)

contents = Table(
    "contents",
    metadata,
    Column("source", words(1000), primary_key=True),
    Column("digest", words(64), nullable=False, index=True),
    Column("companions", words(), nullable=False),
    Column("reading", words(200), nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("source", words(1000), primary_key=True),
    Column("place", words(1000), primary_key=True),
    Column("reason", words(), nullable=False),
)
