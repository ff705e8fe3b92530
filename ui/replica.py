"""Which of several servers answers: a cookie by which the proxy in front keeps a browser with one of them.

A page's events and what comes of them belong to one server's queue. Everything else is in the database, so that any
server goes on where another has gone: then the next answer names that one (configs/nginx.conf).
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "ibid_replica"


class Named:
    """ASGI middleware that has a browser remember this server by its `name`, until it is closed."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.cookie = f"{COOKIE}={name}; Path=/; HttpOnly; SameSite=Lax"
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or HTTPConnection(scope).cookies.get(COOKIE) == self.name:
            await self.app(scope, receive, send)
            return
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", self.cookie + secure)
            await send(message)

        await self.app(scope, receive, send_named)
