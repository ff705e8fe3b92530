"""The digest page: components and wiring, nothing else.

What happens is decided in `digest`, what it looks like in `digest_view`. As on the library page, clicks
inside rendered HTML arrive through one hidden component, the bridge (see assets/digest.js), with the address
they were made at.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, cast

import gradio as gr

from index.errors import IbidError
from ui.digest import digest_view
from ui.digest.actions import Digests, View

_log = logging.getLogger(__name__)
_BRIDGE = "ibid.connect(trigger, server)"
_HERE = "() => [location.search]"
_WATCHED = "ibid.follow(element, watch)"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 16}


class DigestPage:
    """The components of the digest page, made inside an open route of `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, digests: Digests) -> None:
        self.digests = digests
        self._lay_out()
        self._wire(page)

    # Components

    def _lay_out(self) -> None:
        self.bridge = gr.HTML("", elem_id="bridge", js_on_load=_BRIDGE)
        self.address = gr.HTML("", elem_id="address")
        self.header = _rendered("header", self.digests.header())
        with gr.Column(elem_id="digest", min_width=0):
            self.controls = _rendered("asked-for", script=_WATCHED)
            self.notice = _rendered("notice")
            self.main = _rendered("news", script=_WATCHED)
            self.questions = _rendered("questions", script=_WATCHED)
        self.status = _rendered("status")

    # Events

    def _wire(self, page: gr.Blocks) -> None:
        page.load(self._enter, [self.address], self._outputs, js=_HERE, **_QUIET)
        # The address is read when the event runs: of many in a row only the last one runs after the first.
        latest = _QUIET | {"trigger_mode": "always_last"}
        self.bridge.select(self._show, [self.address], self._outputs, js=_HERE, **latest)
        every = _QUIET | {"trigger_mode": "multiple"}
        self.bridge.submit(self._save, None, self._outputs, **every)
        self.bridge.delete(self._forget, None, self._outputs, **every)

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        return [self.header, self.controls, self.main, self.questions, self.notice, self.status]

    # Handlers: arguments in, views out, nothing raised

    def _enter(self, address: str) -> Iterator[list[Any]]:
        yield from _guarded(self.digests.enter(address or ""))

    def _show(self, address: str) -> Iterator[list[Any]]:
        yield from _guarded(self.digests.show(address or ""))

    def _save(self, event: gr.EventData) -> Iterator[list[Any]]:
        yield from _guarded(self.digests.save(_said(event, "address"), _said(event, "question")))

    def _forget(self, event: gr.EventData) -> Iterator[list[Any]]:
        yield from _guarded(self.digests.forget(_said(event, "address"), _said(event, "question")))


def _rendered(name: str, value: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page that a `*_view` function renders."""
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def _guarded(views: Iterator[View]) -> Iterator[list[Any]]:
    try:
        for view in views:
            yield _updates(view)
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        yield _updates(View(notice=digest_view.trouble(_words(error))))


def _words(error: Exception) -> str:
    if isinstance(error, IbidError):
        return str(error)
    _log.warning("the digest page could not do what was asked", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _updates(view: View) -> list[Any]:
    shown = [view.header, view.controls, view.main, view.questions, view.notice, view.status]
    return [gr.skip() if part is None else part for part in shown]


def _said(event: gr.EventData, name: str) -> str:
    """What the bridge sent along."""
    return str(cast(dict[str, Any], event._data or {}).get(name, ""))
