"""Who may call the server: this machine's programs and its own pages, and no other website.

A browser that looks at any website will send requests to an address on this machine for it. The server has
no accounts, so it goes by what such a website cannot choose: the `Origin` a browser states, and the `Host`
it believes to talk to, which betrays a name that was pointed at this machine (DNS rebinding). Programs
state no origin and are let in.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """ASGI middleware that answers 403 with the reason to whoever may not call."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        """`hosts` are further names that the server answers to, in lower case, without ports."""
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            reason = refusal(headers.get("host", ""), headers.get("origin"), self.hosts)
            if reason:
                await PlainTextResponse(reason + "\n", status_code=403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def refusal(host: str, origin: str | None, hosts: Collection[str] = ()) -> str:
    """Why a request with these headers is not answered; empty where it is.

    Behind a proxy the browser's origin is the proxy's name, whatever `Host` the proxy sends on.
    """
    name = _name(f"//{host}")
    if not (_loopback(name) or name in hosts):
        return (
            f"This server answers to localhost and not to {host!r}. "
            "If that is a name for it, set server.hosts."
        )
    if origin is None or origin.partition("://")[2] == host or _name(origin) in hosts:
        return ""
    return f"Pages of {origin!r} may not call this server. If that is a name for it, set server.hosts."


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
