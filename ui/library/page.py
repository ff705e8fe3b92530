"""The library page: components and wiring, nothing else.

What happens is decided in `library`, what it looks like in the `*_view` modules. As on the chat page,
clicks inside rendered HTML arrive through one hidden component, the bridge (see assets/library.js), with
the address they were made at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from index.errors import IbidError
from ui.library import papers_view
from ui.library.actions import Desk, View
from ui.parts.wiring import HERE, QUIET, WATCHED, bridge, painted, rendered, said, trouble_words, word

DeskOf = Callable[[Any], Desk]


class LibraryPage:
    """The components of the library page, made inside an open route of `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, desk_of: DeskOf, first: Desk) -> None:
        """`desk_of` tells by a request whose desk is meant; `first` is what is shown until the first one comes."""
        self.desk_of = desk_of
        self.first = first
        self._lay_out()
        self._wire(page)

    # Components

    def _lay_out(self) -> None:
        # Functions of their own: Gradio sets an attribute on each, which a method does not allow.
        def ask(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"conversation": self.desk_of(request).ask(_ids(wanted))})

        def bibtex(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"text": self.desk_of(request).bibtex(_ids(wanted))})

        def csv(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"text": self.desk_of(request).csv(_ids(wanted))})

        def listed(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"papers": self.desk_of(request).chosen(str(wanted.get("address", "")))})

        def draw(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"papers": self.desk_of(request).draw()})

        def coloured(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            address, hue = str(wanted.get("address", "")), int(wanted.get("hue", 0))
            return _answered(lambda: {"papers": self.desk_of(request).coloured(address, hue)})

        def endings(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return _answered(lambda: {"endings": self.desk_of(request).endings})

        asked = [ask, bibtex, csv, listed, draw, coloured, endings]
        self.bridge = bridge(services=asked, given="trigger, server, upload")
        self.address = gr.HTML("", elem_id="address")
        self.header = rendered("header", self.first.header())
        with gr.Column(elem_id="library", min_width=0):
            self.parts = rendered("parts")
            self.controls = rendered("controls", script=WATCHED)
            self.notice = rendered("notice", script=WATCHED)
            self.adding = rendered("adding", script=WATCHED)
            self.main = rendered("papers", script=WATCHED)
        self.chosen = rendered("chosen", papers_view.chosen_bar())
        self.status = rendered("status")

    # Events

    def _wire(self, page: gr.Blocks) -> None:
        page.load(self._enter, [self.address], self._outputs, js=HERE, **QUIET)
        # The address is read when the event runs: of many in a row only the last one runs after the first.
        latest = QUIET | {"trigger_mode": "always_last"}
        self.bridge.select(self._show, [self.address], self._outputs, js=HERE, **latest)
        every = QUIET | {"trigger_mode": "multiple"}
        self.bridge.submit(self._tag, None, self._outputs, **every)
        self.bridge.delete(self._remove, None, self._outputs, **every)
        self.bridge.undo(self._bring_back, None, self._outputs, **every)
        # One after another: of two at once, the rows of the first could be painted over those of the second.
        self.bridge.upload(self._give, None, self._outputs, **every | {"concurrency_limit": 1})
        self.bridge.input(self._paste, None, self._outputs, **every)
        self.bridge.retry(self._retry, None, self._outputs, **every)
        self.bridge.stop(self._cancel, None, self._outputs, **every)
        self.bridge.clear(self._clear, None, self._outputs, **every)
        self.bridge.change(self._follow, None, self._outputs, **QUIET | {"trigger_mode": "once"})

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        shown = [self.header, self.parts, self.controls, self.main, self.notice, self.adding]
        return [*shown, self.status]

    # Handlers: arguments in, a view out, nothing raised

    def _enter(self, request: gr.Request, address: str) -> list[Any]:
        return _once(lambda: self.desk_of(request).enter(address or ""))

    def _show(self, request: gr.Request, address: str) -> list[Any]:
        return _once(lambda: self.desk_of(request).show(address or ""))

    def _tag(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        papers, off = _ids(said(event)), bool(said(event).get("off"))
        return _once(
            lambda: self.desk_of(request).tag(word(event, "address"), papers, word(event, "tag"), off)
        )

    def _remove(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).remove(word(event, "address"), _ids(said(event))))

    def _bring_back(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).bring_back(word(event, "address"), word(event, "mark")))

    def _give(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        name, reason = word(event, "name"), word(event, "reason")
        if reason:
            return _once(lambda: self.desk_of(request).refuse(name, reason))
        return _once(lambda: self.desk_of(request).give(_uploaded(word(event, "sent")), name))

    def _paste(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).paste(word(event, "text")))

    def _retry(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).retry(int(word(event, "number") or 0)))

    def _cancel(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).cancel(int(word(event, "number") or 0)))

    def _clear(self, request: gr.Request) -> list[Any]:
        return _once(lambda: self.desk_of(request).clear())

    def _follow(self, request: gr.Request) -> Iterator[list[Any]]:
        for view in self.desk_of(request).follow():
            yield _updates(view)


def _once(make: Callable[[], View]) -> list[Any]:
    try:
        return _updates(make())
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        return _updates(View(notice=papers_view.trouble(trouble_words(error))))


def _answered(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the page's script asked for: the value, or {"error"}."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  (the same)
        return {"error": trouble_words(error)}


def _updates(view: View) -> list[Any]:
    shown = [view.header, view.parts, view.controls, view.main, view.notice, view.adding]
    return painted([*shown, view.status])


def _uploaded(path: str) -> Path:
    """The file that the browser says it has sent: only one that Gradio has just received is believed."""
    sent, folder = Path(path).resolve(), Path(get_upload_folder()).resolve()
    if not path or not sent.is_relative_to(folder) or not sent.is_file():
        raise IbidError("The file did not arrive. Drop it again.")
    return sent


def _ids(wanted: dict[str, Any]) -> list[str]:
    return [str(paper_id) for paper_id in wanted.get("papers") or []]
