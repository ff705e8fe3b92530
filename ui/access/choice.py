"""Choosing which of one's libraries the pages show: kept by the browser, so that every replica knows it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ui.access import cookies
from ui.parts.reader import LABELS


async def choose(request: Request) -> Response:
    """Take the choice of a form, and lead to the chat page; one that is none of the libraries changes nothing."""
    form = await request.form()
    response = RedirectResponse("./", 303)
    wanted = str(form.get("library", ""))
    if wanted in LABELS:
        cookies.give(response, request, cookies.LIBRARY, wanted, cookies.YEAR)
    return response


route = Route("/library-choice", choose, methods=["POST"])
