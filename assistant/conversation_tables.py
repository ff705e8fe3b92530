"""The tables that conversations and saved questions are kept in, in the catalog's database.

A change of one is a revision in `migrations`. Refuses to know what a turn holds.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text

from index.catalog import CATALOG
from index.migrate import Tables, bring_up

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False, index=True),
    Column("scope", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("conversation_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("turn", Text, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("conversation_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("verdict", String(8), nullable=False),
    Column("comment", Text, nullable=False),
    Column("given", String(32), nullable=False),
)

removed = Table(
    "removed_conversations",
    metadata,
    Column("conversation_id", String(32), primary_key=True),
    Column("removed", String(32), nullable=False, index=True),
)

texts = Table(
    "conversation_texts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("conversation_id", String(32), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    info={"derived": True},  # `conversation_search` takes in what it does not hold
)


saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("question", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("saved", String(32), nullable=False, index=True),
)

saved_answers = Table(
    "saved_answers",
    metadata,
    Column("question_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("asked", String(32), nullable=False),
    Column("change", Integer, nullable=False),
    Column("answer", Text, nullable=False),
)

CONVERSATIONS = Tables("conversations", metadata, Path(__file__).parent / "migrations" / "versions")
KEPT = (CATALOG, CONVERSATIONS)
"""All tables of a library, as backups carry them."""


def prepared(engine: Engine) -> Engine:
    """The database with these tables in their newest form, made where there are none."""
    bring_up(engine, CONVERSATIONS)
    return engine
