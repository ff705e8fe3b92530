"""Zotero's RDF: a library or a collection as it is exported, with the files that lie beside it.

Owns how Zotero writes items, the journals they stand in and the files they have. Notes, annotations and collections
are no papers. A file that belongs to no item is a paper of which only the file is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from index.errors import ReadError
from index.readers.attachments import enclosed, inside, shown, with_attachments
from index.readers.entries import entry, first_date, noted_arxiv_id
from index.readers.facts import Fields, one_line
from index.readers.files import name_of
from index.readers.xml import Element, children, local_name, parsed, text_below, text_of
from index.schema import Document, Enclosed, Unreadable

NO_PAPERS = frozenset({"attachment", "note", "annotation"})
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_INSTITUTIONS = frozenset({"thesis", "report"})  # whose publisher is where the work was done


class _Export(NamedTuple):
    """The elements of an export by their names, and how often each is named as what others are part of."""

    named: dict[str, Element]
    parts: Counter[str]


def read_rdf(path: Path) -> Iterator[Document | Unreadable | Enclosed]:
    """The paper of each item, in the file's order, and after each the files it has below the export's folder."""
    root, source = parsed(path), name_of(path)
    if local_name(root) != "RDF":
        raise ReadError(f"{source!r} is not RDF; its root is <{local_name(root)[:80]}>")
    export, linked = _export(root), set[str]()
    for element in _items(root):
        names = [_reference(link) for link in children(element, "link")]
        linked.update(names)
        found = _read(element, export, source)
        if isinstance(found, Document):
            files = [_file(export.named[name]) for name in names if name in export.named]
            yield from with_attachments(found, files, path)
        else:
            yield found
    for element in children(root, "Attachment"):
        if str(element.get(f"{_RDF}about", "")) not in linked and (file := _file(element)):
            yield _alone(file, path)


def read_items(root: Element, source: str) -> Iterator[Document | Unreadable]:
    """The paper of each item, without the files: for RDF that is not named `.rdf`."""
    export = _export(root)
    for element in _items(root):
        yield _read(element, export, source)


def _alone(file: str, path: Path) -> Enclosed | Unreadable:
    try:
        return enclosed(inside(path.parent, file), path)
    except ValueError as error:
        return Unreadable(place=f"{name_of(path)}/{shown(file)}", reason=str(error))


def _export(root: Element) -> _Export:
    named = {str(name): child for child in root if (name := child.get(f"{_RDF}about"))}
    return _Export(named, Counter(map(_reference, root.iter("{http://purl.org/dc/terms/}isPartOf"))))


def _items(root: Element) -> Iterator[Element]:
    for child in root:
        kind = text_below(child, "itemType")
        if kind and kind not in NO_PAPERS:
            yield child


def _read(element: Element, export: _Export, source: str) -> Document | Unreadable:
    try:
        title, abstract = text_below(element, "title"), text_below(element, "abstract")
        return entry(_facts(element, export), title=title, abstract=abstract, source=source)
    except ValueError as error:
        return Unreadable(place=f"{source} line {element.sourceline}", reason=f"the item {error}")


def _facts(element: Element, export: _Export) -> Fields:
    identifiers = _identifiers(element)
    addresses = [text_of(uri) for uri in element.iterfind("{*}identifier/{*}URI/{*}value")]
    notes = [text_of(note) for note in children(element, "description", "number")]
    return {
        "authors": _authors(element),
        "published": first_date(text_below(element, name) for name in ("date", "issued")),
        "organization": _institution(element),
        "doi": _doi(identifiers) or _doi(_of_container(element, export)),
        "url": next((one_line(address) for address in addresses if address.strip()), ""),
        "arxiv_id": noted_arxiv_id(*identifiers, *notes),
    }


def _authors(element: Element) -> list[Fields]:
    """The persons of the first list there is: authors, or who stands in their place."""
    groups = children(element, "authors") or children(element, "presenters", "contributors", "editors")
    return [
        {
            "given": text_below(person, "givenName", "givenname"),
            "family": text_below(person, "surname"),
        }
        for group in groups[:1]
        for person in group.iterfind("{*}Seq/{*}li/{*}Person")
    ]


def _institution(element: Element) -> str:
    if text_below(element, "itemType") not in _INSTITUTIONS:
        return ""
    return next((text_of(name) for name in element.iterfind("{*}publisher/{*}Organization/{*}name")), "")


def _identifiers(element: Element) -> list[str]:
    return [one_line(text_of(each)) for each in children(element, "identifier")]


def _doi(identifiers: list[str]) -> str:
    found = (text.removeprefix("DOI").strip() for text in identifiers if text.startswith("DOI"))
    return next(found, "")


def _of_container(element: Element, export: _Export) -> list[str]:
    """What identifies the journal: Zotero writes an article's DOI there. Not where several articles share it."""
    for part in children(element, "isPartOf"):
        name = _reference(part)
        if name in export.named and export.parts[name] == 1:
            return _identifiers(export.named[name])
        inner = list(part.iter("{http://purl.org/dc/elements/1.1/}identifier"))
        if inner:
            return [one_line(text_of(each)) for each in inner]
    return []


def _file(element: Element) -> str:
    """The path of an attachment's file; empty where it is only a link."""
    return next((_reference(each) for each in element.iterfind(f"{_RDF}resource")), "")


def _reference(element: Element) -> str:
    return str(element.get(f"{_RDF}resource", ""))
