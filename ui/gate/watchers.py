"""What is looked at in a request before it reaches what it names: whose that is, and how much was asked.

Owns the belongings and the pace of all users of this process. Each watcher lets its request pass, or refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from ui.gate import bodies, questions
from ui.gate.belongings import Claims, Holdings
from ui.gate.call import Call, Visitor
from ui.gate.events import Events
from ui.gate.pace import Pace
from ui.gate.questions import Asked
from ui.gate.refused import NOT_YOURS, NOTHING_HERE, Refused
from ui.gate.routes import Watch
from ui.settings import LimitSettings

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what Gradio's clients make up
_FILE = "gradio.FileData"


class Watchers:
    """The watchers by name, in front of one application."""

    def __init__(self, app: ASGIApp, events: Events, limits: LimitSettings) -> None:
        self.app = app
        self.events = events
        self.limits = limits
        self.pace = Pace(limits.questions_a_minute, limits.questions_at_once)
        self.sessions = Claims()
        self.following = Claims()
        self.begun = Holdings()
        self.sent = Holdings()
        self.by_name: dict[Watch, Callable[[Call], Awaitable[None]]] = {
            "": self.plain,
            "join": self.join,
            "call": self.call,
            "result": self.result,
            "asked session": self.asked_session,
            "session": self.session,
            "cancel": self.cancel,
            "reset": self.reset,
            "service": self.service,
            "upload": self.upload,
            "progress": self.progress,
            "completion": self.completion,
            "mcp": self.mcp,
        }

    async def plain(self, call: Call) -> None:
        await call.body(self.limits.body)
        await call.pass_on(self.app)

    # Gradio's events

    async def join(self, call: Call) -> None:
        said = await call.said(self.limits.body)
        event = self.events.event(said.get("fn_index"))
        if event is None or (call.visitor.program and event.kind == "page"):
            raise Refused(403, NOT_YOURS)
        if said.get("event_id") is not None:  # one of those under way, which a client never names here
            raise Refused(403, NOT_YOURS)
        self._own_session(call.visitor, said.get("session_hash"))
        self._own_files(call.visitor, said)
        await self._begin(call, questions.of_event(event.name, said))

    async def call(self, call: Call) -> None:
        said = await call.said(self.limits.body)
        name = call.named("api_name")
        if name not in self.events.endpoints:
            raise Refused(404, NOTHING_HERE)
        if said.get("session_hash") is not None:
            self._own_session(call.visitor, said["session_hash"])
        self._own_files(call.visitor, said)
        await self._begin(call, questions.of_event(name, said))

    async def _begin(self, call: Call, asked: Asked) -> None:
        with self._asking(call.visitor, asked):
            reply = await call.seen(self.app)
            event = reply.get("event_id") if isinstance(reply, dict) else None
            if isinstance(event, str):
                self.begun.give(call.visitor.holder, event)
                if asked.answers:
                    self.pace.began(call.visitor.user.id, event)

    async def result(self, call: Call) -> None:
        self._own_event(call.visitor, call.named("event_id"))
        await call.pass_on(self.app)

    async def cancel(self, call: Call) -> None:
        said = await call.said(self.limits.body)
        self._own_session(call.visitor, said.get("session_hash"))
        self._own_event(call.visitor, said.get("event_id"))
        await call.pass_on(self.app)

    async def reset(self, call: Call) -> None:
        self._own_event(call.visitor, (await call.said(self.limits.body)).get("event_id"))
        await call.pass_on(self.app)

    async def asked_session(self, call: Call) -> None:
        self._own_session(call.visitor, call.query("session_hash"))
        await call.pass_on(self.app)

    async def session(self, call: Call) -> None:
        self._own_session(call.visitor, call.named("session_hash"))
        await call.pass_on(self.app)

    async def service(self, call: Call) -> None:
        said = await call.said(self.limits.body)  # not as a form, which could carry files
        if not self.events.offers(said.get("component_id"), said.get("fn_name")):
            raise Refused(403, NOT_YOURS)
        self._own_session(call.visitor, said.get("session_hash"))
        self._own_files(call.visitor, said)
        await call.pass_on(self.app)

    # Uploads

    async def upload(self, call: Call) -> None:
        upload_id = call.query("upload_id")
        if upload_id is not None:
            self._own_upload(call.visitor, upload_id)
        call.receive = passing = bodies.Upload(
            call.scope, call.receive, self.limits.upload, self.limits.files
        )
        try:
            paths = await call.seen(self.app, lambda: passing.refused is not None)
        except Exception:
            if passing.refused is None:
                raise
        if passing.refused is not None:
            raise passing.refused
        for path in paths if isinstance(paths, list) else []:
            self._take(call.visitor, str(path))

    def _take(self, visitor: Visitor, path: str) -> None:
        """Remember whose a file is; the oldest that nobody added go, so that they do not fill the disk."""
        self.sent.give(visitor.holder, path)
        waiting = [one for one in self.sent.of(visitor.holder) if Path(one).is_file()]
        for old in waiting[: -self.limits.files] if self.limits.files else []:
            Path(old).unlink(missing_ok=True)

    async def progress(self, call: Call) -> None:
        self._own_upload(call.visitor, call.query("upload_id"))
        await call.pass_on(self.app)

    # What asks by other ways

    async def completion(self, call: Call) -> None:
        body = await call.body(self.limits.body)
        with self._asking(call.visitor, questions.of_completion(_or_none(body))):
            await call.pass_on(self.app)

    async def mcp(self, call: Call) -> None:
        body = await call.body(self.limits.body)
        with self._asking(call.visitor, questions.of_mcp(_or_none(body))):
            await call.pass_on(self.app)

    def _asking(self, visitor: Visitor, asked: Asked) -> AbstractContextManager[None]:
        questions.hold(asked, self.limits.question)
        if not asked.answers:
            return nullcontext()
        return self.pace.asking(visitor.user.id, self.events.under_way)

    # Whose things are

    def _own_session(self, visitor: Visitor, name: Any) -> None:
        _own(isinstance(name, str) and _NAME.fullmatch(name) and self.sessions.claim(visitor.holder, name))

    def _own_upload(self, visitor: Visitor, name: Any) -> None:
        _own(isinstance(name, str) and _NAME.fullmatch(name) and self.following.claim(visitor.holder, name))

    def _own_event(self, visitor: Visitor, name: Any) -> None:
        _own(isinstance(name, str) and self.begun.holds(visitor.holder, name))

    def _own_files(self, visitor: Visitor, said: dict[str, Any]) -> None:
        """No event takes a file as Gradio writes one; the page names what it has sent by its place."""
        for value in _dictionaries(said):
            _own(_FILE not in (value.get("_type"), _type_of(value.get("meta"))))
            sent = value.get("sent")
            _own(not sent or (isinstance(sent, str) and self.sent.holds(visitor.holder, sent)))


def _own(so: object) -> None:
    if not so:
        raise Refused(403, NOT_YOURS)


def _type_of(meta: Any) -> Any:
    return meta.get("_type") if isinstance(meta, dict) else None


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _or_none(body: bytes) -> Any:
    """A body's JSON; None where it is none, for whoever answers tells that better."""
    try:
        return bodies.parsed(body)
    except Refused:
        return None
