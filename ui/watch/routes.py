"""Where a server is watched: `/health`, `/ready` and `/metrics`.

Owns who may read the figures. The two others tell nobody anything, and are for everybody: a balancer has no account.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ui.watch import metrics
from ui.watch.health import Readiness
from ui.watch.settings import WatchSettings
from ui.watch.state import State

_FRESH = {"Cache-Control": "no-store"}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def routes(settings: WatchSettings, readiness: Readiness, state: State) -> list[BaseRoute]:
    """The three routes; `/metrics` answers 404 where it is off."""
    everything = _Joined(state)

    async def health(request: Request) -> Response:
        return PlainTextResponse("alive\n", headers=_FRESH)

    async def ready(request: Request) -> Response:
        reasons = await run_in_threadpool(readiness.reasons)
        told = {"ready": not reasons, "reasons": reasons}
        return JSONResponse(told, status_code=503 if reasons else 200, headers=_FRESH)

    async def figures(request: Request) -> Response:
        reason, status = refusal(settings, request)
        if reason:
            return PlainTextResponse(f"{reason}\n", status_code=status, headers=_FRESH)
        told = await run_in_threadpool(generate_latest, everything)
        return Response(told, media_type=CONTENT_TYPE_LATEST, headers=_FRESH)

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", figures, methods=["GET"]),
    ]


def refusal(settings: WatchSettings, request: Request) -> tuple[str, int]:
    """Why a request may not read the figures, and the status that says so; empty where it may."""
    if settings.metrics == "off":
        return "Nothing is here. Set watch.metrics to have figures.", 404
    token = settings.token.get_secret_value()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return "", 200
    if settings.metrics == "token":
        return "The figures are for whoever bears watch.token, as `Authorization: Bearer …`.", 401
    if _near(request):
        return "", 200
    return "The figures are for this machine, and not by way of a proxy. Elsewhere set watch.token.", 403


def _near(request: Request) -> bool:
    """Whether a request comes from this machine itself; what a proxy on it sends on comes from elsewhere."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _Joined(Collector):
    """The process's figures, and those of one server in it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        yield from metrics.REGISTRY.collect()
        yield from self._state.collect()
