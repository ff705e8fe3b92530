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

from ui.access.identified import Identified, Known
from ui.digest import feed
from ui.gate.events import Events
from ui.gate.gate import Gate
from ui.gate.headers import Pages
from ui.library import leaves
from ui.programs import openai_api
from ui.programs.operations import Programs
from ui.settings import LimitSettings


class Guarded(App):
    """Gradio's application behind what is put in front of it, outside of all that Gradio itself puts there."""

    def __init__(self, guard: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        self._guard = guard
        super().__init__(default_response_class=ORJSONResponse, **options)

    def build_middleware_stack(self) -> ASGIApp:
        return self._guard(super().build_middleware_stack())


def beside(
    page: gr.Blocks,
    programs: Programs,
    head: str = "",
    mcp: bool = False,
    hosts: Collection[str] = (),
    limits: LimitSettings | None = None,
    known: Known | None = None,
) -> dict[str, Any]:
    """What `launch` is given for it: with MCP tools where asked, for the names in `hosts`, and the users `known`.

    `head` is what the launched page has in its head.
    """
    routes = [*openai_api.routes(programs), *feed.routes(programs), *leaves.routes(programs.library)]
    joined: dict[str, Any] = {}
    if mcp:
        from ui.programs.mcp_tools import tools  # a third of a second that only this needs

        offered = tools(programs)
        routes += offered.streamable_http_app().routes
        joined["app_kwargs"] = {"lifespan": lambda app: offered.session_manager.run()}

    def guard(app: ASGIApp) -> ASGIApp:
        return Identified(Gate(app, Events(page), limits or LimitSettings(), hosts), known)

    app = Guarded(guard, routes=routes, middleware=[Middleware(Pages, head=head)])
    return joined | {"_app": app}
