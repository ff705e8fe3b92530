"""What the server holds beside the page: routes for programs, and what every request passes before it reaches either.

Owns how they are joined to Gradio's own application, which takes them when it is launched. Routes given so come
before Gradio's, whose last one takes every path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import gradio as gr
from gradio.routes import App, ORJSONResponse
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from ui.access import choice
from ui.access.door import Door
from ui.access.identified import Identified
from ui.access.routes import routes as door_routes
from ui.digest import feed
from ui.gate.events import Events
from ui.gate.gate import Gate
from ui.gate.headers import Pages
from ui.library import leaves
from ui.programs import openai_api
from ui.rooms import Rooms
from ui.settings import LimitSettings
from ui.watch import routes as watching
from ui.watch.health import Readiness
from ui.watch.requests import Watched
from ui.watch.settings import WatchSettings
from ui.watch.state import State


class Guarded(App):
    """Gradio's application behind what is put in front of it, outside of all that Gradio itself puts there."""

    def __init__(self, guard: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        self._guard = guard
        super().__init__(default_response_class=ORJSONResponse, **options)

    def build_middleware_stack(self) -> ASGIApp:
        return self._guard(super().build_middleware_stack())


def beside(
    rooms: Rooms,
    page: gr.Blocks,
    head: str = "",
    mcp: bool = False,
    hosts: Collection[str] = (),
    limits: LimitSettings | None = None,
    door: Door | None = None,
    watch: WatchSettings = WatchSettings(),
    readiness: Readiness | None = None,
) -> dict[str, Any]:
    """What `launch` is given for it: with MCP tools where asked, for the names in `hosts`, with accounts by a `door`.

    `head` is what the launched page has in its head.
    """
    ready = readiness or Readiness(lambda: rooms.shared)
    state = State(lambda: [rooms.shared], lambda: len(page._queue))
    routes = [
        *openai_api.routes(lambda http: rooms.of(http).chat_api),
        *feed.routes(lambda http: rooms.of(http).digests),
        *leaves.routes(lambda http: rooms.of(http).library),
        *watching.routes(watch, ready, state),
        *((*door_routes(door), choice.route) if door else ()),
    ]
    joined: dict[str, Any] = {}
    if mcp:
        from ui.programs.mcp_tools import tools  # a third of a second that only this needs

        offered = tools(lambda http: rooms.of(http).programs)
        routes += offered.streamable_http_app().routes
        joined["app_kwargs"] = {"lifespan": lambda app: offered.session_manager.run()}

    def guard(app: ASGIApp) -> ASGIApp:
        gate = Gate(app, Events(page), limits or LimitSettings(), hosts, door is not None)
        return Watched(Identified(gate, door.accounts if door else None))

    app = Guarded(guard, routes=routes, middleware=[Middleware(Pages, head=head)])
    return joined | {"_app": app}
