"""arXiv's HTML, which LaTeXML makes: its classes say what everything is.

Owns where title, authors, date and arXiv id stand in it. The body is read by the same walk as any page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from index.identifiers import arxiv_id
from index.readers.blocks import Block, Heading, document, squeezed
from index.readers.facts import Fields
from index.readers.flow import blocks, words
from index.readers.html import facts
from index.readers.html.elements import Html
from index.schema import Document, Notice

_ID = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?")
_STAMP = re.compile(
    r"arXiv:(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\s+\[[\w.-]+\])?"
    r"(?:\s+(?P<date>\d{1,2} [A-Z][a-z]{2} \d{4}))?"
)
_NOT_A_NAME = frozenset({
    "ltx_author_notes", "ltx_role_affiliation", "ltx_role_affiliationtext", "ltx_role_email", "ltx_contact",
    "ltx_role_address", "ltx_note", "ltx_ERROR", "ltx_role_thanks", "ltx_role_institutetext", "ltx_role_orcid",
})  # fmt: skip
_MARKS = re.compile(r"[\d*†‡§¶∗⋆♠♣♡♢,\s]+$|^[\d*†‡§¶∗⋆,\s]+")
_PARTED = re.compile(r"\n|\s{3,}|(?<=\w)\s*(?:,|;|\band\b|&)\s+(?=\w)")
_NO_NAME = re.compile(
    r"@|\d{3}|university|institut|department|laborator|school|college|research|inc\b|http", re.I
)
_LONGEST_NAME = 60


def is_latexml(root: etree._Element) -> bool:
    return _first(root, "ltx_document") is not None


def read(root: etree._Element, source: str, stem: str, notices: Sequence[Notice]) -> Document:
    """The paper; `stem` is the file's name, which may be its arXiv id. ValueError where it holds no text."""
    article = _first(root, "ltx_document")
    assert article is not None
    heading = _first(article, "ltx_title_document")
    title = words(heading, Html()) if heading is not None else facts.title(root)
    fields = _fields(root, article, stem)
    for above in (heading, *_all(article, "ltx_authors"), *_all(article, "ltx_dates")):
        if above is not None:
            _drop(above)
    hidden: list[str] = []
    return document(
        fields, _named(blocks(article, Html(), hidden)), title=title, source=source, notices=notices
    )


def _fields(root: etree._Element, article: etree._Element, stem: str) -> Fields:
    stated = facts.fields(root)
    stamp = next((match for text in _stamps(root) if (match := _STAMP.search(text))), None)
    bases = [(each.get("href") or "").strip("/").rpartition("/")[2] for each in root.iter("base")]
    names = [stamp["id"] if stamp else "", *bases, stem]
    found = next((name for name in names if _ID.fullmatch(name) or arxiv_id(name)), "")
    dates = [squeezed(" ".join(map(str, each.itertext()))).strip("()") for each in _all(article, "ltx_dates")]
    return {
        "authors": _authors(article) or stated["authors"],
        "published": (stamp["date"] if stamp else None) or stated["published"] or next(iter(dates), ""),
        "url": stated["url"],
        "doi": stated["doi"],
        "arxiv_id": stated["arxiv_id"] or found,
    }


def _stamps(root: etree._Element) -> Iterator[str]:
    """What stands at the page's edge: arXiv's own stamp."""
    for each in root.xpath('//*[@id="watermark-tr"] | //*[contains(@class, "arxiv-watermark")]'):  # type: ignore[union-attr]
        if isinstance(each, etree._Element):
            yield squeezed(" ".join(map(str, each.itertext())))


def _authors(article: etree._Element) -> list[str]:
    """The names, without marks, addresses and what else authors put beside them."""
    names: list[str] = []
    for person in _all(article, "ltx_personname"):
        for part in _PARTED.split(_name_text(person)):
            name = _MARKS.sub("", squeezed(part)).strip(" ,;&")
            if name and len(name) <= _LONGEST_NAME and not _NO_NAME.search(name) and name != "and":
                names.append(name)
    return list(dict.fromkeys(names))


def _name_text(person: etree._Element) -> str:
    """The text of a name's element, with line ends where it breaks, up to the first break that addresses follow."""
    pieces: list[str] = []
    walk = etree.iterwalk(person, events=("start", "end", "comment"))
    for event, element in walk:
        if event == "start":
            classes = (element.get("class") or "").split()
            if element.tag in ("sup", "math", "a") or not _NOT_A_NAME.isdisjoint(classes):
                walk.skip_subtree()
            else:
                pieces.append(("\n" if element.tag == "br" else "") + _one_space(element.text))
        elif element is not person:
            pieces.append(_one_space(element.tail))
    return "".join(pieces)


def _one_space(text: str | None) -> str:
    """The text with runs of white space as one space, those at its ends too."""
    return re.sub(r"\s+", " ", text or "")


def _named(parts: Iterator[Heading | Block]) -> Iterator[Heading | Block]:
    """The blocks, with LaTeXML's numbers parted from the words of headings by one space."""
    for part in parts:
        if isinstance(part, Heading) and part.text.rstrip(".").casefold() == "abstract":
            yield Heading("Abstract", part.level)
        else:
            yield part


def _first(root: etree._Element, name: str) -> etree._Element | None:
    return next(iter(_all(root, name)), None)


def _all(root: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in root.iter(etree.Element) if name in (each.get("class") or "").split()]


def _drop(element: etree._Element) -> None:
    """Take an element out of its tree and leave what stands behind it."""
    parent = element.getparent()
    if parent is None:
        return
    tail, before = element.tail or "", element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
