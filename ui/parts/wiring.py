"""What the pages' components and events have in common: rendered parts, the bridge, troubles in words.

Clicks inside rendered HTML arrive through one hidden component, the bridge, whose script (see assets/) says
which event it was and what belongs to it. Knows nothing of what any page shows or does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import gradio as gr

from index.errors import IbidError
from index.secrets import hidden
from ui.watch.requests import named, request_name

AT_ONCE = 16  # events of a kind that may be under way, over all browsers
QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": AT_ONCE,
}
"""How the pages' own events run: nothing spins, and no other program is offered them."""
WATCHED = "ibid.follow(element, watch)"  # as a part's script: the page's script sees each change of it
HERE = "() => [location.search]"  # as an event's script: what it is given is the page's address

_log = logging.getLogger(__name__)


def rendered(name: str, value: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page that a `*_view` function renders."""
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def bridge(
    *events: str, services: Sequence[Callable[..., Any]] = (), given: str = "trigger, server"
) -> gr.HTML:
    """The component through which clicks arrive; `given` is what its script gets of Gradio's means to the server.

    `events` are those of its own: Gradio takes for one whatever it finds quoted in the script.
    """
    named = ", ".join(f"'{event}'" for event in events)
    script = f"ibid.connect({given})  // sends {named}"
    return gr.HTML("", elem_id="bridge", js_on_load=script, server_functions=list(services) or None)


def said(event: gr.EventData) -> dict[str, Any]:
    """All that the bridge sent along with an event."""
    return cast(dict[str, Any], event._data or {})


def word(event: gr.EventData, name: str) -> str:
    """One thing that the bridge sent along; empty where it did not."""
    return str(said(event).get(name, ""))


def painted(parts: Iterable[Any]) -> list[Any]:
    """Parts of a page as updates: None leaves one as it is."""
    return [gr.skip() if part is None else part for part in parts]


def trouble_words(error: Exception) -> str:
    """What went wrong, for the reader; what nobody foresaw goes to the log too."""
    if isinstance(error, IbidError):
        return str(error)
    name = request_name()
    _log.warning("a page could not do what was asked", exc_info=error, extra={"request": name})
    return named(f"{type(error).__name__}: {hidden(str(error))}", name)
