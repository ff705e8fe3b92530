"""The tables that conversations and saved questions are kept in, in the catalog's database.

What came after the first two are tables of their own and not columns, so that a library made before them
opens as it is. Refuses to know what a turn holds.
"""

from __future__ import annotations

from sqlalchemy import Column, Engine, Integer, MetaData, Table
from sqlalchemy.schema import CreateIndex, CreateTable

from index.columns import words

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", words(32), primary_key=True),
    Column("title", words(), nullable=False),
    Column("created", words(32), nullable=False),
    Column("updated", words(32), nullable=False, index=True),
    Column("scope", words(), nullable=False),
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
)


saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", words(32), primary_key=True),
    Column("question", words(), nullable=False),
    Column("scope", words(), nullable=False),
    Column("saved", words(32), nullable=False, index=True),
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


def create_missing(engine: Engine) -> None:
    """Create the tables that the database does not have yet; two processes may do so at once."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
