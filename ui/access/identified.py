"""Who is asking: the middleware that puts a user into each request's scope.

Owns where a request says who sent it: the session's cookie, or a program's `Authorization: Bearer`. Refuses to
know what anybody may do; that is for whatever stands behind it to decide by `scope["ibid.user"]`.
"""

from __future__ import annotations

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.accounts.schema import LOCAL, User
from ui.access.cookies import SESSION

USER = "ibid.user"


class Known(Protocol):
    """Tells who holds a secret."""

    def of_session(self, secret: str) -> User | None:
        """Whose session's cookie this is; None where the session has ended or never was."""

    def of_token(self, secret: str) -> User | None:
        """Whose personal token this is; None where it was revoked or never was."""


class Identified:
    """ASGI middleware that sets `scope["ibid.user"]`: a User, or None for a stranger."""

    def __init__(self, app: ASGIApp, known: Known | None = None) -> None:
        """Without `known` there are no accounts, and everybody is `LOCAL`."""
        self.app = app
        self.known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope[USER] = await self._user(HTTPConnection(scope))
        await self.app(scope, receive, send)

    async def _user(self, request: HTTPConnection) -> User | None:
        if self.known is None:
            return LOCAL
        if secret := bearer(request.headers.get("authorization", "")):
            return await run_in_threadpool(self.known.of_token, secret)
        if secret := request.cookies.get(SESSION, ""):
            return await run_in_threadpool(self.known.of_session, secret)
        return None


def bearer(authorization: str) -> str:
    """The secret of an `Authorization: Bearer` header; empty where it is another or none."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
