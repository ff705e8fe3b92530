"""The tables that conversations and saved questions are kept in, in the catalog's database.

What came after the first two are tables of their own and not columns, so that a library made before them
opens as it is. Refuses to know what a turn holds.
"""

from __future__ import annotations

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False, index=True),
    Column("scope", Text, nullable=False),
    Column("owner", String(40), nullable=False, server_default="", index=True),
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
)


saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("question", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("saved", String(32), nullable=False, index=True),
    Column("owner", String(40), nullable=False, server_default="", index=True),
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


def create_missing(engine: Engine) -> None:
    """Create the tables that the database does not have yet; two processes may do so at once."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            there = {column["name"] for column in inspect(connection).get_columns(table.name)}
            if "owner" in table.c and "owner" not in there:
                owned = f"ALTER TABLE {table.name} ADD COLUMN owner VARCHAR(40) DEFAULT '' NOT NULL"
                connection.exec_driver_sql(owned)
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
