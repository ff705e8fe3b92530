"""Adding papers, as HTML: where files are dropped and text is pasted, and a row for each file.

Pure: values in, escaped HTML out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ui.library.adding import Job
from ui.library.address import to_paper
from ui.library.outcome import Warned
from ui.parts.markup import escape
from ui.parts.render import counted

ROWS = 100  # files that have a row of their own
_URGENCY = {"indexing": -3, "reading": -3, "stopping": -3, "failed": -2, "cancelled": -1}
_STAGES = {
    "waiting": "waiting",
    "reading": "reading",
    "indexing": "indexing",
    "stopping": "being cancelled",
    "ready": "ready",
    "failed": "could not be added",
    "cancelled": "cancelled",
}


def form(endings: Sequence[str]) -> str:
    """Where files and text are given; `endings` are those of the files that can be read."""
    return (
        '<div class="giving"><div class="drop" id="drop"><h2>Drop files or a folder here</h2>'
        f'<p class="quiet">Known: {escape(_known(endings))}</p><p class="choosers">'
        f"{_chooser('files', 'Choose files', 'multiple')}"
        f"{_chooser('folder', 'Choose a folder', 'webkitdirectory')}</p>"
        '</div><form id="paste" data-do="none"><h2><label for="pasted">Paste text</label></h2>'
        '<textarea id="pasted" rows="9" placeholder="BibTeX, RIS, XML, a saved listing, a paper’s text, or records as '
        'JSON: Ibid sees which"></textarea>'
        '<button type="submit" class="quiet-button">Add text</button></form></div>'
    )


def _known(endings: Sequence[str]) -> str:
    """The endings, those that are packed as well said once: `.pdf .zip; .md .txt, also with .gz`."""
    packed = [ending for ending in endings if f"{ending}.gz" in endings]
    others = [ending for ending in endings if ending not in packed and not ending.endswith(".gz")]
    return "; ".join(
        words for words in (" ".join(others), f"{' '.join(packed)}, also with .gz" if packed else "") if words
    )


def _chooser(name: str, words: str, kind: str) -> str:
    return (
        f'<label class="quiet-button" for="{name}">{words}'
        f'<input type="file" id="{name}" {kind} class="sr-only"></label>'
    )


def rows(jobs: Sequence[Job]) -> str:
    """A row for each file; empty where none was given. Of very many, those that are done or wait are counted."""
    if not jobs:
        return ""
    active = any(not job.over for job in jobs)
    ready = sum(job.stage == "ready" for job in jobs)
    clear = "" if active else '<button type="button" class="link-button" data-do="clear-jobs">Clear</button>'
    shown = _shown(jobs)
    items = "".join(_row(job) for job in shown)
    return (
        f'<section class="jobs" aria-label="Files being added" data-ready="{ready}"'
        f"{' data-active' if active else ''}><ul>{items}</ul>{_left_out(jobs, shown)}{clear}</section>"
    )


def _shown(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that have a row, in their order: those at work and those that failed before the others."""
    chosen = sorted(jobs, key=lambda job: _URGENCY.get(job.stage, 0))[:ROWS]
    return sorted(chosen, key=lambda job: job.number)


def _left_out(jobs: Sequence[Job], shown: Sequence[Job]) -> str:
    """What the others are; empty where there are none."""
    numbers = {job.number for job in shown}
    stages = Counter(_STAGES[job.stage] for job in jobs if job.number not in numbers)
    if not stages:
        return ""
    others = ", ".join(f"{number:,} {stage}" for stage, number in stages.items())
    return f'<p class="quiet">And {counted(stages.total(), "more file")}: {others}.</p>'


def status(jobs: Sequence[Job]) -> str:
    """One line for a screen reader."""
    if not jobs:
        return "Add papers."
    over = [job for job in jobs if job.over]
    cancelled = sum(job.stage == "cancelled" for job in over)
    failed = sum(job.stage == "failed" for job in over)
    if len(over) < len(jobs):
        return f"{len(over)} of {len(jobs)} files added."
    missing = [f"{failed} could not be added"] * bool(failed) + [f"{cancelled} cancelled"] * bool(cancelled)
    return f"All files are done; {', '.join(missing)}." if missing else "All files are added."


def _row(job: Job) -> str:
    name = escape(job.name)
    working = not job.over
    bar = (
        f'<progress max="100" value="{job.percent}" aria-label="{name}"></progress>'
        f'<span class="percent">{job.percent} %</span>'
        if working
        else ""
    )
    cancel = (
        f'<button type="button" class="action" data-do="cancel-job" data-number="{job.number}" '
        f'aria-label="Cancel: {name}">Cancel</button>'
        if working and job.stage != "stopping"
        else ""
    )
    retry = (
        f'<button type="button" class="action" data-do="retry-job" data-number="{job.number}" '
        f'aria-label="Retry: {name}">Retry</button>'
        if job.stage == "failed" and job.path
        else ""
    )
    told = "".join(f'<li dir="auto">{escape(reason)}</li>' for reason in job.reasons)
    told += "".join(_warning(warned) for warned in job.warnings)
    return (
        f'<li class="job" data-stage="{job.stage}"><span class="name" dir="auto">{name}</span>'
        f'<span class="stage">{_STAGES[job.stage]}</span>{bar}'
        f'<span class="result">{escape(job.result)}</span>{cancel}{retry}'
        f"{f'<ul class=reasons>{told}</ul>' if told else ''}</li>"
    )


def _warning(warned: Warned) -> str:
    """A warning, and the way to the paper that it is about."""
    paper = (
        f'; <a href="{escape(to_paper(warned.paper))}" data-do="show">see the paper</a>'
        if warned.paper
        else ""
    )
    return f'<li class="warned" dir="auto">{escape(warned.text)}{paper}</li>'
