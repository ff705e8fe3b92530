"""Which lines are headings, and what they are called.

Owns the names that papers give their parts, how parts are numbered, and how a heading looks: bold, larger, in
capitals, on its own. A bold sentence's beginning is no heading; a known name that opens a paragraph ("Abstract. We
...") is one, with the paragraph after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from index.readers.pdf.schema import Line, Word
from index.readers.pdf.style import Style, cells_of, same_column

_LONGEST = 120  # characters of a heading
_MOST_LINES = 4

REFERENCES = frozenset(
    {
        *("references", "reference", "bibliography", "literature", "literature cited", "references cited"),
        *("works cited", "references and notes", "bibliographical references", "cited literature", "sources"),
        *("références", "références bibliographiques", "bibliographie", "literatur", "literaturverzeichnis"),
        *("referencias", "bibliografía", "riferimenti bibliografici", "bibliografia", "referências"),
        *("参考文献", "參考文獻", "참고문헌", "참고 문헌", "المراجع", "литература", "список литературы"),
    }
)
ABSTRACTS = frozenset(
    {
        *("abstract", "summary", "résumé", "resume", "zusammenfassung", "resumen", "riassunto", "resumo"),
        *("摘要", "초록", "요약", "ملخص", "аннотация", "executive summary"),
    }
)
_KNOWN = (
    REFERENCES
    | ABSTRACTS
    | frozenset(
        {
            *(
                "introduction",
                "background",
                "related work",
                "related works",
                "previous work",
                "preliminaries",
            ),
            *(
                "method",
                "methods",
                "methodology",
                "materials and methods",
                "methods and materials",
                "approach",
            ),
            *(
                "experiments",
                "experimental setup",
                "experimental results",
                "results",
                "evaluation",
                "analysis",
            ),
            *(
                "results and discussion",
                "discussion",
                "discussions",
                "conclusion",
                "conclusions",
                "limitations",
            ),
            *("discussion and conclusion", "conclusion and future work", "conclusions and future work"),
            *("future work", "acknowledgements", "acknowledgments", "acknowledgement", "acknowledgment"),
            *(
                "appendix",
                "appendices",
                "supplementary material",
                "supplementary materials",
                "ethics statement",
            ),
            *("ethical considerations", "broader impact", "broader impact statement", "author contributions"),
            *("funding", "data availability", "conflict of interest", "conflicts of interest", "keywords"),
            *(
                "key words",
                "index terms",
                "ccs concepts",
                "categories and subject descriptors",
                "general terms",
            ),
            *(
                "notation",
                "supporting information",
                "supplemental material",
                "impact statement",
                "affiliations",
            ),
            *("mots-clés", "remerciements", "einleitung", "introducción", "conclusiones", "ergebnisse"),
            *("引言", "结论", "结束语", "致谢", "关键词", "서론", "결론", "مقدمة", "خاتمة"),
        }
    )
)
_NUMBERED = re.compile(
    r"(?P<number>(?i:appendix|annex|section|chapter|chapitre|part)\s+[A-Z\d]{1,3}\b[.:]?|"
    r"\d{1,2}(?:\.\d{1,2}){0,4}\.?|[IVX]{1,5}\.|[A-Z](?:\.\d{1,2}){0,3}\.?)\s+(?P<name>[^\Wa-z_].*)"
)
_RUN_IN = re.compile(
    r"(abstract|summary|résumé|zusammenfassung|keywords|key words|index terms|摘要|关键词|초록)\s*[.:—–\-：]+\s*",
    re.IGNORECASE,
)


class Heading(NamedTuple):
    """A heading's text, how many lines it takes, and what of its last line is the paragraph after it."""

    text: str
    lines: int
    rest: Line | None = None


def plain_name(text: str) -> str:
    """A heading as a known name is written: without number, colon and the spaces between its letters."""
    text = re.sub(r"^[\dIVX]+(\.\d+)*\.?\s+", "", text.strip())
    if re.fullmatch(r"(\w\s){3,}\w[:.]?", text):
        text = re.sub(r"\s", "", text)
    return text.casefold().strip(" .:：■▪•–—-")


def heading(lines: Sequence[Line], position: int, style: Style) -> Heading | None:
    """The heading that begins at a line, where one does."""
    line = lines[position]
    first = line.words[0]
    known = plain_name(line.text) in _KNOWN
    if not known and not _strong(line, style):
        return _run_in(lines, position, style)
    if known:
        return Heading(_one(line.text), 1) if _alone(lines, position, style) or _strong(line, style) else None
    if not _named(line.text) or first.text[0].islower() or len(cells_of(line)) > 2:
        return _run_in(lines, position, style)
    end = position + 1
    while end < len(lines) and end - position < _MOST_LINES and _goes_on(lines, end, style):
        end += 1
    text = _one(" ".join(each.text for each in lines[position:end]))
    if len(text) > _LONGEST or (text[-1] in ".,;" and not _NUMBERED.fullmatch(text)):
        return None
    if not _NUMBERED.match(text) and not _opens_block(lines, position, style):
        return None
    return Heading(text.rstrip(".") if text.endswith(".") else text, end - position)


def numbered(line: Line) -> bool:
    """Whether a line begins as a numbered heading does."""
    return _NUMBERED.fullmatch(line.text) is not None


def _one(text: str) -> str:
    return " ".join(re.sub(r"(?<=\w)-\s+(?=[a-z])", "", text).split()).strip("■▪ ")


def _strong(line: Line, style: Style) -> bool:
    """Whether a whole line stands out from the body: bold, larger, or in capitals."""
    words = [word for word in line.words if any(letter.isalpha() for letter in word.text)]
    if not words:
        return False
    if not style.bold and all(word.bold for word in words) and line.size > 0.88 * style.size:
        return True
    numbered = _NUMBERED.match(line.text)
    if line.size > (1.04 if numbered else 1.14) * style.size:
        return True
    text = numbered["name"] if numbered else line.text
    letters = [letter for letter in text if letter.isalpha()]
    capitals = len(letters) >= 4 and text.isupper()
    different = all(word.font != style.font for word in words) and line.size > 0.93 * style.size
    slanted = all(word.italic for word in words) and line.size > 0.93 * style.size
    return bool(numbered) and (capitals or different or slanted)


def _named(text: str) -> bool:
    """Whether a line could name a part: words, not a formula or a row of numbers."""
    letters = sum(letter.isalpha() for letter in text)
    longest = max((len(word) for word in re.findall(r"[^\W\d_]+", text)), default=0)
    return 2 < len(text) <= _LONGEST and letters >= 0.55 * len(text.replace(" ", "")) and longest >= 3


def _alone(lines: Sequence[Line], position: int, style: Style) -> bool:
    """Whether a line that is a known name is one, and not a word at a paragraph's end."""
    return _opens_block(lines, position, style) and lines[position].text[0].isupper() | (
        not lines[position].text[0].isascii()
    )


def _opens_block(lines: Sequence[Line], position: int, style: Style) -> bool:
    """Whether more than the usual distance parts a line from the one above, or it looks otherwise."""
    if position == 0 or not same_column(lines[position - 1], lines[position]):
        return True
    before, line = lines[position - 1], lines[position]
    return (
        line.bottom - before.bottom > 1.2 * style.pitch_of(style.size)
        or before.text.rstrip()[-1:] in ".:?!"
        or before.size > 1.05 * line.size
    )


def _goes_on(lines: Sequence[Line], position: int, style: Style) -> bool:
    """Whether a line goes on the heading of the line above."""
    before, line = lines[position - 1], lines[position]
    return (
        same_column(before, line)
        and abs(before.size - line.size) < 0.05 * line.size
        and before.words[-1].font == line.words[0].font
        and before.words[-1].bold == line.words[0].bold
        and line.bottom - before.bottom < 1.5 * line.size
        and _strong(line, style)
        and not _NUMBERED.match(line.text)
        and plain_name(line.text) not in _KNOWN
    )


def _run_in(lines: Sequence[Line], position: int, style: Style) -> Heading | None:
    """A known name that opens a paragraph, with the rest of its line."""
    line = lines[position]
    found = _RUN_IN.match(line.text)
    if found is None or not _opens_block(lines, position, style):
        return None
    words, length = list(line.words), 0
    head: list[Word] = []
    while words and length < len(found.group().strip()):
        head.append(words.pop(0))
        length = len(line._replace(words=tuple(head)).text)
    if not words or length > len(found.group().strip()) + 2:
        return None
    words[0] = words[0]._replace(glued=False)
    return Heading(found.group(1).capitalize(), 1, line._replace(words=tuple(words)))
