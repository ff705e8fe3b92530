"""Where sentences begin and end, as exact character offsets.

Rules rather than a model: the offsets must be exact, the text is scholarly English, and a span must
never break inside a formula, a number or "et al.". A row of a table is a statement of its own.
"""

from __future__ import annotations

import re

Span = tuple[int, int]

CELL = " | "
"""What parts the cells of a table's row, which is a paragraph."""

_NEVER_LAST = frozenset(
    (
        *("e.g", "i.e", "cf", "vs", "viz", "al", "et", "w.r.t", "a.k.a", "i.i.d", "resp", "approx"),
        *(
            "fig",
            "figs",
            "eq",
            "eqs",
            "sec",
            "secs",
            "tab",
            "tabs",
            "ref",
            "refs",
            "no",
            "nos",
            "vol",
            "pp",
            "ch",
        ),
        *("dr", "prof", "mr", "mrs", "ms", "st", "dept", "univ"),
    )
)
_STOP = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)")
_BLOCK = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*•+]|\d{1,3}[.)])[ \t])")
_GAP = re.compile(r"\n[ \t]*\n\s*")
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]{1,300}?\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_OPENING = "\"'“‘([{$\\*_`"


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """The sentences of `text[start:end]` in order, as spans into `text` without outer white space.

    Blank lines and list items always part sentences.
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    for block_start, block_end in _blocks(text, start, end):
        formulas = [match.span() for match in _FORMULA.finditer(text, block_start, block_end)]
        begin = block_start
        for match in _STOP.finditer(text, block_start, block_end):
            if _ends_sentence(text, match, block_start, block_end, formulas):
                spans.append((begin, match.end()))
                begin = match.end()
        spans.append((begin, block_end))
    return [span for span in (_stripped(text, *span) for span in spans) if span[0] < span[1]]


def statements(text: str, start: int = 0, end: int | None = None, table: bool = False) -> list[Span]:
    """What of `text[start:end]` can be quoted by itself, in order: its sentences, and whole rows of a table."""
    end = len(text) if end is None else end
    if not table:
        return sentences(text, start, end)
    spans: list[Span] = []
    for first, last in parted(text, start, end):
        spans += [(first, last)] if CELL in text[first:last] else sentences(text, first, last)
    return spans


def parted(text: str, start: int, end: int) -> list[Span]:
    """The paragraphs of `text[start:end]`, as spans without outer white space."""
    spans, begin = [], start
    for gap in _GAP.finditer(text, start, end):
        spans.append((begin, gap.start()))
        begin = gap.end()
    return [span for span in (_stripped(text, *each) for each in [*spans, (begin, end)]) if span[0] < span[1]]


def _blocks(text: str, start: int, end: int) -> list[Span]:
    blocks = []
    begin = start
    for match in _BLOCK.finditer(text, start, end):
        blocks.append((begin, match.start()))
        begin = match.end()
    blocks.append((begin, end))
    return blocks


def _ends_sentence(text: str, stop: re.Match[str], start: int, end: int, formulas: list[Span]) -> bool:
    if any(a < stop.start() < b for a, b in formulas):
        return False
    following = text[stop.end() : end].lstrip()
    if not following:
        return False
    if (
        stop.group()[0] == "."
        and stop.group().rstrip("\"'”’)]") == "."
        and _abbreviates(text, stop.start(), start)
    ):
        return False
    return _opens_sentence(following)


def _abbreviates(text: str, stop: int, start: int) -> bool:
    word = re.search(r"[\w.]*$", text[max(start, stop - 20) : stop])
    last = word.group() if word else ""
    return last.lower() in _NEVER_LAST or (len(last) == 1 and last.isalpha() and last.isupper())


def _opens_sentence(following: str) -> bool:
    """Sentences open with a capital, a digit, a quotation or a formula; "iGRPO" counts as capital."""
    word = following.split(None, 1)[0]
    return (not following[0].islower() and (following[0].isalnum() or following[0] in _OPENING)) or (
        following[0].isalpha() and any(letter.isupper() for letter in word)
    )


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
