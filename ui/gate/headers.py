"""What every response tells a browser to refuse: scripts that are not ours, frames, other hosts.

Owns the Content-Security-Policy. A page's own inline scripts are let in by a number used once, written into its
HTML, and the script that Gradio puts into the page's head by its hash; whatever stands in a title or a name gets
neither. Two things are loose, for Gradio does not work without: it makes functions of a component's script
(`unsafe-eval`), and styles elements in place (`style-src 'unsafe-inline'`).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = b"<gradio-app"
_OTHERS = (
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'none'",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: a form would then be sent with the origin `null`, as another website's is.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(),"
        " midi=(), payment=(), usb=(), clipboard-read=(self), clipboard-write=(self)"
    ),
}
_YEAR = 365 * 24 * 3600  # seconds


def policy(scripts: Sequence[str] = ()) -> str:
    """The Content-Security-Policy with what else may run as a script."""
    allowed = " ".join(("'self'", *scripts))
    return "; ".join((_OTHERS[0], f"script-src {allowed}", "script-src-attr 'none'", *_OTHERS[1:]))


def secured(send: Send, scope: Scope) -> Send:
    """`send` with the headers on every response that does not set its own."""

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", policy())
            if scope.get("scheme") == "https":
                headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
        await send(message)

    return send_with


class Pages:
    """ASGI middleware that lets Gradio's own scripts run on its pages, and no other; stands inside its compression."""

    def __init__(self, app: ASGIApp, head: str = "") -> None:
        """`head` is what Gradio adds to each page's head."""
        self.app = app
        self.hashes = tuple(f"'sha256-{_sha256(text)}'" for text in _scripts(head))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Rewriting(send, self.hashes))


class _Rewriting:
    """`send` that holds an HTML response back until it is whole, and marks the scripts of a page of Gradio's."""

    def __init__(self, send: Send, hashes: Sequence[str]) -> None:
        self.send = send
        self.hashes = hashes
        self.start: Message | None = None
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                await self.send(message)
                return
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self.start)

    async def _finish(self, start: Message) -> None:
        body = bytes(self.body)
        headers = MutableHeaders(scope=start)
        if _PAGE in body:
            nonce = secrets.token_urlsafe(16)
            body = with_nonce(body, nonce)
            headers["Content-Length"] = str(len(body))
            headers["Cache-Control"] = "private, no-store"
            headers["Content-Security-Policy"] = policy(
                (f"'nonce-{nonce}'", *self.hashes, "'unsafe-eval'"),
            )
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})


def with_nonce(html: bytes, nonce: str) -> bytes:
    """A page of Gradio's with the number on its scripts, and without a base that addresses could hang on."""
    marked = re.sub(rb"<script(?=[\s>])", b'<script nonce="' + nonce.encode() + b'"', html)
    return re.sub(rb"<base [^>]*>", b"", marked, count=1)


def _scripts(head: str) -> list[str]:
    return re.findall(r"<script>(.*?)</script>", head, flags=re.DOTALL)


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
