"""Adding papers, as HTML: where files are dropped and text is pasted, and a row for each file.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections.abc import Sequence

from ui.library.adding import Job
from ui.parts.markup import escape

_STAGES = {
    "waiting": "waiting",
    "reading": "reading",
    "indexing": "indexing",
    "ready": "ready",
    "failed": "could not be added",
}


def form(endings: Sequence[str]) -> str:
    """Where files and text are given; `endings` are those of the files that can be read."""
    return (
        '<div class="giving"><div class="drop" id="drop"><h2>Drop files here</h2>'
        f'<p class="quiet">Known: {escape(" ".join(endings))}</p>'
        '<label class="quiet-button" for="files">Choose files<input type="file" id="files" multiple class="sr-only">'
        '</label></div><form id="paste" data-do="none"><h2><label for="pasted">Paste text</label></h2>'
        '<textarea id="pasted" rows="9" placeholder="A saved listing, a paper’s text, or records as JSON lines">'
        '</textarea><button type="submit" class="quiet-button">Add text</button></form></div>'
    )


def rows(jobs: Sequence[Job]) -> str:
    """A row for each file; empty where none was given."""
    if not jobs:
        return ""
    active = any(not job.over for job in jobs)
    ready = sum(job.stage == "ready" for job in jobs)
    clear = "" if active else '<button type="button" class="link-button" data-do="clear-jobs">Clear</button>'
    items = "".join(_row(job) for job in jobs)
    return (
        f'<section class="jobs" aria-label="Files being added" data-ready="{ready}"'
        f"{' data-active' if active else ''}><ul>{items}</ul>{clear}</section>"
    )


def status(jobs: Sequence[Job]) -> str:
    """One line for a screen reader."""
    if not jobs:
        return "Add papers."
    over = [job for job in jobs if job.over]
    failed = sum(job.stage == "failed" for job in over)
    if len(over) < len(jobs):
        return f"{len(over)} of {len(jobs)} files added."
    return f"All files are done; {failed} could not be added." if failed else "All files are added."


def _row(job: Job) -> str:
    name = escape(job.name)
    working = not job.over
    bar = (
        f'<progress max="100" value="{job.percent}" aria-label="{name}"></progress>'
        f'<span class="percent">{job.percent} %</span>'
        if working
        else ""
    )
    retry = (
        f'<button type="button" class="action" data-do="retry-job" data-number="{job.number}" '
        f'aria-label="Retry: {name}">Retry</button>'
        if job.stage == "failed" and job.path
        else ""
    )
    reasons = "".join(f'<li dir="auto">{escape(reason)}</li>' for reason in job.reasons)
    return (
        f'<li class="job" data-stage="{job.stage}"><span class="name" dir="auto">{name}</span>'
        f'<span class="stage">{_STAGES[job.stage]}</span>{bar}<span class="result">{escape(job.result)}</span>{retry}'
        f"{f'<ul class=reasons>{reasons}</ul>' if reasons else ''}</li>"
    )
