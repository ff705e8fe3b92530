"""Full-text search over conversations: titles, questions and answers.

The words of a conversation stand in one plain row, and SQLite's FTS5 indexes that table, kept in step by
triggers. Only this module knows FTS5; on PostgreSQL the same table takes a `tsvector` (`conversation_words`). Words
are not stemmed, so that each further letter typed only narrows what is found, in whatever language.
"""

from __future__ import annotations

import json
import re

from sqlalchemy import Connection, Engine, bindparam, insert, select, text, update

from assistant import conversation_words
from assistant.conversation_tables import conversations, texts, turns
from assistant.conversation_words import excerpt
from index.database import is_server
from index.schema import Value

_OPEN, _CLOSE = "\x02", "\x03"  # stored text holds no control characters
_AROUND = 24  # words of a snippet
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MARKUP = re.compile(r"\s?\[\d+\](?!\()|\*+|\|(?:[ :|-]*\|)?")

_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS conversation_index USING fts5(title, body, "
    "content='conversation_texts', content_rowid='number', prefix='2 3', "
    "tokenize='unicode61 remove_diacritics 2')"
)
_FORGET = (
    "INSERT INTO conversation_index(conversation_index, rowid, title, body) "
    "VALUES ('delete', old.number, old.title, old.body);"
)
_LEARN = "INSERT INTO conversation_index(rowid, title, body) VALUES (new.number, new.title, new.body);"
_IN_STEP = {"INSERT": _LEARN, "DELETE": _FORGET, "UPDATE": _FORGET + _LEARN}

_FIND = text(
    "SELECT t.conversation_id, snippet(conversation_index, 1, :open, :close, '…', :around) "
    "FROM conversation_index JOIN conversation_texts t ON t.number = conversation_index.rowid "
    "JOIN conversations c ON c.id = t.conversation_id AND c.owner = :owner "
    "WHERE conversation_index MATCH :words "
    "AND t.conversation_id NOT IN (SELECT conversation_id FROM removed_conversations) "
    "ORDER BY bm25(conversation_index, 4.0, 1.0) LIMIT :limit"
).bindparams(bindparam("open", _OPEN), bindparam("close", _CLOSE), bindparam("around", _AROUND))


class Snippet(Value):
    """Words of a conversation around what was searched for; `text[start:end]` of each span is a match."""

    text: str
    matches: tuple[tuple[int, int], ...] = ()


def prepare(engine: Engine) -> None:
    """Create the index where there is none, and take in conversations that it has not seen."""
    if is_server(engine):
        conversation_words.prepare(engine)
    with engine.begin() as connection:
        if not is_server(engine):
            _prepare_file(connection)
        unseen = (
            select(turns.c.conversation_id)
            .distinct()
            .where(turns.c.conversation_id.not_in(select(texts.c.conversation_id)))
        )
        for conversation_id in list(connection.scalars(unseen)):
            take_in(connection, conversation_id)


def _prepare_file(connection: Connection) -> None:
    connection.exec_driver_sql(_INDEX)
    for event, statements in _IN_STEP.items():
        name = f"conversation_{event.lower()}"
        connection.exec_driver_sql(
            f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON conversation_texts BEGIN {statements} END"
        )


def take_in(connection: Connection, conversation_id: str) -> None:
    """Make a conversation findable by its title and turns as they are now."""
    title = connection.scalar(select(conversations.c.title).where(conversations.c.id == conversation_id))
    told = select(turns.c.turn).where(turns.c.conversation_id == conversation_id).order_by(turns.c.position)
    body = "\n".join(_words_of(json.loads(turn)) for turn in connection.scalars(told))
    row = {"title": _plain(title or ""), "body": _plain(body)}
    known = update(texts).where(texts.c.conversation_id == conversation_id).values(row)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(texts).values(row | {"conversation_id": conversation_id}))
    if is_server(connection.engine):
        conversation_words.note(connection, conversation_id, **row)


def find(connection: Connection, words: str, limit: int, owner: str) -> dict[str, Snippet]:
    """The ids of the owner's conversations that have every word, the last of them maybe half typed; best first."""
    asked = re.findall(r"\w+", words)
    if not asked:
        return {}
    if is_server(connection.engine):
        found = {
            key: excerpt(body, asked, _AROUND)
            for key, body in conversation_words.find(connection, asked, limit)
        }
        return {key: Snippet(text=shown, matches=matches) for key, (shown, matches) in found.items()}
    query = " ".join(f'"{word}"*' for word in asked)
    rows = connection.execute(_FIND, {"words": query, "limit": limit, "owner": owner})
    return {conversation_id: _snippet(marked) for conversation_id, marked in rows}


def _words_of(turn: dict[str, dict[str, str] | str]) -> str:
    """The question and the answer of a stored turn, without Markdown's signs and markers."""
    answer = turn["answer"]
    assert isinstance(answer, dict)
    return f"{turn['question']}\n{_MARKUP.sub(' ', answer['text'])}"


def _plain(words: str) -> str:
    return " ".join(_CONTROL.sub(" ", words).split())


def _snippet(marked: str) -> Snippet:
    """The snippet that FTS5 gives, whose matches stand between `_OPEN` and `_CLOSE`."""
    plain, spans = "", []
    for piece in re.split(f"({_OPEN}[^{_CLOSE}]*{_CLOSE})", marked):
        if piece.startswith(_OPEN):
            spans.append((len(plain), len(plain) + len(piece) - 2))
        plain += piece.strip(_OPEN + _CLOSE)
    return Snippet(text=plain, matches=tuple(spans))
