"""Where a paper's abstract stands on its first pages.

Owns its headings in the languages and forms that papers use, how it ends, and how it is known where no heading says
so: as the first running text, set otherwise than what follows. Refuses to know how lines become text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from index.readers.pdf.schema import Line, PageText, Word

Place = tuple[int, int]
"""A page's number, and a line's place among its lines."""

_WORDS = (
    "extended abstract|abstract|summary|résumé|resume|zusammenfassung|kurzfassung|resumen|resumo|riassunto|sommario|"
    "аннотация|реферат|摘要|概要|要旨|초록|요약"
)
_ALONE = re.compile(rf"(?:\W*)(?:{_WORDS})\W*", re.IGNORECASE)
_SPREAD = re.compile(r"a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|s\s?u\s?m\s?m\s?a\s?r\s?y", re.IGNORECASE)
_RUN_IN = re.compile(rf"\W?(?:{_WORDS})\s*[.:—–\-]+\s*", re.IGNORECASE)
_RUN_IN_PLAIN = re.compile(rf"(?:{_WORDS})\s+(?=\S)", re.IGNORECASE)
_PLAIN = re.compile(r"(Abstract|Résumé|Zusammenfassung) [A-Z“\"]\S* [a-z]")
_KEYWORDS = re.compile(
    r"(additional |author )?(key ?words?|index terms|keywords and phrases|mots[- ]cl(é|e)s|schlüsselwörter|"
    r"palabras clave|palavras-chave|parole chiave|ключевые слова|关键词|キーワード)\b|"
    r"(ccs concepts?|categories and subject|general terms|acm reference|pacs\b|pacs numbers?|jel\b|subject class|"
    r"(\d{4} )?(ams )?(mathematics )?subject classif|msc\b|acm (classes|subject)|arxiv e?print|paper type\b|"
    r"article (info|history)|significance$|nomenclature$|abbreviations\b|highlights$|graphical abstract|"
    r"availability( and implementation)?:|contact:|supplementary information:|corresponding author|code availability)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(\d{1,2}(\.\d*)*[.:)]?|[IVX]{1,4}[.:)]|[A-H][.:)])\s+[A-Z].{0,80}")
_OPENING = re.compile(
    r"(\d{1,2}|[IVX]{1,4})?[.:)]?\s*(i\s?n\s?t\s?r\s?o\s?d\s?u\s?c\s?t\s?i\s?o\s?n|einleitung|einführung|introducción|"
    r"introdução|introduzione|background|motivation|contents|table of contents|main)"
    r"(\s+(and|&|to|of|on)\s.{0,40}|\W*)",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(©|\(c\) ?\d{4}|[cq] \d{4} |copyright\b|permission to make|all rights reserved|this is an open access|"
    r"published by|licensed under|this work is licensed|doi:|https?://(dx\.)?doi\.org/|received\b.{0,60}\d{4}|"
    r"(accepted|submitted|revised)\b.{0,40}\d{4}|dated?: )",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"^([*∗†‡§¶]|\d{1,2}\s?(?=[A-Z(])|(equal contribution|correspond))", re.IGNORECASE)
_PART = (
    r"(?:background|context|objectives?|aims?|purpose|motivation|introduction|methods?|methodology|approach|design|"
    r"materials and methods|methods and (?:results|findings)|setting|participants|patients|results?|findings|"
    r"conclusions?|interpretation|discussion|significance|importance|limitations|implications|principal findings|"
    r"conclusions?/significance|design/methodology/approach|originality/value|trial registration|funding)"
)
_LABEL = re.compile(rf"{_PART}\W*", re.IGNORECASE)
_LABELLED = re.compile(rf"{_PART}\s*[:.–—-]", re.IGNORECASE)
_LEAST = 150  # characters of an abstract without a heading
_MOST_LINES = 90
_MOST_WORDS = 60  # of a line in which a heading is looked for beside another column
_SMALLER = 0.93  # of the abstract's size: footnotes
_LARGER = 1.07
_GAP = 2.3  # leadings between the abstract and what follows
_INSET = 8.0  # points


class Abstract(NamedTuple):
    """The abstract's lines, of which the first has lost a heading that ran into it, and where they stand.

    `heading` is the place of a heading on a line of its own; `top` where the abstract begins on its page.
    """

    lines: tuple[Line, ...] = ()
    places: tuple[Place, ...] = ()
    heading: Place | None = None
    top: float | None = None


class _Start(NamedTuple):
    """Where an abstract begins: a page, a line on it, and how many of that line's characters are its heading.

    `left` is where its column begins, if it stands beside another that the lines run into.
    """

    page: int
    position: int
    length: int
    whole: bool
    left: float | None = None


def headed(pages: Sequence[PageText]) -> Abstract | None:
    """The abstract under a heading on the first pages; None where there is none."""
    for start in _starts(pages):
        found = _from(pages, start)
        if found.lines and sum(len(line.text) for line in found.lines) >= _LEAST / 2:
            return found
    return None


def unheaded(page: PageText, below: float) -> Abstract | None:
    """The first paragraph below a height on the page, where it is set as abstracts are; None where it is not."""
    lines = page.lines
    for position, line in enumerate(lines):
        if line.top < below or not _prose(lines, position):
            continue
        found = _from([page], _Start(0, position, 0, False))
        enough = sum(len(each.text) for each in found.lines) >= _LEAST
        return found if enough and _set_apart(page, found) else None
    return None


def opens_body(line: Line) -> bool:
    """Whether a line is the heading of a paper's first section."""
    return bool(_OPENING.fullmatch(line.text.strip())) and len(line.text) < 60


def keywords(line: Line) -> bool:
    """Whether a line begins what stands between an abstract and the text: keywords, classes."""
    return bool(_KEYWORDS.match(line.text.strip(" *•—–-")))


def runs(line: Line) -> bool:
    """Whether a line is running text by its words."""
    text = line.text
    words = re.findall(r"(?<!\S)[a-zà-ÿ]{2,}[,.;:]?(?!\S)", text)
    return len(words) >= 5 and len(words) >= 0.5 * len(text.split()) and "@" not in text


def _starts(pages: Sequence[PageText]) -> list[_Start]:
    """Places that may be an abstract's heading, the likeliest first."""
    found = []
    for number, page in enumerate(pages):
        for position, line in enumerate(page.lines):
            text = line.text.strip()
            if len(text) <= 40 and _is_heading(text):
                found.append(_Start(number, position, len(text), True))
            elif length := _run_in(line, text):
                found.append(_Start(number, position, length, False))
            else:
                found += _beside(line, number, position)
    placed = [
        each if each.left is not None else each._replace(left=_column(pages[each.page], each))
        for each in found
    ]
    return sorted(placed, key=lambda each: (each.page, _rank(pages, each), each.position))


def _column(page: PageText, start: _Start) -> float | None:
    """Where the abstract's column begins, if the lines below its heading run into it from another one."""
    left = page.lines[start.position].left
    below = page.lines[start.position + 1 : start.position + 9]
    return left if sum(_enters(line, left) for line in below) > 1 else None


def _enters(line: Line, left: float) -> bool:
    """Whether a line has a wide gap before a word that begins there."""
    return any(
        abs(word.left - left) < 5 and word.left - before.right > 1.2 * word.size
        for before, word in zip(line.words, line.words[1:], strict=False)
    )


def _run_in(line: Line, text: str) -> int:
    """How many characters of the line are a heading that runs into an abstract; 0 where there is none."""
    if match := _RUN_IN.match(text):
        return match.end()
    plain = _RUN_IN_PLAIN.match(text)
    return plain.end() if plain and (_stands_out(line, plain.end()) or _PLAIN.match(text)) else 0


def _beside(line: Line, number: int, position: int) -> list[_Start]:
    """A heading in a line that begins with another column's words, as beside a journal's notes."""
    for place, word in enumerate(line.words[1:_MOST_WORDS], 1):
        if word.left - line.words[place - 1].right > 2 * word.size:
            rest = line._replace(words=line.words[place:])
            text = rest.text.strip()
            if _is_heading(text):
                return [_Start(number, position, len(text), True, word.left)]
            if match := _RUN_IN.match(text):
                return [_Start(number, position, match.end(), False, word.left)]
    return []


def _is_heading(text: str) -> bool:
    return bool(_ALONE.fullmatch(text) or _SPREAD.fullmatch(text))


def _rank(pages: Sequence[PageText], start: _Start) -> int:
    """Abstracts before summaries and translations."""
    text = re.sub(r"\s", "", pages[start.page].lines[start.position].text.casefold())
    return 0 if "abstract" in text[:60] else 1


def _stands_out(line: Line, length: int) -> bool:
    """Whether the words that may be a heading look otherwise than those after them."""
    rest = _without(line, length)
    if rest is None:
        return False
    one, other = line.words[0], rest.words[0]
    return (
        one.bold != other.bold or one.italic != other.italic or one.text.isupper() or one.font != other.font
    )


def _from(pages: Sequence[PageText], start: _Start) -> Abstract:
    """The lines from a start to the abstract's end."""
    page = pages[start.page]
    whole = page.lines[start.position]
    first = whole if start.left is None else _from_left(whole, start.left) or whole
    lines: list[Line] = []
    places: list[Place] = []
    if not start.whole:
        rest = _without(first, start.length)
        if rest is not None:
            lines.append(rest)
            places.append((page.number, start.position))
    for number in range(start.page, min(start.page + 2, len(pages))):
        here = pages[number]
        begin = start.position + 1 if number == start.page else 0
        ended = _collect(here, begin, lines, places, start.left)
        if ended or len(lines) > _MOST_LINES:
            break
    if len(lines) > _MOST_LINES:
        return Abstract()
    heading = (page.number, start.position) if start.whole else None
    return Abstract(tuple(lines), tuple(places), heading, first.top)


def _collect(page: PageText, begin: int, lines: list[Line], places: list[Place], left: float | None) -> bool:
    """Adds the page's lines from `begin` on to the abstract; whether it ended there."""
    for position in range(begin, len(page.lines)):
        whole = page.lines[position]
        line = whole if left is None else _from_left(whole, left)
        if line is None:
            if opens_body(whole):
                return True
            continue
        if not lines and not _LABEL.fullmatch(line.text.strip()):
            if keywords(line) or opens_body(line):
                return True
        elif lines and _aside(line, lines, page):
            continue
        elif lines and not _labels(line, lines) and _ends(line, lines):
            return True
        lines.append(line)
        places.append((page.number, position))
        if len(lines) > _MOST_LINES:
            return True
    return False


def _from_left(line: Line, left: float) -> Line | None:
    """The part of a line that stands in the abstract's column, if it runs into it; None where it does not."""
    words = tuple(word for word in line.words if word.left >= left - 4)
    return line._replace(words=(words[0]._replace(glued=False), *words[1:])) if words else None


def _labels(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line is the label of a further part of an abstract that has labelled parts."""
    begins = _LABEL.fullmatch(lines[0].text.strip()) or _LABELLED.match(lines[0].text)
    later = not re.match(r"(introduction|background)", line.text.strip(), re.IGNORECASE)
    return bool(begins and later and _LABEL.fullmatch(line.text.strip()))


def _aside(line: Line, lines: Sequence[Line], page: PageText) -> bool:
    """Whether a line interrupts an abstract without ending it: a footnote, a rights notice at the page's foot."""
    size = _size(lines)
    low = line.top > 0.6 * page.height
    smaller = line.size < _SMALLER * size
    unfinished = not re.search(r"[.!?]\W{0,3}\d{0,2}$", lines[-1].text)
    return smaller and low and unfinished and line.top > lines[-1].bottom


def _ends(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line is the first behind an abstract: by its words, its size, its look or its place."""
    text = line.text.strip()
    if keywords(line) or opens_body(line) or any(form.match(text) for form in (_RIGHTS, _RUN_IN)):
        return True
    if _is_heading(text) or not _SMALLER <= line.size / _size(lines) <= _LARGER:
        return True
    finished = bool(re.search(r"[.!?:)”\"]\W{0,3}\d{0,2}$", lines[-1].text))
    return finished and (_heads(line, text, lines) or _notes(line, text, lines) or _apart(line, lines))


def _heads(line: Line, text: str, lines: Sequence[Line]) -> bool:
    """Whether a line is a heading: numbered, or bold as the abstract is not."""
    bold = all(word.bold for word in line.words if len(word.text) > 1)
    usual = _share(lines, "bold") > 0.5
    if _NUMBERED.fullmatch(text) and len(text) < 70 and not runs(line):
        return bold or usual or text.isupper()
    return bold and not usual and len(text) < 80 and not text.endswith(".")


def _notes(line: Line, text: str, lines: Sequence[Line]) -> bool:
    """Whether a line begins with a raised mark, as a footnote does."""
    marked = re.match(r"[*∗†‡§¶]|\d\s?[A-Z]", text)
    return bool(marked) and line.words[0].rise > 0.5 and line.top > lines[-1].top


def _apart(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line stands too far from an abstract to be of it, or reaches out of it."""
    last = lines[-1]
    if line.top < last.top:
        return not _same_look(line, lines)
    if min(line.right, last.right) > max(line.left, last.left):
        leading, step = _leading(lines), line.top - last.top
        if step > _GAP * leading or (step > 1.5 * leading and _otherwise(line, lines)):
            return True
    return len(lines) > 2 and _wider(line, lines)


def _wider(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line reaches out of an inset abstract on both sides, or is of another face."""
    left, right = min(each.left for each in lines), max(each.right for each in lines)
    return line.left < left - _INSET and line.right > right + _INSET


def _otherwise(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line is set otherwise than those of the abstract."""
    left, right = min(each.left for each in lines), max(each.right for each in lines)
    inset = (
        line.left < left - _INSET or line.right > right + _INSET or line.right < right - 0.25 * (right - left)
    )
    return inset or not _same_look(line, lines)


def _same_look(line: Line, lines: Sequence[Line]) -> bool:
    size = _size(lines)
    bold, italic = _share(lines, "bold") > 0.5, _share(lines, "italic") > 0.5
    here = (_share([line], "bold") > 0.5, _share([line], "italic") > 0.5)
    return abs(line.size - size) <= 0.04 * size and here == (bold, italic)


def _share(lines: Sequence[Line], face: str) -> float:
    words = [word for line in lines for word in line.words]
    total = sum(len(word.text) for word in words) or 1
    return sum(len(word.text) for word in words if getattr(word, face)) / total


def _size(lines: Sequence[Line]) -> float:
    sizes: dict[float, int] = {}
    for line in lines:
        sizes[line.size] = sizes.get(line.size, 0) + len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size))


def _leading(lines: Sequence[Line]) -> float:
    """The usual way from one line to the next."""
    ways = sorted(
        lower.top - upper.top
        for upper, lower in zip(lines, lines[1:], strict=False)
        if lower.top > upper.top + 2
    )
    return ways[len(ways) // 2] if ways else 1.25 * _size(lines)


def _without(line: Line, length: int) -> Line | None:
    """The line without its first characters; a word that they are part of keeps the rest of its letters."""
    done = 0
    for place, word in enumerate(line.words):
        begin = done + (0 if word.glued or not place else 1)
        done = begin + len(word.text)
        if done > length:
            cut = max(length - begin, 0)
            left = word.left + (word.right - word.left) * cut / len(word.text)
            rest: Word = word._replace(text=word.text[cut:], left=left, glued=False)
            return line._replace(words=(rest, *line.words[place + 1 :]))
    return None


def _prose(lines: Sequence[Line], position: int) -> bool:
    """Whether running text begins here: three long lines of one size below one another."""
    block = lines[position : position + 3]
    if len(block) < 3 or any(len(line.text) < 35 or line.text.count(" ") < 4 for line in block):
        return False
    close = all(
        0 < lower.top - upper.top < 2.4 * upper.size for upper, lower in zip(block, block[1:], strict=False)
    )
    one_size = all(abs(line.size - block[0].size) < 0.05 * block[0].size for line in block)
    return close and one_size and sum(map(runs, block)) >= 2 and runs(block[0])


def _set_apart(page: PageText, found: Abstract) -> bool:
    """Whether what follows shows that this was an abstract: a heading, keywords, or another look."""
    last = found.places[-1][1]
    following = page.lines[last + 1 : last + 2]
    return len(found.lines) <= 45 and (not following or not _same_flow(following[0], found.lines))


def _same_flow(line: Line, lines: Sequence[Line]) -> bool:
    return _same_look(line, lines) and not keywords(line) and line.top - lines[-1].top < 1.5 * _leading(lines)
