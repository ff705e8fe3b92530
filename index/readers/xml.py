"""XML: parsed safely, and handed to the reader of what its root says it is.

Owns what XML is let in: no entity is declared or resolved, no DTD is loaded, nothing is fetched, and libxml2 keeps
its own limits on depth and length. Refuses to know any vocabulary: two tables name who does. A reader of a whole
document is a function `(root, source)` that yields what it finds. Lists of records may be larger than memory: a
reader of those is a function `(element, source)` of one record, which is dropped before the next is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from lxml import etree

from index.errors import ReadError
from index.readers.facts import one_line
from index.readers.files import LARGEST_TEXT, name_of, opened
from index.schema import Document, Enclosed, Unreadable

LARGEST_TREE = 64 * 2**20  # bytes of a document that is held in memory, where it takes several times as much

Element = etree._Element
Found = Document | Unreadable | Enclosed
Handler = Callable[[Element, str], Iterator[Found]]


class Records(NamedTuple):
    """What the records of a list are called, and who reads one."""

    names: tuple[str, ...]
    place: str


_OAI = Records(("record", "Record", "error"), "index.readers.oai:read_record")

# By the root's name without its namespace.
WHOLE = {
    "RDF": "index.readers.zotero:read_items",
    "article": "index.readers.jats:read_article",
    "pmc-articleset": "index.readers.jats:read_articles",
    "PubmedArticle": "index.readers.pubmed:read_records",
    "PubmedArticleSet": "index.readers.pubmed:read_records",
    "arXiv": "index.readers.oai:read_metadata",
    "arXivRaw": "index.readers.oai:read_metadata",
    "dc": "index.readers.oai:read_metadata",
}
LISTS = {
    "feed": Records(("entry",), "index.readers.atom:read_entry"),
    "ListRecords": _OAI,
    "OAI-PMH": _OAI,
    "Records": _OAI,
    "records": _OAI,
}


def read_xml(path: Path) -> Iterator[Found]:
    """What the reader of the document's kind finds; ReadError where none is known or it is not XML.

    A list that breaks off gives what stood before that, and an `Unreadable` for the rest.
    """
    source = name_of(path)
    with opened(path) as stream:
        events, root = _begun(stream, source)
        name = local_name(root)
        if name in LISTS:
            yield from _records(events, root, LISTS[name], source)
        elif name in WHOLE:
            _read_out(events, source)
            yield from _handler(WHOLE[name])(root, source)
        else:
            known = " ".join(sorted((*WHOLE, *LISTS)))
            raise ReadError(f"{source!r} is XML of a kind that is not known, <{name[:80]}>. Known: {known}")


def parsed(path: Path) -> Element:
    """The root of a whole document; ReadError where it is not XML, declares entities, or is too large."""
    source = name_of(path)
    with opened(path) as stream:
        events, root = _begun(stream, source)
        _read_out(events, source)
    return root


def local_name(element: Element) -> str:
    """The element's name without its namespace; empty for what is no element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, *names: str) -> list[Element]:
    """The elements directly below that have one of these names, in any namespace."""
    return [child for child in element if local_name(child) in names]


def text_of(element: Element | None) -> str:
    """All the text in an element, without markup; HTML's named characters stand for themselves."""
    return "" if element is None else "".join(_pieces(element))


def text_below(element: Element, *names: str) -> str:
    """The text of the first element directly below that has one of these names; empty where there is none."""
    return next((text for child in children(element, *names) if (text := text_of(child).strip())), "")


def _pieces(element: Element) -> Iterator[str]:
    for text in element.itertext():
        piece = str(text)
        # An entity that no DTD was loaded for stands in the tree as a piece of its own.
        yield unescape(piece) if re.fullmatch(r"&\w+;", piece) else piece


class _Limited:
    """A stream that refuses to give more than so many bytes."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.stream, self.source, self.left, self.most = stream, source, LARGEST_TEXT, LARGEST_TEXT

    def hold(self, most: int) -> None:
        self.left -= self.most - most
        self.most = most

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise ReadError(f"{self.source!r} holds more than {self.most // 2**20} MB of XML; split it")
        return block


class _Events:
    """The parser's events over a stream."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.stream = _Limited(stream, source)
        self.parser: Iterator[tuple[str, Element]] = etree.iterparse(
            cast(Any, self.stream),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def __iter__(self) -> Iterator[tuple[str, Element]]:
        return self.parser


def _begun(stream: BinaryIO, source: str) -> tuple[_Events, Element]:
    """The parser behind the root's first tag, and the root. ReadError where entities are declared before it."""
    events = _Events(stream, source)
    try:
        _, root = next(iter(events))
    except etree.XMLSyntaxError as error:
        raise ReadError(f"{source!r} {_broken(error)}") from error
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise ReadError(f"{source!r} declares entities, which are not read; save it with their text in place")
    return events, root


def _read_out(events: _Events, source: str) -> None:
    events.stream.hold(LARGEST_TREE)
    try:
        for _ in events:
            pass
    except etree.XMLSyntaxError as error:
        raise ReadError(f"{source!r} {_broken(error)}") from error


def _records(events: _Events, root: Element, records: Records, source: str) -> Iterator[Found]:
    read, any_found = _handler(records.place), False
    try:
        for event, element in events:
            if event == "end" and local_name(element) in records.names and _is_record(element, root):
                for found in read(element, source):
                    any_found = True
                    yield found
                _drop(element)
    except etree.XMLSyntaxError as error:
        if not any_found:
            raise ReadError(f"{source!r} {_broken(error)}") from error
        yield Unreadable(place=f"{source} line {error.lineno}", reason=f"{_broken(error)}; fetch it again")


def _is_record(element: Element, root: Element) -> bool:
    """Whether it stands right below the root or one further down: what records hold may have their name."""
    parent = element.getparent()
    return parent is not None and (parent is root or parent.getparent() is root)


def _drop(element: Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _broken(error: etree.XMLSyntaxError) -> str:
    if "no element found" in str(error) or "Document is empty" in str(error):
        return "is empty"
    return f"is not well-formed XML ({one_line(str(error.msg))[:200]})"


def _handler(place: str) -> Handler:
    module, _, function = place.partition(":")
    return cast(Handler, getattr(import_module(module), function))
