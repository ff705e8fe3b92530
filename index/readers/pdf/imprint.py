"""When and under which public names a paper came out, by its first pages.

Owns the lines that say so: stamps up a margin, heads and feet of journals and proceedings, notes of rights and of when
it was received. What stands in running text is about other papers and does not count. Refuses to know titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index.dates import parse_date
from index.identifiers import arxiv_id, doi
from index.readers.pdf.schema import Line, PageText
from index.readers.pdf.structure import Embedded

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_DAY = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|"
    rf"{_MONTH},? \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})"
)
_STAMP = re.compile(
    r"arxiv:\s*(?P<id>[a-z.\-]*/?\d{4}\.?\d{3,5})(?:v(?P<version>\d+))?\s*(?:\[[^\]]*\])?\s*"
    rf"(?P<day>\d{{1,2}} {_MONTH} \d{{4}})?",
    re.IGNORECASE,
)
_EPRINT = re.compile(
    r"^\W*(?:arxiv e?-?print|e-?print|arxiv)\s*:?\s*(?P<id>\d{4}\.\d{4,5}|[a-z\-]+/\d{7})", re.IGNORECASE
)
_DOI = re.compile(r"(?:doi\s*[:.]?\s*|doi\.org/)?(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE)
_OWN = re.compile(r"(https?://)?(dx\.)?doi\b|©|copyright|\(c\) ?\d{4}", re.IGNORECASE)
_SAID = re.compile(
    rf"(?P<kind>published(?: online)?|publication date|advance access[\w ]*|available online|accepted|received|dated?|"
    rf"submitted|revised|posted|version of)\b[^\d]{{0,30}}?(?P<day>{_DAY})",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"\b(proceedings|journal|conference|workshop|symposium|transactions|letters|review|bulletin|volume|vol\.|magazine|"
    r"neurips|nips|icml|iclr|cvpr|iccv|eccv|acl|naacl|emnlp|eacl|aaai|ijcai|kdd|sigir|www|chi|interspeech|icassp|"
    r"pmlr|association for computational|ieee|acm|springer|elsevier|copyright|©|published|phys\. rev|preprint|"
    r"annals|archives|advances in|naturforsch)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.\-–/:])((?:19|20)\d{2})(?![\d\-–/.]*\d)")
_BAD_END = re.compile(r"[.,;:)\]}]+$")
_PUBLISHED = ("published", "publication", "advance", "available", "posted")
_PREFERRED = (*_PUBLISHED, "accepted", "version", "submitted", "revised", "received", "date")


class Imprint(NamedTuple):
    """A day in ISO 8601 at the precision known, a DOI, an arXiv id; None where the pages do not say."""

    published: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None


def imprint(
    page: PageText, used: frozenset[tuple[int, int]], aside: Sequence[str], embedded: Embedded
) -> Imprint:
    """What a first page's edges, its lines at the places `used` by title and byline, and its margins say."""
    notes = [
        line.text
        for position, line in enumerate(page.lines)
        if (page.number, position) in used or _is_note(line, page)
    ]
    number, day = _stamped([*aside, *notes])
    return Imprint(_published(notes, day, number, embedded), _doi(notes, embedded), number)


def _is_note(line: Line, page: PageText) -> bool:
    """Whether a line stands at the page's head or foot, or begins as what names its own paper does."""
    if line.top < 0.12 * page.height or line.bottom > 0.86 * page.height:
        return True
    return len(line.text) < 160 and any(form.match(line.text) for form in (_SAID, _OWN, _EPRINT))


def _stamped(texts: Sequence[str]) -> tuple[str | None, str | None]:
    """The arXiv id of a stamp or of a line of its own, and when its first version came out, where a stamp tells."""
    for text in texts:
        for match in _STAMP.finditer(text):
            number = arxiv_id(match["id"])
            if number and (match["day"] or match["version"]):
                first = match["day"] and match["version"] in (None, "1")
                return number, _date(match["day"]) if first else _month_of(number)
        if own := _EPRINT.search(text):
            return arxiv_id(own["id"]), None
    return None, None


def _doi(notes: Sequence[str], embedded: Embedded) -> str | None:
    """The first DOI that a note gives; else the file's own."""
    for text in (*notes, embedded.subject, embedded.title, embedded.keywords):
        match = _DOI.search(text)
        found = doi(_BAD_END.sub("", match[1])) if match else None
        if found and not found.startswith("10.48550/"):
            return found
    return None


def _published(notes: Sequence[str], stamp: str | None, number: str | None, embedded: Embedded) -> str | None:
    """The most telling date: a stamp's, one that a note calls published, a venue's year, an arXiv id's month."""
    said = sorted(_said(notes), key=lambda each: _PREFERRED.index(each[0]))
    years = _venue_years(notes)
    if stamp or (said and (said[0][0] in _PUBLISHED or not years)):
        return stamp or said[0][1]
    if years:
        return said[0][1] if said and said[0][1][:4] == years[0] else years[0]
    return (_month_of(number) if number else None) or (embedded.created[:4] if embedded.created else None)


def _said(notes: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in notes:
        for match in _SAID.finditer(text):
            if date := _date(match["day"]):
                kind = match["kind"].casefold()
                yield next(word for word in _PREFERRED if kind.startswith(word)), date


def _venue_years(notes: Sequence[str]) -> list[str]:
    """Years on lines that name a venue, with their month where it stands before."""
    found = []
    for text in notes:
        if not _VENUE.search(text):
            continue
        for match in _YEAR.finditer(text):
            month = re.search(rf"({_MONTH}),? {match[1]}", text, re.IGNORECASE)
            found.append((_date(f"{month[1]} {match[1]}") if month else None) or match[1])
    return found


def _month_of(number: str) -> str | None:
    """The month in a modern arXiv id."""
    match = re.fullmatch(r"(\d{2})(\d{2})\.\d{4,5}", number)
    return f"20{match[1]}-{match[2]}" if match else None


def _date(text: str) -> str | None:
    try:
        return parse_date(re.sub(r"(?<=[a-z])\.", "", text))
    except ValueError:
        return None
