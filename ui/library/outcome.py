"""What the addition of a file came to, and how far it is, in the few words that its row has room for.

Pure: what `index.outcomes` and `index.course` tell in, words out. All that is known of a paper's file stands on the
paper's own page; here it is only said that there is something to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.course import Step
from index.outcomes import AddReport, Noticed
from index.schema import Notice, NoticeKind, Value
from ui.parts.render import counted

_MOST = 5  # reasons, and warnings, that are told of a file
_LONGEST = 200  # characters of what a notice says itself


class Warned(Value):
    """Something that readers of a paper should know of its file; `paper` is the paper's id."""

    text: str
    paper: str = ""


def result_words(report: AddReport) -> str:
    """`12 added, 3 updated, 1 known already`; empty where there was no paper."""
    counts = (
        (len(report.added), "added"),
        (len(report.updated), "updated"),
        (len(report.unchanged), "known already"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)


def step_words(step: Step) -> str:
    """`12 pages · 1 paper · 40 chunks so far`; what there is none of yet is not told, and nothing at first."""
    counts = ((step.pages, "page"), (step.entries, "paper"), (step.chunks, "chunk"))
    told = " · ".join(counted(number, noun) for number, noun in counts if number)
    return f"{told} so far" if told else ""


def reasons(report: AddReport) -> tuple[str, ...]:
    """What could not be read, and why; of a file that could be read in part, by its place."""
    told = [
        f"{failed.place}: {failed.reason}" if report.papers else failed.reason for failed in report.failed
    ]
    more = len(told) - _MOST
    return (*told[:_MOST], f"and {more:,} more") if more > 0 else tuple(told)


def warnings(report: AddReport) -> tuple[Warned, ...]:
    """What should be known of the file, a line a paper; of a file that is one paper, without its title."""
    alone = report.papers == 1
    told = [
        Warned(text=_words(noticed) if alone else f"{noticed.title}: {_words(noticed)}", paper=noticed.paper)
        for noticed in report.noticed[:_MOST]
    ]
    more = len(report.noticed) - _MOST
    return (
        (*told, Warned(text=f"and {counted(more, 'more paper')} with warnings")) if more > 0 else tuple(told)
    )


def _words(noticed: Noticed) -> str:
    kinds: dict[NoticeKind, list[Notice]] = {}
    for notice in noticed.notices:
        kinds.setdefault(notice.kind, []).append(notice)
    return "; ".join(_of_kind(kind, notices) for kind, notices in kinds.items())


def _of_kind(kind: NoticeKind, notices: Sequence[Notice]) -> str:
    """What notices of one kind come to: `2 pages hold hidden text`. One alone that tells what was not read says it."""
    pages = sorted({notice.page for notice in notices if notice.page})
    many = len(pages) > 1
    where = counted(len(pages), "page") if many else f"page {pages[0]}" if pages else "the file"
    if kind == "hidden text":
        return f"{where} {'hold' if many else 'holds'} hidden text"
    if kind == "invisible characters":
        return f"{where} {'hold' if many else 'holds'} characters that nobody sees"
    if many:
        return f"{where} could not be read"
    text = notices[0].text
    told = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return told if len(notices) == 1 else f"{told}, and {len(notices) - 1:,} more like it"
