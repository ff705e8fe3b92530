"""A request that is not answered: how that is told to whoever sent it.

Owns the words' form on the wire, for pages, programs and chat clients; never says whether what was named exists.
"""

from __future__ import annotations

import math
from urllib.parse import quote

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from index.errors import IbidError
from ui.programs.openai_schema import CompletionError, error_object

SIGN_IN = "/sign-in"
NOTHING_HERE = "There is nothing here."
NOT_YOURS = "That is not yours to use."
STRANGER = "Sign in first; a program sends its token as `Authorization: Bearer ibid_…`."


class Refused(IbidError):
    """A request may not pass; `after` is the seconds until it may, where it may at all."""

    def __init__(self, status: int, words: str, after: float = 0) -> None:
        super().__init__(words)
        self.status = status
        self.after = after


def response(refused: Refused, scope: Scope) -> Response:
    """What is answered: OpenAI's error object below `/v1`, else `{"detail"}`; a page's reader is led to sign in."""
    path, words = str(scope["path"]), str(refused)
    if refused.status == 401 and _wants_page(scope):
        query = scope.get("query_string", b"").decode("latin-1")
        here = path + (f"?{query}" if query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(here, safe='')}", status_code=303)
    headers = {"Cache-Control": "no-store"}
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refused.after:
        headers["Retry-After"] = str(max(1, math.ceil(refused.after)))
    if _wants_page(scope):
        return PlainTextResponse(f"{words}\n", refused.status, headers)
    if path.startswith("/v1/"):
        error = CompletionError(words, status=refused.status)
        return JSONResponse(error_object(error), refused.status, headers)
    return JSONResponse({"detail": words}, refused.status, headers)


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to show; its scripts ask for anything (`*/*`)."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    accepted = [value for name, value in scope["headers"] if name == b"accept"]
    page = scope["path"] in ("/", "/library", "/digest")
    return any(b"text/html" in value for value in accepted) or (page and scope["method"] == "HEAD")
