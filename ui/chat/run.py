"""A question while it is being answered.

Owns the thread that drains the assistant, so that an answer does not depend on the page that asked:
the page may be reloaded, opened twice or closed. Whatever ends a run, it ends once, and what was
written is kept. Knows nothing of pages; they `follow` a run.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from typing import Literal

from assistant.citations import referred, without_dangling
from assistant.schema import (
    Answer,
    Answered,
    Citation,
    Coverage,
    Delta,
    Event,
    FoundPassage,
    Retrieved,
    Scope,
    Step,
    Stepped,
    Turn,
)
from assistant.stopping import Stop
from index.errors import IbidError
from index.schema import Filters, Value
from index.secrets import hidden
from ui.watch.requests import named, request_name

Stage = Literal["searching", "writing", "done", "stopped", "failed"]
PAINTS_PER_SECOND = 10  # more than this and a browser spends its time painting old text

_log = logging.getLogger(__name__)


class Progress(Value):
    """How far a run has come; `number` is the turn it will be, counted from 1.

    `citations` are those that `text`, the answer so far, refers to.
    """

    question: str
    number: int
    standalone: str = ""
    stage: Stage = "searching"
    papers: int = 0
    passages: tuple[FoundPassage, ...] = ()
    steps: tuple[Step, ...] = ()
    text: str = ""
    citations: tuple[Citation, ...] = ()
    error: str = ""
    details: str = ""
    version: int = 0

    @property
    def over(self) -> bool:
        return self.stage in ("done", "stopped", "failed")


class Run:
    """One question being answered on its own thread, from construction on."""

    def __init__(
        self,
        progress: Progress,
        filters: Filters,
        begin: Callable[[Stop], Iterator[Event]],
        keep: Callable[[Turn], None],
    ) -> None:
        """`begin` starts the answer's events, and ends them where told; `keep` stores the turn, at most once."""
        self.filters = filters
        self._progress = progress
        self._begin = begin
        self._stop = Stop()
        self._keep = keep
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._request = request_name()
        self._thread = threading.Thread(target=self._work, name="asking", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> Progress:
        return self._progress

    def stop(self) -> None:
        """End now: what was written is kept, marked stopped. The work ends, a model's request too."""
        with self._changed:
            if not self._progress.over:
                self._end("stopped", self._partial())
        self._stop.ask()

    def follow(self) -> Generator[Progress]:
        """The progress now and whenever it changes, at most ten times a second, to the end.

        Where nothing changes for a second the same progress is given again, so that a follower can leave.
        """
        seen = -1
        while True:
            with self._changed:
                if self._progress.version == seen:
                    self._changed.wait(timeout=1.0)
                progress = self._progress
            seen = progress.version
            yield progress
            if progress.over:
                return
            self._over.wait(1 / PAINTS_PER_SECOND)

    def join(self, timeout: float) -> bool:
        """Wait for the work itself to end; whether it did."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            events = self._begin(self._stop)
            try:
                for event in events:
                    if not self._take(event):
                        break
            finally:
                if isinstance(events, Generator):
                    events.close()
            with self._changed:
                if not self._progress.over:
                    raise IbidError(
                        "The assistant ended without an answer. Retry; if it stays so, report it."
                    )
        except Exception as error:  # noqa: BLE001  (models and stores raise what they like)
            self._fail(error)

    def _take(self, event: Event) -> bool:
        """Record the event; False once there is nothing more to do."""
        with self._changed:
            if self._progress.over:
                return False
            if isinstance(event, Answered):
                self._end("done", Turn(question=self._progress.question, answer=event.answer))
                return False
            if isinstance(event, Retrieved):
                found = {"papers": event.searched, "passages": event.passages, "standalone": event.standalone}
                self._advance(stage="writing", **found)
            elif isinstance(event, Stepped):
                self._advance(steps=(*self._progress.steps, event.step))
            elif isinstance(event, Delta):
                text = self._progress.text + event.text
                self._advance(stage="writing", text=text, citations=event.citations)
            return True

    def _fail(self, error: Exception) -> None:
        _log.warning("a question failed", exc_info=error, extra={"request": self._request})
        words = str(error) if isinstance(error, IbidError) else f"{type(error).__name__}: {error}"
        words = named(hidden(words), self._request)
        details = hidden("".join(traceback.format_exception(error)))
        with self._changed:
            if self._progress.over:
                return
            if self._progress.text:
                self._store(self._partial())
            self._advance(stage="failed", error=words, details=details)
            self._over.set()

    def _end(self, stage: Stage, turn: Turn) -> None:
        trouble = self._store(turn)
        if trouble is None:
            self._advance(stage=stage)
        else:
            self._advance(
                stage="failed", error=f"The answer could not be kept: {trouble}", details=repr(trouble)
            )
        self._over.set()

    def _store(self, turn: Turn) -> Exception | None:
        try:
            self._keep(turn)
        except Exception as error:  # noqa: BLE001  (the same)
            _log.warning("keeping a turn failed", exc_info=error, extra={"request": self._request})
            return error
        return None

    def _advance(self, **changes: object) -> None:
        changes["version"] = self._progress.version + 1
        self._progress = self._progress.model_copy(update=changes)
        self._changed.notify_all()

    def _partial(self) -> Turn:
        """What was written so far, with the citations it refers to; a marker whose citation was to come goes."""
        progress = self._progress
        text = without_dangling(progress.text, progress.citations).strip()
        citations = referred(text, progress.citations)
        answer = Answer(
            question=progress.question,
            standalone=progress.standalone or progress.question,
            kind="find",
            answered=bool(progress.text),
            text=text,
            citations=citations,
            passages=progress.passages,
            steps=progress.steps,
            scope=Scope(filters=self.filters, papers=progress.papers),
            coverage=Coverage(
                searched=progress.papers,
                relevant=len(progress.passages),
                cited=len({citation.paper.id for citation in citations}),
            ),
        )
        return Turn(question=progress.question, answer=answer, stopped=True)
