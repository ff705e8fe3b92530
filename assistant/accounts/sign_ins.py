"""Sign-ins that are under way at a provider: what a browser left with, to be recognised when it comes back.

Kept in the database for ten minutes, so that it may come back to another replica; each is good for one return, by the
browser that left.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select

from assistant.accounts.errors import NotSignedIn
from assistant.accounts.secret import digest, new_secret
from assistant.accounts.tables import sign_ins, stamp
from index.schema import Value

_LASTING = timedelta(minutes=10)


class Departure(Value):
    """What goes with a browser: `state` and `nonce` to the provider, `browser` to be kept by the browser."""

    state: str
    nonce: str
    verifier: str
    browser: str


class Return(Value):
    """What a browser left with, and the page it wanted."""

    nonce: str
    verifier: str
    page: str


class SignIns:
    """The sign-ins under way at one server."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def depart(self, page: str) -> Departure:
        """Remember that a browser leaves for the provider."""
        leaving = Departure(
            state=new_secret(), nonce=new_secret(), verifier=new_secret(), browser=new_secret()
        )
        now = self._clock()
        with self._engine.begin() as connection:
            connection.execute(delete(sign_ins).where(sign_ins.c.expires <= stamp(now)))
            connection.execute(
                insert(sign_ins).values(
                    state=digest(leaving.state),
                    browser=digest(leaving.browser),
                    nonce=leaving.nonce,
                    verifier=leaving.verifier,
                    page=page[:2000],
                    expires=stamp(now + _LASTING),
                )
            )
        return leaving

    def back(self, state: str, browser: str) -> Return:
        """What that browser left with, told once. NotSignedIn where it did not leave, or came back too late."""
        theirs = (
            (sign_ins.c.state == digest(state))
            & (sign_ins.c.browser == digest(browser))
            & (sign_ins.c.expires > stamp(self._clock()))
        )
        columns = [sign_ins.c[name] for name in Return.model_fields]
        with self._engine.begin() as connection:
            row = connection.execute(select(*columns).where(theirs)).first()
            if row is None or not connection.execute(delete(sign_ins).where(theirs)).rowcount:
                raise NotSignedIn("This sign-in was not begun here, or took too long. Begin again.")
        return Return(**row._mapping)
