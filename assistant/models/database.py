"""The SQLite file of replies and spending: opened for one transaction at a time.

A connection an operation, so that threads and processes share the file and nothing stays open. With SQLite's own
journal: where two turn a write-ahead log on at once, one fails without waiting for the other. Only its owner can
read the file, since replies tell what was asked.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 5.0
"""How many seconds to wait for another process that is writing."""
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, pieces TEXT NOT NULL, usage TEXT NOT NULL, bytes INTEGER NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, model TEXT NOT NULL, requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost REAL
);
CREATE INDEX IF NOT EXISTS spending_by_day ON spending (day);
"""


@contextmanager
def transaction(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection within a transaction that no other writer is in; raises sqlite3.Error or OSError."""
    file = file.expanduser()
    new = not file.exists()
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            connection.executescript(_TABLES + "PRAGMA user_version=1;")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()
