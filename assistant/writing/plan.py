"""What a model makes of a question: standing alone, its parts to search for, and whether to ask back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from assistant.writing.drafts import plain
from assistant.writing.structured import read
from index.schema import Value

_MOST_PARTS, _MOST_READINGS = 3, 4
_LONGEST = 400  # characters of a question or a query


class _Said(BaseModel):
    question: str = ""
    language: str = ""
    searches: list[str] = []
    readings: list[str] = []


class _Judged(BaseModel):
    covered: list[bool] = []
    searches: list[str] = []


class Plan(Value):
    """A question as it is answered, the queries its passages are searched with, and the ways it may be meant.

    `language` is an ISO 639-1 code, empty where it is not known.
    """

    question: str
    language: str = ""
    searches: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()


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
    )


def uncovered(reply: str, parts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The parts that a reply to `prompts.judging` says are not covered, and what it would search for instead.

    None where the reply is no judgement of these parts.
    """
    judged = read(reply, _Judged)
    if judged is None or len(judged.covered) != len(parts):
        return None
    missing = tuple(part for part, held in zip(parts, judged.covered, strict=True) if not held)
    return missing, _kept(judged.searches, _MOST_PARTS) if missing else ()


def _kept(texts: Sequence[str], most: int) -> tuple[str, ...]:
    """The first texts that can be a question, each once, on one line."""
    lines = (plain(text) for text in texts)
    return tuple(dict.fromkeys(line for line in lines if re.search(r"\w", line) and len(line) <= _LONGEST))[
        :most
    ]
