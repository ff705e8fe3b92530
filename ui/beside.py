"""What the server holds beside the page: routes for programs, and the guard at its door.

Owns how they are joined to Gradio's own application, which takes them when it is launched. Routes given
so come before Gradio's, whose last one takes every path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.middleware import Middleware

from ui.digest import feed
from ui.guard import Guard
from ui.library import leaves
from ui.programs import openai_api
from ui.programs.operations import Programs
from ui.watch import routes as watching
from ui.watch.health import Readiness
from ui.watch.requests import Watched
from ui.watch.settings import WatchSettings
from ui.watch.state import State


def beside(
    programs: Programs,
    mcp: bool = False,
    hosts: Collection[str] = (),
    watch: WatchSettings = WatchSettings(),
    readiness: Readiness | None = None,
    waiting: Callable[[], int] = lambda: 0,
) -> dict[str, Any]:
    """`app_kwargs` for `launch`: with MCP tools where asked, and for the names in `hosts`.

    `waiting` tells how many of the pages' events wait for their turn.
    """
    library = programs.library
    state = State(lambda: [library], waiting)
    ready = readiness or Readiness(lambda: library)
    routes = [
        *openai_api.routes(programs),
        *feed.routes(programs),
        *leaves.routes(library),
        *watching.routes(watch, ready, state),
    ]
    joined: dict[str, Any] = {
        "routes": routes,
        "middleware": [Middleware(Watched), Middleware(Guard, hosts=hosts)],
    }
    if mcp:
        from ui.programs.mcp_tools import tools  # a third of a second that only this needs

        offered = tools(programs)
        routes += offered.streamable_http_app().routes
        joined["lifespan"] = lambda app: offered.session_manager.run()
    return joined
