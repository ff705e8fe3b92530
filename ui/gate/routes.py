"""Every route of the server, and who may take it.

Owns one table: nothing that is not in it is answered, so what a new version of Gradio adds stays shut until
somebody has looked at it. What Ibid does not need of Gradio is `closed`. Whether a thing that a request names is
the asker's is not to be seen in an address alone: `watch` says who looks (see `gate`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

from starlette.routing import compile_path

from index.schema import Value

Access = Literal["public", "signed in", "owned", "admin", "closed"]
Watch = Literal[
    "",
    "join",  # an event of a page, or of gradio_client
    "call",  # an endpoint by its name
    "result",  # what came of a call
    "asked session",  # a session named in the query
    "session",  # a session named in the path
    "cancel",
    "reset",
    "service",
    "upload",
    "progress",
    "completion",
    "mcp",
]


class Rule(Value):
    """Who may take a route: `programs` says whether a personal token is enough."""

    methods: tuple[str, ...]
    path: str
    access: Access
    programs: bool = False
    watch: Watch = ""

    def __str__(self) -> str:
        return f"{','.join(self.methods)} {self.path}"


def _rules(methods: str, paths: str, access: Access, programs: bool = False, watch: Watch = "") -> list[Rule]:
    allowed = tuple(methods.split())
    return [
        Rule(methods=allowed, path=path, access=access, programs=programs, watch=watch)
        for path in paths.split()
    ]


READ = "GET HEAD"
ANY = "GET HEAD POST PUT PATCH DELETE OPTIONS"
DOOR: tuple[Rule, ...] = (
    *_rules("GET HEAD POST", "/login /welcome", "public"),
    *_rules(READ, "/openid /openid-return /access.css", "public"),
    *_rules("GET HEAD POST", "/logout /account", "signed in"),
    *_rules("POST", "/library-choice", "signed in"),
    *_rules("GET HEAD POST", "/people", "admin"),
)
"""Where there are accounts, before all others."""
ROUTES: tuple[Rule, ...] = (
    # What a page is made of holds nothing of anyone's, and the sign-in page needs it too.
    *_rules(READ, "/assets/{path:path} /static/{path:path} /theme.css /favicon.ico /robots.txt", "public"),
    *_rules(READ, "/manifest.json /pwa_icon", "public"),
    *_rules(
        "GET", "/gradio_api/app_id /gradio_api/app_id/", "public"
    ),  # by it a page knows that its server is back
    *_rules(READ, "/health /ready", "public", programs=True),
    *_rules("GET", "/gradio_api/startup-events", "public"),  # Gradio asks it of itself once it listens
    *_rules(READ, "/metrics", "public", programs=True),  # which asks for a secret of its own
    # Pages
    *_rules(READ, "/ /library /library/ /digest /digest/", "signed in"),
    # For programs
    *_rules(READ, "/v1/models /v1/models/{name:path}", "signed in", programs=True),
    *_rules("POST", "/v1/chat/completions", "signed in", programs=True, watch="completion"),
    *_rules(ANY, "/v1/{rest:path}", "signed in", programs=True),
    *_rules("GET HEAD POST DELETE", "/mcp", "signed in", programs=True, watch="mcp"),
    *_rules(READ, "/digest.md /digest.html /digest.atom /digest.json", "signed in", programs=True),
    *_rules(READ, "/papers/{paper}/pages.json /papers/{paper}/file", "signed in", programs=True),
    *_rules(READ, "/papers/{paper}/pages/{page:int}.png", "signed in", programs=True),
    *_rules("GET", "/config /config/ /gradio_api/info /gradio_api/info/", "signed in", programs=True),
    # Gradio's events: what a page does, and the endpoints
    *_rules("POST", "/gradio_api/queue/join", "owned", programs=True, watch="join"),
    *_rules("GET", "/gradio_api/queue/data", "owned", programs=True, watch="asked session"),
    *_rules("GET", "/gradio_api/heartbeat/{session_hash}", "owned", programs=True, watch="session"),
    *_rules("POST", "/gradio_api/cancel", "owned", programs=True, watch="cancel"),
    *_rules("POST", "/gradio_api/reset /gradio_api/reset/", "owned", programs=True, watch="reset"),
    *_rules(
        "POST",
        "/gradio_api/call/{api_name} /gradio_api/call/{api_name}/"
        " /gradio_api/call/v2/{api_name} /gradio_api/call/v2/{api_name}/",
        "owned",
        programs=True,
        watch="call",
    ),
    *_rules(
        "GET",
        "/gradio_api/call/{api_name}/{event_id} /gradio_api/call/v2/{api_name}/{event_id}",
        "owned",
        programs=True,
        watch="result",
    ),
    *_rules("POST", "/gradio_api/component_server /gradio_api/component_server/", "owned", watch="service"),
    *_rules("POST", "/gradio_api/upload", "owned", watch="upload"),
    *_rules("GET", "/gradio_api/upload_progress", "owned", watch="progress"),
    # What Ibid does not need: files and addresses by name, Gradio's own accounts, its tools for developers
    *_rules(ANY, "/gradio_api/file={path_or_url:path} /gradio_api/file/{path:path}", "closed"),
    *_rules(ANY, "/gradio_api/proxy={url_path:path} /gradio_api/deep_link", "closed"),
    *_rules(ANY, "/gradio_api/run/{api_name} /gradio_api/run/{api_name}/", "closed"),
    *_rules(ANY, "/gradio_api/api/{api_name} /gradio_api/api/{api_name}/", "closed"),
    *_rules(ANY, "/gradio_api/stream/{event_id} /gradio_api/stream/{event_id}/close", "closed"),
    *_rules(ANY, "/gradio_api/stream/{session_hash}/{run}/{component_id}/{file:path}", "closed"),
    *_rules(ANY, "/gradio_api/user /gradio_api/user/ /gradio_api/token /gradio_api/token/", "closed"),
    *_rules(ANY, "/gradio_api/login_check /gradio_api/login_check/ /login /login/ /logout", "closed"),
    *_rules(ANY, "/gradio_api/queue/status", "closed"),
    *_rules(ANY, "/gradio_api/runs /gradio_api/runs/ /gradio_api/run-history/{rest:path}", "closed"),
    *_rules(ANY, "/gradio_api/dev/{rest:path} /gradio_api/process_recording", "closed"),
    *_rules(ANY, "/gradio_api/vibe-{rest:path} /gradio_api/undo-vibe-{rest:path}", "closed"),
    *_rules(ANY, "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}", "closed"),
    *_rules(ANY, "/gradio_api/theme.css /gradio_api/openapi.json /openapi.json", "closed"),
    *_rules(ANY, "/pwa_icon/{size}", "closed"),  # no SVG can be drawn at a size
    *_rules(ANY, "/monitoring /monitoring/{key:path} /svelte/{path:path}", "closed"),
)


def rule_for(method: str, path: str, table: Iterable[Rule] = ROUTES) -> Rule | None:
    """The rule for a request; None where there is none, and then nobody may send it."""
    for rule in table:
        if method in rule.methods and _pattern(rule.path).match(path):
            return rule
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return compile_path(template)[0]


def named(rule: Rule, path: str) -> dict[str, str]:
    """What stands in a path in the places of the rule's names."""
    found = _pattern(rule.path).match(path)
    return found.groupdict() if found else {}
