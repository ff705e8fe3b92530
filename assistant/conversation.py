"""Conversations, kept as structured turns in the catalog's database.

Nothing rendered is stored: a page is made from the turns each time, so that old answers profit from
better rendering and nothing in the database can carry markup.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from assistant.schema import Turn
from index.errors import IbidError
from index.library import Library
from index.schema import Filters, Value

_LONGEST_TITLE = 80

_metadata = MetaData()
_conversations = Table(
    "conversations",
    _metadata,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False, index=True),
    Column("scope", Text, nullable=False),
)
_turns = Table(
    "turns",
    _metadata,
    Column("conversation_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("turn", Text, nullable=False),
)


class ConversationNotFound(IbidError):
    """No conversation has that id."""


class ConversationSummary(Value):
    """A conversation as a list shows it; times are ISO 8601 in UTC."""

    id: str
    title: str
    updated: str
    turns: int


class Conversation(Value):
    """A conversation with its turns, oldest first, and the scope its questions are held to."""

    id: str
    title: str
    created: str
    updated: str
    scope: Filters = Filters()
    turns: tuple[Turn, ...] = ()


class Conversations:
    """The conversations of one library. Each method is one transaction."""

    def __init__(self, library: Library) -> None:
        self._engine: Engine = library.catalog.engine
        _metadata.create_all(self._engine)

    def create(self, scope: Filters = Filters()) -> Conversation:
        """A new, empty conversation; it is listed once it has a turn."""
        now = _now()
        conversation = Conversation(id=secrets.token_hex(8), title="", created=now, updated=now, scope=scope)
        values = conversation.model_dump(exclude={"turns", "scope"}) | {"scope": scope.model_dump_json()}
        with self._engine.begin() as connection:
            connection.execute(insert(_conversations).values(**values))
        return conversation

    def open(self, conversation_id: str) -> Conversation:
        """The conversation of that id; ConversationNotFound where there is none."""
        told = (
            select(_turns.c.turn)
            .where(_turns.c.conversation_id == conversation_id)
            .order_by(_turns.c.position)
        )
        with self._engine.connect() as connection:
            row = connection.execute(
                select(_conversations).where(_conversations.c.id == conversation_id)
            ).first()
            if row is None:
                raise ConversationNotFound(f"No conversation {conversation_id!r}; it may have been deleted.")
            turns = tuple(Turn.model_validate_json(turn) for turn in connection.scalars(told))
        return _conversation(row, turns)

    def list(self, limit: int = 100) -> list[ConversationSummary]:
        """Conversations that have a turn, the latest first."""
        number = func.count(_turns.c.position)
        query = (
            select(
                _conversations.c.id, _conversations.c.title, _conversations.c.updated, number.label("turns")
            )
            .join(_turns, _turns.c.conversation_id == _conversations.c.id)
            .group_by(_conversations.c.id)
            .order_by(_conversations.c.updated.desc(), _conversations.c.created.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [ConversationSummary(**row._mapping) for row in connection.execute(query)]

    def append(self, conversation_id: str, turn: Turn) -> Conversation:
        """Add a turn; the first one names the conversation. ConversationNotFound where there is none."""
        conversation = self.open(conversation_id)
        title = conversation.title or _title(turn.question)
        row = {
            "conversation_id": conversation_id,
            "position": len(conversation.turns),
            "turn": turn.model_dump_json(),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(_turns).values(**row))
            _touch(connection, conversation_id, title=title)
        return self.open(conversation_id)

    def drop_last(self, conversation_id: str) -> Conversation:
        """Take the last turn away, if there is one."""
        last = len(self.open(conversation_id).turns) - 1
        with self._engine.begin() as connection:
            connection.execute(
                delete(_turns).where(_turns.c.conversation_id == conversation_id, _turns.c.position == last)
            )
        return self.open(conversation_id)

    def rename(self, conversation_id: str, title: str) -> None:
        with self._engine.begin() as connection:
            _touch(connection, conversation_id, title=_title(title))

    def set_scope(self, conversation_id: str, scope: Filters) -> None:
        with self._engine.begin() as connection:
            _touch(connection, conversation_id, scope=scope.model_dump_json())

    def remove(self, conversation_id: str) -> None:
        """Forget a conversation; nothing happens where there is none."""
        with self._engine.begin() as connection:
            connection.execute(delete(_turns).where(_turns.c.conversation_id == conversation_id))
            connection.execute(delete(_conversations).where(_conversations.c.id == conversation_id))


def _touch(connection: Any, conversation_id: str, **values: str) -> None:
    where = _conversations.c.id == conversation_id
    connection.execute(update(_conversations).where(where).values(updated=_now(), **values))


def _conversation(row: Row[Any], turns: tuple[Turn, ...]) -> Conversation:
    known = dict(row._mapping)
    scope = Filters.model_validate_json(known.pop("scope"))
    return Conversation(**known, scope=scope, turns=turns)


def _title(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1].rstrip() + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
