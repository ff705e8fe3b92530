"""arXiv: a paper's record by its Atom interface, and its PDF.

Owns that protocol (https://info.arxiv.org/help/api/user-manual.html): an id that arXiv does not know is answered with
no entry, or with one that is an error's. Refuses to know what Atom and a PDF hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from index.errors import FetchError, ReadError
from index.identifiers import arxiv_id
from index.online.answers import paper_in
from index.online.fetch import Client
from index.online.schema import Fetched, pdf, place, record
from index.online.web import require_pdf
from index.sandbox.limits import Limits
from index.schema import Paper, Unreadable

_MOST_ANSWER = 2**20


def fetch_arxiv(
    client: Client, base: str, name: str, folder: Path, limits: Limits
) -> Iterator[Fetched | Unreadable]:
    """The record of the paper `name`, an arXiv id, and its PDF. FetchError where there is no record.

    What was to be had is given also where the PDF was not.
    """
    known = Paper(title="", arxiv_id=arxiv_id(name), source=f"arxiv:{name}")
    address = f"{base.rstrip('/')}/api/query?id_list={quote(name)}&max_results=1"
    answer = client.get(address, place(folder, known.source, ".atom"), "application/atom+xml", _MOST_ANSWER)
    paper = _paper(name, answer.path, known, limits)
    yield record(answer.path, known)
    try:
        received = client.get(
            f"{base.rstrip('/')}/pdf/{quote(name)}", place(folder, known.source, ".pdf"), "application/pdf"
        )
        require_pdf(received)
    except FetchError as error:
        yield Unreadable(place=known.source, reason=f"its record was fetched and its PDF was not: {error}")
        return
    yield pdf(received.path, paper)


def _paper(name: str, answer: Path, known: Paper, limits: Limits) -> Paper:
    try:
        found = paper_in(answer, known, limits)
    except ReadError as error:
        raise FetchError(f"arXiv's answer {error}") from error
    if isinstance(found, Paper):
        return found
    raise FetchError(f"arXiv has no paper {name!r}{f' ({found.reason})' if found else ''}; check the id")
