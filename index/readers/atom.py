"""Atom feeds, as arXiv answers its API and lists each day's papers in.

Owns what an entry's elements say. A feed of another site is read too: an entry's title and summary mean the same
everywhere. Refuses to follow any link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.identifiers import arxiv_id
from index.readers.entries import entry, first_date, reading_order
from index.readers.facts import Fields, one_line
from index.readers.xml import Element, children, text_below, text_of
from index.schema import Document, Unreadable

_ERROR = re.compile(r"https?://arxiv\.org/api/errors")
_ANNOUNCED = re.compile(r"arXiv:\S+\s+Announce Type:\s*\S+\s+Abstract:\s*", re.IGNORECASE)


def read_entry(element: Element, source: str) -> Iterator[Document | Unreadable]:
    """The paper of one entry; an answer that is an error is told in the server's own words."""
    place, told = (
        f"{source} line {element.sourceline}",
        text_below(element, "summary", "content", "description"),
    )
    if _ERROR.match(text_below(element, "id")):
        yield Unreadable(place=place, reason=f"arXiv refused the request: {one_line(told)[:200]}")
        return
    try:
        abstract = _ANNOUNCED.sub("", told, count=1)
        yield entry(_facts(element), title=text_below(element, "title"), abstract=abstract, source=source)
    except ValueError as error:
        yield Unreadable(place=place, reason=f"the entry {error}")


def _facts(element: Element) -> Fields:
    names = [text_below(author, "name") for author in children(element, "author")]
    listed = ", ".join(text_of(creator) for creator in children(element, "creator"))
    address = _address(element)
    known = re.sub(r"^oai:arXiv\.org:", "", text_below(element, "id"))
    return {
        "authors": [{"name": reading_order(name)} for name in names if name] or listed,
        "published": first_date(text_below(element, name) for name in ("published", "issued", "updated")),
        "doi": text_below(element, "doi"),
        "url": address,
        "arxiv_id": next((found for text in (known, address) if (found := arxiv_id(text))), ""),
    }


def _address(element: Element) -> str:
    """The page about the paper: the entry's alternate link, or its id where that is one."""
    links = [link for link in children(element, "link") if link.get("rel", "alternate") == "alternate"]
    written = [str(link.get("href", "")) for link in links] + [text_below(element, "id")]
    return next((text for text in written if re.match(r"https?://", text)), "")
