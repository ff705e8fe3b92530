"""The addresses of the library page: what one asks for, and how it is written.

Pure. All that can be looked at has an address of its own, so that it can be reloaded, shared and gone back
to; a page's links are made by writing a changed address. Whatever is not understood is left out, and a date
that is none is told.
"""

from __future__ import annotations

from typing import Any, Literal, get_args
from urllib.parse import parse_qs, urlencode

from index.dates import parse_bound
from index.listing import Field, Order
from index.schema import Filters, Value

Part = Literal["papers", "map", "add"]
Colour = Literal["organization", "year", "group"]
LONGEST = 500  # characters of what is searched


class Address(Value):
    """What is shown: a part of the page, the papers it is held to, and how they are ordered.

    `paper` is the one whose own page is shown, with the characters from `start` to `end` of its text
    marked. `trouble` says what of the address could not be used.
    """

    part: Part = "papers"
    words: str = ""
    filters: Filters = Filters()
    order: Order | None = None
    page: int = 1
    paper: str = ""
    start: int | None = None
    end: int | None = None
    colour: Colour = "group"
    trouble: str = ""

    @property
    def whole(self) -> bool:
        """Whether every paper of the library is meant."""
        return self.filters.empty and not self.words.strip()


def read(query: str) -> Address:
    """The address that a query string, with or without its question mark, stands for."""
    given = parse_qs(query.removeprefix("?"))
    trouble: list[str] = []
    first = {name: values[0] for name, values in given.items()}

    def day(name: str) -> str | None:
        try:
            return parse_bound(first[name]) if first.get(name, "").strip() else None
        except ValueError as error:
            trouble.append(str(error))
            return None

    filters = Filters(
        papers=_listed(given, "papers"),
        since=day("since"),
        until=day("until"),
        organizations=_listed(given, "organization"),
        min_comments=_number(first.get("comments"), 1),
        sources=_listed(given, "source"),
        tags=_listed(given, "tag"),
    )
    return Address(
        part=_one_of(first.get("view"), Part, "papers"),
        words=first.get("q", "")[:LONGEST],
        filters=filters,
        order=_order(first.get("sort", "")),
        page=_number(first.get("page"), 1) or 1,
        paper=first.get("paper", ""),
        start=_number(first.get("start"), 0),
        end=_number(first.get("end"), 0),
        colour=_one_of(first.get("colour"), Colour, "group"),
        trouble=" ".join(trouble),
    )


def write(address: Address) -> str:
    """The shortest query string that reads as the address; `?` where it is the plain page."""
    filters, order = address.filters, address.order
    pairs = [
        ("view", "" if address.part == "papers" else address.part),
        ("q", address.words),
        ("since", filters.since),
        ("until", filters.until),
        *(("organization", name) for name in filters.organizations),
        ("comments", filters.min_comments),
        *(("source", name) for name in filters.sources),
        *(("tag", name) for name in filters.tags),
        *(("papers", paper_id) for paper_id in filters.papers),
        ("sort", f"{'-' if order.descending else ''}{order.field}" if order else ""),
        ("page", address.page if address.page > 1 else ""),
        ("colour", "" if address.colour == "group" else address.colour),
        ("paper", address.paper),
        ("start", address.start),
        ("end", address.end),
    ]
    return "?" + urlencode([(name, str(value)) for name, value in pairs if value not in ("", None)])


def to_paper(paper_id: str, start: int | None = None, end: int | None = None) -> str:
    """The query string of a paper's own page, with a sentence of it marked."""
    return write(Address(paper=paper_id, start=start, end=end))


def changed(address: Address, **changes: Any) -> str:
    """The query string of the address with changes, at the first page of its list."""
    return write(address.model_copy(update={"page": 1} | changes))


def _listed(given: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in given.get(name, []) if value.strip()))


def _number(text: str | None, least: int) -> int | None:
    """A whole number of at most nine digits that is not below `least`, if the text is one."""
    plain = (text or "").strip()
    number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else None
    return number if number is not None and number >= least else None


def _one_of(text: str | None, allowed: Any, otherwise: Any) -> Any:
    return text if text in get_args(allowed) else otherwise


def _order(text: str) -> Order | None:
    field = text.removeprefix("-")
    if field not in get_args(Field):
        return None
    return Order.model_validate({"field": field, "descending": text.startswith("-")})
