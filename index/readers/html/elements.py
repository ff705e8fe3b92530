"""What HTML's elements are to a reader: what runs on, what parts paragraphs, what is not read.

The vocabulary of `flow` for HTML, that of LaTeXML (arXiv's HTML), of Word documents made into HTML and of saved
pages alike. What surrounds an article (navigation, forms, buttons) is passed over; what the page holds and does not
show is told apart from it, since it may be meant for machines only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from index.readers.flow import Role, tag_of

_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figure", "footer", "form", "header", "hgroup", "hr", "html", "li", "main", "ol", "p",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_SKIPPED = frozenset({
    "applet", "area", "audio", "base", "button", "canvas", "dialog", "embed", "frame", "frameset", "head",
    "iframe", "input", "link", "map", "menu", "meta", "nav", "noembed", "noframes", "noscript", "object",
    "option", "param", "picture", "script", "select", "source", "style", "svg", "template", "textarea", "title",
    "track", "video",
})  # fmt: skip
_SKIPPED_ROLES = frozenset({
    "alert", "banner", "complementary", "contentinfo", "dialog", "menu", "menubar", "navigation", "search", "toolbar",
})  # fmt: skip
_SKIPPED_CLASSES = frozenset({
    "ltx_page_navbar", "ltx_page_header", "ltx_page_footer", "ltx_TOC", "ltx_ERROR", "ltx_note_mark", "ltx_tag_note",
    "ltx_role_footnotemark", "navbox", "mw-editsection", "mw-jump-link", "toc", "breadcrumb", "cookie-banner",
    "sr-only", "visually-hidden", "noprint",
})  # fmt: skip
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*(?:0|[01](?:\.\d+)?(?:px|pt))(?![\d.])"
    r"|opacity\s*:\s*0(?:\.0+)?(?![\d.])",
    re.IGNORECASE,
)
_REFERENCE_CLASSES = re.compile(
    r"(?:^|[\s_-])(?:references?|bibliography|reflist|ref-list|citation-list|references-list|csl-entry)(?:$|[\s_-])",
    re.IGNORECASE,
)
_REFERENCES_ABOVE = 4  # elements above a list's item that may say that it is a list of references
_STYLE_WRAPPER = re.compile(r"^\{?\s*\\(?:displaystyle|textstyle)\s*|\s*\}$")


class Html:
    """The vocabulary of HTML."""

    def role(self, element: etree._Element) -> Role:
        tag = tag_of(element)
        if tag in _SKIPPED or not tag:
            return "skip"
        classes = (element.get("class") or "").split()
        if (role := element.get("role")) and role in _SKIPPED_ROLES:
            return "skip"
        if classes and not _SKIPPED_CLASSES.isdisjoint(classes):
            return "skip"
        if _not_shown(element, tag):
            return "skip" if element.get("aria-hidden") == "true" else "hidden"
        if classes and (found := _by_class(tag, classes)):
            return found
        return _by_tag(element, tag)

    def level(self, heading: etree._Element) -> int:
        tag = tag_of(heading)
        if tag[1:].isdigit():
            return int(tag[1:])
        stated = heading.get("aria-level") or ""
        return int(stated) if stated in tuple("123456789") else 6

    def formula(self, element: etree._Element) -> str:
        stated = element.get("alttext") or (element.get("alt") if tag_of(element) == "img" else None)
        if stated is None:
            notes = (each for each in element.iter() if tag_of(each) == "annotation")
            tex = (each.text for each in notes if "tex" in (each.get("encoding") or "").lower())
            stated = next((text for text in tex if text), "")
        if stated.lstrip().startswith("{\\displaystyle"):
            return _STYLE_WRAPPER.sub("", stated.strip())
        return stated.replace("\\displaystyle", "").strip()

    def captions(self, element: etree._Element) -> Sequence[etree._Element]:
        if tag_of(element) == "figcaption":
            return [element]
        own = [each for each in element if tag_of(each) == "caption"]
        figure = next(element.iterancestors("figure"), None) if not own else None
        if figure is None or next(_data_tables(figure), None) is not element:
            return own
        return [each for each in figure.iter() if tag_of(each) == "figcaption"][:1]


def is_data_table(table: etree._Element) -> bool:
    """Whether a table holds data, and not a page's layout or an equation."""
    classes = table.get("class") or ""
    if table.get("role") in ("presentation", "none") or "ltx_eqn" in classes or "ltx_equation" in classes:
        return False
    rows = 0
    for each in table.iter():
        tag = tag_of(each)
        if (tag == "table" and each is not table) or tag in (
            "h1",
            "h2",
            "h3",
            "h4",
            "article",
            "main",
            "form",
        ):
            return False
        rows += tag == "tr"
    return rows > 0


def _data_tables(figure: etree._Element) -> Iterator[etree._Element]:
    return (each for each in figure.iter() if tag_of(each) == "table" and is_data_table(each))


def _not_shown(element: etree._Element, tag: str) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    style = element.get("style")
    if style is None or not _HIDING.search(style):
        return False
    return not any(
        tag_of(each) == "math" for each in element.iter()
    )  # formulas for those who cannot see pictures


def _by_class(tag: str, classes: Sequence[str]) -> Role | None:
    names = set(classes)
    if "ltx_note" in names or "footnote" in names:
        return "note"
    if "ltx_eqn_cell" in names:
        return "inline"
    if names & {"ltx_role_refnum", "ltx_tag_bibitem", "ltx_bibblock"}:
        return "block"
    if "ltx_bibitem" in names:
        return "reference"
    if names & {"ltx_Math", "mwe-math-fallback-image-inline", "mwe-math-fallback-image-display"}:
        return None if tag == "math" else "skip" if tag == "img" and "ltx_Math" not in names else "formula"
    if "ltx_listing" in names or "ltx_verbatim" in names:
        return "block"
    if "ltx_title" in names and tag[:1] != "h":
        return "heading"
    return None


def _by_tag(element: etree._Element, tag: str) -> Role:
    if tag in ("h1", "h2", "h3", "h4", "h5", "h6") or (
        tag in ("div", "p") and element.get("role") == "heading"
    ):
        return "heading"
    if tag == "table":
        return "table" if is_data_table(element) else "block"
    if tag == "figcaption":
        figure = next(element.iterancestors("figure"), None)
        of_table = figure is not None and next(_data_tables(figure), None) is not None
        return "skip" if of_table else "caption"
    if tag == "math":
        return "display" if element.get("display") == "block" else "formula"
    if tag == "li" and _refers(element):
        return "reference"
    if tag == "br":
        return "break"
    if tag == "pre":
        return "verbatim"
    if tag == "sup":
        return "raised"
    return "block" if tag in _BLOCKS else "inline"


def _refers(item: etree._Element) -> bool:
    """Whether an item stands in a list of references, by what the elements around it are called."""
    if item.get("role") == "doc-biblioentry":
        return True
    for position, above in enumerate(item.iterancestors()):
        if position == _REFERENCES_ABOVE or tag_of(above) in ("body", "article", "main"):
            return False
        names = f"{above.get('class') or ''} {above.get('id') or ''}"
        if above.get("role") == "doc-bibliography" or _REFERENCE_CLASSES.search(names):
            return True
    return False
