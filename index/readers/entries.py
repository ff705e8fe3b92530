"""An entry of a bibliography as a paper: what readers of records share.

Owns the document that an entry becomes: its text is its abstract or, where it has none, its title, so that the
paper can be found and a source that has more fills it in. Owns also the forms that all of them write names, dates
and abstracts in. Refuses to know any format's own names for these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from index.dates import parse_date
from index.identifiers import arxiv_id
from index.readers.facts import Fields, described, one_line, storable
from index.schema import Document, Section

LONGEST_TITLE = 10_000  # characters
LONGEST_ABSTRACT = 200_000

_BREAKS = re.compile(r"</?(?:jats:)?(?:p|title|sec|div|br)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKUP = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|tt|sc|italic|bold|jats:[a-z-]+|span(?:\s[^<>]*)?|jats:[a-z-]+\s[^<>]*)/?>",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_HEADING = re.compile(r"abstract[.:]?\n\n", re.IGNORECASE)
_NOTED = re.compile(r"arxiv:\s*[\w./-]+", re.IGNORECASE)


def entry(facts: Fields, *, title: str, abstract: str, source: str) -> Document:
    """The document of an entry; ValueError where it has no title, or far too long a one."""
    title, abstract = one_line(plain(title)), plain(abstract)
    if heading := _HEADING.match(abstract):
        abstract = abstract[heading.end() :]
    if not title:
        raise ValueError("has no title")
    for name, text, most in (("a title", title, LONGEST_TITLE), ("an abstract", abstract, LONGEST_ABSTRACT)):
        if len(text) > most:
            raise ValueError(f"has {name} of more than {most:,} characters")
    text = abstract or title
    section = Section(name="Abstract" if abstract else None, start=0, end=len(text))
    paper = described(facts, title=title, abstract=abstract, source=source)
    return Document(paper=paper, text=text, sections=(section,))


def plain(text: str) -> str:
    """`text` in paragraphs of one line each, without the HTML or JATS that registries put into abstracts.

    >>> plain("<jats:p>Wells &amp; H<sub>2</sub>O</jats:p>\\n<jats:p>Dry.</jats:p>")
    'Wells & H2O\\n\\nDry.'
    """
    marked = _MARKUP.sub("", _BREAKS.sub("\n\n", storable(text).replace("\0", "")))
    paragraphs = re.split(r"\n[ \t]*\n", storable(unescape(marked)).replace("\0", ""))
    return "\n\n".join(line for line in map(one_line, paragraphs) if line)


def reading_order(name: str) -> str:
    """A name written family first as it is said; one without a comma stays.

    >>> reading_order("Lovelace, Ada"), reading_order("Smith, John, Jr.")
    ('Ada Lovelace', 'John Smith Jr.')
    """
    parts = [part for part in map(one_line, name.split(",")) if part]
    if len(parts) in (2, 3):
        family, given, *suffix = parts
        return " ".join((given, family, *suffix))
    return ", ".join(parts)


def first_date(written: Iterable[str]) -> str:
    """The first of some dates that is one, else the one year that stands in any of them, else nothing.

    >>> first_date(["", "Spring 2020"])
    '2020'
    """
    texts = [one_line(text) for text in written if text.strip()]
    for text in texts:
        try:
            return parse_date(text)
        except ValueError:
            continue
    years = {year for text in texts for year in _YEAR.findall(text)}
    return years.pop() if len(years) == 1 else ""


def noted_arxiv_id(*texts: str) -> str:
    """The arXiv id that one of some texts names as such (`arXiv:2003.00001 [cs]`); empty where none does."""
    found = (arxiv_id(match.group()) for text in texts for match in _NOTED.finditer(text[:LONGEST_TITLE]))
    return next((known for known in found if known), "")
