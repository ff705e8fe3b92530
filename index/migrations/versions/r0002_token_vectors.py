"""The vectors of a chunk's tokens, for late interaction; they are made by `ibid rebuild`."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, Table

from index.migrate import complete

revision, down_revision = "0002", "0001"

added = MetaData()

Table("vectors", added, Column("signs", LargeBinary))


def upgrade() -> None:
    complete(added)
