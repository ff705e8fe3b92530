"""One request on its way in: what it says, and the reply to it where somebody must see that too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.accounts.schema import User
from index.schema import Value
from ui.access.challenge import path_of
from ui.gate import bodies
from ui.gate.refused import Refused
from ui.gate.routes import Rule, named

_LARGEST_REPLY = 1_000_000  # bytes of a reply that is looked at


class Visitor(Value):
    """Who sends a request, and whether a program of his does."""

    user: User
    program: bool = False

    @property
    def holder(self) -> str:
        """The name that Gradio's things are held under: a token never reaches what a browser holds."""
        return f"{self.user.id} by token" if self.program else self.user.id


@dataclass
class Call:
    """A request that found its rule and its visitor, and may still be refused."""

    rule: Rule
    visitor: Visitor
    scope: Scope
    receive: Receive
    send: Send

    async def body(self, most: int) -> bytes:
        """The whole body; whoever answers receives it again."""
        if self.scope["method"] in ("GET", "HEAD"):
            return b""
        body = await bodies.read(self.scope, self.receive, most)
        self.receive = bodies.again(body, self.receive)
        return body

    async def said(self, most: int) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        said = bodies.parsed(await self.body(most))
        if not isinstance(said, dict):
            raise Refused(400, "The request is no JSON object.")
        return said

    def named(self, name: str) -> str:
        """What stands for a name in the path."""
        return named(self.rule, path_of(self.scope))[name]

    def query(self, name: str) -> str | None:
        """A parameter of the query that is there once; of several, a server might take another than we looked at."""
        found = parse_qs(self.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        values = found.get(name, [])
        if len(values) > 1:
            raise Refused(400, f"{name} is there {len(values)} times.")
        return values[0] if values else None

    async def pass_on(self, app: ASGIApp) -> None:
        await app(self.scope, self.receive, self.send)

    async def seen(self, app: ASGIApp, halted: Callable[[], bool] = lambda: False) -> Any:
        """Pass on, and give the JSON that was answered; None for anything else. `halted` replies are not sent."""
        headers = MutableHeaders(scope=self.scope)
        del headers["accept-encoding"]  # so that the reply can be read
        status, reply = 0, bytearray()

        async def send(message: Message) -> None:
            nonlocal status
            if halted():
                return
            status = message.get("status", status)
            if len(reply) < _LARGEST_REPLY:
                reply.extend(message.get("body", b""))
            await self.send(message)

        await app(self.scope, self.receive, send)
        try:
            return json.loads(reply) if status == 200 else None
        except ValueError:
            return None
