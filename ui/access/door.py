"""The door's routes: how a visit becomes a page or an action, and what goes with every answer.

Owns what the pages share: the form is checked before anything is done, what goes wrong is told on the page it was
tried on, nothing is kept by browsers or proxies, and nothing but the style sheet is loaded.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assistant.accounts.accounts import Accounts
from assistant.accounts.errors import AccountError, NotSignedIn, TooManyAttempts
from assistant.accounts.openid import OpenID
from assistant.accounts.schema import User
from assistant.accounts.settings import AccessSettings
from index.errors import IbidError
from ui.access import cookies
from ui.access.challenge import challenge
from ui.access.sign_in_view import refusal_page
from ui.access.visit import Forged, Visit, visit
from ui.watch import metrics

Whom = Literal["anybody", "users", "administrators"]
Show = Callable[[Visit, str], Response]
Act = Callable[[Visit], Response]
_AT_ONCE = 8
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`, under which browsers keep the origin of a form from us, too.
    "Referrer-Policy": "same-origin",
}


class Door(NamedTuple):
    """What the pages need: the accounts, how one may sign in, the server's names, what deletes a user's things."""

    accounts: Accounts
    settings: AccessSettings
    openid: OpenID | None
    hosts: Collection[str]
    forget: Callable[[User], None]

    @property
    def organisation(self) -> str:
        """What signing in with the organisation is called; empty where that is no way in."""
        return self.settings.oidc_button if self.openid else ""

    def address(self, request: Request, path: str) -> str:
        """The address of a page of ours, as others can reach it."""
        home = self.settings.address or str(request.base_url)
        return f"{home.rstrip('/')}/{path}"


def answering(door: Door, whom: Whom, show: Show, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: `show` for GET, with what went wrong if anything did; `act` for POST.

    Few are answered at once, so that a crowd at the door takes no thread from those who are inside.
    """
    turns = Semaphore(_AT_ONCE)

    def answer(came: Visit) -> Response:
        if came.user is None and whom != "anybody":
            return challenge(came.request)
        if whom == "administrators" and not (came.user and came.user.admin):
            return refused("Administrators only", "This page is for administrators.", 403, came.user)
        if whom != "anybody" and not came.session:
            return refused("A browser's page", "Sign in with a browser: tokens do not open this page.", 403)
        try:
            if came.request.method != "POST":
                return show(came, "")
            came.require_ours(door.hosts)
            return act(came)
        except TooManyAttempts as error:
            metrics.sign_in_failed("locked")
            response = show(came, str(error))
            response.status_code, response.headers["Retry-After"] = 429, str(error.seconds)
            return response
        except AccountError as error:
            if isinstance(error, NotSignedIn):
                metrics.sign_in_failed("password")
            response = show(came, str(error))
            response.status_code = max(400, response.status_code)
            return response

    async def respond(request: Request) -> Response:
        try:
            came = await visit(request)
            async with turns:
                response = await run_in_threadpool(answer, came)
        except Forged as error:
            return _ours(refused("Not from this page", str(error), 403))
        except IbidError as error:
            return _ours(refused("Out of order", str(error), 503))
        if came.user is None and response.status_code != 303:
            cookies.give(response, request, cookies.FORM, came.shown)
        return _ours(response)

    return respond


def shown(html: str) -> Response:
    return HTMLResponse(html)


def refused(title: str, words: str, status: int, user: User | None = None) -> Response:
    """A page that says why something is not to be had."""
    return HTMLResponse(refusal_page(title, words, user), status)


def onwards(address: str) -> RedirectResponse:
    """To another page, by GET whatever was asked."""
    return RedirectResponse(address, 303)


def _ours(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
