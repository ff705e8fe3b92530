"""One-time links: the first administrator's, invitations, and links that set a password anew.

A link holds for a day and once. That it holds once is decided in a transaction that no other runs beside.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update

from assistant.accounts.database import alone
from assistant.accounts.errors import LinkSpent
from assistant.accounts.people import insert_user, there_is_anybody, user_of
from assistant.accounts.schema import Identity, Invitation, Link, LinkKind, User
from assistant.accounts.secret import digest, new_id, new_secret
from assistant.accounts.tables import links, stamp, users

_LASTING = timedelta(hours=24)


class Links:
    """The one-time links of one server."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def first(self) -> str | None:
        """The secret of a link that makes the first administrator; None where there is somebody already."""
        with alone(self._engine) as connection:
            return None if there_is_anybody(connection) else self._make(connection, "first", True)

    def invite(self, admin: bool = False) -> str:
        """The secret of a link by which somebody joins under a name of their own."""
        with self._engine.begin() as connection:
            return self._make(connection, "invitation", admin)

    def for_password(self, user: User) -> str:
        """The secret of a link that sets a user's password; an earlier one holds no longer."""
        with self._engine.begin() as connection:
            connection.execute(delete(links).where(links.c.user_id == user.id))
            return self._make(connection, "password", user.admin, user.id)

    def look(self, secret: str) -> Link | None:
        """What a link is for, while it holds."""
        with self._engine.connect() as connection:
            return self._link(connection, secret)

    def invitations(self) -> list[Invitation]:
        """The invitations that nobody has accepted yet."""
        open_ones = (links.c.kind == "invitation") & (links.c.expires > stamp(self._clock()))
        columns = [links.c[name] for name in Invitation.model_fields]
        with self._engine.connect() as connection:
            found = connection.execute(select(*columns).where(open_ones).order_by(links.c.expires))
            return [Invitation(**row._mapping) for row in found]

    def withdraw(self, invitation_id: str) -> None:
        """Take an invitation back."""
        theirs = (links.c.kind == "invitation") & (links.c.id == invitation_id)
        with self._engine.begin() as connection:
            connection.execute(delete(links).where(theirs))

    def use(self, secret: str, name: str, password: str | None, identity: Identity | None = None) -> User:
        """Do what the link is for, once: make a user of that name, or set the password of the one it names.

        `password` is as it is kept. LinkSpent where it does not hold; AccountError, and it holds on, where the
        name is taken or cannot be one.
        """
        with alone(self._engine) as connection:
            link = self._link(connection, secret)
            if link is None or (link.kind == "first" and there_is_anybody(connection)):
                raise LinkSpent
            if link.kind == "password":
                user = self._set_password(connection, secret, password)
            else:
                user = insert_user(connection, self._clock(), name, password, link.admin, identity)
            spent = links.c.kind == "first" if link.kind == "first" else links.c.digest == digest(secret)
            connection.execute(delete(links).where(spent))
            return user

    def tidy(self, connection: Connection) -> None:
        """Drop what has expired."""
        connection.execute(delete(links).where(links.c.expires <= stamp(self._clock())))

    def _make(self, connection: Connection, kind: LinkKind, admin: bool, user_id: str | None = None) -> str:
        secret = new_secret()
        row = {"id": new_id(), "digest": digest(secret), "kind": kind, "admin": admin, "user_id": user_id}
        connection.execute(insert(links).values(row | {"expires": stamp(self._clock() + _LASTING)}))
        return secret

    def _link(self, connection: Connection, secret: str) -> Link | None:
        holds = (links.c.digest == digest(secret)) & (links.c.expires > stamp(self._clock()))
        columns = (links.c.kind, links.c.admin, users.c.name, links.c.expires)
        found = select(*columns).join(users, users.c.id == links.c.user_id, isouter=True).where(holds)
        row = connection.execute(found).first()
        return row and Link(kind=row.kind, admin=row.admin, name=row.name or "", expires=row.expires)

    def _set_password(self, connection: Connection, secret: str, password: str | None) -> User:
        whose = select(links.c.user_id).where(links.c.digest == digest(secret)).scalar_subquery()
        row = connection.execute(select(users).where(users.c.id == whose)).first()
        if row is None or password is None:
            raise LinkSpent
        connection.execute(update(users).where(users.c.id == row.id).values(password=password))
        return user_of(row)
