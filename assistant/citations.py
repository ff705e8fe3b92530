"""Citations: numbering them, placing their markers, and proving that they hold.

The proof is the same function for the tests, for `ibid doctor` and for answers a model writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from assistant.schema import Answer, Citation
from index.invisible import visible
from index.schema import Chunk, Paper

_MARKER = re.compile(r"\[(\d+)\](?!\()")
_SPACED_MARKER = re.compile(r"\s?\[(\d+)\](?!\()")
_TEX_QUOTES = re.compile(r"``(.+?)(?:''|\")", re.DOTALL)
_BROKEN_OFF = re.compile(r"\s?(?<!\\)\[\d*$")
_FINAL = re.compile(r"[.!?…。！？]+[\"'”’)\]*_]*$")
_NUMBER = re.compile(r"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|\.\d+)")


class Citations:
    """The citations of an answer being made, numbered from 1 in order of first use."""

    def __init__(self) -> None:
        self._by_span: dict[tuple[str, int, int], Citation] = {}

    def cite(self, paper: Paper, chunk: Chunk, quote: str, start: int) -> int:
        """The number of the citation of `quote`, which stands at `start` of the paper's text, in `chunk`."""
        span = (paper.id, start, start + len(quote))
        if span not in self._by_span:
            self._by_span[span] = Citation(
                number=len(self._by_span) + 1,
                paper=paper,
                quote=quote,
                section=chunk.section,
                page=chunk.page,
                start=span[1],
                end=span[2],
            )
        return self._by_span[span].number

    @property
    def all(self) -> tuple[Citation, ...]:
        return tuple(self._by_span.values())


def with_markers(sentence: str, numbers: Sequence[int]) -> str:
    """The sentence with its markers right before its final punctuation: `… drift [1][2].`

    Bracketed numbers of the sentence's own ("as in [7]") are escaped, so that they are no markers.
    """
    return marked(unmarked(sentence), numbers)


def marked(markdown: str, numbers: Sequence[int]) -> str:
    """A sentence that is Markdown already, with its markers right before its final punctuation."""
    if not numbers:
        return markdown
    markers = "".join(f"[{number}]" for number in numbers)
    final = _FINAL.search(markdown)
    cut = final.start() if final else len(markdown)
    return f"{markdown[:cut].rstrip()} {markers}{markdown[cut:]}"


def unmarked(text: str) -> str:
    """Text of a paper's own as Markdown that says it: its bracketed numbers are no markers, its backticks no code.

    "Reply to [3]" is escaped, and so are backticks; TeX's quotes (``so'') become the ones they stand for.
    """
    quoted = _TEX_QUOTES.sub("“\\1”", text)
    return _MARKER.sub(r"\\[\1\\]", quoted.replace("`", "\\`"))


def markers(text: str) -> list[int]:
    """The numbers of the markers in an answer's text, in order."""
    return [int(number) for number in _MARKER.findall(text)]


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """The text with its markers' numbers replaced by those they map to."""
    return _MARKER.sub(lambda match: f"[{numbers.get(int(match[1]), int(match[1]))}]", text)


def referred(text: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Those of the citations that a marker in the text refers to."""
    named = set(markers(text))
    return tuple(citation for citation in citations if citation.number in named)


def without_dangling(text: str, citations: Sequence[Citation]) -> str:
    """The text less the markers that refer to none of the citations, and less one that breaks off at its end."""
    known = {citation.number for citation in citations}
    text = _BROKEN_OFF.sub("", text)
    return _SPACED_MARKER.sub(lambda match: match.group() if int(match[1]) in known else "", text)


def numbers(text: str) -> list[str]:
    """The numbers a text states, without thousands separators, `.5` as `0.5`; digits inside a word are of a name.

    A number is what a reader sees: characters of no width do not part it.
    """
    found = (number.replace(",", "") for number in _NUMBER.findall(visible(text)))
    return [f"0{number}" if number.startswith(".") else number for number in found]


def faults(answer: Answer, text_of: Callable[[str], str]) -> list[str]:
    """What is wrong with an answer's citations; empty where every promise holds.

    `text_of` gives the stored text of a paper by id. Checked: markers resolve and every citation is
    used; quotes stand verbatim at their spans; each number of a sentence occurs in what it cites; an
    answer that says the papers do not say cites nothing.
    """
    known = {citation.number: citation for citation in answer.citations}
    found = [f"marker [{number}] has no citation" for number in markers(answer.text) if number not in known]
    found += [f"citation {number} is not used" for number in known if number not in markers(answer.text)]
    for citation in answer.citations:
        if text_of(citation.paper.id)[citation.start : citation.end] != citation.quote:
            found.append(f"citation {citation.number} is not verbatim at {citation.start}-{citation.end}")
    for sentence in answer.sentences:
        unknown = [number for number in sentence.citations if number not in known]
        found += [f"a sentence cites [{number}], which does not exist" for number in unknown]
        quotes = " ".join(known[number].quote for number in sentence.citations if number in known)
        stated = set(numbers(quotes))
        found += [
            f"{number} is in no cited span" for number in numbers(sentence.text) if number not in stated
        ]
    if not answer.answered and answer.citations:
        found.append("an answer that found nothing cites something")
    return found
