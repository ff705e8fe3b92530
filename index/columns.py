"""The kinds of columns that both databases keep alike.

PostgreSQL would refuse what is longer than a column says, put words in the order of the server's language, and take no
zero character; SQLite does none of that. Tables are therefore declared with these and not with SQLAlchemy's own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_NOTHING = "\ufffd"  # stands in the place of a zero character: offsets into a text stay as they are


class _Words(TypeDecorator[str]):
    """PostgreSQL's text, compared by its code points."""

    impl = Text
    cache_ok = True

    def __init__(self, most: int | None = None) -> None:
        super().__init__(collation="C")
        self.most = most

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\x00", _NOTHING)[: self.most] if value else value


def words(length: int | None = None) -> TypeEngine[Any]:
    """Text, ordered by its code points; `length` is what it usually keeps to, and held against nobody."""
    return (String(length) if length else Text()).with_variant(_Words(), "postgresql")


def key(most: int, length: int | None = None) -> TypeEngine[Any]:
    """The same for what is looked up by an index, which in PostgreSQL holds some 2,700 bytes a row.

    `most` characters of it are kept there, and looked for: what agrees in so many is the same.
    """
    return (String(length) if length else Text()).with_variant(_Words(most), "postgresql")
