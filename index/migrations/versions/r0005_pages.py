"""Where a paper's words stand on its file's pages, what its file hides, and what sources were made of when read.

Facts that told by which rules a library was made go: from here on its revision does.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Text, text

from index.migrate import complete

revision, down_revision = "0005", "0004"

added = MetaData()

Table(
    "papers",
    added,
    Column("id", String(200), primary_key=True),
    Column("notices", Text),
    Column("layout", LargeBinary),
    Column("file", String(64), index=True),
)

Table("chunks", added, Column("kind", String(16)))

Table(
    "contents",
    added,
    Column("source", String(1000), primary_key=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("companions", Text, nullable=False),
    Column("reading", String(200), nullable=False),
)


def upgrade() -> None:
    complete(added)
    op.get_bind().execute(text("DELETE FROM facts WHERE key IN ('schema', 'acronyms', 'authors')"))
