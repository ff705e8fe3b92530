"""The library page: components and wiring, nothing else.

What happens is decided in `library`, what it looks like in the `*_view` modules. As on the chat page,
clicks inside rendered HTML arrive through one hidden component, the bridge (see assets/app.js).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from index.errors import IbidError
from ui import frame_view
from ui.library import Desk, View

_log = logging.getLogger(__name__)
_BRIDGE = "ibid.connect(trigger, server)"
_WATCHED = "ibid.follow(element, watch)"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class LibraryPage:
    """The components of the library page, made inside an open route of `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, desk: Desk) -> None:
        self.desk = desk
        self.bridge = gr.HTML("", elem_id="bridge", js_on_load=_BRIDGE)
        self.search = gr.HTML("", elem_id="address")
        self.header = _rendered("header", desk.header())
        with gr.Column(elem_id="library", min_width=0):
            self.main = _rendered("papers", script=_WATCHED)
        self.status = _rendered("status")
        page.load(self._enter, [self.search], self._outputs, js="() => [location.search]", **_QUIET)

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        return [self.header, self.main, self.status]

    def _enter(self, search: str) -> list[Any]:
        return _once(lambda: self.desk.show(search or ""))


def _rendered(name: str, value: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page that a `*_view` function renders."""
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def _once(make: Callable[[], View]) -> list[Any]:
    try:
        return _updates(make())
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        _log.warning("the library page could not do what was asked", exc_info=error)
        words = str(error) if isinstance(error, IbidError) else f"{type(error).__name__}: {error}"
        return _updates(View(main=frame_view.scope_bar_trouble(words)))


def _updates(view: View) -> list[Any]:
    return [gr.skip() if part is None else part for part in (view.header, view.main, view.status)]
