"""The digest page: components and wiring, nothing else.

What happens is decided in `digest`, what it looks like in `digest_view`. As on the library page, clicks
inside rendered HTML arrive through one hidden component, the bridge (see assets/digest.js), with the address
they were made at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from ui.digest import digest_view
from ui.digest.actions import Digests, View
from ui.parts.wiring import HERE, QUIET, WATCHED, bridge, painted, rendered, trouble_words, word

DigestsOf = Callable[[Any], Digests]


class DigestPage:
    """The components of the digest page, made inside an open route of `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, digests_of: DigestsOf, first: Digests) -> None:
        """`digests_of` tells by a request whose are meant; `first` is what is shown until the first one comes."""
        self.digests_of = digests_of
        self.first = first
        self._lay_out()
        self._wire(page)

    # Components

    def _lay_out(self) -> None:
        self.bridge = bridge()
        self.address = gr.HTML("", elem_id="address")
        self.header = rendered("header", self.first.header())
        with gr.Column(elem_id="digest", min_width=0):
            self.controls = rendered("asked-for", script=WATCHED)
            self.notice = rendered("notice")
            self.main = rendered("news", script=WATCHED)
            self.questions = rendered("questions", script=WATCHED)
        self.status = rendered("status")

    # Events

    def _wire(self, page: gr.Blocks) -> None:
        page.load(self._enter, [self.address], self._outputs, js=HERE, **QUIET)
        # The address is read when the event runs: of many in a row only the last one runs after the first.
        latest = QUIET | {"trigger_mode": "always_last"}
        self.bridge.select(self._show, [self.address], self._outputs, js=HERE, **latest)
        every = QUIET | {"trigger_mode": "multiple"}
        self.bridge.submit(self._save, None, self._outputs, **every)
        self.bridge.delete(self._forget, None, self._outputs, **every)

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        return [self.header, self.controls, self.main, self.questions, self.notice, self.status]

    # Handlers: arguments in, views out, nothing raised

    def _enter(self, request: gr.Request, address: str) -> Iterator[list[Any]]:
        yield from _guarded(lambda: self.digests_of(request).enter(address or ""))

    def _show(self, request: gr.Request, address: str) -> Iterator[list[Any]]:
        yield from _guarded(lambda: self.digests_of(request).show(address or ""))

    def _save(self, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        yield from _guarded(
            lambda: self.digests_of(request).save(word(event, "address"), word(event, "question"))
        )

    def _forget(self, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        yield from _guarded(
            lambda: self.digests_of(request).forget(word(event, "address"), word(event, "question"))
        )


def _guarded(make: Callable[[], Iterator[View]]) -> Iterator[list[Any]]:
    try:
        for view in make():
            yield _updates(view)
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        yield _updates(View(notice=digest_view.trouble(trouble_words(error))))


def _updates(view: View) -> list[Any]:
    return painted([view.header, view.controls, view.main, view.questions, view.notice, view.status])
