"""The verb watch: what it says of folders while the library follows them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import click

from index.following import follow
from index.library import Library
from index.watching import Followed, Watching
from ui.command_line.terminal import adding, notes
from ui.parts.render import counted

_MOST_SHOWN = 5


def run_watch(library: Library, folders: Sequence[Path], poll: bool, as_json: bool) -> None:
    """Follow folders until interrupted: a line on stderr, and where asked one of JSON on stdout, for each change."""
    names = ", ".join(map(str, folders))

    def tell(told: Followed | str) -> None:
        if isinstance(told, str):
            _say(f"{datetime.now():%H:%M:%S} {told}")
            return
        _say(
            f"{datetime.now():%H:%M:%S} {words(told)}. The library holds {counted(library.facts().papers, 'paper')}."
        )
        for line in details(told):
            _say(f"  {line}")
        if as_json:
            click.echo(told.model_dump_json())

    _say(f"Watching {names}; Ctrl-C ends.")
    bar = adding if notes().is_terminal else nullcontext
    follow(Watching(library, folders, tell, bar), threading.Event(), poll=poll)


def words(told: Followed) -> str:
    """What changed, as counts: "added 2, moved 1, removed 1"."""
    report = told.report
    numbers = {
        "added": len(report.added),
        "updated": len(report.updated),
        "moved": len(told.moved),
        "removed": len(report.removed),
        "failed": len(report.failed),
    }
    return ", ".join(f"{outcome} {number:,}" for outcome, number in numbers.items() if number) or "in step"


def details(told: Followed) -> Iterator[str]:
    """The papers and files by name, the first few of each outcome."""
    report = told.report
    lines = {
        "added": report.added,
        "updated": report.updated,
        "moved": [f"{old} to {new}" for old, new in told.moved],
        "removed": report.removed,
        "failed": [f"{failed.place}: {failed.reason}" for failed in report.failed],
    }
    for outcome, named in lines.items():
        yield from (f"{outcome}: {name}" for name in named[:_MOST_SHOWN])
        if len(named) > _MOST_SHOWN:
            yield f"{outcome}: and {len(named) - _MOST_SHOWN:,} more"


def _say(line: str) -> None:
    notes().print(line, markup=False, soft_wrap=True)
