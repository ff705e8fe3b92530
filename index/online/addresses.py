"""What a user's word means when it is no file: an arXiv paper, a DOI, or a page of the web.

Owns the forms that are taken. A bare number is none of them: it may as well be the name of a file. Refuses to know
whether such a paper exists.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from index.identifiers import arxiv_id, doi
from index.schema import Unreadable, Value

_VERSION = re.compile(r"(v\d+)(?:\.pdf)?(?:[/?#].*)?$", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Address(Value):
    """Where a paper is to be fetched from: `name` is a DOI, a URL, or an arXiv id with its version if one was said."""

    kind: Literal["arxiv", "doi", "url"]
    name: str

    @property
    def shown(self) -> str:
        """The address as a paper's source is named by it: `arxiv:2402.08714`, `doi:10.1145/…`, or the URL."""
        return self.name if self.kind == "url" else f"{self.kind}:{self.name}"


def address_of(word: str) -> Address | None:
    """The address that `word` is, by its prefix; None for anything else, a path as a rule.

    >>> address_of("https://arxiv.org/pdf/2402.08714v2").shown
    'arxiv:2402.08714v2'
    >>> address_of("doi:10.48550/arXiv.2402.08714").shown
    'arxiv:2402.08714'
    >>> address_of("2402.08714") is None
    True
    """
    word = word.strip()
    prefix = word.partition(":")[0].casefold()
    if prefix not in ("arxiv", "doi", "http", "https") or prefix == word.casefold():
        return None
    if prefix in ("http", "https") and not _SCHEME.match(word):
        return None
    found = arxiv_id(word)
    if found:
        version = _VERSION.search(word)
        return Address(kind="arxiv", name=found + (version[1].lower() if version else ""))
    if digital := doi(word):
        return Address(kind="doi", name=digital)
    if prefix in ("http", "https"):
        return Address(kind="url", name=word)
    name = word.partition(":")[2].strip()  # no id that is known here, so its server is asked
    return Address(kind="arxiv" if prefix == "arxiv" else "doi", name=name) if name else None


def parted(words: Sequence[Path | str]) -> tuple[list[Path], list[Address]]:
    """Which of the words are paths and which addresses, each address once. What is there as a file is a path."""
    paths, addresses = [], []
    for word in words:
        there = isinstance(word, Path) or os.path.exists(word)  # noqa: PTH110 - a URL may be too long for a Path
        address = None if there else address_of(str(word))
        if address is None:
            paths.append(Path(word))
        else:
            addresses.append(address)
    return paths, list(dict.fromkeys(addresses))


def advised(failed: Unreadable) -> Unreadable:
    """A path that is none, with the address that it may have been meant as."""
    address = meant(failed.place)
    if address is None:
        return failed
    return failed.model_copy(update={"reason": f"{failed.reason}; to fetch that paper, say {address}"})


def meant(word: str) -> str | None:
    """The address that a bare id may have been meant as, to be suggested where no such file is.

    >>> meant("2402.08714"), meant("10.1145/3442188"), meant("notes.md")
    ('arxiv:2402.08714', 'doi:10.1145/3442188', None)
    """
    word = word.strip()
    if arxiv_id(word):
        return f"arxiv:{word}"
    return f"doi:{word}" if doi(word) else None
