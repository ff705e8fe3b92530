"""Papers in lists: indexes to order them by, tags, arrivals, what was set aside; acronyms, read from their texts."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, insert, text

from index.migrate import complete, each_paper
from index.rows import acronym_rows

revision, down_revision = "0003", "0002"

added = MetaData()

# The columns that an index needs to be told of are of revision 1.
Table(
    "papers",
    added,
    Column("id", String(200), primary_key=True),
    Column("title_key", Text),
    Column("organization_key", String(200)),
    Column("day", Integer),
    Column("comments", Integer),
    Column("state", String(16)),
    Column("change", Integer),
    Column("updated", String(32)),
    Index("papers_by_updated", "updated"),
    Index("papers_by_title", "title_key", "state", "id", "organization_key", "day", "comments"),
    Index("papers_by_day", text("day DESC"), "title_key", "state", "id", "organization_key", "comments"),
    Index("papers_by_comments", text("comments DESC"), "title_key", "state", "id", "organization_key", "day"),
    Index("papers_by_organization", "organization_key", "title_key", "state", "id", "day", "comments"),
    Index(
        "papers_by_change",
        text("change DESC"),
        "title_key",
        "state",
        "id",
        "organization_key",
        "day",
        "comments",
    ),
)

Table(
    "records",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("name", String(300)),
    Index("records_by_name", "name", "paper_id"),
)

acronyms = Table(
    "acronyms",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("short", String(16), primary_key=True),
    Column("long", String(300), primary_key=True),
    Column("spelling", String(300), nullable=False, index=True),
    Index("acronyms_explained", "short", "long"),
)

Table(
    "arrivals",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("arrived", String(32), nullable=False, index=True),
)

Table(
    "tags",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("key", String(60), primary_key=True, index=True),
    Column("name", String(60), nullable=False),
)

Table(
    "removed",
    added,
    Column("mark", String(32), primary_key=True),
    Column("paper_id", String(200), primary_key=True),
    Column("since", String(32), nullable=False, index=True),
    Column("entry", LargeBinary, nullable=False),
    Column("chunks", Text, nullable=False),
)


def upgrade() -> None:
    complete(added)
    connection = op.get_bind()
    if connection.scalar(text("SELECT value FROM facts WHERE key = 'acronyms'")) == "1":
        return  # a library made just before revisions had numbers
    connection.execute(acronyms.delete())
    for papers in each_paper(connection, "id", "title", "text"):
        rows = [row for paper in papers for row in acronym_rows(paper.id, paper.title, paper.text)]
        if rows:
            connection.execute(insert(acronyms), rows)
