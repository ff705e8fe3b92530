"""The public names of a paper: arXiv ids and DOIs, found in what people write and put into one form.

Owns their shapes. Refuses to resolve them: whether such a paper exists is not known here.
"""

from __future__ import annotations

import re

_MODERN = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z-]{2,}(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV = re.compile(
    r"(?:arxiv:\s*|(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html)/"
    r"|(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.)?"
    rf"(?P<id>{_MODERN}|{_OLD})(?:v\d+)?(?:\.pdf)?(?:[/?#].*)?",
    re.IGNORECASE,
)
_DOI = re.compile(
    r"(?:doi:\s*|(?:https?://)?(?:dx\.|www\.)?doi\.org/)?(?P<id>10\.\d{4,9}/\S+)", re.IGNORECASE
)


def arxiv_id(text: str) -> str | None:
    """The arXiv id that `text` is, or that its arXiv address or arXiv DOI holds; without the version.

    >>> arxiv_id("https://arxiv.org/pdf/1706.03762v7.pdf")
    '1706.03762'
    """
    match = _ARXIV.fullmatch(text.strip())
    return match["id"] if match else None


def doi(text: str) -> str | None:
    """The DOI that `text` is, or that its doi.org address holds; in lower case, since DOIs ignore case.

    >>> doi("https://doi.org/10.18653/V1/N18-1202")
    '10.18653/v1/n18-1202'
    """
    match = _DOI.fullmatch(text.strip())
    return match["id"].rstrip(".,;").lower() if match else None
