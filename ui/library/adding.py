"""Files while they are being added to a library.

Owns the thread that adds them one after another, so that neither the page nor the chat waits for it, and
what is known of each: its stage, how far it has come, and the result or the reason of a failure. A file is
deleted once it was read, or will not be: only one that failed stays, to be tried again. Knows nothing of pages;
they `follow`.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Literal

from index.course import Step
from index.errors import IbidError
from index.library import Library
from index.schema import Value
from index.secrets import hidden
from ui.library import outcome
from ui.library.outcome import Warned
from ui.library.uploads import Uploads
from ui.watch import metrics

Stage = Literal["waiting", "reading", "indexing", "stopping", "ready", "failed", "cancelled"]
UPDATES_PER_SECOND = 5
LONGEST_TEXT = 20_000_000  # characters that may be pasted

_log = logging.getLogger(__name__)


class Job(Value):
    """One file being added: `percent` is how much of it is stored, `reasons` say what could not be read of it."""

    number: int
    name: str
    path: str = ""
    stage: Stage = "waiting"
    percent: int = 0
    result: str = ""
    reasons: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()

    @property
    def over(self) -> bool:
        return self.stage in ("ready", "failed", "cancelled")

    @property
    def needs_file(self) -> bool:
        """Whether its file will still be read; that of a failed one may be."""
        return bool(self.path) and self.stage not in ("ready", "cancelled")


class _Stopped(Exception):
    """The file being added was cancelled."""


class Adding:
    """The files that were given to one library since the server began; one serves every browser."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._uploads = Uploads(library.folder)
        self._stopped: set[int] = set()
        self._jobs: dict[int, Job] = {}
        self._waiting: deque[int] = deque()
        self._changed = threading.Condition()
        self._version = 0
        self._given = 0
        self._thread: threading.Thread | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The files in the order they were given."""
        with self._changed:
            return tuple(self._jobs.values())

    @property
    def active(self) -> bool:
        return any(not job.over for job in self.jobs)

    # Giving

    def take(self, path: Path, name: str) -> None:
        """Add a file that lies somewhere for the moment: it is moved into the library's folder."""
        place = self._uploads.place_of_file(path, name)
        with self._changed:  # nothing deletes there meanwhile what the same file left
            place.parent.mkdir(exist_ok=True)
            shutil.move(path, place)
            self._begin(place, name)

    def write(self, text: str) -> None:
        """Add what was pasted, as a file of the kind that it looks like. IbidError where it is nothing."""
        if not text.strip():
            raise IbidError(
                "Nothing was pasted. Paste a listing, a text, BibTeX, RIS, XML, or records as JSON."
            )
        if len(text) > LONGEST_TEXT:
            raise IbidError(
                f"{len(text):,} characters are too many to paste; save them as a file and drop it."
            )
        place = self._uploads.place_of_text(text)
        with self._changed:
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8", errors="replace")
            self._begin(place, place.name)

    def refuse(self, name: str, reason: str) -> None:
        """List a file that did not arrive."""
        with self._changed:
            self._given += 1
            self._put(Job(number=self._given, name=_short(name), stage="failed", reasons=(reason,)))

    def retry(self, number: int) -> None:
        """Try a file that failed once more; nothing happens to any other."""
        with self._changed:
            job = self._jobs.get(number)
            if job is None or job.stage != "failed" or not job.path:
                return
            self._put(Job(number=job.number, name=job.name, path=job.path))
            self._waiting.append(number)
            self._work()

    def cancel(self, number: int) -> None:
        """Add no more of a file: at once where it waits, else at its next step. What is committed stays."""
        with self._changed:
            job = self._jobs.get(number)
            if job is None or job.over:
                return
            if number in self._waiting:
                self._waiting.remove(number)
                self._end(job, "cancelled", result="not added")
            else:
                self._stopped.add(number)
                self._put(job.model_copy(update={"stage": "stopping"}))

    def clear(self) -> None:
        """Forget what is over."""
        with self._changed:
            over = [job for job in self._jobs.values() if job.over]
            self._jobs = {number: job for number, job in self._jobs.items() if not job.over}
            for job in over:
                self._release(job.path)
            self._advance()

    # Following

    def follow(self) -> Generator[tuple[Job, ...]]:
        """The files now and whenever something changes, at most five times a second, until all are over."""
        seen = -1
        while True:
            with self._changed:
                if self._version == seen:
                    self._changed.wait(timeout=1.0)
                seen, jobs = self._version, tuple(self._jobs.values())
            yield jobs
            if all(job.over for job in jobs):
                return
            threading.Event().wait(1 / UPDATES_PER_SECOND)

    def join(self, timeout: float) -> bool:
        """Wait for the work under way to end; whether it did."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    # Working

    def _begin(self, place: Path, name: str) -> None:
        """Put a file behind those that wait; the guard is held."""
        self._given += 1
        self._put(Job(number=self._given, name=_short(name), path=str(place)))
        self._waiting.append(self._given)
        self._work()

    def _work(self) -> None:
        """Start the thread unless it runs; the guard is held."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._drain, name="adding papers", daemon=True)
            self._thread.start()

    def _drain(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return
                number = self._waiting.popleft()
            self._add(self._jobs[number])

    def _add(self, job: Job) -> None:
        stored = 0
        try:
            self._go_on(job, stage="reading")

            def progress(step: Step) -> None:
                nonlocal stored
                stored = step.stored
                if step.done >= 1 and step.stored == step.entries:
                    return  # it is too late to stop
                stage: Stage = "indexing" if step.share or step.stored else "reading"
                percent = min(99, int(100 * step.done))
                self._go_on(job, stage=stage, percent=percent, result=outcome.step_words(step))

            report = self.library.add([Path(job.path)], progress)
        except _Stopped:
            self._end(job, "cancelled", result=f"{stored:,} added before" if stored else "not added")
        except Exception as error:  # noqa: BLE001  (readers and stores raise what they like; the row must say so)
            if not isinstance(error, IbidError):
                _log.warning("adding a file failed", exc_info=error)
            metrics.addition_failed()
            words = (
                str(error)
                if isinstance(error, IbidError)
                else f"{type(error).__name__}: {hidden(str(error))}"
            )
            self._end(job, "failed", percent=0, result="", reasons=(words,))
        else:
            metrics.added(report)
            self._end(
                job,
                "ready" if report.papers else "failed",
                percent=100,
                result=outcome.result_words(report),
                reasons=outcome.reasons(report),
                warnings=outcome.warnings(report),
            )

    def _go_on(self, job: Job, **changes: object) -> None:
        """Say how far a file has come; `_Stopped` where it is to go no further."""
        with self._changed:
            if job.number in self._stopped:
                raise _Stopped
            self._put(self._jobs.get(job.number, job).model_copy(update=changes))

    def _end(self, job: Job, stage: Stage, **changes: object) -> None:
        with self._changed:
            self._stopped.discard(job.number)
            now = self._jobs.get(job.number, job)
            self._put(now.model_copy(update={"stage": stage, **changes}))
            self._release(job.path)

    def _release(self, path: str) -> None:
        """Delete a file that no job needs any more; the guard is held."""
        if path and not any(job.path == path and job.needs_file for job in self._jobs.values()):
            self._uploads.drop(Path(path))

    def _put(self, job: Job) -> None:
        if self._jobs.get(job.number) != job:
            self._jobs[job.number] = job
            self._advance()

    def _advance(self) -> None:
        self._version += 1
        self._changed.notify_all()


def _short(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:199]}…"
