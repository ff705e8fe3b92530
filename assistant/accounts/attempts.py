"""Guessing made slow: how often a thing may be tried, counted in the database so that all replicas count together.

An attempt is counted before it is judged, so that many at once are not let through together; one that is refused
is not counted, so that nobody's wait grows by trying on. No wait is longer than `LONGEST`, so that whoever guesses
at somebody's name cannot shut them out for good. (NIST SP 800-63B, 3.2.2; OWASP's device cookies.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection, Engine, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from assistant.accounts.errors import TooManyAttempts
from assistant.accounts.people import name_key
from assistant.accounts.secret import digest
from assistant.accounts.tables import attempts, stamp
from index.schema import Value

LONGEST = 900  # seconds
_FORGOTTEN = timedelta(days=1)
_NO_WAIT = ""  # sorts before every time: another replica may have counted a moment after this one looked


class Counter(Value):
    """One thing that is counted: how many attempts cost no wait, and how long the first wait is."""

    key: str
    free: int
    first: int

    def wait(self, count: int) -> int:
        """The seconds to wait after so many attempts: none, then doubling up to `LONGEST`."""
        return 0 if count < self.free else min(LONGEST, self.first * 2 ** min(count - self.free, 20))


def of_account(name: str) -> Counter:
    """Attempts at a name, from browsers that never signed in under it; whether anybody has it makes no difference."""
    return Counter(key=f"account {digest(name_key(name))}", free=5, first=15)


def of_device(mark: str) -> Counter:
    """Attempts from a browser that signed in before: others' guesses do not shut it out."""
    return Counter(key=f"device {digest(mark)}", free=5, first=15)


def of_address(address: str) -> Counter:
    """Attempts from an address, or of an IPv6 one from its network, which one customer has; at any name."""
    try:
        known = ip_address(address)
        told = str(ip_network(f"{address}/64", strict=False)) if known.version == 6 else address
    except ValueError:
        told = "unknown"
    return Counter(key=f"address {told}", free=30, first=15)


def of_user(user_id: str) -> Counter:
    """Attempts at the password of someone who is signed in already."""
    return Counter(key=f"user {user_id}", free=5, first=15)


class Attempts:
    """The counts of one server."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, counters: Sequence[Counter]) -> None:
        """Count an attempt on each. TooManyAttempts, and none is counted, where one has to wait."""
        with self._engine.begin() as connection:
            now = self._clock()
            counts = {counter: self._count(connection, counter, now) for counter in _ordered(counters)}
            for counter, count in counts.items():
                wait = counter.wait(count + 1)
                until = stamp(now + timedelta(seconds=wait)) if wait else _NO_WAIT
                counted = {"count": count + 1, "last": stamp(now), "until": until}
                connection.execute(update(attempts).where(attempts.c.key == counter.key).values(counted))

    def succeeded(self, cleared: Sequence[Counter], returned: Sequence[Counter] = ()) -> None:
        """Forget the attempts on the `cleared`, and take back the last one on the `returned`."""
        with self._engine.begin() as connection:
            for counter in _ordered((*cleared, *returned)):
                left = 0 if counter in cleared else attempts.c.count - 1
                fewer = case((attempts.c.count > 0, left), else_=0)
                connection.execute(
                    update(attempts).where(attempts.c.key == counter.key).values(count=fewer, until=_NO_WAIT)
                )

    def tidy(self, connection: Connection) -> None:
        """Drop what is forgotten."""
        connection.execute(delete(attempts).where(attempts.c.last <= stamp(self._clock() - _FORGOTTEN)))

    def _count(self, connection: Connection, counter: Counter, now: datetime) -> int:
        """The attempts so far; their row is held until the transaction ends. TooManyAttempts."""
        new = {"key": counter.key, "count": 0, "last": stamp(now), "until": _NO_WAIT}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(attempts).values(new).on_conflict_do_nothing())
        row = connection.execute(
            select(attempts).where(attempts.c.key == counter.key).with_for_update()
        ).one()
        if row.until > stamp(now):
            until = datetime.fromisoformat(row.until)
            raise TooManyAttempts(max(1, -int((now - until).total_seconds() // 1)))
        return 0 if row.last <= stamp(now - _FORGOTTEN) else int(row._mapping["count"])


def _ordered(counters: Sequence[Counter]) -> list[Counter]:
    """In one order always, so that two transactions never wait for each other."""
    return sorted(counters, key=lambda counter: counter.key)
