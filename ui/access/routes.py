"""The door as routes and middleware, to be put before an application."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ui.access.account import account
from ui.access.door import Act, Door, Show, Whom, answering
from ui.access.people import people
from ui.access.sign_in import come_back, leave, sign_in, sign_out, welcome
from ui.access.style import style


def routes(door: Door) -> list[BaseRoute]:
    """The pages on which one signs in and keeps one's account, and their style sheet."""
    pages: dict[str, tuple[Whom, tuple[Show, Act]]] = {
        "/login": ("anybody", sign_in(door)),
        "/logout": ("users", sign_out(door)),
        "/welcome": ("anybody", welcome(door)),
        "/openid": ("anybody", leave(door)),
        "/openid-return": ("anybody", come_back(door)),
        "/account": ("users", account(door)),
        "/people": ("administrators", people(door)),
    }
    only_shown = ("/openid", "/openid-return")
    served: list[BaseRoute] = [
        Route(path, answering(door, whom, *ways), methods=["GET"] if path in only_shown else ["GET", "POST"])
        for path, (whom, ways) in pages.items()
    ]
    return [*served, Route("/access.css", _style, methods=["GET"])]


async def _style(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(style(), media_type="text/css", headers=headers)
