"""The digest at addresses of its own, beside the page: for feed readers, and to be saved.

Owns the routes and what a client is told of freshness: a digest in which nothing has changed is not sent
again to whoever has it (RFC 9110, If-None-Match). What is told is what the page at the same address tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from index.errors import IbidError, NotAllowed
from ui.digest.actions import Digests, NoPeriod
from ui.digest.address import OTHERS
from ui.parts.exports import Export


def routes(digests_of: Callable[[Request], Digests]) -> list[BaseRoute]:
    """`/digest.md`, `/digest.html`, `/digest.atom` and `/digest.json`; `digests_of` tells whose a request is for."""

    async def send(http: Request) -> Response:
        form, home = http.url.path.rpartition(".")[2], str(http.base_url)

        def write() -> Export:
            return digests_of(http).written(http.url.query, form, home)

        try:
            written = await run_in_threadpool(write)
        except NotAllowed as error:
            return PlainTextResponse(f"{error}\n", status_code=403)
        except IbidError as error:
            return PlainTextResponse(f"{error}\n", status_code=400 if isinstance(error, NoPeriod) else 503)
        data = written.text.encode("utf-8", "replace")
        headers = {
            "ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        if headers["ETag"] in http.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(data, media_type=f"{written.media_type}; charset=utf-8", headers=headers)

    return [Route(f"/digest.{form}", send, methods=["GET"]) for form in OTHERS]
