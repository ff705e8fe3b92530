"""Files while they are being added to a library.

Owns the thread that adds them one after another, so that neither the page nor the chat waits for it, and
what is known of each: its stage, how far it has come, and the result or the reason of a failure. Files that
came by the browser are kept in the library's own folder, `uploads`, which nothing serves. Knows nothing of
pages; they `follow`.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import threading
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Literal

from index.errors import IbidError
from index.ingest import AddReport, Step
from index.library import Library
from index.readers import read
from index.schema import Value

Stage = Literal["waiting", "reading", "indexing", "ready", "failed"]
UPDATES_PER_SECOND = 5
LONGEST_TEXT = 20_000_000  # characters that may be pasted
_REASONS = 5  # shown of a file that was read in part
_LONGEST_NAME = 100  # characters

_log = logging.getLogger(__name__)


class Job(Value):
    """One file being added; `percent` is of its entries, `reasons` say what could not be read."""

    number: int
    name: str
    path: str = ""
    stage: Stage = "waiting"
    percent: int = 0
    result: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return self.stage in ("ready", "failed")


class Adding:
    """The files that were given to one library since the server began; one serves every browser."""

    def __init__(self, library: Library) -> None:
        self.library = library
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
        self._begin(self._kept(path, name), name)

    def write(self, text: str) -> None:
        """Add what was pasted, as a file of the kind that it looks like. IbidError where it is nothing."""
        if not text.strip():
            raise IbidError("Nothing was pasted. Paste a listing, a text, or records as JSON lines.")
        if len(text) > LONGEST_TEXT:
            raise IbidError(
                f"{len(text):,} characters are too many to paste; save them as a file and drop it."
            )
        name = pasted_name(text)
        folder = self._folder(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())
        path = folder / name
        path.write_text(text, encoding="utf-8", errors="replace")
        self._begin(path, name)

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

    def clear(self) -> None:
        """Forget what is over."""
        with self._changed:
            self._jobs = {number: job for number, job in self._jobs.items() if not job.over}
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

    def _begin(self, path: Path, name: str) -> None:
        with self._changed:
            self._given += 1
            self._put(Job(number=self._given, name=_short(name), path=str(path)))
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
        try:
            self._set(job, stage="reading")
            path = Path(job.path)
            total = max(sum(1 for _ in read(path)), 1)

            def progress(step: Step) -> None:
                done = step.stored + step.share * (step.entries - step.stored)
                self._set(job, stage="indexing", percent=min(99, int(100 * done / total)))

            report = self.library.add([path], progress)
        except Exception as error:  # noqa: BLE001  (readers and stores raise what they like; the row must say so)
            if not isinstance(error, IbidError):
                _log.warning("adding %r failed", job.name, exc_info=error)
            words = str(error) if isinstance(error, IbidError) else f"{type(error).__name__}: {error}"
            self._set(job, stage="failed", percent=0, reasons=(words,))
            return
        stage: Stage = "ready" if report.papers else "failed"
        self._set(job, stage=stage, percent=100, result=result_words(report), reasons=_reasons(report))

    def _set(self, job: Job, **changes: object) -> None:
        with self._changed:
            now = self._jobs.get(job.number, job).model_copy(update=changes)
            self._put(now)

    def _put(self, job: Job) -> None:
        if self._jobs.get(job.number) != job:
            self._jobs[job.number] = job
            self._advance()

    def _advance(self) -> None:
        self._version += 1
        self._changed.notify_all()

    # Where files are kept

    def _kept(self, path: Path, name: str) -> Path:
        """The file in the library's folder, under a hash of its bytes: given again, it is the same source."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        kept = self._folder(digest) / safe_name(name)
        shutil.move(path, kept)
        return kept

    def _folder(self, digest: str) -> Path:
        folder = self.library.folder / "uploads" / digest[:16]
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def safe_name(name: str) -> str:
    """The file's own name without folders, and without characters that some file system refuses."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", re.split(r"[/\\]", name)[-1]).strip(" .-")
    if len(plain) <= _LONGEST_NAME:
        return plain or "file"
    endings = "".join(Path(plain).suffixes[-2:])[-20:]
    return plain[: _LONGEST_NAME - len(endings)] + endings


def pasted_name(text: str) -> str:
    """A file's name for what was pasted: its first words, and the ending of what it looks like."""
    start = text.lstrip()
    first = start.partition("\n")[0]
    if start.startswith("{"):
        return "pasted.jsonl" if first.rstrip().endswith("}") else "pasted.json"
    if start.startswith("["):
        return "pasted.json"
    if re.match(r"@\w+\s*\{", start):
        return "pasted.bib"
    words = re.sub(r"[^\w -]+", "", first)[:60].strip()
    ending = ".md" if start.startswith(("# ", "---\n")) else ".txt"
    return f"{words or 'pasted'}{ending}"


def result_words(report: AddReport) -> str:
    """`12 added, 3 updated, 1 known already`; empty where there was no paper."""
    counts = (
        (len(report.added), "added"),
        (len(report.updated), "updated"),
        (len(report.unchanged), "known already"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)


def _reasons(report: AddReport) -> tuple[str, ...]:
    told = [
        f"{failed.place}: {failed.reason}" if report.papers else failed.reason for failed in report.failed
    ]
    more = len(told) - _REASONS
    return (*told[:_REASONS], f"and {more:,} more") if more > 0 else tuple(told)


def _short(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:199]}…"
