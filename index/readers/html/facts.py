"""What a page's head says of its paper: the meta elements that scholars' search engines read, and others.

Owns their names (Highwire's `citation_…`, Dublin Core, PRISM, Open Graph) and which is believed first. A page's own
address is its canonical link, or what the browser wrote into it when it was saved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from index.dates import parse_date
from index.identifiers import arxiv_id, doi
from index.readers.facts import Fields, one_line

_MOST = 5_000  # meta elements that are looked at
_SAVED_FROM = re.compile(r"\s*saved from url=\(\d+\)(?P<url>https?://\S+)\s*")
_INVERTED = re.compile(r"([^,]+),\s*([^,]+)")
_SITE = re.compile(r"\s+[|\-–—·:]\s+[^|\-–—·]{2,40}$")

Metas = Mapping[str, Sequence[str]]


def metas(root: etree._Element) -> Metas:
    """What the meta elements say, by their names in lower case."""
    found: dict[str, list[str]] = {}
    for number, element in enumerate(root.iter("meta")):
        if number == _MOST:
            break
        name = element.get("name") or element.get("property") or element.get("itemprop") or ""
        content = one_line(element.get("content") or "")
        if name and content:
            found.setdefault(name.strip().lower(), []).append(content)
    return found


def address(root: etree._Element) -> str:
    """The page's own address; empty where it states none."""
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and (link.get("href") or "").startswith("http"):
            return str(link.get("href")).strip()
    stated = _first(metas(root), "og:url", "citation_public_url", "citation_abstract_html_url")
    if stated.startswith("http"):
        return stated
    top = root.getroottree().getroot()
    for comment in (*top.itersiblings(preceding=True), *list(top.iter(etree.Comment))[:20]):
        if isinstance(comment, etree._Comment) and (match := _SAVED_FROM.fullmatch(comment.text or "")):
            return match["url"]
    return ""


def fields(root: etree._Element) -> Fields:
    """The facts that the head states, as `facts.described` takes them."""
    said, url = metas(root), address(root)
    identifiers = [*said.get("citation_doi", ()), *said.get("prism.doi", ()), *said.get("dc.identifier", ())]
    identifiers += [*said.get("dc.identifier.doi", ()), *said.get("bepress_citation_doi", ())]
    arxiv = [*said.get("citation_arxiv_id", ()), url, *identifiers]
    return {
        "authors": authors(said),
        "published": _date(root, said),
        "url": url,
        "doi": next((each for each in identifiers if doi(each)), ""),
        "arxiv_id": next((each for each in arxiv if arxiv_id(each)), ""),
    }


def title(root: etree._Element) -> str:
    """The paper's title as the head states it; its page's title only without the site's name."""
    said = metas(root)
    stated = _first(said, "citation_title", "dc.title", "dcterms.title", "og:title", "twitter:title")
    if stated:
        return stated
    written = next((one_line(each.text or "") for each in root.iter("title") if each.text), "")
    return _SITE.sub("", written)


def headline(root: etree._Element) -> str:
    """The words of the first h1 that has any."""
    headings = (one_line(" ".join(map(str, each.itertext()))) for each in root.iter("h1"))
    return next((words for words in headings if words), "")


def authors(said: Metas) -> list[str]:
    names = said.get("citation_author") or said.get("dc.creator") or said.get("dc.contributor") or ()
    if not names and (joined := _first(said, "citation_authors")):
        names = [name for name in re.split(r"\s*;\s*", joined) if name]
    if not names:
        names = [name for name in said.get("author", said.get("article:author", ())) if "://" not in name]
    return [_reading_order(name) for name in dict.fromkeys(names)]


def abstract(said: Metas) -> str:
    """The abstract that the head holds; never a description, which is mostly cut off."""
    return _first(said, "citation_abstract", "dcterms.abstract")


def _reading_order(name: str) -> str:
    match = _INVERTED.fullmatch(name)
    return f"{match[2]} {match[1]}" if match else name


def _date(root: etree._Element, said: Metas) -> str:
    names = (
        "citation_publication_date", "citation_date", "citation_online_date", "citation_year", "prism.publicationdate",
        "dc.date", "dc.date.issued", "dcterms.issued", "article:published_time", "datepublished", "date",
    )  # fmt: skip
    written = [_first(said, name) for name in names]
    written += [each.get("datetime") or "" for each in list(root.iter("time"))[:1]]
    for each in written:
        try:
            if each:
                return parse_date(re.sub(r"^(\d{4}-\d{2}-\d{2})T.*", r"\1", each))
        except ValueError:
            continue
    return ""


def _first(said: Metas, *names: str) -> str:
    return next((said[name][0] for name in names if said.get(name)), "")
