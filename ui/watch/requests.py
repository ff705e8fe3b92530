"""A request's name, and what is counted and logged of each: the outermost of the server's middleware.

Owns the name that a line of the log, an answer's header and an error on the page have in common, so that a reader
can say which of ten thousand requests went wrong. What is told of a request is its kind and never its path, which
may hold a title. Refuses to know who may ask what.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sys
import time
from contextvars import ContextVar
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.watch import metrics

HEADER = "X-Request-ID"
SCOPE = "ibid.request"

_log = logging.getLogger(__name__)
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_GRADIO = re.compile(r"/gradio_api(?=/)")
_KINDS: tuple[tuple[str, str], ...] = (
    ("stream", r"/(queue/data|heartbeat/|upload_progress|call/(v2/)?[^/]+/[^/]+$|stream/)"),
    ("upload", r"/upload$"),
    ("event", r"/(queue/join|run/|api/|call/|component_server|cancel|reset|startup-events)"),
    ("file", r"/(file[=/]|papers/|proxy=)"),
    ("asset", r"/(assets|static|svelte|custom_component)/"),
    ("asset", r"/(theme\.css|favicon\.ico|manifest\.json|robots\.txt|pwa_icon)"),
    ("model api", r"/v1/"),
    ("mcp", r"/mcp(/|$)"),
    ("digest", r"/digest\."),
    ("sign-in", r"/(login|logout|welcome|openid|openid-return|account|people|access\.css)$"),
    ("watch", r"/(health|ready|metrics)$"),
    ("page", r"/(library|digest|config)?/?$"),
)  # fmt: skip
_ROUTES = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_FAILED = (
    "Something went wrong here that nobody foresaw. Try again; if it stays so, report it with this name: "
)

_STARLETTES = b"Internal Server Error"  # what it says where nothing else is said

_current: ContextVar[str] = ContextVar("request", default="")


class Watched:
    """ASGI middleware that names each request, counts it, and logs a line of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Watching(self.app, scope, receive, send).run()


class _Watching:
    """One request while it is answered."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self.name = scope[SCOPE] = _name(Headers(scope=scope).get(HEADER, ""))
        self.route = route(scope["path"])
        self.status = 0
        self._start: Message | None = None  # of a failure, held back until its body comes
        self._over = False

    async def run(self) -> None:
        _current.set(self.name)
        began = time.perf_counter()
        receive = self._counted if self.route == "upload" else self._receive
        try:
            await self._app(self._scope, receive, self._named)
        except Exception:
            _log.exception("a request failed", extra={"request": self.name, "route": self.route})
            if not self.status:
                answer = PlainTextResponse(f"{_FAILED}{self.name}\n", status_code=500)
                await answer(self._scope, self._receive, self._named)
            elif not self._over:  # it has begun, and can only break off
                raise
        finally:
            self._told(time.perf_counter() - began)

    async def _named(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[HEADER] = self.name
            if self.status == 500:
                self._start = message
                return
        elif self._start is not None:
            start, self._start = self._start, None
            if message.get("body") == _STARLETTES:
                message = {**message, "body": f"{_FAILED}{self.name}\n".encode()}
                MutableHeaders(scope=start)["Content-Length"] = str(len(message["body"]))
            await self._send(start)
        self._over = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def _counted(self) -> Message:
        message = await self._receive()
        metrics.upload_bytes.inc(len(message.get("body", b"")))
        return message

    def _told(self, seconds: float) -> None:
        metrics.request_ended(self.route, self.status, seconds)
        facts = {
            "request": self.name,
            "method": self._scope["method"],
            "route": self.route,
            "status": self.status,
            "ms": round(1000 * seconds, 1),
            "user": mark(getattr(self._scope.get("ibid.user"), "id", "")),
        }
        _log.info("request", extra=facts)


def request_name() -> str:
    """The name of the request that is being answered here; empty where there is none."""
    return _current.get() or _of_event()


def named(words: str, request: str) -> str:
    """An error's words with the name that the log has it under, where there is one."""
    return f"{words} (request {request})" if request else words


def route(path: str) -> str:
    """Which of `metrics.ROUTES` a path is of."""
    path = _GRADIO.sub("", path)
    return next((kind for kind, pattern in _ROUTES if pattern.match(path)), "other")


def mark(user: str) -> str:
    """What stands for a user in a log: the same for the same user, and no name; empty for nobody."""
    return hashlib.sha256(user.encode()).hexdigest()[:8] if user else ""


def _name(given: str) -> str:
    """What a proxy named it, where that is a name and nothing else; else a new one."""
    return given if _GIVEN.fullmatch(given) else uuid4().hex[:12]


def _of_event() -> str:
    """The request that brought the event that Gradio handles here, on a task of its own."""
    gradio = sys.modules.get("gradio.context")  # where it was never imported, it handles nothing
    asked = getattr(gradio.LocalContext.request.get(None), "request", None) if gradio else None
    return str(getattr(asked, "scope", {}).get(SCOPE, ""))
