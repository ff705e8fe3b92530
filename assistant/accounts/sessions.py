"""Sessions: browsers that are signed in, on every replica at once and for a time that does not grow by use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update

from assistant.accounts.people import note_seen, user_of
from assistant.accounts.schema import Session, User, Where
from assistant.accounts.secret import digest, new_id, new_secret
from assistant.accounts.tables import devices, sessions, stamp, users

_NOTED = timedelta(minutes=5)  # how often it is written down that a session is in use
_REMEMBERED = timedelta(days=365)


class Sessions:
    """The sessions of one server's users."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], hours: float) -> None:
        self._engine = engine
        self._clock = clock
        self._lasting = timedelta(hours=hours)

    def begin(self, connection: Connection, user: User, where: Where) -> str:
        """Put a new session into a transaction; its secret, which is kept nowhere."""
        secret, now = new_secret(), self._clock()
        connection.execute(
            insert(sessions).values(
                id=new_id(),
                digest=digest(secret),
                user_id=user.id,
                created=stamp(now),
                expires=stamp(now + self._lasting),
                seen=stamp(now),
                address=where.address[:64],
                agent=where.agent[:200],
            )
        )
        note_seen(connection, user.id, now)
        return secret

    def user(self, secret: str) -> User | None:
        """Whose session this is; None where it has ended, was revoked, or its user may not sign in."""
        now = self._clock()
        holds = (sessions.c.digest == digest(secret)) & (sessions.c.expires > stamp(now))
        held = (
            select(users, sessions.c.id.label("session_id"), sessions.c.seen.label("session_seen"))
            .join(sessions, sessions.c.user_id == users.c.id)
            .where(holds, users.c.disabled.is_(False))
        )
        with self._engine.connect() as connection:
            row = connection.execute(held).first()
        if row is None:
            return None
        if row.session_seen < stamp(now - _NOTED):
            with self._engine.begin() as connection:
                seen = update(sessions).where(sessions.c.id == row.session_id).values(seen=stamp(now))
                connection.execute(seen)
                note_seen(connection, row.id, now)
        return user_of(row)

    def list(self, user_id: str) -> list[Session]:
        """A user's sessions that have not ended, the one used last first."""
        theirs = (sessions.c.user_id == user_id) & (sessions.c.expires > stamp(self._clock()))
        columns = [sessions.c[name] for name in Session.model_fields]
        with self._engine.connect() as connection:
            found = connection.execute(select(*columns).where(theirs).order_by(sessions.c.seen.desc()))
            return [Session(**row._mapping) for row in found]

    def id_of(self, secret: str) -> str | None:
        """The id of a session, which revokes it and does not open it."""
        with self._engine.connect() as connection:
            return connection.scalar(select(sessions.c.id).where(sessions.c.digest == digest(secret)))

    def revoke(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions; another user's is left alone."""
        self._end((sessions.c.user_id == user_id) & (sessions.c.id == session_id))

    def revoke_all(self, user_id: str, but: str = "") -> None:
        """End all of a user's sessions, but the one whose secret is given."""
        self._end((sessions.c.user_id == user_id) & (sessions.c.digest != digest(but)))

    def end(self, secret: str) -> None:
        """Sign a browser out."""
        self._end(sessions.c.digest == digest(secret))

    # Browsers that someone signed in with before

    def remember(self, connection: Connection, user: User, where: Where) -> str:
        """The mark of a browser that signed in as this user; the one it has, where it has one of theirs."""
        if where.device and self._marked(connection, user.id, where.device):
            return where.device
        mark = new_secret()
        row = {"digest": digest(mark), "user_id": user.id, "created": stamp(self._clock())}
        connection.execute(insert(devices).values(row))
        return mark

    def remembered(self, user_id: str, mark: str) -> bool:
        """Whether a browser signed in as this user before."""
        with self._engine.connect() as connection:
            return bool(mark) and self._marked(connection, user_id, mark)

    def tidy(self, connection: Connection) -> None:
        """Drop what has ended."""
        now = self._clock()
        connection.execute(delete(sessions).where(sessions.c.expires <= stamp(now)))
        connection.execute(delete(devices).where(devices.c.created <= stamp(now - _REMEMBERED)))

    def _marked(self, connection: Connection, user_id: str, mark: str) -> bool:
        theirs = (devices.c.digest == digest(mark)) & (devices.c.user_id == user_id)
        return connection.scalar(select(devices.c.digest).where(theirs)) is not None

    def _end(self, which: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(which))  # type: ignore[arg-type]
