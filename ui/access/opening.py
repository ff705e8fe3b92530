"""The door while a server runs: opened over its accounts where one has to sign in, and closed with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.accounts.accounts import Accounts
from assistant.accounts.openid import OpenID
from assistant.accounts.schema import User
from assistant.accounts.settings import AccessSettings
from assistant.accounts.sign_ins import SignIns
from index.settings import StorageSettings
from ui.access.door import Door


@contextmanager
def open_door(
    access: AccessSettings,
    folder: Path,
    storage: StorageSettings,
    hosts: Collection[str] = (),
    forget: Callable[[User], None] = lambda user: None,
) -> Iterator[Door | None]:
    """The door of a server with its library in `folder`; None where nobody has to sign in.

    `forget` deletes what is a user's own when they are removed.
    """
    if not access.login:
        yield None
        return
    accounts = Accounts.open(folder, storage, access.hours)
    try:
        openid = OpenID(access, SignIns(accounts.engine, accounts.clock)) if access.oidc_issuer else None
        yield Door(accounts, access, openid, frozenset(hosts), forget)
    finally:
        accounts.close()


def welcome_first(door: Door, home: str) -> None:
    """Where there is nobody yet, tell whoever started the server how to become its administrator."""
    if secret := door.accounts.links.first():
        print(
            f"Nobody has an account yet. Open this once, within a day, to become the administrator:\n"
            f"  {welcome_address(home, secret)}",
            file=sys.stderr,
            flush=True,
        )


def welcome_address(home: str, secret: str) -> str:
    """Where a one-time link is used."""
    return f"{home.rstrip('/')}/welcome?token={secret}"
