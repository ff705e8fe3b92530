"""Conversations, kept as structured turns in the catalog's database.

Nothing rendered is stored: a page is made from the turns each time, so that old answers profit from
better rendering and nothing in the database can carry markup.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from assistant import conversation_search
from assistant.conversation_tables import conversations, feedback, prepared, removed, texts, turns
from assistant.reactions import reaction
from assistant.schema import Feedback, Turn
from index.errors import IbidError
from index.failpoints import reached
from index.library import Library
from index.schema import Filters, Value

_LONGEST_TITLE = 80
_RESTORABLE = timedelta(days=1)


class ConversationNotFound(IbidError):
    """No conversation has that id."""


class ConversationSummary(Value):
    """A conversation as a list shows it; times are ISO 8601 in UTC.

    `snippet` is what a search found in it, with the matches as spans of it; a list has none.
    """

    id: str
    title: str
    updated: str
    turns: int
    snippet: str = ""
    matches: tuple[tuple[int, int], ...] = ()


class Conversation(Value):
    """A conversation with its turns, oldest first, and the scope its questions are held to."""

    id: str
    title: str
    created: str
    updated: str
    scope: Filters = Filters()
    turns: tuple[Turn, ...] = ()


class Conversations:
    """The conversations that a library's reader has in it. Each method that writes is one transaction.

    A method given the id of a conversation that is not there, that was removed or that is another reader's
    raises ConversationNotFound.
    """

    def __init__(self, library: Library) -> None:
        self._engine = prepared(library.catalog.engine)
        self._owner = library.reader
        conversation_search.prepare(self._engine)
        self.purge(datetime.now(UTC) - _RESTORABLE)

    # Reading

    def open(self, conversation_id: str) -> Conversation:
        """The conversation of that id, with its turns."""
        beside = (feedback.c.conversation_id == turns.c.conversation_id) & (
            feedback.c.position == turns.c.position
        )
        told = (
            select(turns.c.turn, feedback.c.verdict, feedback.c.comment)
            .join(feedback, beside, isouter=True)
            .where(turns.c.conversation_id == conversation_id)
            .order_by(turns.c.position)
        )
        with self._engine.connect() as connection:
            row = connection.execute(
                select(conversations).where(conversations.c.id == conversation_id, self._mine())
            ).first()
            if row is None:
                raise _not_found(conversation_id)
            return _conversation(row, tuple(_turn(*kept) for kept in connection.execute(told)))

    def list(self, limit: int = 100, offset: int = 0) -> list[ConversationSummary]:
        """Conversations that have a turn, the latest first, after the first `offset` of them."""
        latest = self._summaries().order_by(conversations.c.updated.desc(), conversations.c.created.desc())
        page = latest.limit(limit).offset(offset)
        with self._engine.connect() as connection:
            return [ConversationSummary(**row._mapping) for row in connection.execute(page)]

    def search(self, words: str, limit: int = 50) -> Sequence[ConversationSummary]:
        """Conversations that have all of the words in title, questions or answers, best first.

        The beginning of a word is enough, so that it can be asked at each letter typed.
        """
        with self._engine.connect() as connection:
            found = conversation_search.find(connection, words, limit, self._owner)
            rows = connection.execute(self._summaries().where(conversations.c.id.in_(found)))
            told = {row.id: row._mapping for row in rows}
        return [
            ConversationSummary(**told[key], snippet=snippet.text, matches=snippet.matches)
            for key, snippet in found.items()
            if key in told
        ]

    # Turns

    def create(self, scope: Filters = Filters()) -> Conversation:
        """A new, empty conversation; it is listed once it has a turn."""
        now = _now()
        conversation = Conversation(id=secrets.token_hex(8), title="", created=now, updated=now, scope=scope)
        values = conversation.model_dump(exclude={"turns", "scope"})
        values |= {"scope": scope.model_dump_json(), "owner": self._owner}
        with self._engine.begin() as connection:
            connection.execute(insert(conversations).values(**values))
        return conversation

    def append(self, conversation_id: str, turn: Turn) -> Conversation:
        """Add a turn; the first one names the conversation. Of two added at once, both are kept."""
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id, updated=_now())
            _put(connection, conversation_id, _length(connection, conversation_id), turn)
            reached("conversation.writing")
        reached("conversation.written")
        return self.open(conversation_id)

    def replace_from(self, conversation_id: str, position: int, turn: Turn) -> Conversation:
        """Put a turn at `position`, from 0, in place of that one and all after it: its question was edited."""
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id, updated=_now())
            _put(connection, conversation_id, min(position, _length(connection, conversation_id)), turn)
        return self.open(conversation_id)

    def truncate(self, conversation_id: str, position: int) -> Conversation:
        """Drop the turn at `position`, from 0, and all after it."""
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id, updated=_now())
            _cut(connection, conversation_id, position)
            _react(connection, conversation_id, position - 1, None)
            conversation_search.take_in(connection, conversation_id)
        return self.open(conversation_id)

    def set_feedback(self, conversation_id: str, position: int, given: Feedback | None) -> None:
        """Keep what a reader thought of the turn at `position`, from 0, in place of what was kept; None forgets it.

        Raises IbidError where there is no such turn.
        """
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id)
            there = _length(connection, conversation_id)
            if not 0 <= position < there:
                raise IbidError(
                    f"The conversation has no turn {position + 1}; it has {there}. Reload the page."
                )
            row = {"conversation_id": conversation_id, "position": position}
            connection.execute(delete(feedback).filter_by(**row))
            if given is not None:
                connection.execute(insert(feedback).values(row | given.model_dump() | {"given": _now()}))

    # The whole conversation

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a name; a blank one brings back the name that the first question gave."""
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id)
            name = _title(title) or _title(_first_question(connection, conversation_id))
            self._claim(connection, conversation_id, title=name)
            conversation_search.take_in(connection, conversation_id)

    def set_scope(self, conversation_id: str, scope: Filters) -> None:
        """Hold the questions to come to a scope."""
        with self._engine.begin() as connection:
            self._claim(connection, conversation_id, updated=_now(), scope=scope.model_dump_json())

    def remove(self, conversation_id: str) -> None:
        """Take a conversation away; `restore` brings it back for a day. Nothing happens where there is none."""
        with self._engine.begin() as connection:
            if not connection.scalar(select(self._owned(conversation_id).exists())):
                return
            connection.execute(delete(removed).where(removed.c.conversation_id == conversation_id))
            row = {"conversation_id": conversation_id, "removed": _now()}
            connection.execute(insert(removed).values(row))
        self.purge(datetime.now(UTC) - _RESTORABLE)

    def restore(self, conversation_id: str) -> Conversation:
        """Bring a removed conversation back with all that it had."""
        owned = self._owned(conversation_id)
        with self._engine.begin() as connection:
            connection.execute(delete(removed).where(removed.c.conversation_id.in_(owned)))
        return self.open(conversation_id)

    def forget_all(self) -> None:
        """Forget all of this reader's conversations for good."""
        mine = select(conversations.c.id).where(conversations.c.owner == self._owner)
        with self._engine.begin() as connection:
            for table in (texts, feedback, turns, removed):
                connection.execute(delete(table).where(table.c.conversation_id.in_(mine)))
            connection.execute(delete(conversations).where(conversations.c.owner == self._owner))

    def purge(self, before: datetime) -> None:
        """Forget for good the conversations that were removed before a moment."""
        gone = select(removed.c.conversation_id).where(removed.c.removed < _moment(before))
        with self._engine.begin() as connection:
            if not connection.scalar(select(gone.exists())):
                return
            for table in (texts, feedback, turns):
                connection.execute(delete(table).where(table.c.conversation_id.in_(gone)))
            connection.execute(delete(conversations).where(conversations.c.id.in_(gone)))
            connection.execute(delete(removed).where(removed.c.removed < _moment(before)))

    # Whose they are

    def _mine(self) -> ColumnElement[bool]:
        """What holds of this reader's conversations that are not removed."""
        shown = conversations.c.id.not_in(select(removed.c.conversation_id))
        return shown & (conversations.c.owner == self._owner)

    def _owned(self, conversation_id: str) -> Select[Any]:
        """The id where the conversation is this reader's, removed or not."""
        one = (conversations.c.id == conversation_id, conversations.c.owner == self._owner)
        return select(conversations.c.id).where(*one)

    def _summaries(self) -> Select[Any]:
        columns = (conversations.c.id, conversations.c.title, conversations.c.updated)
        return (
            select(*columns, func.count(turns.c.position).label("turns"))
            .join(turns, turns.c.conversation_id == conversations.c.id)
            .where(self._mine())
            .group_by(conversations.c.id)
        )

    def _claim(self, connection: Connection, conversation_id: str, **values: str) -> None:
        """Change the conversation's row, if only to itself, so that nobody else writes to it until this is done."""
        mine = (conversations.c.id == conversation_id, self._mine())
        changed = update(conversations).where(*mine).values(values or {"id": conversation_id})
        if connection.execute(changed).rowcount == 0:
            raise _not_found(conversation_id)


# Within a transaction


def _name(connection: Connection, conversation_id: str, title: str) -> None:
    connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(title=title))


def _put(connection: Connection, conversation_id: str, position: int, turn: Turn) -> None:
    """Make a turn the last, at `position`; the first one names the conversation that has no name of its own."""
    named = select(conversations.c.title).where(conversations.c.id == conversation_id)
    title, first = connection.scalar(named) or "", _first_question(connection, conversation_id)
    if position == 0 and title in ("", _title(first)):
        _name(connection, conversation_id, _title(turn.question))
    turn = _in_place_of(_kept(connection, conversation_id, position), turn)
    _cut(connection, conversation_id, position)
    row = {"conversation_id": conversation_id, "position": position}
    connection.execute(insert(turns).values(row | {"turn": _stored(turn)}))
    _react(connection, conversation_id, position - 1, turn)
    conversation_search.take_in(connection, conversation_id)


def _kept(connection: Connection, conversation_id: str, position: int) -> Turn | None:
    kept = select(turns.c.turn).filter_by(conversation_id=conversation_id, position=position)
    turn = connection.scalar(kept)
    return Turn.model_validate_json(turn) if turn else None


def _in_place_of(earlier: Turn | None, turn: Turn) -> Turn:
    """The turn, remembering the answer it was asked for again instead of, where that was another and whole."""
    again = earlier is not None and earlier.question == turn.question and not earlier.stopped
    if earlier is None or not again or earlier.answer.text in ("", turn.answer.text):
        return turn
    return turn.model_copy(update={"replaced": earlier.answer.text})


def _react(connection: Connection, conversation_id: str, position: int, after: Turn | None) -> None:
    """Keep with a turn what the one after it says of its answer; nothing where none comes after it any more."""
    turn = _kept(connection, conversation_id, position)
    if turn is None or (after is None and turn.reaction is None):
        return
    told = turn.model_copy(update={"reaction": reaction(turn, after) if after else None})
    where = (turns.c.conversation_id == conversation_id, turns.c.position == position)
    connection.execute(update(turns).where(*where).values(turn=_stored(told)))


def _stored(turn: Turn) -> str:
    """A turn as it is kept: what was thought of it has a table of its own."""
    return turn.model_dump_json(exclude={"feedback"})


def _cut(connection: Connection, conversation_id: str, position: int) -> None:
    for table in (turns, feedback):
        last = (table.c.conversation_id == conversation_id, table.c.position >= position)
        connection.execute(delete(table).where(*last))


def _length(connection: Connection, conversation_id: str) -> int:
    """The number of turns: their positions count up from 0."""
    told = select(func.count()).select_from(turns).where(turns.c.conversation_id == conversation_id)
    return connection.scalar(told) or 0


def _first_question(connection: Connection, conversation_id: str) -> str:
    first = select(turns.c.turn).filter_by(conversation_id=conversation_id, position=0)
    turn = connection.scalar(first)
    return Turn.model_validate_json(turn).question if turn else ""


# Rows and values


def _conversation(row: Row[Any], told: tuple[Turn, ...]) -> Conversation:
    known = dict(row._mapping)
    del known["owner"]
    scope = Filters.model_validate_json(known.pop("scope"))
    return Conversation(**known, scope=scope, turns=told)


def _turn(kept: str, verdict: str | None, comment: str | None) -> Turn:
    turn = Turn.model_validate_json(kept)
    if verdict is None:
        return turn
    given = Feedback.model_validate({"verdict": verdict, "comment": comment})
    return turn.model_copy(update={"feedback": given})


def _not_found(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(f"No conversation {conversation_id!r}; it may have been deleted.")


def _title(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1].rstrip() + "…"


def _now() -> str:
    return _moment(datetime.now(UTC))


def _moment(moment: datetime) -> str:
    """ISO 8601 in UTC, always of one length, so that moments compare as strings."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
