"""The chat page: components and wiring, nothing else.

What happens is decided in `chat`, what it looks like in the `*_view` modules; each handler turns
arguments into a call and the `View`s that come back into updates. Clicks inside rendered HTML arrive
through one hidden component, the bridge (see assets/app.js). The thread is plain HTML and not a
`gr.Chatbot`: finished turns stay untouched while a new one streams, every control can carry a name, and
nothing remote can be shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import gradio as gr

from index.errors import IbidError
from ui import frame_view
from ui.chat import Chat, View
from ui.scope import Panel

_log = logging.getLogger(__name__)
_SENDS = 16  # questions that may be under way at once, over all browsers
_BRIDGE = "ibid.connect(trigger, server)"
_CONVERSATION = "ibid.followConversation(props, watch)"
_WATCHED = "ibid.follow(element, watch)"


class ChatPage:
    """The components of the chat page, made inside an open `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, chat: Chat) -> None:
        self.chat = chat
        self.page = page
        self._lay_out()
        self._wire()

    # Components

    def _lay_out(self) -> None:
        # A function of its own: Gradio sets an attribute on it, which a method does not allow.
        def text_of(wanted: dict[str, Any]) -> dict[str, str]:
            return self._text_of(wanted)

        self.bridge = gr.HTML("", elem_id="bridge", js_on_load=_BRIDGE, server_functions=[text_of])
        self.conversation = _rendered("conversation", script=_CONVERSATION)
        self.header = _rendered("header", self.chat.header())
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="left", min_width=0):
                self._lay_out_left()
            with gr.Column(elem_id="middle", min_width=0):
                self._lay_out_middle()
            with gr.Column(elem_id="right", min_width=0):
                self.evidence = _rendered("evidence", script=_WATCHED)

    def _lay_out_left(self) -> None:
        self.new = gr.Button("New conversation", elem_id="new", size="sm")
        self.history = _rendered("history", script=_WATCHED)
        with gr.Column(elem_id="filters", min_width=0):
            _rendered("filters-title", "<h2>Filters</h2>")
            with gr.Row(elem_id="dates"):
                self.since = gr.Textbox(label="Since", placeholder="June 2025", elem_id="since", min_width=0)
                self.until = gr.Textbox(label="Until", placeholder="2025-12", elem_id="until", min_width=0)
            self.organizations = gr.Dropdown(
                self.chat.organizations(),
                value=[],
                multiselect=True,
                label="Organisation",
                elem_id="organizations",
            )
            self.min_comments = gr.Number(
                value=None, label="Minimum comments", minimum=0, precision=0, elem_id="min-comments"
            )

    def _lay_out_middle(self) -> None:
        _rendered("banner", frame_view.banner(self.chat.assistant.engine))
        self.bar = _rendered("scope", script=_WATCHED)
        with gr.Column(elem_id="scroll", min_width=0):
            self.thread = _rendered("thread", script=_WATCHED)
            self.live = _rendered("live", script=_WATCHED)
        self.status = _rendered("status")
        with gr.Row(elem_id="composer"):
            self.box = gr.Textbox(
                placeholder="Ask your papers…",
                label="Question",
                show_label=False,
                container=False,
                lines=1,
                max_lines=7,
                elem_id="question",
                scale=1,
                autofocus=True,
            )
            self.send = gr.Button("Ask", variant="primary", elem_id="send", scale=0, min_width=0)
            self.halt = gr.Button("Stop", elem_id="stop", scale=0, min_width=0, visible=False)

    # Events

    def _wire(self) -> None:
        asked = gr.on(
            [self.box.submit, self.send.click],
            self._ask,
            inputs=[self.conversation, self.box, *self._panel],
            outputs=self._outputs,
            **_streamed(),
        )
        offered = self._on(self.bridge.submit, self._ask_offered, [self.conversation, *self._panel])
        retried = self._on(self.bridge.retry, self._retry, [self.conversation])
        opened = self._on(self.bridge.select, self._open, [])
        entered = self.page.load(
            self._enter, [self.conversation], self._outputs, js="() => [ibid.address()]", **_streamed()
        )
        for event in (asked, offered, retried, opened, entered):
            event.failure(_settle, None, [self.send, self.halt, self.bar], **_quiet())
        self.halt.click(self._stop, [self.conversation], None, **_quiet())
        self.new.click(self._new, None, self._outputs, **_quiet())
        self.bridge.delete(self._remove, [self.conversation], self._outputs, **_quiet())
        self.bridge.undo(self._drop, [self.conversation, *self._panel], self._outputs, **_quiet())
        gr.on(
            [
                self.since.submit,
                self.since.blur,
                self.until.submit,
                self.until.blur,
                self.organizations.input,
                self.min_comments.input,
            ],
            self._narrow,
            [self.conversation, *self._panel],
            [self.bar, self.send],
            **(_quiet() | {"trigger_mode": "always_last"}),
        )
        self.page.unload(self._leave)

    def _on(self, event: Callable[..., Any], handler: Callable[..., Any], inputs: list[Any]) -> Any:
        return event(handler, inputs, self._outputs, **_streamed())

    @property
    def _panel(self) -> list[gr.components.Component]:
        return [self.since, self.until, self.organizations, self.min_comments]

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        shown = [
            self.conversation,
            self.thread,
            self.live,
            self.evidence,
            self.history,
            self.bar,
            self.status,
        ]
        return [*shown, self.header, self.box, self.send, self.halt, *self._panel]

    # Handlers: arguments in, views out, nothing raised

    def _enter(self, conversation: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from _painted(self.chat.enter(_visitor(request), conversation or ""))

    def _open(self, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        yield from _painted(self.chat.enter(_visitor(request), _said(event, "conversation")))

    def _ask(
        self, conversation: str, question: str, since: str, until: str, organizations: list[str],
        min_comments: int | None, request: gr.Request,
    ) -> Iterator[list[Any]]:  # fmt: skip
        panel = _read(since, until, organizations, min_comments)
        yield from _painted(self.chat.ask(_visitor(request), conversation or "", question or "", panel))

    def _ask_offered(
        self, conversation: str, since: str, until: str, organizations: list[str], min_comments: int | None,
        event: gr.EventData, request: gr.Request,
    ) -> Iterator[list[Any]]:  # fmt: skip
        panel = _read(since, until, organizations, min_comments)
        question = _said(event, "question")
        yield from _painted(self.chat.ask(_visitor(request), conversation or "", question, panel))

    def _retry(self, conversation: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from _painted(self.chat.retry(_visitor(request), conversation or ""))

    def _stop(self, conversation: str) -> None:
        self.chat.stop(conversation or "")

    def _new(self, request: gr.Request) -> list[Any]:
        return _once(lambda: self.chat.new(_visitor(request)))

    def _remove(self, current: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _once(lambda: self.chat.remove(_visitor(request), current or "", _said(event, "conversation")))

    def _drop(
        self, conversation: str, since: str, until: str, organizations: list[str], min_comments: int | None,
        event: gr.EventData,
    ) -> list[Any]:  # fmt: skip
        panel = _read(since, until, organizations, min_comments)
        return _once(lambda: self.chat.drop(conversation or "", panel, _said(event, "part")))

    def _narrow(
        self, conversation: str, since: str, until: str, organizations: list[str], min_comments: int | None
    ) -> list[Any]:
        panel = _read(since, until, organizations, min_comments)
        updates = _once(lambda: self.chat.narrow(conversation or "", panel))
        return [updates[5], updates[9]]

    def _leave(self, request: gr.Request) -> None:
        self.chat.leave(_visitor(request))

    def _text_of(self, wanted: dict[str, Any]) -> dict[str, str]:
        """What the page's script copies or saves: {"text"} or {"error"}."""
        try:
            number = int(wanted["turn"])
            return {"text": self.chat.text_of(str(wanted["conversation"]), number, str(wanted["kind"]))}
        except (IbidError, KeyError, ValueError) as error:
            return {"error": str(error)}


def _rendered(name: str, value: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page that a `*_view` function renders."""
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def _painted(views: Iterator[View]) -> Iterator[list[Any]]:
    """Each view as updates; whatever goes wrong becomes the last one."""
    try:
        for view in views:
            yield _updates(view)
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        yield _updates(_trouble(error))


def _once(make: Callable[[], View]) -> list[Any]:
    try:
        return _updates(make())
    except Exception as error:  # noqa: BLE001  (the same)
        return _updates(_trouble(error))


def _updates(view: View) -> list[Any]:
    html = [view.conversation, view.thread, view.live, view.evidence, view.history, view.bar, view.status]
    parts = [gr.skip() if value is None else value for value in (*html, view.header, view.box)]
    panel = view.panel
    fields = (
        [gr.skip()] * 4
        if panel is None
        else [panel.since, panel.until, list(panel.organizations), panel.min_comments]
    )
    return [*parts, _sender(view), _shown(view.busy), *fields]


def _sender(view: View) -> Any:
    changes: dict[str, Any] = {}
    if view.busy is not None:
        changes["visible"] = not view.busy
    if view.sendable is not None:
        changes["interactive"] = view.sendable
    return gr.update(**changes) if changes else gr.skip()


def _shown(busy: bool | None) -> Any:
    return gr.skip() if busy is None else gr.update(visible=busy)


def _trouble(error: Exception) -> View:
    _log.warning("the page could not do what was asked", exc_info=error)
    words = str(error) if isinstance(error, IbidError) else f"{type(error).__name__}: {error}"
    return View(bar=frame_view.scope_bar_trouble(words), busy=False)


def _settle() -> list[Any]:
    """After a failure outside our handlers, such as a full queue: the page must stay usable."""
    words = "The server could not take that. Try again."
    return [gr.update(visible=True), gr.update(visible=False), frame_view.scope_bar_trouble(words)]


def _streamed() -> dict[str, Any]:
    return {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple",
            "concurrency_limit": _SENDS}  # fmt: skip


def _quiet() -> dict[str, Any]:
    return {"show_progress": "hidden", "api_visibility": "private", "queue": True}


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)


def _said(event: gr.EventData, name: str) -> str:
    """A string the bridge sent along; empty where it did not."""
    data = cast(dict[str, Any], event._data or {})
    return str(data.get(name, ""))


def _read(since: str, until: str, organizations: list[str] | None, min_comments: int | None) -> Panel:
    return Panel(
        since=since or "",
        until=until or "",
        organizations=tuple(organizations or ()),
        min_comments=int(min_comments) if min_comments else None,
    )
