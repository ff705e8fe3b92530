"""Daily Papers listing pages, saved as text.

Owns the page's shape: a header (furniture, then the day it was opened), then for each paper a title,
an abstract of one or more paragraphs, and mostly a foot: an author count or an organisation, a dot, and
a date that may be followed by a count of comments. Pages differ: feet may be missing, so that titles
are told from paragraphs by their shape alone. Refuses to know any paper by name, and merges nothing: a
paper listed twice is yielded twice.

The page writes no year beside the dates of the year it was opened in. That year therefore follows the
newest year that it does write, as far as the day in its header allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from index.dates import parse_date, with_year
from index.readers.facts import one_line
from index.schema import Document, Paper, Section, Unreadable

LONGEST_TITLE = 250  # characters; the longest seen is 184
LONGEST_NAME = 6  # words of an organisation's line that ends in a full stop
SHORTEST_BODY = 80  # characters of a paragraph that could follow a title and is no title itself
HEADER_LINES = 40  # how far down a page's header may begin: something may stand above it

_BANNER = re.compile(r"daily papers|by\s*ak and the research community", re.IGNORECASE)
_FURNITURE = re.compile(
    r"new|get trending papers in your email inbox!?|subscribe|previous|next|\d+|\.\.\.|…|submitted by|upvote"
    r"|view (?:pdf|all)|system theme|company|tos|privacy|about|careers|website|models|datasets|spaces"
    r"|·|pricing|docs|log in|sign up|(?:© )?hugging face",
    re.IGNORECASE,
)
_DATE = r"[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?"
_DAY = re.compile(_DATE)
_DATED = re.compile(rf"(?P<date>{_DATE})(?: +(?P<comments>\d[\d,]*))?")
_FOOT = re.compile(rf"(?:(?P<who>\S.{{0,98}}?)\s+)?·\s*(?P<date>{_DATE}(?: +\d[\d,]*)?)")
_AUTHORS = re.compile(r"[•·*-]?\s*(?P<count>\d[\d,]*) authors?", re.IGNORECASE)
_ENDED = re.compile(r"[.!?]['\")\]}\u201d\u2019]*$")
_SENTENCES = re.compile(r"[a-z)]{3,}\. +[A-Z]")
_BULLET = re.compile(r"[-*•·]\s|\(?[0-9ivx]{1,3}[.)]\s")
_LABELS = re.compile(
    r"(?:background|introduction|motivation|objectives?|aims?|methods?|results?|findings|conclusions?|summary)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Paragraph:
    line: int
    text: str


@dataclass(frozen=True)
class _Foot:
    line: int
    published: str | None = None
    author_count: int | None = None
    organization: str | None = None
    comments: int | None = None
    year_inferred: bool = False


@dataclass
class _Listing:
    """One page: the day in its header, as `parse_date` writes it, and what stands below."""

    day: str | None = None
    items: list[_Paragraph | _Foot] = field(default_factory=list)

    @property
    def dated(self) -> bool:
        return any(isinstance(item, _Foot) for item in self.items)


def is_listing(text: str) -> bool:
    """Whether the text has the page's banner near its top, or at least one paper's foot anywhere."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if any(_BANNER.fullmatch(line) for line in lines[:HEADER_LINES]):
        return True
    return any(_is_foot(dot, date) for dot, date in pairwise(lines))


def parse(text: str, source: str) -> Iterator[Document | Unreadable]:
    """The papers of the page or pages that `text` holds, in order; `source` names the file."""
    for listing in _listings(_items(text)):
        yield from _papers(_with_years(listing), source)


# Lines to paragraphs and feet


def _items(text: str) -> Iterator[_Paragraph | _Foot]:
    for block in _blocks(text):
        while (dot := _dot_of(block)) is not None:
            body, who = _split_who(block[:dot])
            yield from _paragraphs(body)
            yield _foot(who, block[dot + 1])
            block = block[dot + 2 :]
        yield from _paragraphs(block)


def _blocks(text: str) -> Iterator[list[_Paragraph]]:
    """Runs of lines without an empty line between them; within a foot, empty lines do not count."""
    block: list[_Paragraph] = []
    above, apart = "", False
    for line in _lines(text):
        if not line.text:
            apart = True
            continue
        if apart and block and not _same_foot(above, block[-1].text, line.text):
            yield block
            above, block = block[-1].text, []
        block.append(line)
        apart = False
    if block:
        yield block


def _same_foot(above: str, line: str, following: str) -> bool:
    """Whether two lines with a gap between them belong to one foot; `above` is what stands over them."""
    if line == "·":
        return True
    return following == "·" and (_AUTHORS.fullmatch(line) is not None or _like_a_body(above))


def _lines(text: str) -> Iterator[_Paragraph]:
    """The lines without the white space around them; a foot written on one line comes as its parts."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _FOOT.fullmatch(line.strip()) if len(line) <= LONGEST_TITLE else None
        parts = (match["who"], "·", match["date"]) if match else (line.strip(),)
        yield from (_Paragraph(number, part) for part in parts if part is not None)


def _dot_of(block: list[_Paragraph]) -> int | None:
    """The position of the block's first dot that a date follows."""
    pairs = enumerate(pairwise(line.text for line in block))
    return next((position for position, (line, following) in pairs if _is_foot(line, following)), None)


def _is_foot(line: str, following: str) -> bool:
    return line == "·" and _DATED.fullmatch(following) is not None and _date(following) is not None


def _split_who(lines: list[_Paragraph]) -> tuple[list[_Paragraph], str]:
    """What stands above a foot's dot without a gap, parted from the foot's author or organisation line."""
    if not lines:
        return [], ""
    *body, last = lines
    if _AUTHORS.fullmatch(last.text):
        return body, last.text
    sentence = _ends(last.text) and len(last.text.split()) > LONGEST_NAME
    if len(last.text) <= SHORTEST_BODY and not sentence and (not body or _ends(body[-1].text)):
        return body, last.text
    return lines, ""


def _ends(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return _ENDED.search(text) is not None


def _foot(who: str, date: _Paragraph) -> _Foot:
    authors = _AUTHORS.fullmatch(who)
    dated = _DATED.fullmatch(date.text)
    comments = dated["comments"] if dated else None
    return _Foot(
        line=date.line,
        published=_date(date.text),
        author_count=_count(authors["count"]) if authors else None,
        organization=None if authors or not who else _organization(who),
        comments=_count(comments) if comments else None,
    )


def _organization(line: str) -> str:
    """The name in `nvidia NVIDIA`, a handle and a name: all after the first word, if there is more."""
    handle, _, name = one_line(line).partition(" ")
    return name or handle


def _count(digits: str) -> int:
    return int(digits.replace(",", ""))


def _date(line: str) -> str | None:
    match = _DATED.fullmatch(line)
    try:
        return parse_date(match["date"]) if match else None
    except ValueError:
        return None


def _paragraphs(lines: list[_Paragraph]) -> Iterator[_Paragraph]:
    """The lines joined to paragraphs; parts of a header or of a foot stand apart."""
    banners = [position for position, line in enumerate(lines) if _BANNER.fullmatch(line.text)]
    header = banners[-1] + 1 if banners else 0
    yield from lines[:header]
    run: list[_Paragraph] = []
    for line in lines[header:]:
        if line.text == "·" or _AUTHORS.fullmatch(line.text) or _date(line.text):
            yield from _joined(run)
            yield line
            run = []
        else:
            run.append(line)
    yield from _joined(run)


def _joined(lines: list[_Paragraph]) -> Iterator[_Paragraph]:
    """The lines as one paragraph; a title right above a long line stands apart, since some pages are
    saved without their empty lines."""
    if len(lines) > 1 and _like_a_title(lines[0].text) and len(lines[1].text) > LONGEST_TITLE:
        yield lines[0]
        lines = lines[1:]
    if lines:
        yield _Paragraph(lines[0].line, " ".join(line.text for line in lines))


# Paragraphs and feet to pages


def _listings(items: Iterator[_Paragraph | _Foot]) -> list[_Listing]:
    """The pages of the file: each begins at a banner. What stands above the first banner is dropped as a
    notice, unless it holds papers or nothing follows."""
    listings, in_header = [_Listing()], True
    for item in items:
        current = listings[-1]
        if isinstance(item, _Foot):
            current.items.append(item)
            in_header = False
        elif _BANNER.fullmatch(item.text):
            if not in_header or current.items:
                listings.append(_Listing())
            in_header = True
        elif _date(item.text):
            if not current.items and current.day is None and _DAY.fullmatch(item.text):
                current.day = _date(item.text)
        elif authors := _AUTHORS.fullmatch(item.text):
            current.items.append(_Foot(item.line, author_count=_count(authors["count"])))
            in_header = False
        elif not _FURNITURE.fullmatch(item.text):
            current.items.append(item)
            in_header = False
    filled = [listing for listing in listings if listing.items]
    if len(filled) > 1 and filled[0] is listings[0] and not filled[0].dated:
        del filled[0]
    return filled


def _with_years(listing: _Listing) -> _Listing:
    year = _year_of(listing)
    items = [_placed(item, listing.day, year) if isinstance(item, _Foot) else item for item in listing.items]
    return _Listing(listing.day, items)


def _year_of(listing: _Listing) -> int | None:
    """The year the page was opened in: stated in its header, or the one after the newest that it writes."""
    if listing.day is None:
        return None
    if not listing.day.startswith("--"):
        return int(listing.day[:4])
    dates = [item.published for item in listing.items if isinstance(item, _Foot)]
    years = [int(date[:4]) for date in dates if date and not date.startswith("--")]
    return max(years) + 1 if years else None


def _placed(foot: _Foot, day: str | None, year: int | None) -> _Foot:
    """The foot with its date in `year`, where it has none of its own and is no later than the page's day."""
    date = foot.published or ""
    if not date.startswith("--") or year is None or day is None or date[2:] > day[-5:]:
        return foot
    published = with_year(date, year)
    return foot if published is None else replace(foot, published=published, year_inferred=True)


# Pages to papers


def _papers(listing: _Listing, source: str) -> Iterator[Document | Unreadable]:
    run: list[_Paragraph] = []
    for item in listing.items:
        if isinstance(item, _Paragraph):
            run.append(item)
            continue
        yield from _run(run, item, source)
        run = []
    yield from _run(run, None, source)


def _run(run: list[_Paragraph], foot: _Foot | None, source: str) -> Iterator[Document | Unreadable]:
    """The papers between two feet: only the last of them has one."""
    if not run:
        if foot:
            reason = "an author count or a date without a paper above it"
            yield Unreadable(place=f"{source} line {foot.line}", reason=reason)
        return
    starts = [position for position in range(len(run)) if _starts_paper(run, position)]
    for start, end in zip(starts, [*starts[1:], len(run)], strict=True):
        yield _paper(run[start], run[start + 1 : end], foot if end == len(run) else None, source)


def _starts_paper(run: list[_Paragraph], position: int) -> bool:
    if position == 0:
        return True
    follows = run[position + 1].text if position + 1 < len(run) else ""
    return _like_a_title(run[position].text) and _like_a_body(follows)


def _like_a_title(text: str) -> bool:
    """A short line that does not read as a sentence, an item, a label or a link of an abstract."""
    return (
        len(text) <= LONGEST_TITLE
        and not text.endswith((".", ",", ";", ":"))
        and not _SENTENCES.search(text)
        and not _BULLET.match(text)
        and not _LABELS.fullmatch(text)
        and "://" not in text
    )


def _like_a_body(text: str) -> bool:
    return len(text) > LONGEST_TITLE or (len(text) >= SHORTEST_BODY and not _like_a_title(text))


def _paper(
    title: _Paragraph, body: list[_Paragraph], foot: _Foot | None, source: str
) -> Document | Unreadable:
    place = f"{source} line {title.line}"
    if len(title.text) > LONGEST_TITLE:
        return Unreadable(place=place, reason="an abstract without a title above it")
    abstract = "\n\n".join(paragraph.text for paragraph in body)
    if not abstract:
        return Unreadable(place=place, reason=f"{title.text!r} has no abstract")
    paper = Paper(
        title=one_line(title.text),
        abstract=abstract,
        author_count=foot.author_count if foot else None,
        organization=foot.organization if foot else None,
        published=foot.published if foot else None,
        year_inferred=foot.year_inferred if foot else False,
        comments=foot.comments if foot else None,
        source=source,
    )
    section = Section(name="Abstract", start=0, end=len(abstract))
    return Document(paper=paper, text=abstract, sections=(section,))
