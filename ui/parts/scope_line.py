"""Which papers a typed line names, as `Filters`: `since June 2025 from NVIDIA tag:to-read 3 comments`.

Owns the words and the `tag:`, `source:` and `paper:` by which a line says so; dates and organisations are
read as in a question. Pure: what day it is and what the library holds are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from assistant.understanding import organizations_called, read_scope
from index.filters import tag_key
from index.schema import Filters

NAMED = ("tag", "source", "paper")
"""What is named with a colon, as in `tag:to-read`; a name with spaces stands in quotes."""

EVERYTHING = ("none", "all", "everything", "any")
"""Words for no filters at all."""

_NAMED = re.compile(
    rf"(?<!\S)(?P<kind>{'|'.join(NAMED)})s?:\s?(?P<name>[\"“][^\"”]*[\"”]|\S+)", re.IGNORECASE
)
_COMMENTS = re.compile(
    r"(?:\b(?:and|with)\s+)?(?:(?:at least|min(?:imum)?|≥|>=)\s*)?(?<!\d)(?P<number>\d{1,6})\+?\s*(?:comments?\b|💬)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|by|at)\s+(?P<names>.+?)(?=\s+(?:from|by|at)\s|$)", re.IGNORECASE)
_AND = frozenset(("and", "or", "&", ","))


@dataclass(frozen=True)
class Holdings:
    """What a library holds that a line may name; each is only called where one may be named.

    `paper` gives the id of the paper called so, and raises ValueError with a remedy where there is none.
    """

    organizations: Callable[[], Sequence[str]]
    tags: Callable[[], Sequence[str]]
    sources: Callable[[], Sequence[str]]
    paper: Callable[[str], str]


def read_line(line: str, today: date, held: Holdings) -> Filters:
    """The filters that a line of nothing else states. ValueError tells what is not understood, and the remedy."""
    if line.lower() in EVERYTHING:
        return Filters()
    filters, left = read_filters(line, today, held)
    if left:
        names, left = _organizations(left, held.organizations())
        filters = filters.model_copy(update={"organizations": (*filters.organizations, *names)})
    if left or filters.empty:
        told = f"/scope does not understand {left!r}" if left else "/scope needs filters"
        raise ValueError(
            f"{told}. It takes dates (since June 2025), organisations of this library (from NVIDIA), tags "
            "(tag:to-read), sources (source:papers.txt), papers (@ and words of the title) and a number of comments "
            "(3 comments); /scope none looks at all papers."
        )
    return filters


def read_filters(words: str, today: date, held: Holdings) -> tuple[Filters, str]:
    """The filters that the words state, and the words that state none. ValueError as for `read_line`."""
    named, words = _names(words, held)
    commented = _COMMENTS.search(words)
    words = " ".join(_COMMENTS.sub(" ", words, count=1).split())
    reading = read_scope(words, today, organizations=lambda: ())  # its names need capitals, these do not
    rest, chosen = reading.rest, list[str]()
    for match in list(_FROM.finditer(rest)):
        names, left = _organizations(match["names"], held.organizations())
        if names:
            chosen += names
            rest = rest.replace(match.group(), left, 1)
    update = {
        "organizations": tuple(dict.fromkeys(chosen)),
        "min_comments": int(commented["number"]) if commented else None,
        **named,
    }
    return reading.filters.model_copy(update=update), " ".join(rest.split()).strip(" ,")


def _names(words: str, held: Holdings) -> tuple[dict[str, tuple[str, ...]], str]:
    """What is named with a colon, by the field of `Filters`, and the words without it."""
    found: dict[str, list[str]] = {}
    for match in _NAMED.finditer(words):
        kind, name = match["kind"].lower(), match["name"].rstrip(",").strip('"“”')
        found.setdefault(f"{kind}s", []).append(_held(kind, name, held))
    fields = {field: tuple(dict.fromkeys(names)) for field, names in found.items()}
    return fields, " ".join(_NAMED.sub(" ", words).split()).strip(" ,")


def _held(kind: str, name: str, held: Holdings) -> str:
    """The name as the library has it."""
    if kind == "paper":
        return held.paper(name)
    known = held.tags() if kind == "tag" else held.sources()
    for one in known:
        if tag_key(one) == tag_key(name):
            return one
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}?" if near else _offer(kind, known)
    raise ValueError(f"No paper has the {kind} {name!r}; {meant}")


def _offer(kind: str, known: Sequence[str]) -> str:
    if not known:
        return f"this library has no {kind}s."
    shown = ", ".join(known[:5])
    return f"there is {shown}{' and others' if len(known) > 5 else ''}."


def _organizations(words: str, known: Sequence[str]) -> tuple[list[str], str]:
    """The organisations that the words begin with, joined by "and" or commas, and the words after them."""
    found: list[str] = []
    left = words.replace(",", " , ").split()
    while left:
        ends = (end for end in range(len(left), 0, -1) if organizations_called(" ".join(left[:end]), known))
        end = next(ends, 0)
        if not end:
            break
        found += organizations_called(" ".join(left[:end]), known)
        left = left[end:]
        if not left or left[0] not in _AND:
            break
        left = left[1:]
    return found, " ".join(left)
