"""One visit to a page of the door: who it is by, what its form says, and whether that form was ours.

A form is taken only from a page that this server showed to the same browser: the browser states no other origin, and
the form carries a proof of the cookie it was shown with. Refuses to know what forms do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from assistant.accounts.schema import User, Where
from assistant.accounts.secret import new_secret, proof, proves
from index.errors import IbidError
from ui.access.cookies import DEVICE, FORM, SESSION
from ui.access.identified import USER, bearer

PROOF = "proof"
"""The field of a form that holds its proof."""
_LARGEST = 16 * 1024  # bytes of a form
_PURPOSE = "a form of the door"


class Forged(IbidError):
    """A form was not sent by a page that this server showed to the same browser."""

    def __init__(self) -> None:
        super().__init__(
            "This form was not sent from this page, or was open for too long. Load the page again."
        )


class Visit:
    """A request with its form, read whole."""

    def __init__(self, request: Request, form: Mapping[str, str]) -> None:
        self.request = request
        self.form = form
        self.user: User | None = request.scope.get(USER)
        by_program = bool(bearer(request.headers.get("authorization", "")))
        self.session = "" if by_program else request.cookies.get(SESSION, "")
        self.shown = request.cookies.get(FORM, "") or new_secret()

    @property
    def where(self) -> Where:
        """What is known of the browser."""
        client = self.request.client
        return Where(
            address=client.host if client else "",
            agent=self.request.headers.get("user-agent", ""),
            device=self.request.cookies.get(DEVICE, ""),
        )

    @property
    def proof(self) -> str:
        """What the forms of the page shown now have to carry."""
        return proof(self._binding, _PURPOSE)

    def require_ours(self, hosts: Collection[str]) -> None:
        """Forged, unless the form was sent by a page of ours; `hosts` are names the server answers to."""
        bound = self.session if self.user else self.request.cookies.get(FORM, "")
        if not (_same_origin(self.request, hosts) and proves(self.form.get(PROOF, ""), bound, _PURPOSE)):
            raise Forged

    @property
    def _binding(self) -> str:
        return self.session if self.user else self.shown


async def visit(request: Request) -> Visit:
    """A request with its form. Forged where that is none, or too large for one of ours."""
    if request.method != "POST":
        return Visit(request, {})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Forged
    read = b""
    async for piece in request.stream():
        read += piece
        if len(read) > _LARGEST:
            raise Forged
    try:
        return Visit(
            request, dict(parse_qsl(read.decode("ascii"), keep_blank_values=True, max_num_fields=20))
        )
    except ValueError as error:
        raise Forged from error


def own_page(wanted: str) -> str:
    """The page to go to once signed in: the one wanted, where it is one of this server's, else the first."""
    if len(wanted) > 2000 or not wanted.startswith("/") or wanted[1:2] in ("/", "\\"):
        return "./"
    if not wanted.isprintable() or "\\" in wanted or " " in wanted:
        return "./"
    parts = urlsplit(wanted)
    return "./" if parts.scheme or parts.netloc else wanted


def _same_origin(request: Request, hosts: Collection[str]) -> bool:
    """Whether a browser states this origin, or none at all; behind a proxy it is one of `hosts`."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        return parts.netloc == request.headers.get("host", "") or (parts.hostname or "") in hosts
    except ValueError:
        return False
