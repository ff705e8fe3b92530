"""Saved Daily Papers pages: one paper a card.

The page carries its papers as JSON for its own scripts (`data-target="DailyPapers" data-props="…"`), in the shape of
the site's API; where a browser left that out when saving, the cards are read as they are seen. A card shows the title
as a link to the paper's page, whose last part is its arXiv id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from lxml import etree

from index.dates import parse_date
from index.readers import daily_papers_api
from index.readers.facts import Fields, described, one_line
from index.readers.flow import tag_of, words
from index.readers.html.elements import Html
from index.schema import Document, Section, Unreadable

_PROPS = '//*[@data-props and contains(@data-target, "Paper")]'
_LINK = re.compile(r"(?:https?://huggingface\.co)?/papers/(?P<id>\d{4}\.\d{4,5})/?")
_AUTHORS = re.compile(r"[•·]?\s*(\d[\d,]*) authors?", re.IGNORECASE)
_DATE = re.compile(r"[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?")
_COMMENTS = re.compile(r"/papers/[\d.]+#(?:community|comments)")
_SHORTEST_ABSTRACT = 80  # characters
_MOST_NODES = 200_000  # of the page's JSON


def papers(root: etree._Element, source: str) -> list[Document | Unreadable]:
    """The papers that the page lists, in order; none where it is another kind of page."""
    found = [_listed(entry, source, number) for number, entry in enumerate(_entries(root), 1)]
    return found or list(_cards(root, source))


# The page's JSON


def _entries(root: etree._Element) -> Iterator[Fields]:
    """Every object of the page's JSON that is a paper, or holds one under `paper`."""
    for element in root.xpath(_PROPS):  # type: ignore[union-attr]
        if not isinstance(element, etree._Element):
            continue
        try:
            value = json.loads(element.get("data-props") or "")
        except (ValueError, RecursionError):
            continue
        yield from _papers_in(value)


def _papers_in(value: object) -> Iterator[Fields]:
    waiting, seen = [value], 0
    while waiting and seen < _MOST_NODES:
        each, seen = waiting.pop(), seen + 1
        if isinstance(each, dict):
            if daily_papers_api.is_listed(each):
                yield each
            else:
                waiting.extend(reversed(list(each.values())))
        elif isinstance(each, list):
            waiting.extend(reversed(each))


def _listed(entry: Fields, source: str, number: int) -> Document | Unreadable:
    try:
        return daily_papers_api.document(entry, source)
    except ValueError as error:
        return Unreadable(place=f"{source} entry {number}", reason=str(error))


# The cards as they are seen


def _cards(root: etree._Element, source: str) -> Iterator[Document | Unreadable]:
    titles = [heading for heading in root.iter("h2", "h3", "h4") if _linked(heading)]
    cards = {id(heading): heading for heading in titles}
    for heading in titles:
        identifier = _linked(heading)
        card = _card_of(heading, cards)
        title = words(heading, Html())
        if title and identifier:
            yield _document(_facts(card, identifier), title, _abstract(card), source)


def _linked(heading: etree._Element) -> str:
    """The arXiv id that a heading's link leads to, within it or around it; empty where there is none."""
    links = [*heading.iter("a"), *list(heading.iterancestors("a"))[:1]]
    matches = (_LINK.fullmatch(each.get("href") or "") for each in links)
    return next((match["id"] for match in matches if match), "")


def _card_of(heading: etree._Element, headings: Mapping[int, etree._Element]) -> etree._Element:
    """The largest element around a title that holds no other title."""
    card = heading
    for above in heading.iterancestors():
        if tag_of(above) in ("body", "main", "html") or _titles(above, headings) > 1:
            break
        card = above
    return card


def _titles(element: etree._Element, headings: Mapping[int, etree._Element]) -> int:
    found = 0
    for each in element.iter("h2", "h3", "h4"):
        found += id(each) in headings
        if found > 1:
            break
    return found


def _abstract(card: etree._Element) -> str:
    paragraphs = [words(each, Html()) for each in card.iter("p")]
    longest = max(paragraphs, key=len, default="")
    return longest if len(longest) >= _SHORTEST_ABSTRACT else ""


def _facts(card: etree._Element, identifier: str) -> Fields:
    facts: dict[str, object] = {"arxiv_id": identifier}
    for element in card.iter(etree.Element):
        text = one_line(" ".join(filter(None, (element.text, *(child.tail for child in element)))))
        if tag_of(element) == "time" and element.get("datetime"):
            facts["published"] = (element.get("datetime") or "")[:10]
        elif match := _AUTHORS.fullmatch(text):
            facts["author_count"] = int(match[1].replace(",", ""))
        elif _DATE.fullmatch(text) and "published" not in facts and _is_date(text):
            facts["published"] = text
        elif tag_of(element) == "a" and _COMMENTS.search(element.get("href") or ""):
            count = words(element, Html())
            facts |= {"comments": int(count)} if re.fullmatch(r"\d{1,6}", count) else {}
    return facts


def _is_date(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True


def _document(facts: Fields, title: str, abstract: str, source: str) -> Document:
    """A paper of a listing; one without an abstract is its title, until a source that has more is added."""
    text = abstract or title
    paper = described(facts, title=title, abstract=abstract, source=source)
    section = Section(name="Abstract" if abstract else None, start=0, end=len(text))
    return Document(paper=paper, text=text, sections=(section,))
