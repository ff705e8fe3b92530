"""Papers as BibTeX.

Owns the format and its escaping; refuses to invent a fact that a paper does not have. Every entry is
`@misc`: a library knows where a preprint stood, seldom where it was published.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from index.schema import Paper

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_MATH = re.compile(r"\$(?!\s)(?:\\.|[^$\\{}]|\{[^{}$]*\})+(?<!\s)\$(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_STOPWORDS = {"a", "an", "the", "on", "in", "of", "for", "to", "is", "are", "with", "towards", "toward"}


def bibtex(papers: Sequence[Paper]) -> str:
    """One entry a paper, in order, with keys that differ; ends with a newline unless there is none."""
    taken: set[str] = set()
    entries = []
    for paper in papers:
        key = _free(_key(paper), taken)
        taken.add(key)
        entries.append(_entry(key, paper))
    return "\n".join(entries)


def latex(text: str) -> str:
    """The text with LaTeX's special characters escaped; balanced `$…$` stays mathematics."""
    text = " ".join("".join(c for c in text if unicodedata.category(c) != "Cc" or c.isspace()).split())
    pieces, done = [], 0
    for match in _MATH.finditer(text):
        pieces += [_escape(text[done : match.start()]), match.group()]
        done = match.end()
    return "".join([*pieces, _escape(text[done:])])


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def _key(paper: Paper) -> str:
    who = paper.authors[0].split()[-1] if paper.authors and paper.authors[0].split() else paper.organization
    words = [_ascii(word) for word in paper.title.split() if word.lower() not in _STOPWORDS]
    word = next((word for word in words if word), "")
    return f"{_ascii(who or '')[:24]}{paper.year or ''}{word[:24]}" or "paper"


def _free(key: str, taken: set[str]) -> str:
    if key not in taken:
        return key
    return next(f"{key}-{n}" for n in range(2, len(taken) + 3) if f"{key}-{n}" not in taken)


def _entry(key: str, paper: Paper) -> str:
    month = re.match(r"(?:\d{4}|-)-(\d{2})", paper.published or "")
    fields = {
        "title": f"{{{{{latex(paper.title)}}}}}",
        "author": _authors(paper),
        "year": f"{{{paper.year}}}" if paper.year else "",
        "month": _MONTHS[int(month[1]) - 1] if month and 1 <= int(month[1]) <= 12 else "",
        "eprint": f"{{{_escape(paper.arxiv_id)}}}" if paper.arxiv_id else "",
        "archiveprefix": "{arXiv}" if paper.arxiv_id else "",
        "doi": f"{{{_verbatim(paper.doi)}}}" if paper.doi else "",
        "url": f"{{{_verbatim(paper.url)}}}" if paper.url else "",
    }
    lines = [f"  {name} = {value}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}", ""])


def _authors(paper: Paper) -> str:
    if paper.authors:
        return f"{{{' and '.join(latex(author) for author in paper.authors)}}}"
    return f"{{{{{latex(paper.organization)}}}}}" if paper.organization else ""


def _verbatim(address: str) -> str:
    """URLs and DOIs are read verbatim, so only what would end the field is encoded."""
    return "".join(f"%{ord(c):02X}" if c in "{}\\" or c.isspace() else c for c in address)
