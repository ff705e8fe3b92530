"""arXiv: a paper's record by its Atom interface, and its PDF.

Owns that protocol (https://info.arxiv.org/help/api/user-manual.html): an id that arXiv does not know is answered with
no entry, or with one that is an error's. Refuses to know what a PDF holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from index.errors import FetchError
from index.online.fetch import Client
from index.online.schema import Fetched, pdf, place, record
from index.online.web import require_pdf
from index.readers.facts import described, one_line
from index.schema import Paper, Unreadable

MOST_ANSWER = 2**20
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"


def fetch_arxiv(client: Client, base: str, name: str, folder: Path) -> Iterator[Fetched | Unreadable]:
    """The record of the paper `name`, an arXiv id, and its PDF. FetchError where there is no record.

    What was to be had is given also where the PDF was not.
    """
    shown = f"arxiv:{name}"
    address = f"{base.rstrip('/')}/api/query?id_list={quote(name)}&max_results=1"
    answer = client.get(address, place(folder, shown, ".atom"), "application/atom+xml", MOST_ANSWER)
    paper = paper_of(answer.path.read_bytes(), name)
    yield record(paper, folder)
    try:
        received = client.get(
            f"{base.rstrip('/')}/pdf/{quote(name)}", place(folder, shown, ".pdf"), "application/pdf"
        )
        require_pdf(received)
    except FetchError as error:
        yield Unreadable(place=shown, reason=f"its record was fetched and its PDF was not: {error}")
        return
    yield pdf(received.path, paper)


def paper_of(answer: bytes, name: str) -> Paper:
    """The facts in arXiv's answer to a query for one id. FetchError where it knows none, or the answer is no Atom."""
    entry = _feed(answer).find(f"{_ATOM}entry")
    said = "" if entry is None else _text(entry, f"{_ATOM}id")
    title = "" if entry is None else _text(entry, f"{_ATOM}title")
    if entry is None or not title or "/api/errors" in said:
        reason = "" if entry is None else _text(entry, f"{_ATOM}summary")
        raise FetchError(f"arXiv has no paper {name!r}{f' ({reason})' if reason else ''}; check the id")
    authors = [_text(author, f"{_ATOM}name") for author in entry.findall(f"{_ATOM}author")]
    page = [link.get("href") for link in entry.findall(f"{_ATOM}link") if link.get("rel") == "alternate"]
    facts = {
        "authors": [author for author in authors if author],
        "published": _text(entry, f"{_ATOM}published")[:10],
        "doi": _text(entry, f"{_ARXIV}doi"),
        "arxiv_id": name,
        "url": next((href for href in page if href), said),
    }
    abstract = _text(entry, f"{_ATOM}summary")
    return described(facts, title=title, abstract=abstract, source=f"arxiv:{name}")


def _feed(answer: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        feed = etree.fromstring(answer, parser)
    except etree.XMLSyntaxError as error:
        raise FetchError(f"arXiv's answer is not the Atom that was asked for: {error}") from error
    if feed.tag != f"{_ATOM}feed":
        raise FetchError("arXiv's answer is not the Atom that was asked for; try again later")
    return feed


def _text(element: etree._Element, name: str) -> str:
    return one_line(element.findtext(name) or "")
