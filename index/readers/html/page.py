"""One HTML file: parsed within limits, recognised by its shape, and read.

Owns which shape a page has: a saved Daily Papers listing, arXiv's HTML (LaTeXML's), arXiv's page of an abstract, or
an article of any other site; and where the article stands on such a page. Scripts never run, nothing is fetched, and
what the page does not show is left out and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from index.errors import ReadError
from index.readers.blocks import Block, Heading, document
from index.readers.encodings import decode, mark_of
from index.readers.facts import one_line
from index.readers.files import name_of, read_bytes, stem_of, unsure
from index.readers.flow import blocks, tag_of, words
from index.readers.html import facts, latexml, listing
from index.readers.html.elements import Html
from index.schema import Document, Notice, Unreadable

LARGEST_PAGE = 32 * 2**20  # bytes; a parsed page takes some twenty times as much memory
_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML = re.compile(
    rb"\s*<\?xml[^>]{0,200}?(?:encoding\s*=\s*[\"']([\w.:-]{2,40})[\"'])?[^>]{0,200}\?>", re.IGNORECASE
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_START = re.compile(rb"<[A-Za-z](?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+")
_VALUE = re.compile(rb"\"[^\"]*\"|'[^']*'")
_MOST_WORDS = 4_000  # of attributes of one element: the parser's time grows with their square
_LARGE = 2**22  # bytes from which on a page that gives no tree was too much for the parser
_PEEKED = 4096  # bytes in which a page states its encoding
_MOST_ARTICLES = 20  # elements that may be the article itself
_ARTICLE_SHARE = 0.5  # of the page's text, which an article without a main element around it must hold
_STRIPPED = ("script", "style", "noscript", "template", "svg", "iframe", "object")
_SHOWN = 160  # characters of hidden text that a notice quotes


def read_html(path: Path) -> Iterator[Document | Unreadable]:
    """The papers of a listing page, or the one paper that a page is."""
    name, raw = name_of(path), read_bytes(path, LARGEST_PAGE)
    root, notices = _parsed(raw, name)
    if papers := listing.papers(root, name):
        yield from papers
        return
    etree.strip_elements(root, *_STRIPPED, with_tail=False)
    try:
        yield _read(root, path, notices)
    except ValueError as error:
        raise ReadError(f"{name!r} {error}: no article was found on the page") from error


def parsed(text: str) -> tuple[etree._Element | None, bool]:
    """The root of HTML, None where it has none, and whether the parser gave up before its end."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True)
    try:
        root = etree.fromstring(_DECLARATION.sub("", text).encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return None, True
    cut = any("depth" in entry.message or "limit" in entry.message for entry in parser.error_log)
    return root, cut


def _parsed(raw: bytes, name: str) -> tuple[etree._Element, list[Notice]]:
    top = raw[:_PEEKED]
    if _crowded(raw):
        raise ReadError(f"{name!r} has an element with thousands of attributes; no article has")
    declared = _META.search(top) or _XML.match(top)
    try:
        decoded = decode(raw, (declared[1] or b"").decode("ascii", "replace") if declared else None)
    except ValueError as error:
        raise ReadError(f"{name!r} {error}") from error
    notices = [] if decoded.sure else [unsure(decoded.text)]
    if mark_of(raw) is None and _XML.match(top) and (strict := _strictly(decoded.text)) is not None:
        return strict, notices
    root, cut = parsed(decoded.text)
    if root is None:
        crowded = "holds more elements than there is memory for" if len(raw) > _LARGE else "holds no element"
        raise ReadError(f"{name!r} is not HTML that can be read: it {crowded}")
    if cut:
        reason = "the page nests elements too deeply; what stands beyond that depth was not read"
        notices.append(Notice(kind="not read", text=reason))
    return root, notices


def _crowded(raw: bytes) -> bool:
    starts = (match.group() for match in _START.finditer(raw) if match.end() - match.start() > _MOST_WORDS)
    return any(len(_VALUE.sub(b" ", start).split()) > _MOST_WORDS for start in starts)


def _strictly(text: str) -> etree._Element | None:
    """The root of XHTML with its elements named as in HTML; None where it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True)
    try:
        root = etree.fromstring(_DECLARATION.sub("", text).encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return None
    for element in root.iter(etree.Element):
        element.tag = tag_of(element)
    return root if root.tag == "html" and not any(True for _ in root.iter(etree.Entity)) else None


def _read(root: etree._Element, path: Path, notices: list[Notice]) -> Document:
    source = name_of(path)
    if latexml.is_latexml(root):
        return latexml.read(root, source, stem_of(path), notices)
    if (abstract := _arxiv_abstract(root)) is not None:
        return _abstract_page(root, abstract, source)
    hidden: list[str] = []
    parts = list(blocks(_article(root), Html(), hidden))
    title = facts.title(root) or facts.headline(root) or _first_heading(parts) or stem_of(path)
    return document(
        facts.fields(root),
        _below_title(parts, title),
        title=title,
        source=source,
        abstract=facts.abstract(facts.metas(root)),
        notices=[*notices, *_hidden(hidden)],
    )


def _article(root: etree._Element) -> etree._Element:
    """The element that holds the article: the main one, or the one article that most of it stands in."""
    body = next(root.iter("body"), root)
    marked = body.xpath('//main | //*[@role="main"] | //*[@itemprop="articleBody"]')
    main = max(_elements(marked), key=_size, default=None)
    within = body if main is None else main
    article = max(_elements(within.xpath(".//article")), key=_size, default=None)
    if article is not None and _size(article) >= _ARTICLE_SHARE * _size(within):
        return article
    return within


def _elements(found: object) -> list[etree._Element]:
    listed = found if isinstance(found, list) else []
    return [each for each in listed[:_MOST_ARTICLES] if isinstance(each, etree._Element)]


def _size(element: etree._Element) -> int:
    return sum(len(piece) for piece in element.itertext())


def _below_title(parts: list[Heading | Block], title: str) -> list[Heading | Block]:
    """The parts without what stands above a heading that is the title: crumbs, dates and the like."""
    for position, part in enumerate(parts[:30]):
        if isinstance(part, Heading) and part.text and one_line(part.text) == one_line(title):
            return [Heading("", part.level), *parts[position + 1 :]]
    return parts


def _first_heading(parts: list[Heading | Block]) -> str:
    return next((part.text for part in parts if isinstance(part, Heading) and part.text), "")


def _hidden(texts: list[str]) -> list[Notice]:
    """A notice of what the page holds and does not show, where there is any."""
    held = [text for text in texts if len(text) > 1]
    if not held:
        return []
    first = held[0] if len(held[0]) <= _SHOWN else f"{held[0][:_SHOWN]}…"
    many = "a passage" if len(held) == 1 else f"{len(held)} passages"
    return [
        Notice(kind="hidden text", text=f"the page holds {many} that it does not show, left out: “{first}”")
    ]


def _arxiv_abstract(root: etree._Element) -> etree._Element | None:
    """The abstract on arXiv's page of one paper, which has links around it and nothing more to read."""
    found = root.xpath('//blockquote[contains(concat(" ", @class, " "), " abstract ")]')
    return next(iter(_elements(found)), None)


def _abstract_page(root: etree._Element, abstract: etree._Element, source: str) -> Document:
    text = re.sub(r"^abstract:\s*", "", words(abstract, Html()), flags=re.IGNORECASE)
    title = facts.title(root) or re.sub(r"^Title:\s*", "", facts.headline(root))
    return document(facts.fields(root), [Heading("Abstract"), Block(text)], title=title, source=source)
