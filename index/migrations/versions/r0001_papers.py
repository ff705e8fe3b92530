"""Papers, their records, chunks and vectors."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from index.migrate import complete

revision, down_revision = "0001", None

added = MetaData()

Table("facts", added, Column("key", String(64), primary_key=True), Column("value", Text, nullable=False))

Table(
    "papers",
    added,
    Column("id", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_key", Text, nullable=False, index=True),
    Column("name_key", Text, index=True),
    Column("arxiv_id", String(64), index=True),
    Column("doi", String(300), index=True),
    Column("organization", Text),
    Column("organization_key", String(200), index=True),
    Column("day", Integer, index=True),
    Column("comments", Integer),
    Column("paper", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sections", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("change", Integer, nullable=False, index=True),
    Column("updated", String(32), nullable=False),
)

Table(
    "records",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("source", String(1000), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", String(300), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("added", Integer, nullable=False),
)

Table(
    "chunks",
    added,
    Column("id", String(32), primary_key=True),
    Column("paper_id", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("section", Text),
    Column("page", Integer),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Index("chunks_of_paper", "paper_id", "position"),
)

Table(
    "vectors",
    added,
    Column("chunk_id", String(32), primary_key=True),
    Column("model", String(300), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

Table(
    "removals",
    added,
    Column("item", String(200), primary_key=True),
    Column("change", Integer, nullable=False, index=True),
)

Table(
    "failures",
    added,
    Column("source", String(1000), primary_key=True),
    Column("place", String(1000), primary_key=True),
    Column("reason", Text, nullable=False),
)


def upgrade() -> None:
    complete(added)
