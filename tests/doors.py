"""Accounts and servers with a door, for tests: cheap passwords, a clock that is set, a browser without scripts."""

from __future__ import annotations

import html
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.accounts.accounts import Accounts
from assistant.accounts.database import engine as engine_in
from assistant.accounts.openid import OpenID
from assistant.accounts.passwords import Passwords
from assistant.accounts.schema import User
from assistant.accounts.settings import AccessSettings
from assistant.accounts.sign_ins import SignIns
from ui.access.challenge import challenge
from ui.access.door import Door
from ui.access.identified import USER, Identified
from ui.access.routes import routes

PASSWORD = "correct horse battery"
OTHER = "staple stable table"
CHEAP = {"memory": 8, "passes": 1, "lanes": 1}
_PATIENCE = 20  # seconds


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


def accounts_in(place: Path | Engine, clock: Callable[[], datetime] | None = None) -> Accounts:
    """Accounts in a folder or another database, whose passwords cost next to nothing."""
    engine = engine_in(place) if isinstance(place, Path) else place
    more = {"clock": clock} if clock else {}
    return Accounts(engine, passwords=Passwords(**CHEAP), **more)


def door_over(
    accounts: Accounts,
    settings: AccessSettings = AccessSettings(login=True),
    forget: Callable[[User], None] = lambda user: None,
) -> Door:
    openid = OpenID(settings, SignIns(accounts.engine, accounts.clock)) if settings.oidc_issuer else None
    return Door(accounts, settings, openid, frozenset({"papers.example"}), forget)


OPEN = ("/login", "/welcome", "/openid", "/openid-return", "/access.css")


class SignInFirst:
    """Lets strangers pass to the door's own pages alone, as the gate of the whole application does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = scope["type"] != "http" or scope[USER] is not None or scope["path"] in OPEN
        await (self.app if known else challenge(Request(scope)))(scope, receive, send)


def application(door: Door | None) -> Starlette:
    """A small application behind a door: it tells who is asking."""

    async def tell(request: Request) -> Response:
        user = request.scope[USER]
        return PlainTextResponse(f"{user.name!r} {'administrator' if user.admin else 'member'}")

    async def ask(request: Request) -> Response:
        return JSONResponse({"name": request.scope[USER].name})

    shown: list[BaseRoute] = [Route("/", tell), Route("/library", tell), Route("/v1/models", ask)]
    if door is None:
        return Starlette(routes=shown, middleware=[Middleware(Identified)])
    middleware = [Middleware(Identified, known=door.accounts), Middleware(SignInFirst)]
    return Starlette(routes=[*routes(door), *shown], middleware=middleware)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An application on a port of its own; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + _PATIENCE
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            assert thread.is_alive(), "the server ended"
            threading.Event().wait(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)


class Browser(httpx.Client):
    """A browser without scripts: it keeps cookies, and sends forms as they were shown."""

    def __init__(self, address: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        # Reading the system's certificates would cost more than most tests, and nothing here is https.
        super().__init__(
            base_url=address, timeout=_PATIENCE, headers={"accept": "text/html"} | named, verify=False
        )

    def send_form(self, path: str, do: str = "", origin: str | None = None, **fields: str) -> httpx.Response:
        """Load a page, fill in its first form that has such a button, and send it."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        return self.fill(page, do, origin, **fields)

    def fill(
        self, page: httpx.Response, do: str = "", origin: str | None = None, **fields: str
    ) -> httpx.Response:
        form = next(
            each
            for each in re.findall(r"<form.*?</form>", page.text, re.DOTALL)
            if f'value="{do}"' in each or not do
            if all(f'name="{name}" value="{fields[name]}"' in each for name in fields.keys() & {"id"})
        )
        (action,) = re.findall(r'action="([^"]*)"', form)
        told = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
        told = {name: html.unescape(value) for name, value in told.items()}
        where = str(self.base_url).rstrip("/") if origin is None else origin
        chosen = {"do": do} if do else {}
        return self.post(f"/{action}", data=told | fields | chosen, headers={"origin": where})

    def sign_in(self, name: str, password: str = PASSWORD, page: str = "") -> httpx.Response:
        return self.send_form(f"/login?next={page}" if page else "/login", name=name, password=password)
