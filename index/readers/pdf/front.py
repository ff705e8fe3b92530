"""What a paper's first pages say of it: its title, who wrote it and where, its abstract, when it came out, its names.

Owns which lines say what, and when to believe what a file says of itself: where its pages say the same, or nothing.
Refuses to know how titles, bylines and abstracts are set (`title`, `byline` and `abstract` do), and to open anything:
pages in, facts out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from index.readers.pdf.abstract import Abstract, Place, headed, keywords, opens_body, runs, unheaded
from index.readers.pdf.byline import Byline, addressed, byline
from index.readers.pdf.imprint import Imprint, imprint
from index.readers.pdf.people import person, pieces
from index.readers.pdf.schema import Line, PageText
from index.readers.pdf.structure import Embedded
from index.readers.pdf.title import Title, believed, letters, spelled, title_of

_FIRST = 2  # pages that are looked at
_BYLINE_WITHIN = 0.75  # of the page's height, where nothing else ends it


class Front(NamedTuple):
    """What the first pages say; empty or None means that they say nothing.

    `abstract` holds the abstract's lines, the first without a heading that ran into it, and `abstract_places` where
    these stand; `heading` is the place of a heading of its own. `used` are the places of title, byline, addresses and
    what stands above them, which are no part of the text.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    organization: str | None = None
    published: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    abstract: tuple[Line, ...] = ()
    abstract_places: tuple[Place, ...] = ()
    heading: Place | None = None
    used: frozenset[Place] = frozenset()


def front_matter(pages: Sequence[PageText], embedded: Embedded, aside: Sequence[str] = ()) -> Front:
    """What the pages of a paper say of it, beside what its file says; `aside` is text that runs up their margins."""
    first = next((position for position, page in enumerate(pages) if page.lines), None)
    if first is None:
        return Front(title=believed(embedded.title))
    pages = pages[first : first + _FIRST]
    page = pages[0]
    summary = headed(pages) or Abstract()
    below = summary.top if summary.top is not None and _on(summary, page) else page.height
    title = title_of(page, below, embedded.title)
    if title is None:
        facts = imprint(page, frozenset(), aside, embedded)
        return _front(believed(embedded.title), Byline(), facts, summary, frozenset())
    positions = _between(page, title, summary)
    written, summary = _written(page, positions, title, summary, embedded)
    used = _used(page, title, positions, summary)
    facts = imprint(page, used, aside, embedded)
    return _front(spelled(title, embedded.title), written, facts, summary, used)


def _front(title: str, written: Byline, facts: Imprint, summary: Abstract, used: frozenset[Place]) -> Front:
    return Front(title, *written[:2], *facts, summary.lines, summary.places, summary.heading, used)


def _written(
    page: PageText, positions: Sequence[int], title: Title, summary: Abstract, embedded: Embedded
) -> tuple[Byline, Abstract]:
    """The byline, and the abstract, which may have no heading where a byline shows that this is a paper.

    Names without an address or an abstract near them are any words with capitals.
    """
    lines = [page.lines[position] for position in positions]
    written = byline(lines)
    told = written.sure or addressed(lines)
    if not summary.lines and written.authors and told:
        summary = unheaded(page, title.bottom) or summary
    if not summary.lines and not told:
        written = Byline()
    shown = letters(" ".join(line.text for line in lines))
    return written._replace(authors=_authors(written.authors, embedded, shown)), summary


def _between(page: PageText, title: Title, summary: Abstract) -> list[int]:
    """The places of the lines between title and text."""
    end = _BYLINE_WITHIN * page.height
    if summary.top is not None and summary.top > title.top and _on(summary, page):
        end = summary.top
    below = [
        position
        for position, line in enumerate(page.lines)
        if title.bottom - 2 <= line.top < end - 1 and position not in title.positions
    ]
    for position in sorted(below, key=lambda each: page.lines[each].top):
        line = page.lines[position]
        if opens_body(line) or keywords(line) or _text_begins(page.lines, position):
            return [each for each in below if page.lines[each].top < line.top - 1]
    return below


def _on(summary: Abstract, page: PageText) -> bool:
    places = summary.places if summary.heading is None else (summary.heading,)
    return bool(places) and places[0][0] == page.number


def _text_begins(lines: Sequence[Line], position: int) -> bool:
    """Whether running text begins with this line: it and the next two are."""
    block = lines[position : position + 3]
    return len(block) == 3 and all(map(runs, block))


def _authors(found: tuple[str, ...], embedded: Embedded, shown: str) -> tuple[str, ...]:
    """The page's names; the file's own where the page shows each of them and they are no fewer."""
    told = [name for each in embedded.authors for name in _told(each)]
    if len(told) >= max(len(found), 1) and all(letters(name) in shown for name in told):
        return tuple(told)
    return found


def _told(author: str) -> list[str]:
    names = pieces(author)
    return names if all(map(person, names)) else []


def _used(page: PageText, title: Title, positions: Sequence[int], summary: Abstract) -> frozenset[Place]:
    """Title, byline, and what stands above the title."""
    above = [position for position, line in enumerate(page.lines) if line.bottom <= title.top + 1]
    taken = {(page.number, position) for position in (*title.positions, *positions, *above)}
    return frozenset(taken - set(summary.places))
