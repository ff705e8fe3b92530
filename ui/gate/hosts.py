"""Whom the server answers: this machine's programs, its own pages, and no other website.

A browser that looks at any website will send requests to an address on this machine for it. Who one is does not
help there, for the browser sends the session's cookie along; so the server goes by what such a website cannot
choose: the `Origin` a browser states, and the `Host` it believes to talk to, which betrays a name that was
pointed at this machine (DNS rebinding). Programs state no origin and are let in.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


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
