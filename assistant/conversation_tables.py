"""The tables that conversations and saved questions are kept in, in the catalog's database.

A change of one is a revision in `migrations`. Refuses to know what a turn holds.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, Table

from index.catalog import CATALOG
from index.columns import words
from index.migrate import Tables, bring_up

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", words(32), primary_key=True),
    Column("title", words(), nullable=False),
    Column("created", words(32), nullable=False),
    Column("updated", words(32), nullable=False, index=True),
    Column("scope", words(), nullable=False),
    Column("owner", words(40), nullable=False, server_default="", index=True),
)

turns = Table(
    "turns",
    metadata,
    Column("conversation_id", words(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("turn", words(), nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("conversation_id", words(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("verdict", words(8), nullable=False),
    Column("comment", words(), nullable=False),
    Column("given", words(32), nullable=False),
)

removed = Table(
    "removed_conversations",
    metadata,
    Column("conversation_id", words(32), primary_key=True),
    Column("removed", words(32), nullable=False, index=True),
)

texts = Table(
    "conversation_texts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("conversation_id", words(32), nullable=False, unique=True),
    Column("title", words(), nullable=False),
    Column("body", words(), nullable=False),
    info={"derived": True},  # `conversation_search` takes in what it does not hold
)


saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", words(32), primary_key=True),
    Column("question", words(), nullable=False),
    Column("scope", words(), nullable=False),
    Column("saved", words(32), nullable=False, index=True),
    Column("owner", words(40), nullable=False, server_default="", index=True),
)

saved_answers = Table(
    "saved_answers",
    metadata,
    Column("question_id", words(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("asked", words(32), nullable=False),
    Column("change", Integer, nullable=False),
    Column("answer", words(), nullable=False),
)

CONVERSATIONS = Tables("conversations", metadata, Path(__file__).parent / "migrations" / "versions")
KEPT = (CATALOG, CONVERSATIONS)
"""All tables of a library, as backups carry them."""


def prepared(engine: Engine) -> Engine:
    """The database with these tables in their newest form, made where there are none."""
    bring_up(engine, CONVERSATIONS)
    return engine
