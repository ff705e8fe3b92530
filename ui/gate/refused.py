"""A request that is not answered: how that is told to whoever sent it.

Owns the words' form on the wire, for pages, programs and chat clients; never says whether what was named exists.
"""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from index.errors import IbidError
from ui.access.challenge import challenge, path_of
from ui.programs.openai_schema import CompletionError, error_object

NOTHING_HERE = "There is nothing here."
NOT_YOURS = "That is not yours to use."
STRANGER = "Sign in first."


class Refused(IbidError):
    """A request may not pass; `after` is the seconds until it may, where it may at all."""

    def __init__(self, status: int, words: str, after: float = 0) -> None:
        super().__init__(words)
        self.status = status
        self.after = after


def response(refused: Refused, scope: Scope) -> Response:
    """What is answered: OpenAI's error object below `/v1`, else `{"detail"}`; a stranger is asked to sign in."""
    if refused.status == 401:
        return challenge(Request(scope))
    words = str(refused)
    headers = {"Cache-Control": "no-store"}
    if refused.after:
        headers["Retry-After"] = str(max(1, math.ceil(refused.after)))
    if _wants_page(scope):
        return PlainTextResponse(f"{words}\n", refused.status, headers)
    if path_of(scope).startswith("/v1/"):
        error = CompletionError(words, status=refused.status)
        return JSONResponse(error_object(error), refused.status, headers)
    return JSONResponse({"detail": words}, refused.status, headers)


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to show; its scripts ask for anything (`*/*`)."""
    accepted = [value for name, value in scope["headers"] if name == b"accept"]
    return scope["method"] == "GET" and any(b"text/html" in value for value in accepted)
