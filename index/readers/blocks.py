"""From blocks of a paper (headings, paragraphs, tables, captions, references) to its text and sections.

Pure, and the same for every markup: HTML, JATS, LaTeX and Word documents. The stored text holds every block once, in
order, parted by blank lines. Headings stand in it and begin sections without being part of them, as in Markdown.
Every table is a section of its own with its caption first and one row a paragraph, cells parted by bars; every
caption of a figure is one too; references are one for each list. Refuses to know any markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.readers.facts import Fields, described, one_line, storable
from index.schema import Document, Notice, PartKind, Section

_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_REFERENCES = re.compile(
    r"(?:[\divx]+[.)]?\s+)?(?:references?(?: cited)?|bibliography|works cited|literature(?: cited)?|reference list"
    r"|references and notes|notes and references|literatur(?:verzeichnis)?|références|referencias|bibliografía)\W*",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(r"(?:abstract|summary|zusammenfassung|résumé|resumen)\W*", re.IGNORECASE)
SEPARATOR = "\n\n"


class Heading(NamedTuple):
    """A heading's words, and how deep it stands: 1 for the outermost."""

    text: str
    level: int = 2


class Block(NamedTuple):
    """One paragraph, one caption, one reference, or one table: its caption and its rows, parted by blank lines."""

    text: str
    kind: PartKind = "text"


class Assembled(NamedTuple):
    """A text with the sections it falls into, and the part of it that is the abstract, empty where none is."""

    text: str
    sections: tuple[Section, ...]
    abstract: str


def squeezed(text: str) -> str:
    """The text with every run of the white space that markup knows as one space; what else is space stays."""
    return _SPACE.sub(" ", text).strip(" ")


def table(caption: str, rows: Iterable[Sequence[str]]) -> Block:
    """A table as a block: its caption, then its rows; one without words is left out, an empty cell keeps its place."""
    lines = [caption, *(one_line(" | ".join(row)).rstrip(" |") for row in rows if any(row))]
    return Block(SEPARATOR.join(line for line in lines if line), "table")


def is_abstract(heading: str | None) -> bool:
    return heading is not None and _ABSTRACT.fullmatch(heading) is not None


def assembled(blocks: Iterable[Heading | Block], title: str = "") -> Assembled:
    """The text and sections of blocks in order; a heading that only repeats the title is left out.

    What stands below a heading such as References is references, whatever it was taken for. A heading without words
    ends the section before it and begins one without a name.
    """
    made = _Assembly(title)
    for each in blocks:
        text = storable(each.text).replace("\0", "").strip()
        if isinstance(each, Heading):
            made.head(one_line(text), each.level)
        elif text:
            made.add(text, each.kind)
    text = SEPARATOR.join(made.parts)
    return Assembled(text, made.sections, _abstract(text, made.sections))


class _Span(NamedTuple):
    name: str | None
    start: int
    end: int
    kind: PartKind


class _Assembly:
    """A text as it grows, and the sections so far; `_open` tells whether the last one may still grow."""

    def __init__(self, title: str) -> None:
        self.parts: list[str] = []
        self._spans: list[_Span] = []
        self._title = title
        self._length = 0
        self._name: str | None = None
        self._open = False
        self._references = 0  # the level of the heading that references stand below; 0 elsewhere

    def head(self, text: str, level: int) -> None:
        self._open = False
        if not self._references or level <= self._references:
            self._references = level if _REFERENCES.fullmatch(text) else 0
        if text == self._title and not self._spans:
            return
        self._name = text or None
        if text:
            self._append(text)

    def add(self, text: str, kind: PartKind) -> None:
        kind = "references" if self._references and kind == "text" else kind
        start = self._append(text)
        last = self._spans[-1] if self._open else None
        if last and last.kind == kind and kind in ("text", "references"):
            self._spans[-1] = last._replace(end=self._length)
        else:
            name = self._name or ("References" if kind == "references" else None)
            self._spans.append(_Span(name, start, self._length, kind))
        self._open = True

    @property
    def sections(self) -> tuple[Section, ...]:
        return tuple(
            Section(name=each.name, start=each.start, end=each.end, kind=each.kind) for each in self._spans
        )

    def _append(self, text: str) -> int:
        """Where the text begins that is put at the end."""
        start = self._length + len(SEPARATOR) if self.parts else 0
        self.parts.append(text)
        self._length = start + len(text)
        return start


def _abstract(text: str, sections: Sequence[Section]) -> str:
    named = (each for each in sections if each.kind == "text" and is_abstract(each.name))
    return next((text[each.start : each.end] for each in named), "")


def document(
    fields: Fields,
    blocks: Iterable[Heading | Block],
    *,
    title: str,
    source: str,
    abstract: str = "",
    notices: Sequence[Notice] = (),
) -> Document:
    """The paper that blocks make up; ValueError where they hold no text.

    Its abstract is the section of that name, else `abstract`, which is put before the text unless it stands in it,
    else the first paragraph.
    """
    title = one_line(storable(title).replace("\0", ""))
    abstract = storable(abstract).replace("\0", "").strip()
    blocks = list(blocks)
    made = assembled(blocks, title)
    if abstract and not made.abstract and abstract not in made.text:
        paragraphs = [Block(part) for part in abstract.split(SEPARATOR)]
        made = assembled([Heading("Abstract"), *paragraphs, Heading(""), *blocks], title)
    if not made.text:
        raise ValueError("holds no text")
    first = next((each for each in made.sections if each.kind == "text"), None)
    opening = made.text[first.start : first.end].partition(SEPARATOR)[0] if first else ""
    paper = described(fields, title=title, abstract=made.abstract or abstract or opening, source=source)
    return Document(paper=paper, text=made.text, sections=made.sections, notices=tuple(notices))
