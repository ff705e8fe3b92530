"""The tables of accounts, in a database of their own, apart from every library.

Of secrets that are shown once (sessions, tokens, links, devices) only their SHA-256 is kept: they are random and
long, so that a copied database opens nothing. Passwords are kept as argon2id's own text. Times are ISO 8601 in UTC,
to the millisecond and all of one length, so that they compare as text.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("name_key", String(256), nullable=False, unique=True),
    Column("password", String(512)),
    Column("issuer", String(300)),
    Column("subject", String(300)),
    Column("admin", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", String(32), nullable=False),
    Column("seen", String(32)),
    UniqueConstraint("issuer", "subject", name="users_by_identity"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("created", String(32), nullable=False),
    Column("expires", String(32), nullable=False, index=True),
    Column("seen", String(32), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("created", String(32), nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("name", String(128), nullable=False),
    Column("created", String(32), nullable=False),
    Column("used", String(32)),
)

links = Table(
    "links",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("user_id", String(32)),
    Column("expires", String(32), nullable=False, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", String(32), nullable=False, index=True),
    Column("until", String(32), nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("page", String(2000), nullable=False),
    Column("expires", String(32), nullable=False, index=True),
)


def stamp(moment: datetime) -> str:
    """A moment as it is stored: `2026-03-01T09:30:00.000+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
