"""One paper met several times: how it is recognised, and what is kept where its sources disagree.

Owns a paper's identity (`title_key`, `paper_id`) and the rules by which facts win. Refuses to know where
papers are stored: all here is pure, and the same documents in the same order give the same paper.

A fact that is known fills one that is not. Where two are known: a stated year wins over an inferred one
and over none, the larger count of comments wins (comments only grow), the longest text wins together
with its sections and abstract, a text that is the title alone counting as none; of anything else the
first is kept. What was not kept is reported as a `Conflict`, where the two really disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from index.identifiers import arxiv_id
from index.schema import Conflict, Document, Paper

_FORMATTING = re.compile(  # LaTeX that changes how letters look and not which letters they are
    r"\\(?:text(?:bf|it|rm|sc|sf|tt|up)?|math(?:bb|bf|cal|frak|it|rm|sc|sf|tt)|emph|boldsymbol|bm|ensuremath"
    r"|rm|bf|it|sf|tt|cal|left|right)(?![A-Za-z])"
)
_MARKS = re.compile("[\u0300-\u036f]")  # European accents; other scripts' marks are letters of theirs
_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)$")
_EXCERPT = 80  # characters of a text that a conflict shows
_LONGEST_ID = 120  # characters


def title_key(title: str) -> str:
    """`title` as its letters and digits alone, in one case: equal for the same title typed differently.

    Accents and LaTeX markup do not count, and a Greek letter equals its LaTeX name. A title without
    any letter or digit is known by its hash.

    >>> title_key("From $P(y|x)$ to $P(y)$") == title_key("from P(y | x) to P(y)")
    True
    """
    plain = unicodedata.normalize("NFKD", _FORMATTING.sub("", title)).casefold()
    letters = unicodedata.normalize("NFKC", _MARKS.sub("", plain))
    key = "".join(_spelled(char) for char in letters if unicodedata.category(char)[0] in "LNM")
    return key or sha256(title.strip().encode("utf-8", "replace")).hexdigest()


def paper_id(paper: Paper) -> str:
    """The paper's stable name: the source's own choice, else its arXiv id, else its DOI, else 12 hex
    digits of its title's hash. It holds only characters that need no escaping in a URL.

    A slash becomes `_`; where anything else had to go, six hex digits keep different names apart.
    """
    chosen = paper.id or _arxiv(paper.arxiv_id) or (paper.doi or "").casefold()
    return _safe(chosen) if chosen else sha256(title_key(paper.title).encode()).hexdigest()[:12]


def merge(documents: Sequence[Document]) -> tuple[Document, tuple[Conflict, ...]]:
    """The one paper that `documents`, in the order first met, are; and what its sources disagree on.

    Merging a merged paper again with any of its documents changes nothing. ValueError on no documents.
    """
    if not documents:
        raise ValueError("nothing to merge: give at least one document")
    papers = [document.paper for document in documents]
    longest = max(documents, key=lambda found: (not _titled_only(found), len(found.text)))  # first of equals
    when = _published(papers)
    paper = longest.paper.model_copy(
        update={
            **{name: _first(papers, name) for name in _KEPT},
            "published": when.published,
            "year_inferred": when.inferred,
            "comments": max((p.comments for p in papers if p.comments is not None), default=None),
        }
    )
    merged = longest.model_copy(update={"paper": paper})
    found = [c for document in documents for c in _conflicts(merged, document)]
    return merged, tuple(dict.fromkeys(found))


# Which fact wins

_KEPT = ("id", "title", "authors", "author_count", "organization", "url", "arxiv_id", "doi", "source")


class _When(NamedTuple):
    """A publication date and how it is known."""

    published: str | None
    inferred: bool

    @property
    def strength(self) -> int:
        """0 unknown, 1 a day without a year, 2 with an inferred year, 3 with a stated one."""
        if not self.published:
            return 0
        if self.published.startswith("--"):
            return 1
        return 2 if self.inferred else 3


def _first(papers: Sequence[Paper], name: str) -> object:
    """The first known value of a field; an unknown is "", () or None."""
    values = [getattr(paper, name) for paper in papers]
    return next((value for value in values if value not in ("", (), None)), values[0])


def _published(papers: Sequence[Paper]) -> _When:
    kept = _When(None, False)
    for paper in papers:
        kept = _stronger(kept, _When(paper.published, paper.year_inferred))
    return kept


def _stronger(kept: _When, other: _When) -> _When:
    """The better of two dates: a coarse stated date confirms a finer one that agrees with it."""
    strong, weak = (other, kept) if other.strength > kept.strength else (kept, other)
    if weak.strength >= 2 and strong.published and (weak.published or "").startswith(strong.published):
        return _When(weak.published, strong.inferred and weak.inferred)
    return strong


# What counts as a disagreement


def _conflicts(merged: Document, document: Document) -> list[Conflict]:
    kept, other = merged.paper, document.paper
    pairs = [
        (name, getattr(kept, name), getattr(other, name), form)
        for name, form in (
            ("title", title_key),
            ("author_count", int),
            ("organization", str.casefold),
            ("url", _address),
            ("arxiv_id", _arxiv),
            ("doi", str.casefold),
        )
    ]
    found = [(name, a, b) for name, a, b, form in pairs if a and b and form(a) != form(b)]
    if kept.authors and other.authors and _surnames(kept) != _surnames(other):
        found.append(("authors", ", ".join(kept.authors), ", ".join(other.authors)))
    if not _agree(_When(kept.published, kept.year_inferred), _When(other.published, other.year_inferred)):
        found.append(("published", kept.published, other.published))
    if not _titled_only(document) and _letters(document.text) not in _letters(merged.text):
        found.append(("text", _excerpt(merged.text), _excerpt(document.text)))
    return [Conflict(field=name, kept=str(a), other=str(b), source=other.source) for name, a, b in found]


def _agree(kept: _When, other: _When) -> bool:
    """Whether two dates can be of one paper: as far as both go they are equal, or differ only in a year
    that one of them does not state."""
    if not kept.published or not other.published:
        return True
    if kept.published.startswith(other.published) or other.published.startswith(kept.published):
        return True
    if kept.strength == other.strength == 3:
        return False
    one, two = (re.sub(r"^(--|\d{4}-?)", "", published) for published in (kept.published, other.published))
    return one.startswith(two) or two.startswith(one)


def _surnames(paper: Paper) -> list[str]:
    return [title_key(name.split()[-1]) for name in paper.authors if name.split()]


def _address(url: str) -> str:
    return re.sub(r"^https?://(www\.)?|/$", "", url.strip()).casefold()


def _arxiv(name: str | None) -> str:
    return (arxiv_id(name) or name) if name else ""


def _titled_only(document: Document) -> bool:
    """Whether the source knew no more of the paper's text than its title."""
    return document.text == document.paper.title


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + "…"


def _spelled(char: str) -> str:
    """A Greek letter as its name, anything else as it is."""
    match = _GREEK.match(unicodedata.name(char, ""))
    return match[1].lower() if match else char


def _safe(name: str) -> str:
    flat = name.replace("/", "_")
    safe = re.sub(r"[^A-Za-z0-9._~-]+", "-", flat).lstrip("-._~")[:_LONGEST_ID]
    if safe == flat:
        return safe
    return f"{safe}-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}".lstrip("-")
