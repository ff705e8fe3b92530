"""What completes what is typed: titles after an `@`, and what `/scope` and `/papers` may name.

Owns what is offered, best first. Whether it is offered at all, and how, is the page's script's business.
"""

from __future__ import annotations

import re

from index.library import Library
from index.schema import Paper
from ui.parts.render import byline, counted

SHOWN = 8
_CONSIDERED = 60
_KINDS = [("tag:", "papers filed under a tag"), ("source:", "papers from a file"), ("none", "all papers")]
_TITLE = re.compile(r"(?<!\S)@(?P<words>[^@\n]{0,80})$")
_TERM = re.compile(r"(?<!\S)(?:(?P<kind>tag|source):\"?)?(?P<words>(?<=\")[^\"]*|\S*)$", re.IGNORECASE)


def titles(words: str, library: Library) -> list[dict[str, str]]:
    """Papers whose titles have every word typed, as `id`, `title` and `about`; titles that begin so lead."""
    found = library.papers(words=words, limit=_CONSIDERED)
    ranked = sorted(found, key=lambda paper: _distance(paper, words))
    return [{"id": paper.id, "title": paper.title, "about": byline(paper)} for paper in ranked[:SHOWN]]


def terms(line: str, library: Library) -> list[dict[str, str]]:
    """What the end of a line of `/scope` or `/papers` may become, as `text` and `about`; `typed` is the part of
    the line that `insert` takes the place of. None for what is complete already."""
    if at := _TITLE.search(line):
        return [
            {"typed": at[0], "insert": f"paper:{one['id']} ", "text": one["title"], "about": one["about"]}
            for one in titles(at["words"], library)
        ]
    typed = _TERM.search(line)
    if typed is None or not typed[0]:
        return []
    kind, words = (typed["kind"] or "").lower(), typed["words"].casefold()
    offered = _names(kind, library) if kind else _KINDS
    if any(words == name.casefold() for name, _ in offered):
        return []
    found = [one for one in offered if words in one[0].casefold()]
    found.sort(key=lambda one: not one[0].casefold().startswith(words))
    if not kind:
        found = [one for one in found if one[0].startswith(words)]
    return [
        {"typed": typed[0], "insert": _written(kind, name), "text": name, "about": about}
        for name, about in found[:SHOWN]
    ]


def _names(kind: str, library: Library) -> list[tuple[str, str]]:
    facts = library.facts()
    return [
        (name, counted(papers, "paper")) for name, papers in (facts.tags if kind == "tag" else facts.sources)
    ]


def _written(kind: str, name: str) -> str:
    if not kind:
        return name if name.endswith(":") else f"{name} "
    return f'{kind}:"{name}" ' if re.search(r"\s", name) else f"{kind}:{name} "


def _distance(paper: Paper, words: str) -> int:
    """0 where the title begins with what is typed, 1 where words of it begin so, 2 else; `sorted` keeps the rest."""
    typed, title = words.casefold().strip(), paper.title.casefold()
    if title.startswith(typed):
        return 0
    begun = set(re.findall(r"\w+", title))
    return 1 if all(any(word.startswith(part) for word in begun) for part in typed.split()) else 2
