"""What comes back from an address: files that lie on this machine, each with what is known of it."""

from __future__ import annotations

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


def record(answer: Path, known: Paper) -> Fetched:
    """A server's answer about a paper, which is `known` by what it was asked for with."""
    return Fetched(path=answer, key=known.source, shown=known.source, paper=known)


def pdf(path: Path, paper: Paper) -> Fetched:
    """A paper's PDF beside its record."""
    return Fetched(path=path, key=f"{paper.source} pdf", shown=paper.source, paper=paper)
