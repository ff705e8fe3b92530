"""Who someone is, as values. Times are ISO 8601 in UTC; nothing here holds a secret but `SignedIn`."""

from __future__ import annotations

from typing import Literal

from index.schema import Value

LinkKind = Literal["first", "invitation", "password"]


class User(Value):
    """Someone who may use the server; `id` never changes and is never given to another, `name` may change."""

    id: str
    name: str
    admin: bool


LOCAL = User(id="", name="", admin=True)
"""The one user of a server without accounts, whom everything on it belongs to."""


class Person(Value):
    """A user as administrators see one; `ways` are how one signs in: `password`, `organisation`."""

    id: str
    name: str
    admin: bool
    disabled: bool
    created: str
    seen: str | None
    ways: tuple[str, ...]


class Session(Value):
    """A browser that is signed in: from where and with what, as far as it said so."""

    id: str
    created: str
    expires: str
    seen: str
    address: str
    agent: str


class Token(Value):
    """A personal token for programs; `used` is when it last was."""

    id: str
    name: str
    created: str
    used: str | None


class Link(Value):
    """What a one-time link is for; `name` is the user's whose password it sets."""

    kind: LinkKind
    admin: bool
    name: str
    expires: str


class Invitation(Value):
    """An invitation that is still open; `id` revokes it and does not accept it."""

    id: str
    admin: bool
    expires: str


class Where(Value):
    """What is known of a browser that asks: its address, what it calls itself, the mark of an earlier sign-in."""

    address: str = ""
    agent: str = ""
    device: str = ""


class SignedIn(Value):
    """A session just begun: `secret` and `device` are for the browser to keep and stored nowhere else."""

    user: User
    secret: str
    device: str


class Identity(Value):
    """Someone an OpenID provider vouches for: `subject` is unique with its `issuer`."""

    issuer: str
    subject: str
    name: str
