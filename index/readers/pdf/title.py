"""Which lines of a first page are the paper's title.

Owns what sets a title apart: size, weight or capitals, its place above all text, and that it is no journal's name, no
label and no heading. Where the file names a title that stands on the page, that decides. Refuses to know what comes
below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from index.readers.pdf.abstract import keywords, opens_body, runs
from index.readers.pdf.byline import cells_of
from index.readers.pdf.people import people
from index.readers.pdf.schema import Line, PageText, Word

_WITHIN = 0.62  # of the page's height
_SAME_SIZE = 0.06
_MOST_LINES = 7
_LONGEST = 400  # characters
_RECENT = 4  # blocks that a line may go on: what stands beside a title parts its lines
_LARGER = 1.12  # than the text
_BANNER = re.compile(
    r"((\w+ ){0,4}(journal|transactions|proceedings|bulletin|annals|magazine|archives)\b( (of|on|in|for)\b.*|$)|"
    r"proc\. .*|physical review\b.*|phys\. rev\..*|.*\b(vol\.|volume|issue|no\.) ?\d.*|"
    r".*\bissn\b.*|published (as|in|by|online)\b.*|(under|accepted).{0,30}\breview\b.*|preprint\b.*|arxiv\b.*|"
    r"available online.*|contents lists.*|.*sciencedirect.*|.*\bwww\..*|.*https?://.*|doi\b.*|received\b.*|"
    r"(original |research |review |regular |short |special |invited |full |long |open |access )*"
    r"(article|paper|report|letter|communication|review|contribution|access)s?\W*.{0,25}|"
    r"elsevier|springer|nature|science|pnas|cell|lncs.*|chapter \d+|technical report.*|(working|discussion) paper.*|"
    r".*\b(workshop|symposium|conference)\b.*\b(19|20)\d\d\b.*|downloaded from.*|this (is|article|paper)\b.*)",
    re.IGNORECASE,
)
_HOMEPAGE = re.compile(r"journal home ?page|elsevier\.com/locate|contents lists available", re.IGNORECASE)
_SENTENCES = re.compile(r"\S\.\s+[A-Z][a-z]+ [a-z]")
_HEADING = re.compile(
    r"(\W|\d)*(acknowledge?ments?|references|bibliography|proofs?|appendix|contents|conclusions?|results|methods)(\W|\d)*|"
    r"\d{1,2}(\.\d{1,2})+\.?\s.*|"
    r"(theorem|corollary|lemma|proposition|definition|proof|remark|example|figure|fig\.|table|algorithm|listing)\s\d.*",
    re.IGNORECASE,
)
_NOBODYS = re.compile(
    r"untitled.*|.*\.(docx?|dvi|tex|pdf|indd|qxd|ps|pptx?|rtf|fm|eps)\b.*|microsoft (word|powerpoint).*|powerpoint.*|"
    r".*\btemplate\b.*|\W*|doi:.*|[\d\W_]+|.*\d{4,}[ _]\d+\.\.\d+|pii:.*|(title|document|layout|paper)\W?\d*|"
    r"[a-z0-9]+[_\-][a-z0-9_\-]+|\S{1,12}",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d{1,2}|[A-Z])(\.\d{1,2})*\.?")
_MARKS = re.compile(r"[\s*∗†‡§¶⋆★✩♠♣♦♥#]+$")


class Title(NamedTuple):
    """Lines below one another that are set alike, and the places of the page's lines that they are part of."""

    size: float
    lines: tuple[Line, ...]
    positions: tuple[int, ...]

    @property
    def top(self) -> float:
        return self.lines[0].top

    @property
    def bottom(self) -> float:
        return self.lines[-1].bottom

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


def title_of(page: PageText, below: float, told: str) -> Title | None:
    """The title among the lines that begin above the height `below`; `told` is what the file says that it is."""
    blocks = _blocks(page, min(below, _WITHIN * page.height))
    named = letters(told)
    if len(named) >= 10 and believed(told):
        own = next((block for block in blocks if letters(block.text).startswith(named[:60])), None)
        if own and len(letters(own.text)) <= 1.3 * len(named):
            return _without_names(own)
    head = max((line.bottom for line in page.lines if _is_homepage(line, page)), default=0.0)
    size = _body_size(page)
    likely = [block for block in blocks if block.top >= head - 2 and _like_title(block, size)]
    found = max(likely, key=lambda block: (round(block.size / 0.5), -block.top), default=None)
    return _without_names(found) if found else None


def spelled(title: Title, told: str) -> str:
    """The title's words without marks behind it; as the file spells it where the page shouts it."""
    written = _joined(title.lines)
    same = letters(told) == letters(written)
    return told if same and written.isupper() and not told.isupper() else written


def believed(told: str) -> str:
    """A title that a file gives itself, where it is no file's name and no template's; empty otherwise."""
    return "" if _NOBODYS.fullmatch(told) else told


def letters(text: str) -> str:
    """Letters and digits alone, as titles and names are compared."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _blocks(page: PageText, below: float) -> list[Title]:
    """Lines of one size that stand below one another, from top to bottom."""
    parts = [
        (part, position)
        for position, line in enumerate(page.lines)
        if line.top < below - 1
        for part in _parts(line)
    ]
    blocks: list[Title] = []
    for line, position in sorted(parts, key=lambda part: (part[0].top, part[0].left)):
        size = _shown_size(line)
        for back in range(1, min(_RECENT, len(blocks)) + 1):
            if _goes_on(blocks[-back], line, size):
                block = blocks[-back]
                blocks[-back] = Title(block.size, (*block.lines, line), (*block.positions, position))
                break
        else:
            blocks.append(Title(size, (line,), (position,)))
    return [block for block in blocks if len(block.lines) <= _MOST_LINES]


def _without_names(block: Title) -> Title:
    """The block without a byline that is set as the title is, but further below it than its lines are from another."""
    lines, positions = block.lines, block.positions
    steps = [lower.top - upper.top for upper, lower in zip(lines, lines[1:], strict=False)]
    for count in range(1, len(lines)):
        wider = count == 1 or steps[count - 1] > 1.15 * max(steps[: count - 1])
        if wider and len(people(lines[count].text) or ()) > 1:
            return Title(block.size, lines[:count], positions[:count])
    return block


def _parts(line: Line) -> list[Line]:
    """The line's cells as lines of their own; a heading's number stays before it."""
    parts = [line._replace(words=cell.words) for cell in cells_of(line)]
    return [line] if parts and _NUMBER.fullmatch(parts[0].text) else parts


def _goes_on(block: Title, line: Line, size: float) -> bool:
    last = block.lines[-1]
    near = -0.3 * size < line.top - last.bottom < 0.85 * size
    across = min(line.right, last.right) > max(line.left, last.left)
    same_face = _bold(line) == _bold(last)
    return near and across and same_face and abs(size - block.size) <= _SAME_SIZE * block.size


def _bold(line: Line) -> bool:
    return sum(len(word.text) for word in line.words if word.bold) > 0.5 * sum(
        len(word.text) for word in line.words
    )


def _shown_size(line: Line) -> float:
    """A line's size, where small capitals count as the capitals that they follow."""
    size = line.size
    capitals = [word.size for word in line.words if word.text[:1].isupper() and word.rise < 1]
    return max([size, *(each for each in capitals if each <= 1.45 * size)])


def _body_size(page: PageText) -> float:
    """The size that most characters of running text have, or of all text where nothing runs."""
    sizes: dict[float, int] = {}
    running = [line for line in page.lines if runs(line)]
    for line in running if len(running) > 5 else page.lines:
        size = line.size
        sizes[size] = sizes.get(size, 0) + len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size))


def _is_homepage(line: Line, page: PageText) -> bool:
    return line.top < 0.3 * page.height and bool(_HOMEPAGE.search(line.text))


def _like_title(block: Title, body: float) -> bool:
    text = block.text.strip()
    if len(text) > _LONGEST or "@" in text or _BANNER.fullmatch(text) or _HEADING.fullmatch(text):
        return False
    spelt = re.findall(r"[^\W\d_]", text)
    if len(spelt) < 4 or len(spelt) < 0.5 * len(text.replace(" ", "")):
        return False
    if opens_body(block.lines[0]) or keywords(block.lines[0]) or _prose(block, text):
        return False
    larger = block.size >= _LARGER * body
    bolder = block.size >= 0.98 * body and all(_bold(line) for line in block.lines)
    return larger or bolder or (text.isupper() and block.size >= 0.98 * body)


def _prose(block: Title, text: str) -> bool:
    """Whether it is running text, which has sentences."""
    return (len(text) > 120 and bool(_SENTENCES.search(text))) or sum(map(runs, block.lines)) > 3


def _joined(lines: Sequence[Line]) -> str:
    """A title's lines as one; a hyphen at a line's end stays, since titles are seldom broken within words."""
    parts: list[str] = []
    for line in lines:
        words = [word for word in line.words if not _is_mark(word, line)]
        text = "".join(word.text if word.glued else f" {word.text}" for word in words).strip()
        parts.append(text if parts and parts[-1].endswith(("-", "‐")) else f" {text}")
    return _MARKS.sub("", re.sub(r"\s+", " ", "".join(parts))).strip()


def _is_mark(word: Word, line: Line) -> bool:
    """Whether a word is a mark that leads to a footnote."""
    if re.fullmatch(r"[*∗†‡§¶⋆★✩#]+", word.text):
        return True
    raised = word is line.words[-1] and word.rise > 0.15 * line.size
    return raised and bool(re.fullmatch(r"[\d,*∗†‡]{1,3}|[a-e]", word.text))
