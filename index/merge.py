"""One paper met several times: how it is recognised, and what is kept where its sources disagree.

Owns a paper's name (`title_key`, `paper_id`) and the rules by which facts win. Refuses to know where
papers are stored: all here is pure, and the same documents in the same order give the same paper.

A fact that is known fills one that is not. Where two are known: a stated year wins over an inferred one
and over none, the larger count of comments wins (comments only grow), a publisher's DOI wins over arXiv's,
the longest text wins together with its sections, its abstract, its layout and its file, a text that is the
title alone counting as none; of anything else the first is kept. A text whose places on pages are known wins
over a longer one without, if it is at least `_NEARLY_AS_LONG` as long: a citation of it can be shown on its
page. What was not kept is reported as a `Conflict`, where the two really disagree. Notices are all kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from index.identifiers import arxiv_id, doi
from index.schema import Conflict, Document, Paper
from index.wording import contains, letters, parting

_EXCERPT = 80  # characters of a text that a conflict shows
_LONGEST_ID = 120  # characters
_NEARLY_AS_LONG = 0.8
_INITIALS = re.compile(r"(?:[^\W\d_][.\-]?){1,3}")
_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}


def title_key(title: str) -> str:
    """`title` as its letters and digits alone, in one case: equal for the same title typed differently.

    Accents and LaTeX markup do not count, and a Greek letter equals its LaTeX name. A title without
    any letter or digit is known by its hash.

    >>> title_key("From $P(y|x)$ to $P(y)$") == title_key("from P(y | x) to P(y)")
    True
    """
    return letters(title) or sha256(title.strip().encode("utf-8", "replace")).hexdigest()


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a person's name as letters, those of the family name's last word first; empty without letters.

    The family name is the last word, or what stands before a comma or before initials alone.

    >>> name_parts("José de la Peña") == ("pena", "jose", "de", "la")
    True
    >>> name_parts("Duarte, Ines")[0] == name_parts("Duarte I")[0] == name_parts("I. Duarte Jr.")[0] == "duarte"
    True
    """
    before, comma, after = name.partition(",")
    family, given = (before.split(), after.split()) if comma else ([], name.split())
    given = [word for word in given if letters(word) not in _SUFFIXES]
    if not family:
        full = given
        while len(full) > 1 and full[-1].isupper() and _INITIALS.fullmatch(full[-1]):
            full = full[:-1]
        family, given = full, given[len(full) :]
    ordered = [*family[-1:], *family[:-1], *given]
    return tuple(part for word in ordered for part in map(letters, re.split(r"[-‐‑–]", word)) if part)


def paper_id(paper: Paper) -> str:
    """The paper's stable name: the source's own choice, else its arXiv id, else its DOI, else 12 hex
    digits of its title's hash. It holds only characters that need no escaping in a URL.

    A slash becomes `_`; where anything else had to go, six hex digits keep different names apart.
    """
    chosen = paper.id or _arxiv(paper.arxiv_id) or (paper.doi or "").casefold()
    return _safe(chosen) if chosen else sha256(title_key(paper.title).encode()).hexdigest()[:12]


def namesake_id(paper: Paper) -> str:
    """The name of a paper whose title is another paper's too: 12 hex digits of the title with its first author."""
    first = name_parts(paper.authors[0])[:1] if paper.authors else ()
    return sha256("\n".join((title_key(paper.title), *first)).encode()).hexdigest()[:12]


def merge(documents: Sequence[Document]) -> tuple[Document, tuple[Conflict, ...]]:
    """The one paper that `documents`, in the order first met, are; and what its sources disagree on.

    Merging a merged paper again with any of its documents changes nothing. ValueError on no documents.
    """
    if not documents:
        raise ValueError("nothing to merge: give at least one document")
    papers = [document.paper for document in documents]
    kept = _kept_text(documents)
    when = _published(papers)
    paper = kept.paper.model_copy(
        update={
            **{name: _first(papers, name) for name in _KEPT},
            "abstract": _abstract([kept.paper, *papers]),
            "doi": next((p.doi for p in papers if p.doi and not arxiv_id(p.doi)), _first(papers, "doi")),
            "published": when.published,
            "year_inferred": when.inferred,
            "comments": max((p.comments for p in papers if p.comments is not None), default=None),
        }
    )
    notices = dict.fromkeys(notice for document in documents for notice in document.notices)
    merged = kept.model_copy(update={"paper": paper, "notices": tuple(notices)})
    several = documents if len(documents) > 1 else ()
    found = [c for document in several for c in _conflicts(merged, document, documents)]
    return merged, tuple(dict.fromkeys(found))


# Which fact wins

_KEPT = ("id", "title", "authors", "author_count", "organization", "url", "arxiv_id", "source")


def _kept_text(documents: Sequence[Document]) -> Document:
    """The document whose text is kept; of equals the first."""

    def extent(document: Document) -> tuple[bool, int]:
        return not _titled_only(document), len(document.text)

    longest = max(documents, key=extent)
    placed = max((d for d in documents if d.layout), key=extent, default=longest)
    return placed if len(placed.text) >= _NEARLY_AS_LONG * len(longest.text) else longest


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


def _abstract(papers: Sequence[Paper]) -> str:
    """The first abstract that says more than its paper's title."""
    said = [paper.abstract for paper in papers if paper.abstract and paper.abstract != paper.title]
    return said[0] if said else papers[0].abstract


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


def _conflicts(merged: Document, document: Document, documents: Sequence[Document]) -> list[Conflict]:
    kept, other = merged.paper, document.paper
    pairs = [
        (name, getattr(kept, name), getattr(other, name), form)
        for name, form in (
            ("title", title_key),
            ("author_count", int),
            ("organization", str.casefold),
            ("url", _address),
            ("arxiv_id", _arxiv),
            ("doi", _doi),
        )
    ]
    known = [(name, str(a), str(b), form(a), form(b)) for name, a, b, form in pairs if a and b]
    found = [(name, a, b) for name, a, b, mine, theirs in known if mine and theirs and mine != theirs]
    if kept.authors and other.authors and _family_names(kept) != _family_names(other):
        found.append(("authors", ", ".join(kept.authors), ", ".join(other.authors)))
    if not _agree(_When(kept.published, kept.year_inferred), _When(other.published, other.year_inferred)):
        found.append(("published", str(kept.published), str(other.published)))
    if _texts_disagree(merged.text, document):
        found.append(("text", *parting(merged.text, document.text, _EXCERPT)))
    return [
        Conflict(
            field=name, kept=a, other=b, source=other.source, kept_source=_teller(name, merged, documents)
        )
        for name, a, b in found
    ]


def _teller(name: str, merged: Document, documents: Sequence[Document]) -> str:
    """The first source that says of a field what is kept."""
    if name == "text":
        return next((d.paper.source for d in documents if d.text == merged.text), "")
    kept = getattr(merged.paper, name)
    return next((d.paper.source for d in documents if getattr(d.paper, name) == kept), "")


def _texts_disagree(kept: str, document: Document) -> bool:
    if kept == document.text or _titled_only(document):
        return False
    shorter, longer = sorted((kept, document.text), key=len)
    return not contains(longer, shorter)


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


def _family_names(paper: Paper) -> list[str]:
    return [parts[0] for parts in map(name_parts, paper.authors) if parts]


def _address(url: str) -> str:
    return arxiv_id(url) or doi(url) or re.sub(r"^https?://(www\.)?|/$", "", url.strip()).casefold()


def _arxiv(name: str | None) -> str:
    return (arxiv_id(name) or name) if name else ""


def _doi(name: str) -> str:
    """A DOI as DOIs are compared; arXiv's own says no more than the arXiv id."""
    return "" if arxiv_id(name) else doi(name) or name.casefold()


def _titled_only(document: Document) -> bool:
    """Whether the source knew no more of the paper's text than its title."""
    return document.text == document.paper.title


def _safe(name: str) -> str:
    flat = name.replace("/", "_")
    safe = re.sub(r"[^A-Za-z0-9._~-]+", "-", flat).lstrip("-._~")[:_LONGEST_ID]
    if safe == flat:
        return safe
    return f"{safe}-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}".lstrip("-")
