"""What a model makes of a question: standing alone, its parts to search for, and whether to ask back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from assistant.understanding import organizations_called
from assistant.writing.drafts import plain
from assistant.writing.structured import read
from index.dates import parse_bound
from index.schema import Filters, Value

_MOST_PARTS, _MOST_READINGS, _MOST_NAMES = 3, 4, 5
_LONGEST = 400  # characters of a question or a query


class _Said(BaseModel):
    question: str = ""
    language: str = ""
    searches: list[str] = []
    readings: list[str] = []
    since: str = ""
    until: str = ""
    organizations: list[str] = []


class _Judged(BaseModel):
    covered: list[bool] = []
    searches: list[str] = []


class Plan(Value):
    """A question as it is answered, the queries its passages are searched with, and the ways it may be meant.

    `language` is an ISO 639-1 code, empty where it is not known; `filters` are the dates and names that the
    question holds the papers to, as the model spells them.
    """

    question: str
    language: str = ""
    searches: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    filters: Filters = Filters()


def planned(reply: str, asked: str) -> Plan | None:
    """The plan in a reply to `prompts.reading`; None where it holds none. `asked` stands where it names no question."""
    said = read(reply, _Said)
    if said is None:
        return None
    question = _kept([said.question], 1)
    searches = _kept(said.searches, _MOST_PARTS)
    readings = _kept(said.readings, _MOST_READINGS)
    if not question and not searches:
        return None
    return Plan(
        question=question[0] if question else asked,
        language=said.language.strip().lower()[:2],
        searches=searches,
        readings=readings if len(readings) > 1 else (),
        filters=Filters(
            since=_date(said.since),
            until=_date(said.until),
            organizations=tuple(name for name in _kept(said.organizations, _MOST_NAMES)),
        ),
    )


def scope_of(plan: Plan, spoken: str, organizations: Sequence[str]) -> Filters:
    """The plan's filters as the library knows them: only organisations that it has, and that were `spoken` of."""
    named = [name for name in plan.filters.organizations if name.casefold() in spoken.casefold()]
    known = dict.fromkeys(held for name in named for held in organizations_called(name, organizations))
    return plan.filters.model_copy(update={"organizations": tuple(known)})


def uncovered(reply: str, parts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The parts that a reply to `prompts.judging` says are not covered, and what it would search for instead.

    None where the reply is no judgement of these parts.
    """
    judged = read(reply, _Judged)
    if judged is None or len(judged.covered) != len(parts):
        return None
    missing = tuple(part for part, held in zip(parts, judged.covered, strict=True) if not held)
    return missing, _kept(judged.searches, _MOST_PARTS) if missing else ()


def _date(text: str) -> str | None:
    try:
        return parse_bound(text) if text.strip() else None
    except ValueError:
        return None


def _kept(texts: Sequence[str], most: int) -> tuple[str, ...]:
    """The first texts that can be a question, each once, on one line."""
    lines = (plain(text) for text in texts)
    return tuple(dict.fromkeys(line for line in lines if re.search(r"\w", line) and len(line) <= _LONGEST))[
        :most
    ]
