"""Dates at the precision known: reading them from text, and comparing them by day.

Owns the forms a date may be written in and the one form it is kept in, `Paper.published`'s ISO 8601
with reduced precision. Refuses to know today's date: what a date means must not depend on the clock.
"""

from __future__ import annotations

import re
from calendar import monthrange

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
ACCEPTED = "2025, 2025-06, 2025-06-19, June 2025, Jun 19, 2025 or 19 June 2025"

_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?",
        r"--(?P<month>\d{2})-(?P<day>\d{2})",
        rf"{_MONTH},? +(?P<year>\d{{4}})",
        rf"{_MONTH} +(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? +(?P<year>\d{{4}}))?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? +{_MONTH}(?:,? +(?P<year>\d{{4}}))?",
    )
)


def parse_date(text: str) -> str:
    """`text` as ISO 8601 at the precision it has: `Jun 19, 2025` is `2025-06-19`, `June 2025` is `2025-06`.

    A day without a year becomes `--06-19`. ValueError names the text and the accepted forms.

    >>> parse_date("Feb 13, 2024"), parse_date("Jun 19")
    ('2024-02-13', '--06-19')
    """
    for form in _FORMS:
        if match := form.fullmatch(text.strip()):
            parts = match.groupdict()
            date = _iso(parts.get("year"), _month(parts.get("month")), parts.get("day"))
            if date is not None:
                return date
    raise ValueError(f"{text!r} is not a date; write it as {ACCEPTED}")


def parse_bound(text: str) -> str:
    """`parse_date`, for an end of a range: ValueError also where the year is missing."""
    date = parse_date(text)
    if date.startswith("--"):
        raise ValueError(f"{text!r} has no year; write it as {ACCEPTED}")
    return date


def with_year(day: str, year: int) -> str | None:
    """The year-less `--06-19` placed in `year`; None where that year has no such day (29 February)."""
    return _iso(f"{year:04d}", int(day[2:4]), day[5:7])


def earliest_day(published: str | None) -> int | None:
    """The first day that `published` may mean, as the number YYYYMMDD; None where the year is unknown."""
    year, month, day = _parts(published)
    return None if year is None else year * 10000 + (month or 1) * 100 + (day or 1)


def latest_day(published: str | None) -> int | None:
    """The last day that `published` may mean, as the number YYYYMMDD; None where the year is unknown."""
    year, month, day = _parts(published)
    if year is None:
        return None
    month = month or 12
    return year * 10000 + month * 100 + (day or monthrange(year, month)[1])


def date_words(published: str | None) -> str:
    """`19 Jun 2025` for `2025-06-19`, at whatever precision is known; empty where nothing is."""
    if not published:
        return ""
    if published.startswith("--"):
        return f"{int(published[5:7])} {_short_month(published[2:4])} (year unknown)"
    year, *rest = published.split("-")
    words = [_short_month(rest[0]), year] if rest else [year]
    return " ".join([str(int(rest[1])), *words] if len(rest) > 1 else words)


def _short_month(number: str) -> str:
    return MONTHS[int(number) - 1][:3].capitalize()


def _parts(published: str | None) -> tuple[int | None, int | None, int | None]:
    if not published or published.startswith("--"):
        return None, None, None
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", published):
        raise ValueError(f"{published!r} is not a stored date; write it as {ACCEPTED}")
    numbers = [int(part) for part in published.split("-")]
    year, month, day, *_ = [*numbers, None, None]
    return year, month, day


def _month(text: str | None) -> int | None:
    """1 to 12 for a number, a month's name or its first three letters or more; 0 for anything else."""
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    word = "sep" if text.lower() == "sept" else text.lower()
    return next((number for number, name in enumerate(MONTHS, 1) if name.startswith(word)), 0)


def _iso(year: str | None, month: int | None, day: str | None) -> str | None:
    """The ISO form, or None where no calendar has that day. A year-less day is checked in a leap year."""
    if year is not None and int(year) < 1:
        return None
    if month is not None and not 1 <= month <= 12:
        return None
    if month is not None and day is not None:
        if not 1 <= int(day) <= monthrange(int(year or 2000), month)[1]:
            return None
        return f"{year or '-'}-{month:02d}-{int(day):02d}"
    return f"{year}-{month:02d}" if month is not None else year
