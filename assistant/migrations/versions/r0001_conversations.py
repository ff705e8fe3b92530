"""Conversations and their turns."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

from index.migrate import complete

revision, down_revision = "0001", None

added = MetaData()

Table(
    "conversations",
    added,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False, index=True),
    Column("scope", Text, nullable=False),
)

Table(
    "turns",
    added,
    Column("conversation_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("turn", Text, nullable=False),
)


def upgrade() -> None:
    complete(added)
