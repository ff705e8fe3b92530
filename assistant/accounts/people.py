"""The users: made, found, renamed by nobody, disabled, made administrators, removed.

Owns that names are unique however they are written, and that one administrator who may sign in is always left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.accounts.database import alone
from assistant.accounts.errors import AccountError, UserNotFound
from assistant.accounts.schema import Identity, Person, User
from assistant.accounts.secret import new_id
from assistant.accounts.tables import devices, links, sessions, stamp, tokens, users

LONGEST = 64
_TRIES = 1000


class People:
    """The users of one server. A method given a name that nobody has raises UserNotFound."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def list(self) -> list[Person]:
        """Everybody, by name."""
        with self._engine.connect() as connection:
            return [_person(row) for row in connection.execute(select(users).order_by(users.c.name_key))]

    def any(self) -> bool:
        """Whether there is anybody yet."""
        with self._engine.connect() as connection:
            return there_is_anybody(connection)

    def named(self, name: str) -> User:
        """The user of that name, however it is written."""
        with self._engine.connect() as connection:
            row = connection.execute(select(users).where(users.c.name_key == name_key(name))).first()
        if row is None:
            raise UserNotFound(f"Nobody is called {name!r}. `ibid users list` tells who there is.")
        return user_of(row)

    def by_id(self, user_id: str) -> User:
        """The user of that id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(users).where(users.c.id == user_id)).first()
        if row is None:
            raise UserNotFound("That user is not there any more.")
        return user_of(row)

    def row(self, name: str) -> Row[Any] | None:
        """What is kept of the user of that name, the password with it."""
        with self._engine.connect() as connection:
            return connection.execute(select(users).where(users.c.name_key == name_key(name))).first()

    def row_of(self, user_id: str) -> Row[Any] | None:
        with self._engine.connect() as connection:
            return connection.execute(select(users).where(users.c.id == user_id)).first()

    def add(self, name: str, password: str | None, admin: bool) -> User:
        """A new user, `password` as it is kept. AccountError where the name is taken or cannot be one."""
        with self._engine.begin() as connection:
            return insert_user(connection, self._clock(), name, password, admin)

    def identified(self, identity: Identity) -> Row[Any] | None:
        """What is kept of the user a provider vouches for; None where there is none yet."""
        with self._engine.connect() as connection:
            return identified(connection, identity)

    def set_password(self, user_id: str, kept: str) -> None:
        """Keep another password. A sign-in with the one before that is under way is done first, or does not hold."""
        with alone(self._engine) as connection:
            connection.execute(update(users).where(users.c.id == user_id).values(password=kept))

    def set_disabled(self, user_id: str, disabled: bool) -> None:
        """Shut a user out, or let one in again. AccountError for the last administrator who may sign in."""
        self._change(user_id, disabled=disabled)
        if disabled:
            with self._engine.begin() as connection:
                connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def set_admin(self, user_id: str, admin: bool) -> None:
        """Make a user an administrator, or no longer. AccountError for the last one who may sign in."""
        self._change(user_id, admin=admin)

    def remove(self, user_id: str, forget: Callable[[User], None]) -> None:
        """Shut a user out, have `forget` delete what is theirs, then forget who they were.

        Where `forget` fails the user stays, disabled, and can be removed again. AccountError for the last
        administrator who may sign in.
        """
        user = self.by_id(user_id)
        self.set_disabled(user_id, True)
        forget(user)
        with self._engine.begin() as connection:
            for table in (sessions, devices, tokens, links):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            connection.execute(delete(users).where(users.c.id == user_id))

    def _change(self, user_id: str, **values: bool) -> None:
        """Change a user, unless nobody were left then to administrate."""
        with alone(self._engine) as connection:
            before = _administrators(connection)
            if not connection.execute(update(users).where(users.c.id == user_id).values(**values)).rowcount:
                raise UserNotFound("That user is not there any more.")
            if before and not _administrators(connection):
                raise AccountError(
                    "This is the only administrator who may sign in. Make another one an administrator first."
                )


def identified(connection: Connection, identity: Identity) -> Row[Any] | None:
    known = (users.c.issuer == identity.issuer) & (users.c.subject == identity.subject)
    return connection.execute(select(users).where(known)).first()


def insert_user(
    connection: Connection,
    moment: datetime,
    name: str,
    password: str | None,
    admin: bool,
    identity: Identity | None = None,
) -> User:
    """Put a new user into a transaction. AccountError where the name is taken or cannot be one."""
    user = User(id=new_id(), name=tidy(name), admin=admin)
    row = user.model_dump() | {
        "name_key": name_key(name),
        "password": password,
        "issuer": identity and identity.issuer,
        "subject": identity and identity.subject,
        "disabled": False,
        "created": stamp(moment),
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(users).values(row))
    except IntegrityError as error:
        raise AccountError(f"Somebody is already called {user.name!r}. Choose another name.") from error
    return user


def free_name(connection: Connection, wanted: str) -> str:
    """The name, or where somebody has it or it cannot be one, the next like it: `ada`, `ada 2`."""
    base = "".join(character for character in wanted if character.isprintable())
    base = " ".join(base.split())[: LONGEST - 5] or "user"
    for number in range(1, _TRIES):
        name = base if number == 1 else f"{base} {number}"
        if connection.scalar(select(users.c.id).where(users.c.name_key == name_key(name))) is None:
            return name
    raise AccountError(f"Everybody is called {base!r}.")


def there_is_anybody(connection: Connection) -> bool:
    return connection.scalar(select(users.c.id).limit(1)) is not None


def tidy(name: str) -> str:
    """A name as it is shown. AccountError where it cannot be one."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise AccountError("A name is needed.")
    if len(plain) > LONGEST:
        raise AccountError(f"The name has {len(plain)} characters; {LONGEST} are the most.")
    if not plain.isprintable() or any(unicodedata.category(each) == "Cf" for each in plain):
        raise AccountError(f"The name {plain!r} has characters that cannot be seen. Choose another.")
    return plain


def name_key(name: str) -> str:
    """What names are told apart by: neither case nor spacing nor how a letter is composed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:256]


def note_seen(connection: Connection, user_id: str, moment: datetime) -> None:
    """Write down that somebody is here."""
    connection.execute(update(users).where(users.c.id == user_id).values(seen=stamp(moment)))


def user_of(row: Row[Any]) -> User:
    return User(id=row.id, name=row.name, admin=row.admin)


def _person(row: Row[Any]) -> Person:
    ways = {"password": row.password, "organisation": row.subject}
    return Person(
        id=row.id,
        name=row.name,
        admin=row.admin,
        disabled=row.disabled,
        created=row.created,
        seen=row.seen,
        ways=tuple(way for way, kept in ways.items() if kept),
    )


def _administrators(connection: Connection) -> int:
    enabled = users.c.admin.is_(True) & users.c.disabled.is_(False)
    return connection.scalar(select(func.count()).select_from(users).where(enabled)) or 0
