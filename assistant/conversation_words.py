"""The words of conversations in PostgreSQL's full-text search, for `conversation_search`.

Words are compared as SQLite's FTS5 compares them: in one case and without accents. They are made so here, and not by
the server, whose ways with accents and hyphens hang on how it is set up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, text

from index.lexemes import all_of, beginning, vector

_WORD = re.compile(r"[^\W_]+")
_PREPARE = (
    "SELECT pg_advisory_xact_lock(hashtext('ibid words'))",
    "ALTER TABLE conversation_texts ADD COLUMN IF NOT EXISTS words tsvector",
    "CREATE INDEX IF NOT EXISTS conversation_words ON conversation_texts USING gin (words)",
)
_PREPARED = text(
    "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('conversation_texts') AND attname = 'words'"
)
_NOTE = text(
    "UPDATE conversation_texts SET words = CAST(:title AS tsvector) || CAST(:body AS tsvector) "
    "WHERE conversation_id = :conversation"
)
_FIND = text(
    "SELECT conversation_id, body FROM conversation_texts "
    "WHERE words @@ CAST(:words AS tsquery) "
    "AND conversation_id NOT IN (SELECT conversation_id FROM removed_conversations) "
    "ORDER BY ts_rank('{0.25, 0.25, 0.25, 1}', words, CAST(:words AS tsquery), 1) DESC, conversation_id LIMIT :limit"
)
_LOOKED_AT = 200  # matches within one conversation, when the best place to show is chosen
_BEFORE = 4  # words shown before the first match


def prepare(engine: Engine) -> None:
    """Make the index where there is none."""
    with engine.begin() as connection:
        if not connection.scalar(_PREPARED):
            for statement in _PREPARE:
                connection.exec_driver_sql(statement)


def note(connection: Connection, conversation_id: str, title: str, body: str) -> None:
    """Keep the words of a conversation, whose title counts four times."""
    words = {"title": vector(plain_words(title), "A"), "body": vector(plain_words(body))}
    connection.execute(_NOTE, words | {"conversation": conversation_id})


def find(connection: Connection, asked: Sequence[str], limit: int) -> Iterator[tuple[str, str]]:
    """The ids of conversations with every word, the last of them maybe half typed, each with its body; best first."""
    words = all_of(beginning(word) for one in asked for word in plain_words(one))
    for row in connection.execute(_FIND, {"words": words, "limit": limit}) if words else ():
        yield row.conversation_id, row.body


def excerpt(body: str, asked: Sequence[str], length: int) -> tuple[str, tuple[tuple[int, int], ...]]:
    """`length` words of a text where most of the words stand that were asked for, and the spans of these in it.

    >>> excerpt("One. Two kilns cool, three do not.", ["kiln"], 3)
    ('One. Two kilns…', ((9, 14),))
    """
    begun = tuple(word for one in asked for word in plain_words(one))
    words = list(_WORD.finditer(body))
    hits = [place for place, word in enumerate(words) if _begins(word.group(), begun)][:_LOOKED_AT]
    first = max(hits, key=lambda place: sum(place <= hit < place + length for hit in hits), default=0)
    first = max(min(first - min(_BEFORE, length // 2 + 1), len(words) - length), 0)
    shown = words[first : first + length]
    if not shown:
        return "", ()
    start = 0 if first == 0 else shown[0].start()
    end = len(body) if first + length >= len(words) else shown[-1].end()
    before, after = "…" if start else "", "…" if end < len(body) else ""
    spans = (words[hit].span() for hit in hits if first <= hit < first + length)
    moved = tuple((a - start + len(before), b - start + len(before)) for a, b in spans)
    return f"{before}{body[start:end]}{after}", moved


def plain_words(said: str) -> list[str]:
    """The words of a text as they are compared.

    >>> plain_words("Crème brûlée, re-heated")
    ['creme', 'brulee', 're', 'heated']
    """
    return [_plain(word) for word in _WORD.findall(said if said.isascii() else _bare(said))]


def _begins(word: str, begun: tuple[str, ...]) -> bool:
    return _plain(word if word.isascii() else _bare(word)).startswith(begun) if begun else False


def _plain(word: str) -> str:
    return word.casefold()


def _bare(said: str) -> str:
    """Without accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", said) if not unicodedata.combining(letter)
    )
