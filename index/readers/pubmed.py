"""PubMed's records: what MEDLINE knows of a paper, its abstract above all.

A function of the root element, as for JATS. A record without an abstract is a paper whose text is its title, until
a source that has more is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from index.dates import parse_date
from index.readers.blocks import Block, Heading, document
from index.readers.facts import Fields
from index.readers.flow import Role, tag_of, words
from index.schema import Document, Unreadable


def read_records(root: etree._Element, source: str) -> Iterator[Document | Unreadable]:
    """The papers of a `<PubmedArticleSet>`, or of one `<PubmedArticle>`."""
    records = [
        each for each in root.iter(etree.Element) if tag_of(each) in ("pubmedarticle", "pubmedbookarticle")
    ]
    for number, record in enumerate(records, 1):
        yield _read(record, source, f"{source} record {number}")


class _Plain:
    """The vocabulary of titles and abstracts: running text with raised and lowered signs."""

    def role(self, element: etree._Element) -> Role:
        return "raised" if tag_of(element) == "sup" else "formula" if tag_of(element) == "math" else "inline"

    def level(self, heading: etree._Element) -> int:
        return 1

    def formula(self, element: etree._Element) -> str:
        return ""

    def captions(self, element: etree._Element) -> list[etree._Element]:
        return []


def _read(record: etree._Element, source: str, place: str) -> Document | Unreadable:
    found = _found(record, "articletitle", "booktitle")
    title = re.sub(r"^\[(.*)\]\.?$", r"\1", words(found, _Plain())) if found is not None else ""
    title = title.removesuffix(".") if title.count(".") == 1 else title
    if not title:
        return Unreadable(place=place, reason="is a record without a title")
    abstract = list(_abstract(record))
    parts: list[Heading | Block] = [Heading("Abstract"), *abstract] if abstract else [Block(title)]
    made = document(_fields(record), parts, title=title, source=source)
    return (
        made
        if abstract
        else made.model_copy(update={"paper": made.paper.model_copy(update={"abstract": ""})})
    )


def _abstract(record: etree._Element) -> Iterator[Block]:
    abstract = _found(record, "abstract")
    for part in abstract if abstract is not None else ():
        if tag_of(part) == "abstracttext" and (text := words(part, _Plain())):
            label = (part.get("Label") or "").strip(" :").capitalize()
            yield Block(f"{label}: {text}" if label and label != "Unlabelled" else text)


def _fields(record: etree._Element) -> Fields:
    identifiers = {
        (each.get("IdType") or each.get("EIdType") or ""): (each.text or "").strip()
        for each in record.iter(etree.Element)
        if tag_of(each) in ("articleid", "elocationid") and not _of_reference(each)
    }
    pmid = _found(record, "pmid")
    number = (pmid.text or "").strip() if pmid is not None else ""
    affiliation = _found(record, "affiliation")
    return {
        "authors": list(_authors(record)),
        "published": _published(record),
        "doi": identifiers.get("doi", ""),
        "organization": _institution(words(affiliation, _Plain())) if affiliation is not None else "",
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number.isdigit() else "",
    }


def _authors(record: etree._Element) -> Iterator[str]:
    listed = _found(record, "authorlist")
    for author in listed if listed is not None else ():
        parts = {tag_of(each): words(each, _Plain()) for each in author}
        given = parts.get("forename") or parts.get("initials") or ""
        name = " ".join(filter(None, (given, parts.get("lastname", ""), parts.get("suffix", ""))))
        if name or parts.get("collectivename"):
            yield name or parts["collectivename"]


def _published(record: etree._Element) -> str:
    """The day of the electronic article, else what the issue states."""
    for name in ("articledate", "pubdate", "datecompleted"):
        date = _found(record, name)
        if date is None:
            continue
        parts = {tag_of(each): (each.text or "").strip() for each in date}
        year = parts.get("year") or parts.get("medlinedate", "")[:4]
        month, day = parts.get("month", ""), parts.get("day", "")
        joint = "-" if month.isdigit() else " "
        whole = joint.join((year, month, day)) if joint == "-" else f"{day} {month} {year}"
        for written in (whole, joint.join((year, month)) if joint == "-" else f"{month} {year}", year):
            try:
                return parse_date(written.strip(" -"))
            except ValueError:
                continue
    return ""


def _institution(affiliation: str) -> str:
    parts = [part.strip(" .") for part in re.split(r"[,;]", affiliation)]
    named = (
        part
        for part in parts
        if re.search(r"universit|institut|college|hospital|school|laborator", part, re.I)
    )
    return next(named, parts[0] if parts else "")[:120]


def _of_reference(element: etree._Element) -> bool:
    return any(tag_of(above) in ("reference", "referencelist") for above in element.iterancestors())


def _found(record: etree._Element, *names: str) -> etree._Element | None:
    return next((each for each in record.iter(etree.Element) if tag_of(each) in names), None)
