"""The part of a question that says where to look: dates, organisations, authors.

Pure functions from words to `Filters`; what was understood is taken out of the question, so that a date is
not searched for as a word. Refuses to read the clock: a relative date ("last year") is read against the day
it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from index.dates import MONTHS, date_words, earliest_day, latest_day, parse_bound
from index.filters import organization_key
from index.schema import Filters, Value

_MONTH = rf"(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)}|sept)\.?"
_DATE = (
    rf"(?:{_MONTH},? +\d{{1,2}}(?:st|nd|rd|th)?,? +(?:19|20)\d\d|\d{{1,2}}(?:st|nd|rd|th)? +{_MONTH},? +(?:19|20)\d\d"
    rf"|{_MONTH},? +(?:19|20)\d\d|(?:19|20)\d\d-\d\d(?:-\d\d)?|(?:19|20)\d\d|{_MONTH}(?![a-z]))"
)
# A bare year is no date where things are counted with it ("in 2000 steps").
_END = r"(?!\s+(?!was\b|is\b|has\b|does\b|papers?\b|works\b|articles\b|studies\b)[a-z-]*s\b)(?![\w-])"
_RANGE = re.compile(
    rf"\b(?:between|from)\s+(?P<first>{_DATE})\s+(?:and|to|until|through|-|–)\s+(?P<last>{_DATE}){_END}",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"\b(?P<word>since|after|from|starting(?: in)?|before|until|till|up to|through|in|during|of|published in)\s+"
    rf"(?:the (?:year|month) )?(?P<date>{_DATE}){_END}",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:(?:in|from|during|over|within|of) )?(?:the )?(?P<which>last|past|previous|this)"
    r"(?: (?P<count>\d{1,3}|two|three|four|five|six|twelve))? (?P<unit>day|week|month|year)s?\b(?:'s)?",
    re.IGNORECASE,
)
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12}
_FROM = re.compile(
    r"\b(?P<word>from|by|at|of)\s+(?:the )?"
    r"(?P<name>[A-Z][\w&.'’-]*(?:[ ,]+(?:(?:of|and|for|the|&)[ ]+)?[A-Z][\w&.'’-]*)*)"
)
_OWNED = re.compile(
    r"\b(?P<name>[A-Z][\w&.-]*(?: [A-Z][\w&.-]*)*)(?:['’]s)? (?=(?:papers?|works|articles|publications?)\b)"
)
_ACTING = re.compile(
    r"\b(?:did|has|have) (?P<name>[A-Z][\w&.-]*(?: [A-Z][\w&.-]*)*) (?=publish|release|present|put out|written)"
)


class Reading(Value):
    """Filters that a question states, and the question without the words that stated them."""

    filters: Filters = Filters()
    rest: str


def read_scope(
    question: str,
    today: date,
    organizations: Callable[[], Sequence[str]],
    by_author: Callable[[str], Sequence[str]] = lambda name: (),
) -> Reading:
    """Read dates, then organisations and authors, out of a question.

    `organizations` gives the library's, and is only called where a name may be one; `by_author` gives the
    ids of the papers somebody wrote. A name that is neither is left where it stands.
    """
    try:
        since, until, rest = _dates(question, today)
    except ValueError:  # "2025-13" is in no calendar, and so a word like others
        since, until, rest = None, None, question
    chosen: list[str] = []
    papers: list[str] = []
    for pattern in (_FROM, _OWNED, _ACTING):
        for match in pattern.finditer(rest):
            found = organizations_called(match["name"], organizations())
            written = () if found or match.groupdict().get("word") != "by" else by_author(match["name"])
            if found or written:
                chosen += found
                papers += written
                rest = rest.replace(match.group(), "", 1)
    filters = Filters(
        since=since,
        until=until,
        organizations=tuple(dict.fromkeys(chosen)),
        papers=tuple(dict.fromkeys(papers)),
    )
    return Reading(filters=filters, rest=question if filters.empty else _tidy(rest))


def merged(given: Filters, derived: Filters) -> Filters | None:
    """What both scopes allow: the later start, the earlier end, the common names; None where that is nothing."""
    starts = [bound for bound in (given.since, derived.since) if bound]
    ends = [bound for bound in (given.until, derived.until) if bound]
    organizations = _both(given.organizations, derived.organizations)
    papers = _both(given.papers, derived.papers)
    if organizations is None or papers is None:
        return None
    return given.model_copy(
        update={
            "since": max(starts, key=lambda day: earliest_day(parse_bound(day)) or 0, default=None),
            "until": min(ends, key=lambda day: latest_day(parse_bound(day)) or 0, default=None),
            "organizations": organizations,
            "papers": papers,
        }
    )


def organizations_called(name: str, known: Sequence[str]) -> list[str]:
    """The organisations of that name, or whose names begin with it ("Google" has DeepMind too)."""
    words = organization_key(name.strip(" ,.'’")).split()
    return [held for held in known if words and organization_key(held).split()[: len(words)] == words]


def scope_phrase(filters: Filters) -> str:
    """The scope in words, to stand after a noun: ` from NVIDIA, since Jun 2025`; empty where there is none."""
    parts = []
    if filters.organizations:
        parts.append(f"from {' or '.join(filters.organizations)}")
    if filters.since and filters.since == filters.until:
        parts.append(f"of {date_words(filters.since)}")
    else:
        parts += [f"since {date_words(filters.since)}"] if filters.since else []
        parts += [f"until {date_words(filters.until)}"] if filters.until else []
    if filters.min_comments:
        parts.append(f"with at least {filters.min_comments} comments")
    if filters.tags:
        parts.append(f"tagged {' or '.join(filters.tags)}")
    if filters.papers:
        parts.append(f"among {len(filters.papers)} chosen")
    if filters.excluded:
        parts.append(f"without {len(filters.excluded)} left out")
    return f" {', '.join(parts)}" if parts else ""


def _both(given: Sequence[str], derived: Sequence[str]) -> tuple[str, ...] | None:
    if not (given and derived):
        return tuple(given or derived)
    held = {organization_key(name) for name in given}
    return tuple(name for name in derived if organization_key(name) in held) or None


def _dates(question: str, today: date) -> tuple[str | None, str | None, str]:
    since = until = None
    rest = question
    if match := _RANGE.search(rest):
        since, until = _date(match["first"], today), _date(match["last"], today)
        return since, until, rest.replace(match.group(), "", 1)
    for match in list(_ONE.finditer(rest)):
        word, day = match["word"].lower(), _date(match["date"], today)
        if word == "of" and not re.search(r"\b(?:papers?|works|articles)\s+$", rest[: match.start()]):
            continue
        if word in ("since", "from") or word.startswith("starting"):
            since = day
        elif word == "after":
            since = _next(day)
        elif word == "before":
            until = _previous(day)
        elif word in ("until", "till", "up to", "through"):
            until = day
        else:
            since = until = day
        rest = rest.replace(match.group(), "", 1)
    if since is None and until is None and (match := _RELATIVE.search(rest)):
        since, until = _relative(match, today)
        rest = rest.replace(match.group(), "", 1)
    return since, until, rest


def _date(text: str, today: date) -> str:
    """ISO 8601; a month without a year is the latest one that is not in the future."""
    text = text.strip().rstrip(".").replace(".", "")
    if not re.search(r"\d{4}", text):
        month = next(n for n, name in enumerate(MONTHS, 1) if name.startswith(text.lower()[:3]))
        return f"{today.year - (month > today.month):04d}-{month:02d}"
    return parse_bound(text)


def _relative(match: re.Match[str], today: date) -> tuple[str, str | None]:
    """ "Last year" is the calendar year before; "the last 2 years" are those that end today."""
    which, unit = match["which"].lower(), match["unit"].lower()
    given = match["count"]
    count = int(_NUMBERS.get(given.lower(), 0) or given) if given else 1
    if which == "this" or (given is None and which in ("last", "previous") and unit in ("month", "year")):
        back = 0 if which == "this" else 1
        if unit == "year":
            return f"{today.year - back:04d}", f"{today.year - back:04d}"
        if unit == "month":
            span = _months_back(today, back)[:7]
            return span, span
        return (today - timedelta(days=today.weekday() if unit == "week" else 0)).isoformat(), None
    if unit in ("day", "week"):
        return (today - timedelta(days=count * (7 if unit == "week" else 1))).isoformat(), None
    return _months_back(today, count * (12 if unit == "year" else 1)), None


def _months_back(day: date, months: int) -> str:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return f"{year:04d}-{month + 1:02d}-{min(day.day, 28):02d}"


def _next(day: str) -> str:
    """What follows a date at its own precision: after `2025-06` comes `2025-07`."""
    parts = [int(part) for part in day.split("-")]
    if len(parts) == 1:
        return f"{parts[0] + 1:04d}"
    if len(parts) == 2:
        return f"{parts[0] + parts[1] // 12:04d}-{parts[1] % 12 + 1:02d}"
    return (date(*parts) + timedelta(days=1)).isoformat()


def _previous(day: str) -> str:
    """The last day before a date of any precision."""
    year, month, number = [*map(int, day.split("-")), 1, 1][:3]
    return (date(year, month, number) - timedelta(days=1)).isoformat()


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([?.!,;])", r"\1", " ".join(text.split()))
    return re.sub(r"^[\s,;]+|(?<=\w),(?=[?.!]|$)", "", text)
