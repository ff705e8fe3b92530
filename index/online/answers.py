"""What a server says of a paper: its answer is a stranger's file, and is read as one.

Owns that an answer is about one paper, the one that was asked for. Refuses to know the forms that answers have: the
reader of the file's ending does, in a sandboxed process.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from index.errors import NoPapers, ReadError
from index.reading import completed, read_apart
from index.sandbox.limits import Limits
from index.schema import Document, Paper, Unreadable


def paper_in(answer: Path, known: Paper, limits: Limits) -> Paper | Unreadable | None:
    """The paper that an answer describes; it keeps the names that are `known`, by which it was asked for.

    Unreadable where what is said of it is of no use, None where nothing is. ReadError where the answer cannot be read
    or is about several papers, with a message that goes on from what the answer is called.
    """
    paper, refused = None, None
    try:
        with closing(read_apart(answer, limits)) as found:
            for item in found:
                if isinstance(item, Unreadable):
                    refused = refused or item
                elif isinstance(item, Document):
                    if paper is not None:
                        raise ReadError("holds several papers, and only one was asked for")
                    paper = completed(item, known).paper
    except NoPapers:
        return None
    except ReadError as error:
        raise ReadError(str(error).removeprefix(f"{answer.name!r} ")) from error
    return paper or refused
