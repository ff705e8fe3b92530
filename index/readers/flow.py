"""A tree of markup as blocks: one walk for HTML and for JATS, each with its own vocabulary.

Owns how running text is put together: inline elements run on, others part paragraphs, notes are moved out of the
sentence they interrupt, formulas stand as TeX between dollars, exponents after a caret. Refuses to know any element's
name: a `Vocabulary` tells what an element is. Trees may nest as deep as their parser lets them: nothing here recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from lxml import etree

from index.readers.blocks import Block, Heading, squeezed, table

Role = Literal[
    "inline",  # runs on
    "block",  # parts paragraphs
    "heading",  # begins a section
    "table",  # rows of cells
    "caption",  # of a figure
    "reference",  # one entry of a list of references
    "note",  # text beside the text
    "formula",  # within a sentence
    "display",  # a formula that stands apart
    "raised",  # an exponent, or a mark
    "break",  # the end of a line
    "verbatim",  # text whose white space counts
    "hidden",  # text that is not shown
    "skip",  # nothing to read
]
LONGEST_FORMULA = 2_000  # characters; what is longer is no formula
MOST_CELLS = 200_000  # of one table
_EXPONENT = re.compile(r"[+\-−–]?\w{1,6}")
_BASE = re.compile(r"[\w)\]}$]$")
_CITED = re.compile(r"[\d,;\s\-–]+")


class Vocabulary(Protocol):
    """What the elements of a kind of markup are."""

    def role(self, element: etree._Element) -> Role: ...

    def level(self, heading: etree._Element) -> int:
        """How deep a heading stands, from 1."""

    def formula(self, element: etree._Element) -> str:
        """A formula as TeX without its dollars; empty where it has none."""

    def captions(self, element: etree._Element) -> Sequence[etree._Element]:
        """The elements that make up the caption of a table, or of what is a caption."""


def tag_of(element: etree._Element | None) -> str:
    """An element's name without its namespace, in lower case; empty for comments, instructions and nothing."""
    name = element.tag if element is not None else None
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""


def blocks(
    root: etree._Element, vocabulary: Vocabulary, hidden: list[str] | None = None
) -> Iterator[Heading | Block]:
    """The blocks below an element in order; `hidden` takes what is not shown."""
    return _Walk(vocabulary, [] if hidden is None else hidden).blocks(root)


def words(element: etree._Element, vocabulary: Vocabulary) -> str:
    """All words below an element as one line."""
    return squeezed("".join(_pieces(element, vocabulary)))


class _Walk:
    """One walk: the paragraph begun, and the notes to be put after it."""

    def __init__(self, vocabulary: Vocabulary, hidden: list[str]) -> None:
        self._vocabulary = vocabulary
        self._hidden = hidden
        self._pieces: list[str] = []
        self._notes: list[str] = []
        self._broken = False

    def blocks(self, root: etree._Element) -> Iterator[Heading | Block]:
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        open_roles: list[Role] = []
        for event, element in walk:
            if event == "start":
                role: Role = self._vocabulary.role(element) if element is not root else "block"
                open_roles.append(role)
                if role not in ("inline", "block"):
                    yield from self._whole(element, role)
                    walk.skip_subtree()
                    continue
                if role == "block":
                    yield from self._flushed()
                self._add(element.text)
                continue
            if event == "end" and open_roles.pop() == "block":
                yield from self._flushed()
            if element is not root:
                self._add(element.tail)

    def _whole(self, element: etree._Element, role: Role) -> Iterator[Heading | Block]:
        """What an element gives that is read as a whole, and not walked through."""
        vocabulary = self._vocabulary
        if role == "note":
            self._notes.append(words(element, vocabulary))
        elif role in ("formula", "raised"):
            self._add(_inline(element, role, vocabulary, self._pieces))
        elif role == "display":
            self._add(f" {_inline(element, role, vocabulary, self._pieces)} ")
        elif role == "break":
            if self._broken:
                yield from self._flushed()
            self._broken = True
            self._pieces.append(" ")
        elif role == "hidden":
            self._hidden.append(words(element, vocabulary))
        elif role != "skip":
            yield from self._flushed()
            yield from _apart(element, role, vocabulary)

    def _add(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            if text.strip():
                self._broken = False

    def _flushed(self) -> Iterator[Block]:
        paragraph, notes = squeezed("".join(self._pieces)), self._notes
        self._pieces, self._notes, self._broken = [], [], False
        yield from (Block(text) for text in (paragraph, *notes) if text)


def _apart(element: etree._Element, role: Role, vocabulary: Vocabulary) -> Iterator[Heading | Block]:
    """The block of an element that stands for itself."""
    if role == "heading":
        yield Heading(words(element, vocabulary), vocabulary.level(element))
    elif role == "table":
        yield table(_caption(element, vocabulary), _rows(element, vocabulary))
    elif role == "caption":
        yield Block(_caption(element, vocabulary), "caption")
    elif role == "reference":
        yield Block(words(element, vocabulary), "references")
    elif role == "verbatim":
        yield Block(_text(element).strip("\n"))


def _caption(element: etree._Element, vocabulary: Vocabulary) -> str:
    parts = [(tag_of(part), words(part, vocabulary)) for part in vocabulary.captions(element)]
    return squeezed(
        " ".join(f"{text}:" if tag == "label" and text[-1:].isalnum() else text for tag, text in parts)
    )


def _rows(element: etree._Element, vocabulary: Vocabulary) -> Iterator[list[str]]:
    """A table's rows as the words of their cells."""
    cells = 0
    for row in element.iter():
        if tag_of(row) not in ("tr", "row"):
            continue
        held: list[str] = []
        for cell in row:
            if tag_of(cell) in ("td", "th", "entry"):
                held += [words(cell, vocabulary), *[""] * _more_columns(cell)]
        cells += len(held)
        if cells > MOST_CELLS:
            return
        yield held


def _more_columns(cell: etree._Element) -> int:
    """How many columns beyond its own a cell reaches over."""
    span = cell.get("colspan") or ""
    return min(int(span), 50) - 1 if re.fullmatch(r"[1-9][0-9]?", span) else 0


def _pieces(root: etree._Element, vocabulary: Vocabulary) -> Iterator[str]:
    """The text below an element, piece by piece; what parts paragraphs gives a space."""
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    done: list[str] = []
    for event, element in walk:
        role: Role = (
            "block" if element is root else vocabulary.role(element) if event in ("start", "end") else "skip"
        )
        piece = ""
        if event == "start" and role in ("formula", "display", "raised"):
            piece = _inline(element, role, vocabulary, done)
            walk.skip_subtree()
        elif event == "start" and role in ("skip", "hidden", "note") and element is not root:
            walk.skip_subtree()
        elif event == "start":
            piece = (" " if role not in ("inline", "block") else "") + (element.text or "")
        elif element is not root:
            piece = ("" if role in ("inline", "formula", "raised", "skip", "note") else " ") + (
                element.tail or ""
            )
        if piece:
            done = [piece] if piece.strip() else done
            yield piece


def _inline(element: etree._Element, role: Role, vocabulary: Vocabulary, before: Sequence[str]) -> str:
    """A formula between dollars, or raised text as it is read aloud: `10^5`, and a mark of a source in brackets."""
    if role == "raised":
        return _raised(element, before)
    tex = squeezed(vocabulary.formula(element))
    if not tex or len(tex) > LONGEST_FORMULA:
        return squeezed(_text(element))
    return f"$${tex}$$" if role == "display" else f"${tex}$"


def _text(element: etree._Element) -> str:
    return "".join(str(piece) for piece in element.itertext())


def _raised(element: etree._Element, before: Sequence[str]) -> str:
    text = squeezed(_text(element))
    refers = any(tag_of(each) in ("a", "xref", "cite") for each in (element.getparent(), *element.iter()))
    if refers or not text:
        return f" [{text}]" if text and _CITED.fullmatch(text) else text
    held = next((piece for piece in reversed(before) if piece), "")
    return f"^{text}" if _EXPONENT.fullmatch(text) and _BASE.search(held) else text
