"""Personal tokens: what a user's programs sign in with. They last until they are revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from assistant.accounts.errors import AccountError
from assistant.accounts.people import note_seen, tidy, user_of
from assistant.accounts.schema import Token, User
from assistant.accounts.secret import TOKEN, digest, new_id, new_secret
from assistant.accounts.tables import stamp, tokens, users

MOST = 50
_NOTED = timedelta(minutes=1)  # how often it is written down that a token is in use


class PersonalTokens:
    """The tokens of one server's users."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, user_id: str, name: str) -> str:
        """A new token under a name of the user's own; it is told this once. AccountError where that cannot be."""
        secret, called = new_secret(TOKEN), tidy(name)
        with self._engine.begin() as connection:
            theirs = select(func.count()).select_from(tokens).where(tokens.c.user_id == user_id)
            if (connection.scalar(theirs) or 0) >= MOST:
                raise AccountError(f"There are {MOST} tokens already. Revoke one first.")
            connection.execute(
                insert(tokens).values(
                    id=new_id(),
                    digest=digest(secret),
                    user_id=user_id,
                    name=called,
                    created=stamp(self._clock()),
                )
            )
        return secret

    def user(self, secret: str) -> User | None:
        """Whose token this is; None where it was revoked, never was, or its user may not sign in."""
        if not secret.startswith(TOKEN):
            return None
        held = (
            select(users, tokens.c.id.label("token_id"), tokens.c.used)
            .join(tokens, tokens.c.user_id == users.c.id)
            .where(tokens.c.digest == digest(secret), users.c.disabled.is_(False))
        )
        now = self._clock()
        with self._engine.connect() as connection:
            row = connection.execute(held).first()
        if row is None:
            return None
        if row.used is None or row.used < stamp(now - _NOTED):
            with self._engine.begin() as connection:
                connection.execute(update(tokens).where(tokens.c.id == row.token_id).values(used=stamp(now)))
                note_seen(connection, row.id, now)
        return user_of(row)

    def list(self, user_id: str) -> list[Token]:
        """A user's tokens, the newest first."""
        columns = [tokens.c[name] for name in Token.model_fields]
        theirs = select(*columns).where(tokens.c.user_id == user_id).order_by(tokens.c.created.desc())
        with self._engine.connect() as connection:
            return [Token(**row._mapping) for row in connection.execute(theirs)]

    def revoke(self, user_id: str, token_id: str) -> None:
        """Revoke one of a user's tokens; another user's is left alone."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(tokens).where((tokens.c.user_id == user_id) & (tokens.c.id == token_id))
            )
