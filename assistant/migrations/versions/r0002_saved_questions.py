"""What was thought of answers, removals that can be undone, words to search conversations by, and saved questions."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

from index.migrate import complete

revision, down_revision = "0002", "0001"

added = MetaData()

Table(
    "feedback",
    added,
    Column("conversation_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("verdict", String(8), nullable=False),
    Column("comment", Text, nullable=False),
    Column("given", String(32), nullable=False),
)

Table(
    "removed_conversations",
    added,
    Column("conversation_id", String(32), primary_key=True),
    Column("removed", String(32), nullable=False, index=True),
)

Table(
    "conversation_texts",
    added,
    Column("number", Integer, primary_key=True),
    Column("conversation_id", String(32), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
)

Table(
    "saved_questions",
    added,
    Column("id", String(32), primary_key=True),
    Column("question", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("saved", String(32), nullable=False, index=True),
)

Table(
    "saved_answers",
    added,
    Column("question_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("asked", String(32), nullable=False),
    Column("change", Integer, nullable=False),
    Column("answer", Text, nullable=False),
)


def upgrade() -> None:
    complete(added)
