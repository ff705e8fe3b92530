"""What the server holds beside the page: routes for programs, and the guard at its door.

Owns how they are joined to Gradio's own application, which takes them when it is launched. Routes given
so come before Gradio's, whose last one takes every path.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.middleware import Middleware

from ui.access.identified import Identified
from ui.digest import feed
from ui.guard import Guard
from ui.library import leaves
from ui.programs import openai_api
from ui.rooms import Rooms


def beside(rooms: Rooms, mcp: bool = False, hosts: Collection[str] = ()) -> dict[str, Any]:
    """`app_kwargs` for `launch`: with MCP tools where asked, and for the names in `hosts`."""
    routes = [
        *openai_api.routes(lambda http: rooms.of(http).chat_api),
        *feed.routes(lambda http: rooms.of(http).digests),
        *leaves.routes(lambda http: rooms.of(http).library),
    ]
    joined: dict[str, Any] = {
        "routes": routes,
        "middleware": [Middleware(Identified), Middleware(Guard, hosts=hosts)],
    }
    if mcp:
        from ui.programs.mcp_tools import tools  # a third of a second that only this needs

        offered = tools(lambda http: rooms.of(http).programs)
        routes += offered.streamable_http_app().routes
        joined["lifespan"] = lambda app: offered.session_manager.run()
    return joined
