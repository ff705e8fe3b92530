"""What was spent, day by day, and the limit of a day.

Owns the record of every call that was made. Before a call its highest possible cost is put down, in the
transaction that looks at the limit, and afterwards what it cost: so calls at the same time, from any
process, go at most one call beyond the limit. Days are those of UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from assistant.models.database import transaction
from assistant.models.schema import ModelError, Usage


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


class Ledger:
    """The spending recorded in a file, held to `limit` US dollars a day where there is one."""

    def __init__(self, file: Path, limit: float | None, today: Callable[[], str] = _today) -> None:
        self._file = file
        self._limit = limit
        self._today = today

    def begin(self, model: str, most: float | None) -> int | None:
        """Put down a call that may cost `most`; raises ModelError where the day's limit is reached.

        A call whose cost nobody knows is put down and let go. None where the file cannot be used and no
        limit depends on it.
        """
        day = self._today()
        try:
            with transaction(self._file) as connection:
                spent = _spent(connection, day)
                if most is None or self._limit is None or spent < self._limit:
                    row = connection.execute(
                        "INSERT INTO spending (day, model, requests, prompt_tokens, completion_tokens, cost) "
                        "VALUES (?, ?, 0, 0, 0, ?)",
                        (day, model, most),
                    )
                    return row.lastrowid
        except (sqlite3.Error, OSError) as error:
            if most is None or self._limit is None:
                return None
            reason = f"was not asked: what was spent today cannot be read from {self._file} ({error})"
            raise ModelError("spent", model, reason) from error
        raise ModelError(
            "spent",
            model,
            f"was not asked: ${spent:.2f} of the ${self._limit:.2f} a day are spent. "
            "Ask again tomorrow (UTC), or raise llm.daily_limit",
        )

    def end(self, entry: int | None, usage: Usage) -> None:
        """Put down what the call used in truth."""
        if entry is None:
            return
        told = (usage.requests, usage.prompt_tokens, usage.completion_tokens, usage.cost, entry)
        try:
            with transaction(self._file) as connection:
                connection.execute(
                    "UPDATE spending SET requests = ?, prompt_tokens = ?, completion_tokens = ?, cost = ? "
                    "WHERE id = ?",
                    told,
                )
        except (sqlite3.Error, OSError):
            return  # what was put down first stays: the most that it can have cost

    def spent(self, day: str | None = None) -> float:
        """The US dollars spent on a day, `2026-11-21`, or today; calls under way count for the most they may cost."""
        with transaction(self._file) as connection:
            return _spent(connection, day or self._today())


def _spent(connection: sqlite3.Connection, day: str) -> float:
    (total,) = connection.execute("SELECT total(cost) FROM spending WHERE day = ?", (day,)).fetchone()
    return float(total)
