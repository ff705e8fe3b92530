"""The web application: its pages built over a library, and the server it runs on.

Owns the launch settings and the assets. Nothing it serves asks another host for anything: analytics
and hub look-ups are turned off before Gradio is imported, fonts come from Gradio's own files. Its figures of events
are turned off too: after each event it would make a table of the last ten thousand, and nobody is shown them.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr

from assistant.accounts.schema import LOCAL
from assistant.engine import Assistant
from index.errors import IbidError
from ui.beside import beside
from ui.chat.page import ChatPage
from ui.digest.page import DigestPage
from ui.library.page import LibraryPage
from ui.parts.sparing import SparingBlocks
from ui.programs import endpoints
from ui.rooms import Rooms
from ui.settings import LimitSettings
from ui.watch import metrics
from ui.watch.health import Readiness
from ui.watch.logs import logging_to, take_over
from ui.watch.questions import Questions
from ui.watch.settings import WatchSettings
from ui.watch.stopping import told_to_stop

ASSETS = Path(__file__).parent / "assets"
# Of the fonts that Gradio carries, most hold a part of Latin only; this one is whole, at these weights.
_SANS = (gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")


def build(rooms: Rooms, queue: int = LimitSettings().queue) -> gr.Blocks:
    """The application over the rooms of its users; `launch` it with `launch_options`.

    `queue` is how many events may wait; 0: any number.
    """
    first = rooms.room(LOCAL)
    page: SparingBlocks
    with SparingBlocks(title="Ibid", analytics_enabled=False, fill_width=True, fill_height=True) as page:
        ChatPage(page, lambda request: rooms.of(request).chat, first.chat)
        endpoints.declare(lambda request: rooms.of(request).programs)
    with page.route("Library", "/library"):
        LibraryPage(page, lambda request: rooms.of(request).desk, first.desk)
    with page.route("Digest", "/digest"):
        DigestPage(page, lambda request: rooms.of(request).digests, first.digests)
    page.queue(default_concurrency_limit=16, max_size=queue or None)
    return page


def launch_options(limits: LimitSettings) -> dict[str, Any]:
    """Everything `launch` is given but the address, and what stands beside the page."""
    return {
        "theme": gr.themes.Base(font=_SANS, font_mono=_MONO),
        "css_paths": [ASSETS / name for name in ("app.css", "leaf.css", "library.css", "digest.css")],
        "head": _head(limits),
        "favicon_path": ASSETS / "icon.svg",
        "footer_links": [],
        "run_history": False,
        "show_error": True,
        "quiet": True,
        "max_file_size": limits.upload or None,
        "share": False,
        "ssr_mode": False,
        "mcp_server": False,
    }


def serve(
    assistant: Assistant, host: str, port: int, watch: WatchSettings = WatchSettings(), **more: Any
) -> None:
    """Serve an assistant and its library until Ctrl-C or SIGTERM, with what `beside` takes.

    After SIGTERM the server is ready for nobody, and answers under way may end. IbidError where the port is taken.
    """
    readiness = Readiness(lambda: assistant.library)
    with logging_to(watch), told_to_stop() as stopped:
        page = start(assistant, host, port, watch=watch, readiness=readiness, **more)
        take_over("uvicorn", "uvicorn.access")
        readiness.open()
        if stopped(f"Ibid is at http://{host}:{port} (Ctrl-C stops it)"):
            readiness.leave(watch.drain)
        if page.server:
            page.server.close()  # type: ignore[no-untyped-call]
        readiness.settle()


def start(
    assistant: Assistant,
    host: str,
    port: int,
    limits: LimitSettings | None = None,
    proxies: str = "127.0.0.1",
    **more: Any,
) -> gr.Blocks:
    """As `serve`, but return at once: `close` what is returned. `proxies` are believed on who asks, and how."""
    assistant = assistant.watched_by(Questions())
    assistant.library.tell_database_errors(metrics.database_failed)
    limits = limits or LimitSettings()
    rooms = Rooms(assistant)
    if door := more.get("door"):
        more["door"] = door._replace(forget=rooms.forget)
    page = build(rooms, limits.queue)
    os.environ["FORWARDED_ALLOW_IPS"] = proxies  # read by the server that Gradio starts
    options = launch_options(limits)
    options |= beside(rooms, page, options["head"], limits=limits, **more)
    try:
        page.launch(server_name=host, server_port=port, prevent_thread_lock=True, **options)
    except OSError as error:
        raise IbidError(
            f"Port {port} on {host} is in use or not allowed. Stop what uses it, or choose another: "
            f"ibid serve --port {port + 1}"
        ) from error
    return page


def _head(limits: LimitSettings) -> str:
    """The pages' script, with what of the limits it tells before anything is sent."""
    told = json.dumps(limits.model_dump(include={"question", "upload", "files", "body"}))
    return f"<script>window.ibidMathematics = {_typesetter()};\nwindow.ibidLimits = {told};\n{_script()}</script>"


@cache
def _script() -> str:
    """The pages' scripts in one: what all of them share, then what each adds."""
    names = (
        *("app.js", "leaf.js", "chat.js", "composer.js", "stream.js", "connection.js", "engine.js"),
        *("indexing.js", "library.js", "digest.js"),
    )
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


@cache
def _typesetter() -> str:
    """The addresses of the KaTeX that Gradio carries, as JSON; null in its place leaves formulas as source."""
    assets = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    script, style = (next(iter(sorted(assets.glob(f"katex-*.{kind}"))), None) for kind in ("js", "css"))
    if script is None or style is None:
        return "null"
    return f'{{"script": "assets/{script.name}", "style": "assets/{style.name}"}}'
