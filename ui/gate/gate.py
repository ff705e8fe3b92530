"""The gate: an ASGI middleware that stands in front of the whole application and lets through what may pass.

Owns the order of the questions that are put to a request: whom it is meant for (`hosts`), whether there is such a
route and who may take it (`routes`), and then what its watcher asks (`watchers`). Who sent it is known by
`scope["ibid.user"]`, which `ui.access` puts there; without that it is a stranger's. What may be done to papers
and conversations is checked where they lie.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.challenge import path_of
from ui.access.identified import USER, bearer
from ui.gate import bodies
from ui.gate.call import Call, Visitor
from ui.gate.events import Events
from ui.gate.headers import secured
from ui.gate.hosts import refusal
from ui.gate.refused import NOT_YOURS, NOTHING_HERE, STRANGER, Refused, response
from ui.gate.routes import DOOR, ROUTES, Rule, rule_for
from ui.gate.watchers import Watchers
from ui.settings import LimitSettings


class Gate:
    """ASGI middleware; whoever may not pass is told why, and nothing else."""

    def __init__(
        self,
        app: ASGIApp,
        events: Events,
        limits: LimitSettings,
        hosts: Collection[str] = (),
        door: bool = False,
    ) -> None:
        """`hosts` are further names that the server answers to, in lower case, without ports.

        `door` says that there are accounts, and the pages of `ui.access`.
        """
        self.app = app
        self.limits = limits
        self.hosts = frozenset(hosts)
        self.routes = (*DOOR, *ROUTES) if door else ROUTES
        self.watchers = Watchers(app, events, limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, secured(send, scope))
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if reason := refusal(headers.get("host", ""), headers.get("origin"), self.hosts):
            await PlainTextResponse(reason + "\n", status_code=403)(scope, receive, send)
            return
        try:
            await self._admit(scope, receive, send)
        except Refused as refused:
            await response(refused, scope)(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = rule_for(scope["method"], path_of(scope), self.routes)
        if rule is None or rule.access == "closed":
            raise Refused(404, NOTHING_HERE)
        if rule.access != "public":
            call = Call(rule, _visitor(rule, scope), scope, receive, send)
            await self.watchers.by_name[rule.watch](call)
            return
        if scope["method"] not in ("GET", "HEAD"):
            body = await bodies.read(scope, receive, self.limits.body)
            receive = bodies.again(body, receive)
        await self.app(scope, receive, send)


def _visitor(rule: Rule, scope: Scope) -> Visitor:
    user = scope.get(USER)
    if user is None:
        raise Refused(401, STRANGER)
    # Without accounts nobody has a token, whatever he sends for one.
    program = bool(user.id) and bool(bearer(Headers(scope=scope).get("authorization", "")))
    if (program and not rule.programs) or (rule.access == "admin" and not user.admin):
        raise Refused(403, NOT_YOURS)
    return Visitor(user=user, program=program)
