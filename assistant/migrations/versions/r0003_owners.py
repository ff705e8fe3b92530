"""Whose conversations and saved questions they are."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table

from index.columns import words
from index.migrate import complete

revision, down_revision = "0003", "0002"

added = MetaData()

for name in ("conversations", "saved_questions"):
    Table(name, added, Column("owner", words(40), nullable=False, server_default="", index=True))


def upgrade() -> None:
    complete(added)
