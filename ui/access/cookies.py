"""The cookies of the door: which there are, and how a browser is to keep them.

All are `HttpOnly`, so that no script reads them, and `SameSite=Lax`, so that no other site's form sends them. They are
`Secure` where the request came by https, as the server or a proxy it trusts (`server.proxies`) says.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION = "ibid_session"
DEVICE = "ibid_device"
"""The mark of a browser that signed in before, so that others' guesses do not shut it out."""
FORM = "ibid_form"
"""What binds a form to the browser it was shown in before anybody has signed in."""
LEAVING = "ibid_leaving"
"""What binds a sign-in at a provider to the browser that left for it."""
LIBRARY = "ibid_library"
"""In which of their libraries a user is; programs send it as a header, `Ibid-Library`."""
YEAR = 365 * 24 * 3600


def give(
    response: Response, request: HTTPConnection, name: str, value: str, seconds: int | None = None
) -> None:
    """Have the browser keep a cookie; without `seconds`, until it is closed."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=_path(request),
        secure=_secure(request),
        httponly=True,
        samesite="lax",
    )


def take(response: Response, request: HTTPConnection, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(name, path=_path(request), secure=_secure(request), httponly=True, samesite="lax")


def _secure(request: HTTPConnection) -> bool:
    return request.scope.get("scheme") in ("https", "wss")


def _path(request: HTTPConnection) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/") + "/"
