"""What a stranger is answered: a person's browser is sent to sign in, a program is told how to.

Refuses to know what may be had by strangers: that is `ui.gate`'s.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Scope

_DATA = ("/v1/", "/gradio_api/", "/mcp", "/papers/")
_WORDS = (
    "Sign in first: a browser at /login, a program with `Authorization: Bearer ibid_…`, a personal token that its "
    "user makes at /account."
)


def challenge(request: Request) -> Response:
    """The answer to a stranger: 303 to the sign-in page for a page, 401 with the reason in JSON for the rest."""
    if request.method in ("GET", "HEAD") and _wants_page(request):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        root = str(request.scope.get("root_path", "")).rstrip("/")
        return RedirectResponse(f"{root}/login?next={quote(wanted, safe='/')}", 303, _UNKEPT)
    refused = {"error": {"message": _WORDS, "type": "authentication_error", "code": "sign_in_first"}}
    return JSONResponse(refused, 401, _UNKEPT | {"WWW-Authenticate": 'Bearer realm="ibid"'})


def path_of(scope: Scope) -> str:
    """A request's path below the one the application is served at."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path.removeprefix(root) if root and path.startswith(root + "/") else path


_UNKEPT = {"Cache-Control": "no-store"}


def _wants_page(request: Request) -> bool:
    """Whether it is a browser going somewhere: it says so, or asks for HTML at an address of no data."""
    if mode := request.headers.get("sec-fetch-mode"):
        return mode == "navigate"
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and not path_of(request.scope).startswith(_DATA)
