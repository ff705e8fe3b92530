"""The library page: components and wiring, nothing else.

What happens is decided in `library`, what it looks like in the `*_view` modules. As on the chat page,
clicks inside rendered HTML arrive through one hidden component, the bridge (see assets/library.js), with
the address they were made at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.utils import get_upload_folder

from index.errors import IbidError
from ui.library import papers_view
from ui.library.actions import Desk, View

_log = logging.getLogger(__name__)
_BRIDGE = "ibid.connect(trigger, server, upload)"
_HERE = "() => [location.search]"
_WATCHED = "ibid.follow(element, watch)"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 16}


class LibraryPage:
    """The components of the library page, made inside an open route of `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, desk: Desk) -> None:
        self.desk = desk
        self._lay_out()
        self._wire(page)

    # Components

    def _lay_out(self) -> None:
        # Functions of their own: Gradio sets an attribute on each, which a method does not allow.
        def ask(wanted: dict[str, Any]) -> dict[str, Any]:
            return _answered(lambda: {"conversation": self.desk.ask(_ids(wanted))})

        def bibtex(wanted: dict[str, Any]) -> dict[str, Any]:
            return _answered(lambda: {"text": self.desk.bibtex(_ids(wanted))})

        def listed(wanted: dict[str, Any]) -> dict[str, Any]:
            return _answered(lambda: {"papers": self.desk.chosen(str(wanted.get("address", "")))})

        def draw(wanted: dict[str, Any]) -> dict[str, Any]:
            return _answered(lambda: {"papers": self.desk.draw()})

        def coloured(wanted: dict[str, Any]) -> dict[str, Any]:
            address, hue = str(wanted.get("address", "")), int(wanted.get("hue", 0))
            return _answered(lambda: {"papers": self.desk.coloured(address, hue)})

        asked = [ask, bibtex, listed, draw, coloured]
        self.bridge = gr.HTML("", elem_id="bridge", js_on_load=_BRIDGE, server_functions=asked)
        self.address = gr.HTML("", elem_id="address")
        self.header = _rendered("header", self.desk.header())
        with gr.Column(elem_id="library", min_width=0):
            self.parts = _rendered("parts")
            self.controls = _rendered("controls", script=_WATCHED)
            self.notice = _rendered("notice", script=_WATCHED)
            self.adding = _rendered("adding", script=_WATCHED)
            self.main = _rendered("papers", script=_WATCHED)
        self.chosen = _rendered("chosen", papers_view.chosen_bar())
        self.status = _rendered("status")

    # Events

    def _wire(self, page: gr.Blocks) -> None:
        page.load(self._enter, [self.address], self._outputs, js=_HERE, **_QUIET)
        # The address is read when the event runs: of many in a row only the last one runs after the first.
        latest = _QUIET | {"trigger_mode": "always_last"}
        self.bridge.select(self._show, [self.address], self._outputs, js=_HERE, **latest)
        every = _QUIET | {"trigger_mode": "multiple"}
        self.bridge.submit(self._tag, None, self._outputs, **every)
        self.bridge.delete(self._remove, None, self._outputs, **every)
        self.bridge.undo(self._bring_back, None, self._outputs, **every)
        self.bridge.upload(self._give, None, self._outputs, **every)
        self.bridge.input(self._paste, None, self._outputs, **every)
        self.bridge.retry(self._retry, None, self._outputs, **every)
        self.bridge.clear(self._clear, None, self._outputs, **every)
        self.bridge.change(self._follow, None, self._outputs, **_QUIET | {"trigger_mode": "once"})

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        shown = [self.header, self.parts, self.controls, self.main, self.notice, self.adding]
        return [*shown, self.status]

    # Handlers: arguments in, a view out, nothing raised

    def _enter(self, address: str) -> list[Any]:
        return _once(lambda: self.desk.enter(address or ""))

    def _show(self, address: str) -> list[Any]:
        return _once(lambda: self.desk.show(address or ""))

    def _tag(self, event: gr.EventData) -> list[Any]:
        said = _all_said(event)
        off = bool(said.get("off"))
        return _once(
            lambda: self.desk.tag(_said(event, "address"), _ids(said), str(said.get("tag", "")), off)
        )

    def _remove(self, event: gr.EventData) -> list[Any]:
        said = _all_said(event)
        return _once(lambda: self.desk.remove(_said(event, "address"), _ids(said)))

    def _bring_back(self, event: gr.EventData) -> list[Any]:
        return _once(lambda: self.desk.bring_back(_said(event, "address"), _said(event, "mark")))

    def _give(self, event: gr.EventData) -> list[Any]:
        name, reason = _said(event, "name"), _said(event, "reason")
        if reason:
            return _once(lambda: self.desk.refuse(name, reason))
        return _once(lambda: self.desk.give(_uploaded(_said(event, "sent")), name))

    def _paste(self, event: gr.EventData) -> list[Any]:
        return _once(lambda: self.desk.paste(_said(event, "text")))

    def _retry(self, event: gr.EventData) -> list[Any]:
        return _once(lambda: self.desk.retry(int(_said(event, "number") or 0)))

    def _clear(self) -> list[Any]:
        return _once(self.desk.clear)

    def _follow(self) -> Iterator[list[Any]]:
        for view in self.desk.follow():
            yield _updates(view)


def _rendered(name: str, value: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page that a `*_view` function renders."""
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def _once(make: Callable[[], View]) -> list[Any]:
    try:
        return _updates(make())
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        return _updates(View(notice=papers_view.trouble(_words(error))))


def _answered(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the page's script asked for: the value, or {"error"}."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  (the same)
        return {"error": _words(error)}


def _words(error: Exception) -> str:
    if isinstance(error, IbidError):
        return str(error)
    _log.warning("the library page could not do what was asked", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _updates(view: View) -> list[Any]:
    shown = [view.header, view.parts, view.controls, view.main, view.notice, view.adding, view.status]
    return [gr.skip() if part is None else part for part in shown]


def _uploaded(path: str) -> Path:
    """The file that the browser says it has sent: only one that Gradio has just received is believed."""
    sent, folder = Path(path).resolve(), Path(get_upload_folder()).resolve()
    if not path or not sent.is_relative_to(folder) or not sent.is_file():
        raise IbidError("The file did not arrive. Drop it again.")
    return sent


def _all_said(event: gr.EventData) -> dict[str, Any]:
    """What the bridge sent along."""
    return cast(dict[str, Any], event._data or {})


def _said(event: gr.EventData, name: str) -> str:
    return str(_all_said(event).get(name, ""))


def _ids(said: dict[str, Any]) -> list[str]:
    return [str(paper_id) for paper_id in said.get("papers") or []]
