"""DOIs: a paper's record by content negotiation with the resolver, and its PDF where the record names an open one.

Owns that protocol (https://www.doi.org/the-identifier/resources/factsheets/doi-resolution-documentation): asked for
CSL-JSON, the resolver leads on to the registry that knows the paper. Refuses to know what CSL-JSON holds, and to
follow the page that a DOI otherwise leads to: a publisher's site is for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from index.errors import FetchError, ReadError
from index.identifiers import doi
from index.online.answers import paper_in
from index.online.fetch import Client, Received
from index.online.links import links_to_pdf
from index.online.schema import Fetched, pdf, place, record
from index.online.web import require_pdf
from index.sandbox.limits import Limits
from index.schema import Paper

CSL = "application/vnd.citationstyles.csl+json"
_MOST_ANSWER = 4 * 2**20


def fetch_doi(client: Client, base: str, name: str, folder: Path, limits: Limits) -> Iterator[Fetched]:
    """The record of a DOI, and a PDF where the record names one and it is open. FetchError where there is no record."""
    known = Paper(title="", doi=doi(name), url=f"https://doi.org/{name}", source=f"doi:{name}")
    address = f"{base.rstrip('/')}/{quote(name, safe='/:;().')}"
    try:
        answer = client.get(address, place(folder, known.source, ".json"), CSL, _MOST_ANSWER)
    except FetchError as error:
        if error.status == 404:
            raise FetchError(f"no paper is registered under the DOI {name!r}; check it", 404) from error
        raise
    paper = _paper(name, answer.path, known, limits)
    yield record(answer.path, known)
    links = links_to_pdf(answer.path, limits)
    received = _open_pdf(client, links, place(folder, known.source, ".pdf"))
    if received is not None:
        yield pdf(received.path, paper)


def _paper(name: str, answer: Path, known: Paper, limits: Limits) -> Paper:
    try:
        found = paper_in(answer, known, limits)
    except ReadError as error:
        raise FetchError(f"the answer for the DOI {name!r} {error}") from error
    if found is None:
        raise FetchError(f"the DOI {name!r} is answered with something that is no record")
    if isinstance(found, Paper):
        return found
    raise FetchError(f"the record of the DOI {name!r} is of no use ({found.reason})")


def _open_pdf(client: Client, links: list[str], path: Path) -> Received | None:
    """The first PDF that anyone may read: most that publishers name are for subscribers, which is no failure."""
    for url in links:
        try:
            received = client.get(url, path, "application/pdf")
            require_pdf(received)
        except FetchError:
            continue
        return received
    return None
