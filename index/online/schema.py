"""What comes back from an address: files that lie on this machine, each with what is known of it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from index.schema import Paper, Value


class Fetched(Value):
    """A file that was fetched, to be read by the reader of its ending.

    `key` names it in the library, the same each time it is fetched, and `shown` names its source to people. `paper`
    is what is known of it before it is read.
    """

    path: Path
    key: str
    shown: str
    paper: Paper | None = None


def place(folder: Path, shown: str, ending: str) -> Path:
    """Where a file of a source lies in `folder`: no name from outside is ever a path."""
    return folder / f"{sha256(shown.encode('utf-8', 'replace')).hexdigest()[:16]}{ending}"


def record(paper: Paper, folder: Path) -> Fetched:
    """A paper's facts as a file of their own, its text the abstract, or the title where there is none."""
    facts = {
        "title": paper.title,
        "authors": list(paper.authors),
        "published": paper.published,
        "url": paper.url,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "organization": paper.organization,
        "abstract" if paper.abstract else "text": paper.abstract or paper.title,
    }
    path = place(folder, paper.source, ".json")
    path.write_text(json.dumps(facts), encoding="utf-8")
    return Fetched(path=path, key=paper.source, shown=paper.source)


def pdf(path: Path, paper: Paper) -> Fetched:
    """A paper's PDF beside its record."""
    return Fetched(path=path, key=f"{paper.source} pdf", shown=paper.source, paper=paper)
