"""Where in a paper a question says that its answer stands: "in Table 3", "on page 7", "in Appendix B".

Pure. A question that names a place prefers what stands there; whether anything does is found out elsewhere. Papers
point in the same words, and to other papers, and a number that only points answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.schema import Chunk, Value

_LABEL = re.compile(r"\b(table|tab\.|figure|fig\.?|algorithm)\s*([A-Z]?\.?\d+|[IVX]+\b)", re.IGNORECASE)
_PAGE = re.compile(r"\b(?:page|p\.)\s*(\d{1,4})\b", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:section|sec\.|appendix|app\.|chapter|§)\s*((?:[A-Z]|\d+)(?:\.\d+)*)\b", re.IGNORECASE
)
_HEADED = re.compile(r"^(?:(?:section|appendix|chapter)\s+)?((?:[A-Z]|\d+)(?:\.\d+)*)\b", re.IGNORECASE)

_CITED = re.compile(
    r"\[\d[\d,;\s–-]*\]|(?:\bet al\.?,?|\b[A-Z][\w’'-]+,)\s?\(?(?:19|20)\d\d[a-z]?\b"
    r"|\b[A-Z][\w’'-]+\s\((?:19|20)\d\d[a-z]?\)"
)


class Pointer(Value):
    """The places that a question names: labels as ("table", "3"), page numbers, and numbers of sections."""

    labels: frozenset[tuple[str, str]] = frozenset()
    pages: frozenset[int] = frozenset()
    parts: frozenset[str] = frozenset()

    def at(self, chunk: Chunk, above: Sequence[str] = ()) -> bool:
        """Whether a chunk stands at one of the places; `above` is what it is read with, as a table's caption."""
        if chunk.page in self.pages or _part(chunk.section or "") & self.parts:
            return True
        if chunk.kind not in ("table", "caption"):
            return False
        return any(_labels(text[:40]) & self.labels for text in (chunk.text, *above))


def pointer(question: str) -> Pointer:
    """The places that a question names."""
    return Pointer(
        labels=_labels(question),
        pages=frozenset(int(page) for page in _PAGE.findall(question)),
        parts=frozenset(part.upper() for part in _PART.findall(question)),
    )


def without_pointers(text: str) -> str:
    """What a sentence says itself: less its citations, and less the figures, pages and sections it points to."""
    for pattern in (_CITED, _LABEL, _PAGE, _PART):
        text = pattern.sub(" ", text)
    return text


def _labels(text: str) -> frozenset[tuple[str, str]]:
    return frozenset((kind[:3].lower(), number.upper()) for kind, number in _LABEL.findall(text))


def _part(name: str) -> frozenset[str]:
    """The numbers that a section's name begins with: "B.2 Prompts" is in B.2 and in B."""
    headed = _HEADED.match(name)
    if headed is None:
        return frozenset()
    steps = headed[1].upper().split(".")
    return frozenset(".".join(steps[: length + 1]) for length in range(len(steps)))
