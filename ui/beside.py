"""What the server holds beside the page: routes for programs, the door, and the guard before it.

Owns how they are joined to Gradio's own application, which takes them when it is launched. Routes given
so come before Gradio's, whose last one takes every path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.middleware import Middleware

from ui.access.challenge import SignInFirst
from ui.access.door import Door
from ui.access.identified import Identified
from ui.access.routes import routes as door_routes
from ui.digest import feed
from ui.guard import Guard
from ui.library import leaves
from ui.programs import openai_api
from ui.rooms import Rooms
from ui.watch import routes as watching
from ui.watch.health import Readiness
from ui.watch.requests import Watched
from ui.watch.settings import WatchSettings
from ui.watch.state import State


def beside(
    rooms: Rooms,
    mcp: bool = False,
    hosts: Collection[str] = (),
    door: Door | None = None,
    watch: WatchSettings = WatchSettings(),
    readiness: Readiness | None = None,
    waiting: Callable[[], int] = lambda: 0,
) -> dict[str, Any]:
    """`app_kwargs` for `launch`: with MCP tools where asked, for the names in `hosts`, with accounts by a `door`.

    `waiting` tells how many of the pages' events wait for their turn.
    """
    ready = readiness or Readiness(lambda: rooms.shared)
    routes = [
        *openai_api.routes(lambda http: rooms.of(http).chat_api),
        *feed.routes(lambda http: rooms.of(http).digests),
        *leaves.routes(lambda http: rooms.of(http).library),
        *watching.routes(watch, ready, State(lambda: [rooms.shared], waiting)),
    ]
    middleware = [
        Middleware(Watched),
        Middleware(Guard, hosts=hosts),
        Middleware(Identified, known=door.accounts if door else None),
    ]
    if door:
        routes += door_routes(door)
        middleware.append(Middleware(SignInFirst))
    joined: dict[str, Any] = {"routes": routes, "middleware": middleware}
    if mcp:
        from ui.programs.mcp_tools import tools  # a third of a second that only this needs

        offered = tools(lambda http: rooms.of(http).programs)
        routes += offered.streamable_http_app().routes
        joined["lifespan"] = lambda app: offered.session_manager.run()
    return joined
