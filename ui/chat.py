"""What the chat page does, without the page.

Owns who looks at which conversation, the runs under way, and the order of things: ask, follow, stop,
retry, narrow, open, remove. Every method gives `View`s, the parts of the page that changed; it knows
nothing of Gradio, so that all of it can be driven from a test. Conversations live in the library's
database and are read back for every view: the page and the process may both be restarted.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

from assistant.conversation import Conversation, Conversations
from assistant.engine import Assistant
from assistant.schema import Event, Turn
from index.errors import IbidError
from index.library import Library, LibraryFacts
from index.schema import Filters, Value
from ui import bibliography, evidence_view, frame_view, render, scope, thread_view
from ui.run import Progress, Run

STARTERS = 4
NEWEST = 4
_SETTLED = ("done", "stopped")


class View(Value):
    """Parts of the page as they should be now; None leaves a part as it is.

    `conversation` is the id, empty for one that is not begun; `box` the text to be sent; `busy` swaps the
    sending button for the stopping one; `sendable` is False where no paper is in scope.
    """

    conversation: str | None = None
    thread: str | None = None
    live: str | None = None
    evidence: str | None = None
    history: str | None = None
    bar: str | None = None
    status: str | None = None
    header: str | None = None
    box: str | None = None
    busy: bool | None = None
    sendable: bool | None = None
    panel: scope.Panel | None = None


class Chat:
    """The chat page's doings over one library; one serves every browser."""

    def __init__(self, library: Library, assistant: Assistant) -> None:
        self.library = library
        self.assistant = assistant
        self.conversations = Conversations(library)
        self._runs: dict[str, Run] = {}
        self._looking: dict[str, object] = {}  # what each browser tab looks at now, as a mark of the visit
        self._offered: tuple[LibraryFacts, tuple[str, ...]] | None = None
        self._guard = threading.Lock()

    # Looking

    def enter(self, visitor: str, conversation: str) -> Iterator[View]:
        """Show a conversation, or the empty page where there is none of that id; follow what runs in it."""
        visit = self._arrive(visitor)
        run = self._running(conversation)  # before reading the turns, so that none is missed between
        found = self._find(conversation)
        if found is None:
            yield self._blank()
            return
        yield self._whole(found)
        if run is not None:
            yield from self._follow(visitor, visit, found.id, run)

    def new(self, visitor: str) -> View:
        self._arrive(visitor)
        return self._blank()

    def leave(self, visitor: str) -> None:
        self._looking.pop(visitor, None)

    def remove(self, visitor: str, current: str, conversation: str) -> View:
        """Forget a conversation; the page turns blank where it was the one shown."""
        run = self._running(conversation)
        if run is not None:
            run.stop()
        if self._find(conversation) is not None:
            self.conversations.remove(conversation)
        return self.new(visitor) if current == conversation else View(history=self._history(current))

    # Asking

    def ask(self, visitor: str, conversation: str, question: str, panel: scope.Panel) -> Iterator[View]:
        """Answer a question in the conversation, or in a new one; a blank question changes nothing."""
        question = question.strip()
        found = self._find(conversation)
        try:
            filters = scope.read_panel(panel, found.scope if found else Filters())
        except ValueError as error:
            yield View(bar=frame_view.scope_bar_trouble(str(error)), sendable=False)
            return
        if not question or not self.library.count(filters):
            yield View(bar=self._bar(filters), sendable=self._sendable(filters))
            return
        visit = self._arrive(visitor)
        if found is None:
            found = self.conversations.create(filters)
        run = self._start(found, question, filters, replace=False)
        box = "" if run.progress.question == question else question
        yield self._whole(found).model_copy(update={"box": box})
        yield from self._follow(visitor, visit, found.id, run)

    def retry(self, visitor: str, conversation: str) -> Iterator[View]:
        """Ask the last question again, or the one that failed; the old answer goes when the new is there."""
        found = self._find(conversation)
        if found is None:
            return
        visit = self._arrive(visitor)
        failed = self._failed(found.id)
        if failed is None and not found.turns:
            return
        question = failed.question if failed else found.turns[-1].question
        kept = bool(found.turns) and (failed is None or failed.number == len(found.turns))
        run = self._start(found, question, found.scope, replace=kept)
        yield self._whole(found).model_copy(update={"box": ""})
        yield from self._follow(visitor, visit, found.id, run)

    def stop(self, conversation: str) -> None:
        """End the answer being written; who follows it shows what was kept."""
        run = self._running(conversation)
        if run is not None:
            run.stop()

    # Narrowing

    def narrow(self, conversation: str, panel: scope.Panel) -> View:
        """Hold the conversation to what the panel says."""
        found = self._find(conversation)
        try:
            filters = scope.read_panel(panel, found.scope if found else Filters())
        except ValueError as error:
            return View(bar=frame_view.scope_bar_trouble(str(error)), sendable=False)
        if found is not None:
            self.conversations.set_scope(found.id, filters)
        return View(bar=self._bar(filters), sendable=self._sendable(filters))

    def drop(self, conversation: str, panel: scope.Panel, part: str) -> View:
        """Remove one filter, or `all`."""
        found = self._find(conversation)
        try:
            filters = scope.read_panel(panel, found.scope if found else Filters())
        except ValueError:  # an unreadable date is not worth keeping when a filter is dropped
            filters = found.scope if found else Filters()
        filters = scope.without(filters, part)
        if found is not None:
            self.conversations.set_scope(found.id, filters)
        return View(bar=self._bar(filters), sendable=self._sendable(filters), panel=scope.panel_of(filters))

    # Taking away

    def text_of(self, conversation: str, number: int, kind: str) -> str:
        """A turn as text: `copy`, `copy-references` or `bibtex`. IbidError where there is no such turn."""
        turns = self.conversations.open(conversation).turns
        if not 1 <= number <= len(turns):
            raise IbidError(f"The conversation has no turn {number}; it has {len(turns)}. Reload the page.")
        turn = turns[number - 1]
        if kind == "bibtex":
            return bibliography.bibtex(render.cited_papers([turn.answer]))
        return render.with_references(turn) if kind == "copy-references" else render.answer_text(turn)

    # Parts of the page

    def header(self) -> str:
        return frame_view.header(self.assistant.engine, self.library.count())

    def organizations(self) -> list[tuple[str, str]]:
        """Choices for the filter panel, most papers first, as (label, name)."""
        return [(f"{name} ({papers})", name) for name, papers in self.library.facts().organizations]

    def _blank(self) -> View:
        facts = self.library.facts()
        starters, trouble = self._starters(facts)
        newest = self.library.papers(limit=NEWEST) if facts.papers else []
        return View(
            conversation="",
            thread=thread_view.empty(facts, newest, starters),
            live="",
            evidence=evidence_view.evidence(()),
            history=self._history(""),
            bar=frame_view.scope_bar_trouble(trouble) if trouble else self._bar(Filters()),
            status="",
            header=self.header(),
            busy=False,
            sendable=bool(facts.papers),
            panel=scope.Panel(),
        )

    def _starters(self, facts: LibraryFacts) -> tuple[tuple[str, ...], str]:
        """Questions to begin with, made once for a state of the library; and why there are none."""
        if not facts.papers:
            return (), ""
        if self._offered is None or self._offered[0] != facts:
            try:
                self._offered = (facts, self.assistant.starters(STARTERS))
            except IbidError as error:  # the page must open where the model cannot
                return (), str(error)
        return self._offered[1], ""

    def _whole(self, conversation: Conversation) -> View:
        run = self._runs.get(conversation.id)
        progress = run.progress if run else None
        shown = progress is not None and progress.stage in ("searching", "writing", "failed")
        turns = self._finished(conversation, progress)
        return View(
            conversation=conversation.id,
            thread=thread_view.thread(turns, last_may_retry=not shown),
            live=thread_view.live(progress) if progress and shown else "",
            evidence=evidence_view.evidence(turns),
            history=self._history(conversation.id),
            bar=self._bar(conversation.scope),
            status="",
            header=self.header(),
            busy=progress is not None and not progress.over,
            sendable=self._sendable(conversation.scope),
            panel=scope.panel_of(conversation.scope),
        )

    def _follow(self, visitor: str, visit: object, conversation: str, run: Run) -> Iterator[View]:
        searched = False
        steps: Generator[Progress] = run.follow()
        for progress in steps:
            if self._looking.get(visitor) is not visit:
                return
            if progress.over:
                break
            view = View(live=thread_view.live(progress), status=thread_view.status(progress))
            if progress.passages and not searched:
                searched = True
                turns = self._finished(self.conversations.open(conversation), progress)
                view = view.model_copy(update={"evidence": evidence_view.evidence(turns, progress.passages)})
            yield view
        found = self._find(conversation)
        if found is not None:
            ended = {"status": thread_view.status(run.progress), "panel": None, "bar": None}
            if run.progress.stage == "failed":
                ended["box"] = run.progress.question
            yield self._whole(found).model_copy(update=ended)

    @staticmethod
    def _finished(conversation: Conversation, progress: Progress | None) -> tuple[Turn, ...]:
        """The stored turns, without the one that is being asked again."""
        if progress is None or progress.over:
            return conversation.turns
        return conversation.turns[: progress.number - 1]

    def _bar(self, filters: Filters) -> str:
        papers = self.library.count(filters)
        advice = None if papers or filters.empty else scope.part_to_drop(filters, self.library.count)
        return frame_view.scope_bar(filters, papers, advice)

    def _sendable(self, filters: Filters) -> bool:
        return self.library.count(filters) > 0

    def _history(self, current: str) -> str:
        return frame_view.history(self.conversations.list(), current, datetime.now(UTC).date())

    # Runs

    def _start(self, conversation: Conversation, question: str, filters: Filters, replace: bool) -> Run:
        """A new run; where one is under way in the conversation already, that one."""
        turns = conversation.turns[:-1] if replace else conversation.turns
        progress = Progress(question=question, number=len(turns) + 1, papers=self.library.count(filters))

        def begin() -> Iterator[Event]:
            return self.assistant.stream(question, turns, filters)

        def keep(turn: Turn) -> None:
            if replace:
                self.conversations.drop_last(conversation.id)
            self.conversations.append(conversation.id, turn)

        with self._guard:
            self._runs = {key: run for key, run in self._runs.items() if run.progress.stage not in _SETTLED}
            under_way = self._running(conversation.id)
            if under_way is not None:
                return under_way
            run = self._runs[conversation.id] = Run(progress, filters, begin, keep)
            return run

    def _running(self, conversation: str) -> Run | None:
        run = self._runs.get(conversation)
        return run if run is not None and not run.progress.over else None

    def _failed(self, conversation: str) -> Progress | None:
        run = self._runs.get(conversation)
        return run.progress if run is not None and run.progress.stage == "failed" else None

    def _find(self, conversation: str) -> Conversation | None:
        if not conversation:
            return None
        try:
            return self.conversations.open(conversation)
        except IbidError:  # a link to a conversation deleted since is no reason to fail
            return None

    def _arrive(self, visitor: str) -> object:
        visit = self._looking[visitor] = object()
        return visit
