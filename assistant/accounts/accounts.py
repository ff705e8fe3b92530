"""Accounts, the façade: signing in by a password, a link or an organisation, and what follows from each.

Owns what has to happen together. It knows neither cookies nor pages, nor what anybody may do with papers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from assistant.accounts.attempts import Attempts, Counter, of_account, of_address, of_device, of_user
from assistant.accounts.database import alone, prepare
from assistant.accounts.database import engine as engine_of
from assistant.accounts.errors import AccountError, LinkSpent, NotSignedIn
from assistant.accounts.links import Links
from assistant.accounts.passwords import Passwords, require_good
from assistant.accounts.people import People, free_name, identified, insert_user, name_key, user_of
from assistant.accounts.personal_tokens import PersonalTokens
from assistant.accounts.schema import Identity, SignedIn, User, Where
from assistant.accounts.sessions import Sessions
from assistant.accounts.tables import users
from index.settings import StorageSettings

_WRONG = "The name or the password is wrong."


class Accounts:
    """The accounts of one server. Every replica has its own of these over the same database."""

    def __init__(
        self,
        engine: Engine,
        hours: float = 12,
        passwords: Passwords | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`hours` is how long a session lasts. LibraryError where the database cannot be used."""
        prepare(engine)
        self.engine = engine
        self.clock = clock
        self.people = People(engine, clock)
        self.sessions = Sessions(engine, clock, hours)
        self.tokens = PersonalTokens(engine, clock)
        self.links = Links(engine, clock)
        self.attempts = Attempts(engine, clock)
        self._passwords = passwords or Passwords()
        self._tidy()

    @classmethod
    def open(cls, folder: Path, storage: StorageSettings = StorageSettings(), hours: float = 12) -> Accounts:
        """The accounts beside a server's library."""
        return cls(engine_of(folder, storage), hours)

    def close(self) -> None:
        self.engine.dispose()

    # Who holds a secret

    def of_session(self, secret: str) -> User | None:
        """Whose session's cookie this is; None where the session has ended or never was."""
        return self.sessions.user(secret)

    def of_token(self, secret: str) -> User | None:
        """Whose personal token this is; None where it was revoked or never was."""
        return self.tokens.user(secret)

    # Signing in

    def sign_in(self, name: str, password: str, where: Where = Where()) -> SignedIn:
        """Begin a session. NotSignedIn, in the same words after the same work whatever is wrong; TooManyAttempts."""
        row = self.people.row(name)
        known = self.sessions.remembered(row.id if row else "", where.device)
        account = of_device(where.device) if known else of_account(name)
        address = of_address(where.address)
        self.attempts.begin((account, address))
        fits = self._passwords.fits(password, row.password if row else None)
        if row is None or not fits or row.disabled:
            raise NotSignedIn(_WRONG)
        self.attempts.succeeded(cleared=(account,), returned=(address,))
        begun = self._begin(user_of(row), where, row.password)
        if self._passwords.outdated(row.password):
            self.people.set_password(row.id, self._passwords.kept(password))
        return begun

    def accept(self, link: str, name: str, password: str, where: Where = Where()) -> SignedIn:
        """Use a one-time link and begin a session. `name` is not asked of one that sets a password.

        LinkSpent; AccountError, and the link holds on, where name or password will not do.
        """
        found = self.links.look(link)
        if found is None:
            raise LinkSpent
        require_good(password, found.name or name)
        user = self.links.use(link, name, self._passwords.kept(password))
        if found.kind == "password":
            self._start_over(user)
        return self._begin(user, where)

    def admit(self, identity: Identity, join: bool, link: str = "", where: Where = Where()) -> SignedIn:
        """Begin a session for someone a provider vouches for, as a new user where they may `join` or have a link."""
        row = self.people.identified(identity)
        if row is not None and row.disabled:
            raise NotSignedIn("This account is disabled. Ask an administrator.")
        if row is not None:
            user = user_of(row)
        elif link:
            user = self._joined(identity, link)
        elif join:
            user = self._member(identity)
        else:
            raise NotSignedIn("There is no account for you here yet. Ask an administrator for an invitation.")
        return self._begin(user, where)

    # Passwords

    def change_password(self, user: User, old: str, new: str, session: str) -> None:
        """Set another password and end the user's other sessions. AccountError where the old one is wrong."""
        counter = of_user(user.id)
        self.attempts.begin((counter,))
        row = self.people.row_of(user.id)
        if row is None or not self._passwords.fits(old, row.password):
            raise AccountError("The present password is wrong.")
        require_good(new, user.name)
        self.attempts.succeeded(cleared=(counter,))
        self.people.set_password(user.id, self._passwords.kept(new))
        self.sessions.revoke_all(user.id, but=session)

    def set_password(self, name: str, password: str) -> User:
        """Set a user's password without knowing it, as an operator does; all their sessions end."""
        user = self.people.named(name)
        require_good(password, user.name)
        self.people.set_password(user.id, self._passwords.kept(password))
        self._start_over(user)
        return user

    def add(self, name: str, password: str, admin: bool = False) -> User:
        """A new user with a password."""
        require_good(password, name)
        return self.people.add(name, self._passwords.kept(password), admin)

    def unlock(self, user: User) -> None:
        """Forget the attempts at a user's name."""
        self.attempts.succeeded(cleared=_counters(user))

    def _start_over(self, user: User) -> None:
        self.sessions.revoke_all(user.id)
        self.unlock(user)

    def _member(self, identity: Identity) -> User:
        """A new user, unless another replica has just made them."""
        with alone(self.engine) as connection:
            if row := identified(connection, identity):
                return user_of(row)
            name = free_name(connection, identity.name)
            return insert_user(connection, self.clock(), name, None, False, identity)

    def _joined(self, identity: Identity, link: str) -> User:
        with self.engine.connect() as connection:
            name = free_name(connection, identity.name)
        return self.links.use(link, name, None, identity)

    def _begin(self, user: User, where: Where, given: str | None = None) -> SignedIn:
        """A session, unless the password was changed since the one `given` was found to be right."""
        with alone(self.engine) as connection:
            row = connection.execute(select(users).where(users.c.id == user.id)).first()
            if row is None or row.disabled or (given is not None and row.password != given):
                raise NotSignedIn(_WRONG)
            secret = self.sessions.begin(connection, user, where)
            device = self.sessions.remember(connection, user, where)
            self._drop_what_is_over(connection)
        return SignedIn(user=user, secret=secret, device=device)

    def _tidy(self) -> None:
        with self.engine.begin() as connection:
            self._drop_what_is_over(connection)

    def _drop_what_is_over(self, connection: Connection) -> None:
        for kept in (self.sessions, self.links, self.attempts):
            kept.tidy(connection)


def _counters(user: User) -> Sequence[Counter]:
    return (of_account(name_key(user.name)), of_user(user.id))
