"""Papers side by side, and one paper in short: their own sentences, by what each is there for."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.aspects import ASPECTS, Aspect, by_aspect
from assistant.citations import Citations, unmarked, with_markers
from assistant.extractive import Composed, is_boilerplate, leans_on_another, standing_alone
from assistant.question import label
from assistant.schema import Sentence, Table
from assistant.tables import markdown_table
from index.library import Library
from index.schema import Chunk, Paper, Passage, Value
from index.sentences import sentences

_ABSTRACT = 6000  # characters of a paper's text that are read for what it is about
_SHORTEST = 25
_SUMMED: tuple[Aspect, ...] = ("problem", "method", "result")
_NOTHING = "–"


class Outline(Value):
    """A paper with the sentence that serves each aspect best, and where it stands."""

    paper: Paper
    said: dict[Aspect, tuple[Chunk, int, int]]


def opening(paper: Paper, library: Library) -> list[Passage]:
    """The passages that a paper opens with, in which it says what it is about."""
    return [
        Passage(paper=paper, chunk=chunk, score=0.0) for chunk in library.catalog.opening(paper.id, _ABSTRACT)
    ]


def outline(paper: Paper, passages: Sequence[Passage], alone: bool = False) -> Outline:
    """What a paper says of each aspect in its abstract, or in its opening where it has none.

    `alone` passes over sentences that lean on the one before them.
    """
    places: dict[tuple[int, int], Chunk] = {}
    read = [passage.chunk for passage in passages if passage.chunk.kind == "text"]
    abstract = [chunk for chunk in read if (chunk.section or "").casefold() == "abstract"]
    for chunk in sorted(abstract or read, key=lambda chunk: chunk.start):
        for start, end in sentences(chunk.text):
            span = (chunk.start + start, chunk.start + end)
            text = chunk.text[start:end]
            unfit = is_boilerplate(text) or (alone and leans_on_another(text))
            if span[0] < _ABSTRACT and end - start >= _SHORTEST and not unfit:
                places.setdefault(span, chunk)
    spans = sorted(places)
    chosen = by_aspect([_text(places[span], span) for span in spans])
    return Outline(
        paper=paper,
        said={aspect: (places[spans[p]], *spans[p]) for aspect, p in chosen.items()},
    )


def compose_compare(outlines: Sequence[Outline]) -> Composed:
    """A table with a row an aspect and a column a paper; each cell is a quoted sentence with its marker."""
    citations = Citations()
    written: list[Sentence] = []
    rows = []
    for aspect in ASPECTS:
        if not any(aspect in each.said for each in outlines):
            continue
        row = [aspect.capitalize()]
        for each in outlines:
            if aspect not in each.said:
                row.append(_NOTHING)
                continue
            sentence = _cite(each, aspect, citations, named=True)
            written.append(sentence)
            row.append(with_markers(sentence.text, sentence.citations))
        rows.append(tuple(row))
    table = Table(columns=("", *(unmarked(label(each.paper)) for each in outlines)), rows=tuple(rows))
    return Composed(
        text=markdown_table(table),
        sentences=tuple(written),
        citations=citations.all,
        papers=len(outlines),
        table=table,
    )


def compose_summary(one: Outline) -> Composed:
    """Problem, method and result, a line each, in the paper's own sentences."""
    citations = Citations()
    written: list[Sentence] = []
    lines = [f"**{unmarked(one.paper.title)}**"]
    for aspect in _SUMMED:
        if aspect in one.said:
            sentence = _cite(one, aspect, citations, named=True)
            written.append(sentence)
            lines.append(f"- *{aspect.capitalize()}:* {with_markers(sentence.text, sentence.citations)}")
    if not written:
        return Composed()
    return Composed(
        text="\n".join([lines[0], "", *lines[1:]]),
        sentences=tuple(written),
        citations=citations.all,
        papers=1,
    )


def _cite(each: Outline, aspect: Aspect, citations: Citations, named: bool) -> Sentence:
    chunk, start, end = each.said[aspect]
    text = _text(chunk, (start, end))
    number = citations.cite(each.paper, chunk, text, start)
    return Sentence(text=standing_alone(text, each.paper, named), citations=(number,), support="verbatim")


def _text(chunk: Chunk, span: tuple[int, int]) -> str:
    return chunk.text[span[0] - chunk.start : span[1] - chunk.start]
