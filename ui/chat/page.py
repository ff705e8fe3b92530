"""The chat page: components and wiring, nothing else.

What happens is decided in `chat`, what it looks like in the `*_view` modules; each handler turns
arguments into a call and the `View`s that come back into updates. Clicks inside rendered HTML arrive
through one hidden component, the bridge (see assets/chat.js), as one of two events: `run` answers a
question and paints as it goes, `act` paints once. The thread is plain HTML and not a `gr.Chatbot`:
finished turns stay untouched while a new one streams, every control can carry a name, and nothing remote
can be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import gradio as gr

from index.errors import IbidError
from ui.chat import evidence_view, history_view
from ui.chat.actions import Chat
from ui.chat.view import Choices, Offered, View
from ui.parts import frame_view
from ui.parts.scope import Panel
from ui.parts.wiring import QUIET, WATCHED, bridge, painted, rendered, trouble_words, word

_STREAMED = QUIET | {"trigger_mode": "multiple"}
_LATEST = QUIET | {"trigger_mode": "always_last"}
_CONVERSATION = "ibid.followConversation(props, watch)"
# What the page's script fills: Gradio patches what it has painted, and would undo it there.
_EARLIER = '<div id="earlier-turns" class="turns"></div>'
_BEFORE = '<div id="older-conversations"></div>'
_INDEXING = '<div id="indexing-line"></div>'
_OLDER = '<div id="older-evidence"></div>'


ChatOf = Callable[[Any], Chat]


class ChatPage:
    """The components of the chat page, made inside an open `gr.Blocks`, and their events."""

    def __init__(self, page: gr.Blocks, chat_of: ChatOf, first: Chat) -> None:
        """`chat_of` tells by a request whose chat is meant; `first` is what is shown until the first one comes."""
        self.chat_of = chat_of
        self.first = first
        self.page = page
        self._lay_out()
        self._wire()

    # Components

    def _lay_out(self) -> None:
        self.bridge = bridge("run", "act", "refresh", services=self._services())
        self.conversation = rendered("conversation", script=_CONVERSATION)
        self.header = rendered("header", self.first.header(), script=WATCHED)
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="left", min_width=0):
                self._lay_out_left()
            with gr.Column(elem_id="middle", min_width=0):
                self._lay_out_middle()
            with gr.Column(elem_id="right", min_width=0):
                self.evidence = rendered("evidence", evidence_view.EMPTY, script=WATCHED)
                rendered("older", _OLDER)

    def _services(self) -> list[Callable[..., Any]]:
        return [_service(name, self.chat_of) for name in self.first.services.by_name]

    def _lay_out_left(self) -> None:
        self.new = gr.Button("New conversation", elem_id="new", size="sm")
        rendered("search", history_view.SEARCH)
        with gr.Column(elem_id="conversations", min_width=0):
            self.history = rendered("history", script=WATCHED)
            rendered("before", _BEFORE)
        with gr.Column(elem_id="filters", min_width=0):
            rendered("filters-title", "<h2>Filters</h2>")
            with gr.Row(elem_id="dates"):
                self.since = gr.Textbox(label="Since", placeholder="June 2025", elem_id="since", min_width=0)
                self.until = gr.Textbox(label="Until", placeholder="2025-12", elem_id="until", min_width=0)
            self.organizations = _choice("Organisation", "organizations")
            self.min_comments = gr.Number(
                value=None, label="Minimum comments", minimum=0, precision=0, elem_id="min-comments"
            )
            self.sources = _choice("Source", "sources")
            self.tags = _choice("Tag", "tags")
            self.unseen = gr.Textbox(visible="hidden", elem_id="unseen")

    def _lay_out_middle(self) -> None:
        rendered("banner", frame_view.banner(self.first.assistant.engine))
        rendered("indexing", _INDEXING)
        self.bar = rendered("scope", script=WATCHED)
        with gr.Column(elem_id="scroll", min_width=0):
            rendered("earlier", _EARLIER)
            self.thread = rendered("thread", script=WATCHED)
            self.live = rendered("live", script=WATCHED)
        self.notice = rendered("notice", script=WATCHED)
        self.status = rendered("status")
        with gr.Row(elem_id="composer"):
            self.box = gr.Textbox(
                placeholder="Ask…  @paper  /command",
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
            [self.box, *self._state],
            self._outputs,
            **_STREAMED,
        )
        run = self.bridge.run(self._run, self._state, self._outputs, **_STREAMED)
        entered = self.page.load(
            self._enter, [self.conversation], self._outputs, js="() => [ibid.address()]", **_STREAMED
        )
        for event in (asked, run, entered):
            event.failure(_settle, None, [self.send, self.halt], **QUIET)
        self.bridge.act(self._act, self._state, self._outputs, **QUIET | {"trigger_mode": "multiple"})
        self.bridge.refresh(self._refresh, self._state, self._outputs, **_LATEST)
        self.halt.click(self._stop, [self.conversation], None, **QUIET)
        self.new.click(self._new, None, self._outputs, **QUIET)
        gr.on(
            [
                self.since.submit,
                self.since.blur,
                self.until.submit,
                self.until.blur,
                self.organizations.input,
                self.min_comments.input,
                self.sources.input,
                self.tags.input,
            ],
            self._narrow,
            self._state,
            self._outputs,
            **_LATEST,
        )
        self.page.unload(self._leave)

    @property
    def _panel(self) -> list[gr.components.Component]:
        """In the order of `_read`."""
        return [
            self.since,
            self.until,
            self.organizations,
            self.min_comments,
            self.sources,
            self.tags,
            self.unseen,
        ]

    @property
    def _state(self) -> list[gr.components.Component]:
        return [self.conversation, *self._panel]

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """In the order of `_updates`."""
        rendered = [
            self.conversation,
            self.thread,
            self.live,
            self.evidence,
            self.history,
            self.bar,
        ]
        rest = [self.status, self.header, self.notice, self.box, self.send, self.halt]
        return [*rendered, *rest, *self._panel]

    # Handlers: arguments in, views out, nothing raised

    def _enter(self, request: gr.Request, conversation: str) -> Iterator[list[Any]]:
        yield from _each(lambda: self.chat_of(request).enter(_visitor(request), conversation or ""))

    def _ask(
        self, request: gr.Request, question: str, conversation: str, *fields: Any
    ) -> Iterator[list[Any]]:
        visitor, panel = _visitor(request), _read(*fields)
        yield from _each(
            lambda: self.chat_of(request).say(visitor, conversation or "", question or "", panel)
        )

    def _run(
        self, event: gr.EventData, request: gr.Request, conversation: str, *fields: Any
    ) -> Iterator[list[Any]]:
        """What answers a question, or shows one being answered."""
        said, visitor, current = partial(word, event), _visitor(request), conversation or ""

        def doing() -> Iterator[View]:
            chat = self.chat_of(request)
            todo: dict[str, Callable[[], Iterator[View]]] = {
                "ask": lambda: chat.ask(visitor, current, said("question"), _read(*fields)),
                "retry": lambda: chat.retry(visitor, current, int(said("turns"))),
                "edit": lambda: chat.edit(
                    visitor, current, int(said("turn")), said("question"), int(said("turns"))
                ),
                "unstate": lambda: chat.unstate(visitor, current, said("part")),
                "open": lambda: chat.enter(visitor, said("conversation")),
            }
            return todo[said("do")]()

        yield from _each(doing)

    def _act(self, event: gr.EventData, request: gr.Request, conversation: str, *fields: Any) -> list[Any]:
        """What changes the scope, or the list of conversations."""
        said, visitor, current = partial(word, event), _visitor(request), conversation or ""

        def doing() -> View:
            chat = self.chat_of(request)
            history, scoping = chat.history, chat.scoping
            panel, found = _read(*fields), chat.find(current)
            todo: dict[str, Callable[[], View]] = {
                "drop": lambda: scoping.drop(found, panel, said("part")),
                "only": lambda: scoping.only(found, panel, said("paper")),
                "exclude": lambda: scoping.exclude(found, panel, said("paper")),
                "pick": lambda: scoping.pick(found, panel, said("paper")),
                "rename": lambda: history.rename(current, said("conversation"), said("title")),
                "delete": lambda: chat.remove(visitor, current, said("conversation")),
                "restore": lambda: history.restore(current, said("conversation")),
                "engine": lambda: chat.choose_engine(visitor, said("engine")),
            }
            return todo[said("do")]()

        return _once(doing)

    def _stop(self, request: gr.Request, conversation: str) -> None:
        self.chat_of(request).stop(conversation or "")

    def _new(self, request: gr.Request) -> list[Any]:
        return _once(lambda: self.chat_of(request).new(_visitor(request)))

    def _refresh(self, request: gr.Request, conversation: str, *fields: Any) -> list[Any]:
        return _once(lambda: self.chat_of(request).refresh(conversation or "", _read(*fields)))

    def _narrow(self, request: gr.Request, conversation: str, *fields: Any) -> list[Any]:
        def narrowed() -> View:
            chat = self.chat_of(request)
            view = chat.scoping.narrow(chat.find(conversation or ""), _read(*fields))
            return view.model_copy(update={"panel": None})  # the reader may be typing there

        return _once(narrowed)

    def _leave(self, request: gr.Request) -> None:
        self.chat_of(request).leave(_visitor(request))


def _service(name: str, chat_of: ChatOf) -> Callable[..., Any]:
    """A function that Gradio lets the page's script call, over the service of that name of whoever calls."""

    def call(wanted: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        try:
            return chat_of(request).services.by_name[name](wanted)
        except IbidError as error:
            return {"error": str(error)}

    call.__name__ = name
    return call


def _choice(label: str, name: str) -> gr.Dropdown:
    """A field to choose several of; what there is to choose comes when the page is entered."""
    return gr.Dropdown([], value=[], multiselect=True, label=label, elem_id=name)


def _each(make: Callable[[], Iterator[View]]) -> Iterator[list[Any]]:
    """Each view as updates; whatever goes wrong becomes the last one."""
    try:
        for view in make():
            yield _updates(view)
    except Exception as error:  # noqa: BLE001  (whatever it is, the page must say so and stay usable)
        yield _updates(_trouble(error))


def _once(make: Callable[[], View]) -> list[Any]:
    try:
        return _updates(make())
    except Exception as error:  # noqa: BLE001  (the same)
        return _updates(_trouble(error))


def _updates(view: View) -> list[Any]:
    shown = [view.conversation, view.thread, view.live, view.evidence, view.history, view.bar]
    rest = [view.status, view.header, view.notice, view.box]
    return [*painted([*shown, *rest]), _sender(view), _shown(view.busy), *_fields(view.panel, view.offered)]


def _fields(panel: Panel | None, offered: Offered | None) -> list[Any]:
    """Updates of the filter panel, in the order of `_read`."""
    typed = [gr.skip()] * 4 if panel is None else [panel.since, panel.until, panel.min_comments, panel.unseen]
    since, until, min_comments, unseen = typed
    return [
        since,
        until,
        _chosen(panel.organizations if panel else None, offered.organizations if offered else None),
        min_comments,
        _chosen(panel.sources if panel else None, offered.sources if offered else None, least=2),
        _chosen(panel.tags if panel else None, offered.tags if offered else None),
        unseen,
    ]


def _chosen(names: Sequence[str] | None, choices: Choices | None, least: int = 1) -> Any:
    """What is chosen in a field, which is shown where there are at least so many choices."""
    changes: dict[str, Any] = {} if names is None else {"value": list(names)}
    if choices is not None:
        changes |= {"choices": list(choices), "visible": len(choices) >= least}
    return gr.update(**changes) if changes else gr.skip()


def _read(
    since: str | None,
    until: str | None,
    organizations: list[str] | None,
    min_comments: int | None,
    sources: list[str] | None,
    tags: list[str] | None,
    unseen: str | None,
) -> Panel:
    return Panel(
        since=since or "",
        until=until or "",
        organizations=tuple(organizations or ()),
        min_comments=int(min_comments) if min_comments else None,
        sources=tuple(sources or ()),
        tags=tuple(tags or ()),
        unseen=unseen or "",
    )


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
    return View(bar=frame_view.scope_bar_trouble(trouble_words(error)), busy=False)


def _settle() -> list[Any]:
    """After a failure outside our handlers, such as a full queue: the page stays usable, its script says why."""
    return [gr.update(visible=True), gr.update(visible=False)]


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)
