"""Papers as BibTeX, RIS and CSL-JSON, the formats that reference managers read.

Owns the formats and their keys; refuses to invent a fact that a paper does not have. Every entry is of
the general sort (`@misc`, `GEN`, `article`): a library knows where a preprint stood, seldom where it was
published. What a title says stays data: it can end no field and start no command.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from index.schema import Paper
from ui.parts.latex import escape, latex, verbatim

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_STOPWORDS = {"a", "an", "the", "on", "in", "of", "for", "to", "is", "are", "with", "towards", "toward"}
_PARTICLES = {
    "van",
    "von",
    "der",
    "den",
    "de",
    "del",
    "della",
    "di",
    "da",
    "dos",
    "du",
    "la",
    "le",
    "ter",
    "ten",
}


def bibtex(papers: Sequence[Paper]) -> str:
    """One entry a paper, in order, with keys that differ; ends with a newline unless there is none."""
    return "\n".join(_entry(key, paper) for key, paper in zip(_keys(papers), papers, strict=True))


def ris(papers: Sequence[Paper]) -> str:
    """One record a paper, in order, by the RIS specification of 2011: lines `TG  - value`, ended by CR LF."""
    return "".join(_record(key, paper) for key, paper in zip(_keys(papers), papers, strict=True))


def csl_json(papers: Sequence[Paper]) -> str:
    """A list of items by the CSL-JSON schema 1.0.2, which Pandoc, Zotero and citeproc read."""
    return as_json([_item(key, paper) for key, paper in zip(_keys(papers), papers, strict=True)])


def as_json(value: object) -> str:
    """Indented JSON that stays harmless where it is put into a page: `<` is written as its escape."""
    return json.dumps(value, ensure_ascii=False, indent=2).replace("<", "\\u003c") + "\n"


# Keys


def _keys(papers: Sequence[Paper]) -> list[str]:
    taken: dict[str, None] = {}
    for paper in papers:
        taken[_free(_key(paper), taken)] = None
    return list(taken)


def _key(paper: Paper) -> str:
    who = paper.authors[0].split()[-1] if paper.authors and paper.authors[0].split() else paper.organization
    words = [_ascii(word) for word in paper.title.split() if word.lower() not in _STOPWORDS]
    word = next((word for word in words if word), "")
    return f"{_ascii(who or '')[:24]}{paper.year or ''}{word[:24]}" or "paper"


def _free(key: str, taken: dict[str, None]) -> str:
    if key not in taken:
        return key
    return next(f"{key}-{n}" for n in range(2, len(taken) + 3) if f"{key}-{n}" not in taken)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


# BibTeX


def _entry(key: str, paper: Paper) -> str:
    month = re.match(r"(?:\d{4}|-)-(\d{2})", paper.published or "")
    fields = {
        "title": f"{{{{{latex(paper.title)}}}}}",
        "author": _authors(paper),
        "year": f"{{{paper.year}}}" if paper.year else "",
        "month": _MONTHS[int(month[1]) - 1] if month and 1 <= int(month[1]) <= 12 else "",
        "eprint": f"{{{escape(_line(paper.arxiv_id))}}}" if paper.arxiv_id else "",
        "archiveprefix": "{arXiv}" if paper.arxiv_id else "",
        "doi": f"{{{verbatim(paper.doi)}}}" if paper.doi else "",
        "url": f"{{{verbatim(paper.url)}}}" if paper.url else "",
    }
    lines = [f"  {name} = {value}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}", ""])


def _authors(paper: Paper) -> str:
    if paper.authors:
        return f"{{{' and '.join(map(_author, paper.authors))}}}"
    return f"{{{{{latex(paper.organization)}}}}}" if paper.organization else ""


def _author(name: str) -> str:
    """The name; one that holds the word by which BibTeX tells authors apart is kept together."""
    written = latex(name)
    return f"{{{written}}}" if " and " in f" {written.lower()} " else written


# RIS


def _record(key: str, paper: Paper) -> str:
    names = [", ".join(_parts(author)) for author in paper.authors] or [paper.organization or ""]
    day = [f"{part:02d}" for part in _date(paper)]
    lines = [
        ("TY", "GEN"),
        ("ID", key),
        ("TI", paper.title),
        *(("AU", name) for name in names),
        ("PY", str(paper.year or "")),
        ("DA", "/".join([*day, "", "", ""][:3]) + "/" if len(day) > 1 else ""),
        ("AN", f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else ""),
        ("DO", paper.doi or ""),
        ("UR", paper.url or ""),
    ]
    told = [f"{tag}  - {_line(value)}\r\n" for tag, value in lines if _line(value)]
    return "".join([*told, "ER  - \r\n"])


# CSL-JSON


def _item(key: str, paper: Paper) -> dict[str, Any]:
    known = {
        "id": key,
        "type": "article",
        "title": _line(paper.title),
        "author": [_csl_name(author) for author in paper.authors]
        or ([{"literal": _line(paper.organization)}] if paper.organization else []),
        "issued": {"date-parts": [_date(paper)]} if paper.year else {},
        "archive": "arXiv" if paper.arxiv_id else "",
        "archive_location": _line(paper.arxiv_id or ""),
        "DOI": _line(paper.doi or ""),
        "URL": _line(paper.url or ""),
    }
    return {name: value for name, value in known.items() if value}


def _csl_name(author: str) -> dict[str, str]:
    parts = _parts(author)
    return {"family": parts[0], "given": parts[1]} if len(parts) > 1 else {"literal": parts[0]}


# What the formats share


def _date(paper: Paper) -> list[int]:
    """Year, month and day as far as they are known from the year on."""
    match = re.match(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$", paper.published or "")
    parts = [int(part) for part in match.groups() if part] if match else []
    return parts if len(parts) < 2 or 1 <= parts[1] <= 12 else parts[:1]


def _parts(author: str) -> list[str]:
    """Family and given name, `van der Berg` kept together; one part where there is but one name."""
    author = _line(author)
    family, comma, given = author.partition(",")
    if comma:
        return [part for part in (family.strip(), given.strip()) if part] or [author]
    words = author.split()
    first = len(words) - 1
    while first > 1 and words[first - 1].lower() in _PARTICLES:
        first -= 1
    return [" ".join(words[first:]), " ".join(words[:first])] if len(words) > 1 else [author]


def _line(text: str) -> str:
    """The text on one line, without control characters, so that it can begin no line of its own."""
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in text).split())
