"""Who wrote what, and what papers are put in order by where it is by author or by source."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, bindparam, insert, text, update

from index.authors import author_key, author_rows
from index.migrate import complete, each_paper
from index.rows import source_key
from index.schema import Paper

revision, down_revision = "0004", "0003"

added = MetaData()

papers = Table(
    "papers",
    added,
    Column("id", String(200), primary_key=True),
    Column("title_key", Text),
    Column("organization_key", String(200)),
    Column("day", Integer),
    Column("comments", Integer),
    Column("state", String(16)),
    Column("author_key", Text),
    Column("source_key", Text),
    Index(
        "papers_by_author", "author_key", "title_key", "state", "id", "organization_key", "day", "comments"
    ),
    Index(
        "papers_by_source", "source_key", "title_key", "state", "id", "organization_key", "day", "comments"
    ),
)

authors = Table(
    "authors",
    added,
    Column("paper_id", String(200), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("family", Text, nullable=False),
    Index("authors_by_name", "name", "paper_id"),
    Index("authors_by_family", "family", "paper_id"),
)


def upgrade() -> None:
    complete(added)
    connection = op.get_bind()
    if connection.scalar(text("SELECT value FROM facts WHERE key = 'authors'")) == "1":
        return  # a library made just before revisions had numbers
    connection.execute(authors.delete())
    keyed = (
        update(papers)
        .where(papers.c.id == bindparam("paper"))
        .values(author_key=bindparam("author"), source_key=bindparam("source"))
    )
    for page in each_paper(connection, "paper"):
        read = [Paper.model_validate_json(row.paper) for row in page]
        wrote = [row for paper in read for row in author_rows(paper)]
        if wrote:
            connection.execute(insert(authors), wrote)
        keys = [{"paper": one.id, "author": author_key(one), "source": source_key(one)} for one in read]
        connection.execute(keyed, keys)
