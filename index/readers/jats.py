"""JATS, the XML that PubMed Central and publishers keep articles in: whole papers, with sections and tables.

Owns what its elements mean; the walk is that of every markup. A function of the root element, since `.xml` files are
told apart by it; the tree comes parsed, without entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from index.readers.blocks import Block, Heading, document, squeezed
from index.readers.facts import Fields
from index.readers.flow import Role, blocks, tag_of, words
from index.schema import Document, Unreadable

_ROLES: dict[str, Role] = {
    **dict.fromkeys(
        ("p", "sec", "body", "back", "app", "app-group", "ack", "list", "list-item", "def-list", "def-item", "term",
         "def", "disp-quote", "boxed-text", "statement", "fig-group", "abstract", "trans-abstract", "notes", "glossary",
         "bio", "speech", "verse-group", "table-wrap-group", "disp-formula-group", "supplementary-material", "fn-group",
         "ref-list", "floats-group", "front-stub", "sub-article", "response", "caption", "attrib", "question"),
        "block",
    ),
    "title": "heading", "table-wrap": "table", "array": "table", "fig": "caption", "ref": "reference", "fn": "note",
    "inline-formula": "formula", "disp-formula": "display", "tex-math": "formula", "math": "formula",
    "sup": "raised", "break": "break", "preformat": "verbatim", "code": "verbatim",
    **dict.fromkeys(
        ("graphic", "inline-graphic", "media", "alt-text", "long-desc", "object-id", "permissions", "label",
         "processing-meta", "subtitle", "sec-meta", "kwd-group", "front", "index-term"),
        "skip",
    ),
}  # fmt: skip
_TEX = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_OUTER_DOLLARS = re.compile(r"^\s*(?:\$\$?|\\\(|\\\[)(.*?)(?:\$\$?|\\\)|\\\])\s*$", re.DOTALL)
_DATES = ("epub", "electronic", "pub", "ppub", "print", "collection", "epub-ppub", "preprint")
_NO_ABSTRACT = frozenset(
    {"graphical", "toc", "teaser", "web-summary", "author-highlights", "highlights", "key-points"}
)


class Jats:
    """The vocabulary of JATS."""

    def role(self, element: etree._Element) -> Role:
        tag = tag_of(element)
        if tag == "title" and tag_of(element.getparent()) not in _TITLED:
            return "block"
        if tag == "label" and tag_of(element.getparent()) in ("ref", "disp-formula"):
            return "inline"
        return _ROLES.get(tag, "inline")

    def level(self, heading: etree._Element) -> int:
        return 1 + sum(1 for above in heading.iterancestors() if tag_of(above) in ("sec", "app", "abstract"))

    def formula(self, element: etree._Element) -> str:
        held = [element, *element.iter(etree.Element)]
        written = next((each.text or "" for each in held if tag_of(each) == "tex-math" or _is_tex(each)), "")
        match = _TEX.search(written)
        tex = match[1] if match else written
        outer = _OUTER_DOLLARS.match(tex)
        return outer[1] if outer else tex

    def captions(self, element: etree._Element) -> Sequence[etree._Element]:
        return [each for each in element if tag_of(each) in ("label", "caption")]


_TITLED = frozenset({
    "sec", "abstract", "trans-abstract", "ack", "app", "ref-list", "app-group", "glossary", "notes", "fn-group", "back",
    "boxed-text", "bio", "def-list", "list",
})  # fmt: skip


def read_article(root: etree._Element, source: str) -> Iterator[Document | Unreadable]:
    """The one paper of an `<article>`."""
    yield _read(root, source, source)


def read_articles(root: etree._Element, source: str) -> Iterator[Document | Unreadable]:
    """The papers of a `<pmc-articleset>` or of another element that holds articles."""
    articles = [each for each in root.iter(etree.Element) if tag_of(each) == "article"]
    for number, article in enumerate(articles, 1):
        yield _read(article, source, f"{source} article {number}")


def _read(article: etree._Element, source: str, place: str) -> Document | Unreadable:
    meta = _descendant(article, "article-meta")
    title = _first_words(meta, "article-title")
    if meta is None or not title:
        return Unreadable(place=place, reason="is an article without a title")
    try:
        return document(_fields(meta), _parts(article, meta), title=title, source=source)
    except ValueError as error:
        return Unreadable(place=place, reason=f"{title!r} {error}")


def _parts(article: etree._Element, meta: etree._Element) -> Iterator[Heading | Block]:
    """The abstracts, the body, what is at the back, and the tables that stand behind it all."""
    for abstract in meta:
        if tag_of(abstract) == "abstract" and abstract.get("abstract-type") not in _NO_ABSTRACT:
            yield from _abstract(abstract)
    yield Heading("", 1)
    for part in article:
        if tag_of(part) in ("body", "back", "floats-group"):
            yield from _headed(part)


def _abstract(abstract: etree._Element) -> Iterator[Heading | Block]:
    """An abstract's paragraphs, its inner headings before them, so that it stays one section."""
    yield Heading("Abstract", 1)
    label = ""
    for part in blocks(abstract, Jats()):
        if isinstance(part, Heading):
            label = "" if part.text.casefold() == "abstract" else part.text.rstrip(":.")
        else:
            yield part._replace(text=f"{label}: {part.text}" if label else part.text)
            label = ""


def _headed(part: etree._Element) -> Iterator[Heading | Block]:
    """A part's blocks; acknowledgements and references without a title of their own get one."""
    for element in part if tag_of(part) == "back" else (part,):
        name = {"ack": "Acknowledgements", "ref-list": "References"}.get(tag_of(element), "")
        if name or tag_of(part) == "back":
            yield Heading("" if any(tag_of(each) == "title" for each in element) else name, 1)
        yield from blocks(element, Jats())


# Facts


def _fields(meta: etree._Element) -> Fields:
    identifiers: dict[str, str] = {}
    for each in meta:
        if tag_of(each) == "article-id":
            identifiers.setdefault(each.get("pub-id-type") or "", squeezed(each.text or ""))
    pmc = identifiers.get("pmc") or identifiers.get("pmcid") or ""
    number = pmc if pmc.upper().startswith("PMC") or not pmc else f"PMC{pmc}"
    return {
        "authors": list(_authors(meta)),
        "published": _published(meta),
        "doi": identifiers.get("doi", ""),
        "arxiv_id": identifiers.get("arxiv", ""),
        "organization": _organization(meta),
        "url": f"https://pmc.ncbi.nlm.nih.gov/articles/{number}/" if number else "",
    }


def _authors(meta: etree._Element) -> Iterator[str]:
    """Names in reading order; groups by their own name."""
    for contributor in meta.iter(etree.Element):
        if tag_of(contributor) != "contrib" or contributor.get("contrib-type", "author") != "author":
            continue
        if any(tag_of(above) in ("collab", "contrib") for above in contributor.iterancestors()):
            continue
        found = next(
            (each for each in contributor.iter(etree.Element) if tag_of(each) in ("name", "collab")), None
        )
        if found is not None:
            yield _name(found)


def _name(name: etree._Element) -> str:
    if tag_of(name) == "collab":
        return squeezed(name.text or "") or _first_words(name, "institution")
    parts = {tag_of(each): words(each, Jats()) for each in name}
    return squeezed(" ".join(parts.get(each, "") for each in ("given-names", "surname", "suffix")))


def _organization(meta: etree._Element) -> str:
    """The institution of the first affiliation."""
    affiliation = _descendant(meta, "aff")
    if affiliation is None:
        return ""
    institutions = [each for each in affiliation.iter(etree.Element) if tag_of(each) == "institution"]
    plain = [each for each in institutions if each.get("content-type") not in ("dept", "department")]
    if chosen := next(iter(plain or institutions), None):
        return words(chosen, Jats())
    text = words(affiliation, _WithoutMarks())
    parts = [part.strip(" .") for part in re.split(r"[,;]", text)]
    named = (
        part
        for part in parts
        if re.search(r"universit|institut|college|hospital|school|laborator", part, re.I)
    )
    return next(named, parts[0] if parts else "")[:120]


class _WithoutMarks(Jats):
    def role(self, element: etree._Element) -> Role:
        return "skip" if tag_of(element) in ("sup", "label", "email") else super().role(element)


def _published(meta: etree._Element) -> str:
    dates = [each for each in meta if tag_of(each) == "pub-date"]
    ranked = sorted(dates, key=lambda each: _rank(each.get("pub-type") or each.get("date-type") or ""))
    written = sorted(filter(None, map(_date, ranked[:8])), key=lambda date: -len(date))
    return written[0] if written else ""


def _rank(kind: str) -> int:
    return _DATES.index(kind) if kind in _DATES else len(_DATES)


def _date(element: etree._Element) -> str:
    parts = {tag_of(each): squeezed(each.text or "") for each in element}
    year, month, day = (parts.get(name, "") for name in ("year", "month", "day"))
    if not re.fullmatch(r"\d{4}", year):
        return ""
    if not re.fullmatch(r"\d{1,2}", month):
        return year
    return (
        f"{year}-{int(month):02}-{int(day):02}"
        if re.fullmatch(r"\d{1,2}", day)
        else f"{year}-{int(month):02}"
    )


def _first_words(element: etree._Element | None, name: str) -> str:
    found = _descendant(element, name) if element is not None else None
    return words(found, _WithoutNotes()) if found is not None else ""


class _WithoutNotes(Jats):
    def role(self, element: etree._Element) -> Role:
        return "skip" if tag_of(element) in ("xref", "fn") else super().role(element)


def _descendant(element: etree._Element, name: str) -> etree._Element | None:
    return next((each for each in element.iter(etree.Element) if tag_of(each) == name), None)


def _is_tex(element: etree._Element) -> bool:
    return tag_of(element) == "annotation" and "tex" in (element.get("encoding") or "").lower()
