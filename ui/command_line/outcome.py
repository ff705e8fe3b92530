"""What an addition came to, in lines for a person: the most important first, the like together, the long shortened.

Pure. Everything left out here is told by `ibid show` and `ibid list --failed --json`. What another face says of an
addition is its own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.outcomes import AddReport, Conflicting, Noticed
from index.schema import Unreadable
from ui.parts.render import counted

_MOST_LINES = 20
_MOST_PLACES = 3  # named of those that failed alike
_LONGEST = 120  # characters of what a file says
_ENTRY = re.compile(r"(?P<file>.+) (?P<entry>(?:line|entry|record) \d+)")


def outcome_lines(report: AddReport, papers: int) -> list[str]:
    """What was added, what failed and why, on what sources disagree, and what of the files should be known.

    `papers` is how many the library holds now.
    """
    outcomes = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    told = ", ".join(f"{len(titles):,} {outcome}" for outcome, titles in outcomes.items() if titles)
    lines = [f"{counted(report.papers, 'paper')}{f': {told}' if told else ''}. The library holds {papers:,}."]
    if report.failed:
        lines += [f"{failed_words(report.failed)} failed:", *failure_lines(report.failed)]
    lines += _some(
        list(map(_disagreement, report.conflicting)), "papers' sources disagree; `ibid show` says on what"
    )
    lines += _some(list(map(_note, report.noticed)), "papers have notes; `ibid show` tells them")
    return lines


def failed_words(failed: Sequence[Unreadable]) -> str:
    """How many files, and how many entries of files, could not be read."""
    entries = sum(_ENTRY.fullmatch(item.place) is not None for item in failed)
    files = len(failed) - entries
    told = [counted(files, "file")] if files else []
    if entries:
        told.append("1 entry" if entries == 1 else f"{entries:,} entries")
    return " and ".join(told)


def failure_lines(failed: Sequence[Unreadable]) -> list[str]:
    """A line a reason, with the first places that it is true of."""
    places: dict[str, list[str]] = {}
    for item in failed:
        places.setdefault(item.reason.removeprefix(f"{item.place!r} "), []).append(item.place)
    lines = [f"  failed: {_places(where)}: {reason}" for reason, where in places.items()]
    return _some(lines, "reasons; `ibid list --failed --json` tells all")


def _some(lines: Sequence[str], rest: str) -> list[str]:
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"  and {more:,} more {rest}."] if more > 0 else list(lines)


def _places(places: Sequence[str]) -> str:
    """The first places, the file of several entries named once."""
    named = ", ".join(_named_once(places[:_MOST_PLACES]))
    more = len(places) - _MOST_PLACES
    return f"{named} and {more:,} more" if more > 0 else named


def _named_once(places: Sequence[str]) -> Iterator[str]:
    before = ""
    for place in places:
        entry = _ENTRY.fullmatch(place)
        yield entry["entry"] if entry and entry["file"] == before else place
        before = entry["file"] if entry else ""


def _disagreement(item: Conflicting) -> str:
    told = "; ".join(
        f"{each.field}: kept {_shortened(each.kept)}, {each.source} says {_shortened(each.other)}"
        for each in item.conflicts
    )
    return f"  sources disagree on {item.title}: {told}"


def _note(item: Noticed) -> str:
    """What its first notice says stands for the rest."""
    first, more = item.notices[0], len(item.notices) - 1
    page = f" on p. {first.page}" if first.page and f"page {first.page}" not in first.text else ""
    rest = f" (and {more} more; `ibid show` tells all)" if more else ""
    return f"  note on {item.title}: {first.kind}{page}: {_shortened(first.text)}{rest}"


def _shortened(text: str) -> str:
    """A text in one line, less its middle where it is long: what is said of it stands at its end."""
    flat, part = " ".join(text.split()), _LONGEST // 2
    return flat if len(flat) <= _LONGEST else f"{flat[:part].rstrip()} … {flat[-part:].lstrip()}"
