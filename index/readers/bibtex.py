"""BibTeX: one paper an entry.

Owns what an entry's fields mean: authors, dates, identifiers, `@string` names and `#` between values. Where blocks
begin and end is bibtexparser's business, LaTeX in values pylatexenc's. An entry without an abstract is a paper
whose text is its title: it can be found, and a source that has more fills it in. Fields that say nothing of the
paper are never looked at, and what no paper needs is refused: values beyond a length, braces beyond a depth, names
that stand for themselves. Files that an entry names below the bibliography's own folder are read with it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, Entry, ParsingFailedBlock
from pylatexenc.latex2text import LatexNodes2Text

from index.dates import MONTHS, parse_date
from index.errors import ReadError
from index.readers.attachments import bibtex_files, with_attachments
from index.readers.facts import Fields, described, one_line, storable
from index.readers.files import name_of, read_whole
from index.schema import Document, Enclosed, Section, Unreadable

LONGEST_FILE = 32_000_000  # characters
MOST_BLOCKS = 100_000
LONGEST_VALUE = 10_000  # characters
_LONGER = {"abstract": 200_000, "author": 200_000, "file": 200_000}
_DEEPEST = 50  # braces in braces; names in names
_MACROS = {month[:3]: month.capitalize() for month in MONTHS}
_BLOCK = re.compile(r"@\w*[ \t]*[{(]")
_BARE = re.compile(r'[^\s#"{]+')
_LATEX = re.compile(r"[\\{}$~%]|--|``|''")
_READ = frozenset({
    "abstract", "archiveprefix", "author", "date", "day", "doi", "eprint", "eprinttype", "file", "institution", "month",
    "school", "title", "url", "year",
})  # fmt: skip

for _library in ("bibtexparser", "pylatexenc"):  # what they find wrong is told as the file's own failures
    logging.getLogger(_library).addHandler(logging.NullHandler())


def read_bibtex(path: Path) -> Iterator[Document | Unreadable | Enclosed]:
    """One paper for each entry, in the file's order, and its files; ReadError where the file is far too large."""
    source, text = name_of(path), storable(read_whole(path))
    if len(text) > LONGEST_FILE:
        raise ReadError(f"{source!r} holds more than {LONGEST_FILE // 10**6} million characters; split it")
    blocks = sum(1 for _ in _BLOCK.finditer(text))
    if blocks > MOST_BLOCKS:
        raise ReadError(f"{source!r} holds {blocks:,} entries, more than {MOST_BLOCKS:,}; split it")
    library = parse_string(text, parse_stack=[])
    macros = _MACROS | {name.casefold(): str(kept.value) for name, kept in library.strings_dict.items()}
    for block in library.blocks:
        place = f"{source} line {(block.start_line or 0) + 1}"
        entry = _entry_of(block)
        if entry is not None:
            yield from _paper(entry, macros, path, place)
        elif isinstance(block, ParsingFailedBlock):
            reason = one_line(str(getattr(block.error, "abort_reason", block.error)))
            yield Unreadable(place=place, reason=f"is no whole entry: {reason}")


def _entry_of(block: Block) -> Entry | None:
    """The entry that a block is, also where its key stood before or a field stands in it twice."""
    held = block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block
    return held if isinstance(held, Entry) else None


def _paper(
    entry: Entry, macros: Mapping[str, str], path: Path, place: str
) -> Iterator[Document | Unreadable | Enclosed]:
    try:
        fields = _fields(entry, macros)
        document = _document(fields, name_of(path))
    except (ValueError, RecursionError) as error:  # LaTeX nests in other ways than by braces too
        reason = str(error) if isinstance(error, ValueError) else "nests LaTeX too deeply"
        yield Unreadable(place=place, reason=f"the entry {entry.key[:80]!r} {reason}")
    else:
        yield from with_attachments(document, bibtex_files(fields.get("file", "")), path)


def _fields(entry: Entry, macros: Mapping[str, str]) -> dict[str, str]:
    """The fields that are read, by their names in small letters, as LaTeX; of two of one name the first."""
    fields: dict[str, str] = {}
    for field in entry.fields:
        name = field.key.casefold()
        if name in _READ and name not in fields:
            fields[name] = _value(str(field.value), macros, name)
    return fields


def _document(fields: Mapping[str, str], source: str) -> Document:
    title = one_line(_plain(fields.get("title", "")))
    if not title:
        raise ValueError("has no title")
    paragraphs = re.split(r"\n[ \t]*\n", _plain(fields.get("abstract", "")))
    abstract = "\n\n".join(line for line in map(one_line, paragraphs) if line)
    text = abstract or title
    paper = described(_facts(fields), title=title, abstract=abstract, source=source)
    section = Section(name="Abstract" if abstract else None, start=0, end=len(text))
    return Document(paper=paper, text=text, sections=(section,))


# What fields say


def _facts(fields: Mapping[str, str]) -> Fields:
    kind = one_line(fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv")
    return {
        "authors": _authors(fields.get("author", "")),
        "published": _published({name: one_line(_plain(fields.get(name, ""))) for name in _READ}),
        "organization": one_line(_plain(fields.get("institution") or fields.get("school") or "")),
        "doi": _address(fields.get("doi", "")),
        "url": _address(fields.get("url", "")),
        "arxiv_id": _address(fields.get("eprint", "")) if kind.casefold() == "arxiv" else "",
    }


def _published(plain: Mapping[str, str]) -> str:
    """The most exact date that the fields give; a month that is none leaves the year."""
    year, month = plain["year"], plain["month"].strip(". ")
    month = MONTHS[int(month) - 1] if month in map(str, range(1, 13)) else month
    days = (plain["date"], f"{plain['day']} {month} {year}", f"{month} {year}", plain["date"][:4], year)
    for written in days:
        try:
            return parse_date(written.strip())
        except ValueError:
            continue
    return ""


def _authors(written: str) -> list[str]:
    """Names in reading order, "and others" left out."""
    names = map(_name, split_multiple_persons_names(one_line(_plain(written, keep_groups=True))))
    return [name for name in names if name and name.casefold() != "others"]


def _name(written: str) -> str:
    """`Lovelace, Ada` as `Ada Lovelace`; a name all in braces is one, whatever stands in it."""
    if not (written.startswith("{") and written.endswith("}")):
        parts = parse_single_name_into_parts(written, strict=False)
        written = " ".join((*parts.first, *parts.von, *parts.last, *parts.jr))
    return one_line(re.sub("[{}]", "", written)).strip(" ,")


def _address(written: str) -> str:
    """A DOI, an id or an address, in which LaTeX only escapes characters."""
    return re.sub(r"\\url|[{}\s]|\\(?=[_&%#~$])", "", written)


# Values


def _value(written: str, macros: Mapping[str, str], name: str) -> str:
    """A value with its names and its `#` resolved, without the braces or quotes around it."""
    most = left = _LONGER.get(name, LONGEST_VALUE)
    found = []
    for part in _parts(written, macros, 0):
        found.append(part)
        left -= len(part)
        if left < 0:
            raise ValueError(f"has a field {name!r} of more than {most:,} characters")
    return "".join(found).strip()


def _parts(written: str, macros: Mapping[str, str], depth: int) -> Iterator[str]:
    """The pieces that `#` joins, one after another, so that names of names cannot grow unseen."""
    if depth > _DEEPEST:
        raise ValueError("uses an @string that stands for itself")
    position = 0
    while position < len(written):
        if written[position] in '{"':
            end = _closing(written, position)
            yield written[position + 1 : end]
            position = end + 1
        elif bare := _BARE.match(written, position):
            position = bare.end()
            macro = macros.get(bare.group().casefold())
            yield from _parts(macro, macros, depth + 1) if macro else (bare.group(),)
        else:
            position += 1


def _closing(written: str, start: int) -> int:
    """Where the brace or the quote that opens at `start` is closed; the end where it is not."""
    depth = 0
    for position in range(start, len(written)):
        if position and written[position - 1] == "\\":
            continue
        depth += {"{": 1, "}": -1}.get(written[position], 0)
        if depth == 0 and position > start and written[position] in ('"' if written[start] == '"' else "}"):
            return position
    return len(written)


def _plain(written: str, keep_groups: bool = False) -> str:
    """A value without LaTeX: accents as letters, formulas as they are written, braces gone but around groups."""
    if not _LATEX.search(written):
        return written
    if _nesting(written) > _DEEPEST:
        raise ValueError(f"has more than {_DEEPEST} braces in braces")
    bare = re.sub(r"\\url\s*\{([^{}]*)\}", r"\1", written)
    bare = re.sub(r"\\href\s*\{[^{}]*\}\s*(?=\{)", "", bare)
    bare = re.sub(r"(?<!\\)%", r"\\%", bare)  # a comment in LaTeX, a sign in BibTeX
    try:
        return str(_decoder(keep_groups).latex_to_text(bare)).replace("\0", "")
    except (IndexError, TypeError, AttributeError) as error:  # a macro that lacks its arguments
        raise ValueError("has LaTeX that cannot be read: a macro lacks what it stands with") from error


@cache
def _decoder(keep_groups: bool) -> LatexNodes2Text:
    return LatexNodes2Text(
        math_mode="verbatim",
        strict_latex_spaces=True,
        keep_braced_groups=keep_groups,
        keep_braced_groups_minlen=2,
    )


def _nesting(written: str) -> int:
    depth = deepest = 0
    for match in re.finditer(r"(?<!\\)[{}]", written):
        depth += 1 if match.group() == "{" else -1
        deepest = max(deepest, depth)
    return deepest
