"""OAI-PMH records: Dublin Core, and arXiv's own two formats.

Owns what a record's elements say. A record that its server has deleted is no paper and no failure. Refuses to ask
any server: a file is what one answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from index.identifiers import arxiv_id, doi
from index.readers.entries import entry, first_date, reading_order
from index.readers.facts import Fields, one_line
from index.readers.xml import Element, children, local_name, text_below, text_of
from index.schema import Document, Unreadable

_COMMENT = re.compile(r"comments?:", re.IGNORECASE)
_AFFILIATION = re.compile(r"\([^()]*\)")
_DEEPEST = 4  # parentheses in parentheses


class _Said(NamedTuple):
    title: str
    abstract: str
    facts: Fields


def read_record(element: Element, source: str) -> Iterator[Document | Unreadable]:
    """The paper of one record; nothing where it is deleted; an error of the server in its own words."""
    place = f"{source} line {element.sourceline}"
    if local_name(element) == "error":
        reason = f"the server answered {element.get('code', 'an error')}: {one_line(text_of(element))[:200]}"
        yield Unreadable(place=place, reason=reason)
        return
    if any(header.get("status") == "deleted" for header in children(element, "header")):
        return
    held = [each for metadata in children(element, "metadata") for each in metadata if local_name(each)]
    known = next((each for each in held if local_name(each) in _FORMATS), None)
    if known is None:
        names = ", ".join(map(local_name, held))[:80] or "no metadata"
        yield Unreadable(place=place, reason=f"holds {names}; known are {', '.join(_FORMATS)}")
        return
    yield from read_metadata(known, source)


def read_metadata(element: Element, source: str) -> Iterator[Document | Unreadable]:
    """The paper of a record's metadata alone."""
    said = _FORMATS[local_name(element)](element)
    try:
        yield entry(said.facts, title=said.title, abstract=said.abstract, source=source)
    except ValueError as error:
        yield Unreadable(place=f"{source} line {element.sourceline}", reason=f"the record {error}")


def _dublin_core(element: Element) -> _Said:
    """Of several dates the first, which is the earliest; of several descriptions the one that is no comment."""
    described = [text for each in children(element, "description") if (text := text_of(each).strip())]
    identifiers = [one_line(text_of(each)) for each in children(element, "identifier", "relation")]
    dates = sorted(found for each in children(element, "date") if (found := first_date([text_of(each)])))
    names = (reading_order(text_of(each)) for each in children(element, "creator"))
    facts: Fields = {
        "authors": [{"name": name} for name in names if name],
        "published": dates[0] if dates else "",
        "doi": next((text for text in identifiers if doi(text) and not arxiv_id(text)), ""),
        "arxiv_id": next((text for text in identifiers if arxiv_id(text)), ""),
        "url": next((text for text in identifiers if re.match(r"https?://", text)), ""),
    }
    abstract = next((text for text in described if not _COMMENT.match(text)), "")
    return _Said(text_below(element, "title"), abstract, facts)


def _arxiv(element: Element) -> _Said:
    people = [person for group in children(element, "authors") for person in children(group, "author")]
    facts: Fields = {
        "authors": [
            {
                "given": text_below(person, "forenames"),
                "family": text_below(person, "keyname"),
                "suffix": text_below(person, "suffix"),
            }
            for person in people
        ],
        "published": first_date([text_below(element, "created")]),
        **_identifiers(element),
    }
    return _Said(text_below(element, "title"), text_below(element, "abstract"), facts)


def _arxiv_raw(element: Element) -> _Said:
    """Authors are one line, in which affiliations stand in parentheses."""
    authors = text_below(element, "authors")
    for _ in range(_DEEPEST):
        authors = _AFFILIATION.sub("", authors)
    submitted = [text_below(version, "date") for version in children(element, "version")]
    facts: Fields = {"authors": authors, "published": _day(submitted), **_identifiers(element)}
    return _Said(text_below(element, "title"), text_below(element, "abstract"), facts)


def _identifiers(element: Element) -> Fields:
    return {"arxiv_id": text_below(element, "id"), "doi": text_below(element, "doi").partition(" ")[0]}


def _day(written: list[str]) -> str:
    """The day of the first version: `Mon, 2 Apr 2007 19:18:42 GMT`."""
    for text in written:
        with suppress(ValueError, OverflowError):
            return parsedate_to_datetime(text).date().isoformat()
    return ""


_FORMATS = {"arXiv": _arxiv, "arXivRaw": _arxiv_raw, "dc": _dublin_core}
