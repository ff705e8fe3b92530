"""DOIs: a paper's record by content negotiation with the resolver, and its PDF where the record names an open one.

Owns that protocol (https://www.doi.org/the-identifier/resources/factsheets/doi-resolution-documentation): asked for
CSL-JSON, the resolver leads on to the registry that knows the paper. Refuses to follow the page that a DOI otherwise
leads to: a publisher's site is for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import quote

from index.errors import FetchError
from index.online.fetch import Client, Received
from index.online.schema import Fetched, pdf, place, record
from index.online.web import require_pdf
from index.readers.facts import Fields, described, one_line, storable
from index.schema import Paper

CSL = "application/vnd.citationstyles.csl+json"
_MOST_ANSWER = 4 * 2**20
_MOST_LINKS = 3
_HEADING = re.compile(r"<jats:title>\s*abstract\s*</jats:title>", re.IGNORECASE)
_WITHIN_WORDS = re.compile(r"</?(?:jats:)?(?:sub|sup|i|b|u|em|strong|italic|bold|sc|tt)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_DATES = ("published", "issued", "published-online", "published-print", "created")


def fetch_doi(client: Client, base: str, name: str, folder: Path) -> Iterator[Fetched]:
    """The record of a DOI, and a PDF where the record names one and it is open. FetchError where there is no record."""
    shown = f"doi:{name}"
    address = f"{base.rstrip('/')}/{quote(name, safe='/:;().')}"
    try:
        answer = client.get(address, place(folder, shown, ".csl"), CSL, _MOST_ANSWER)
    except FetchError as error:
        if error.status == 404:
            raise FetchError(f"no paper is registered under the DOI {name!r}; check it", 404) from error
        raise
    fields = _fields(answer, name)
    paper = paper_of(fields, name)
    yield record(paper, folder)
    received = _open_pdf(client, fields, place(folder, shown, ".pdf"))
    if received is not None:
        yield pdf(received.path, paper)


def paper_of(fields: Fields, name: str) -> Paper:
    """The facts of a CSL record. FetchError where it has no title."""
    title = _plain(_first(fields.get("title")))
    if not title:
        raise FetchError(f"the record of the DOI {name!r} has no title")
    facts = {
        "authors": [author for author in map(_name, _list(fields.get("author"))) if author],
        "published": next((date for date in map(_date, map(fields.get, _DATES)) if date), None),
        "doi": name,
        "url": f"https://doi.org/{name}",
    }
    abstract = _plain(_first(fields.get("abstract")))
    return described(facts, title=title, abstract=abstract, source=f"doi:{name}")


def links_to_pdf(fields: Fields) -> list[str]:
    """The addresses of PDFs that a record names as such, each once."""
    links = [link for link in _list(fields.get("link")) if isinstance(link, dict)]
    named = [link.get("URL") for link in links if link.get("content-type") == "application/pdf"]
    return list(dict.fromkeys(url for url in named if isinstance(url, str)))


def _open_pdf(client: Client, fields: Fields, path: Path) -> Received | None:
    """The first PDF that anyone may read: most that publishers name are for subscribers, which is no failure."""
    for url in links_to_pdf(fields)[:_MOST_LINKS]:
        try:
            received = client.get(url, path, "application/pdf")
            require_pdf(received)
        except FetchError:
            continue
        return received
    return None


def _fields(answer: Received, name: str) -> Fields:
    try:
        fields = json.loads(answer.path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FetchError(f"the DOI {name!r} is answered with no record that can be read ({error})") from error
    if not isinstance(fields, dict):
        raise FetchError(f"the DOI {name!r} is answered with something that is no record")
    return fields


def _name(author: object) -> str:
    """A person as `Given Family`, or an organisation."""
    if not isinstance(author, Mapping):
        return ""
    parts = ("given", "non-dropping-particle", "family", "suffix")
    said = [author.get(part) for part in parts] + [author.get("literal") or author.get("name")]
    return one_line(" ".join(part for part in said if isinstance(part, str)))


def _date(value: object) -> str | None:
    """CSL's `{"date-parts": [[2024, 2, 13]]}` in ISO 8601."""
    parts = _first(value.get("date-parts")) if isinstance(value, Mapping) else None
    numbers = [part for part in _list(parts) if isinstance(part, int | str) and str(part).isdecimal()][:3]
    return "-".join(str(int(number)).zfill(2) for number in numbers) or None


def _plain(value: object) -> str:
    """Text without the HTML or JATS markup and the entities that registries leave in it."""
    if not isinstance(value, str):
        return ""
    unmarked = _TAG.sub(" ", _WITHIN_WORDS.sub("", _HEADING.sub("", storable(value))))
    return one_line(storable(unescape(unmarked)).replace("\0", ""))


def _first(value: object) -> object:
    """A registry's own form has lists where CSL has one value."""
    return next(iter(value), None) if isinstance(value, list) else value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
