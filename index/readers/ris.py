"""RIS: one paper a record, from its `TY` line to its `ER` line.

Owns where a record begins and ends, and what its tags say of a paper. What a line of a record says is rispy's
business. Records are parsed one by one, so that a broken one costs no other and is told with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rispy import RisParser

from index.dates import parse_date
from index.errors import ReadError
from index.readers.attachments import with_attachments
from index.readers.entries import entry, first_date, noted_arxiv_id, reading_order
from index.readers.facts import Fields, one_line, storable
from index.readers.files import name_of, read_whole
from index.schema import Document, Enclosed, Notice, Unreadable

MOST_RECORDS = 100_000
_TAG = re.compile(r"([A-Z][A-Z0-9]) {0,3}-(?: |$)")
_NAMES = {
    tag: tag
    for tag in (
        "TY", "ER", "UK", "A1", "AU", "AB", "N2", "TI", "T1", "BT", "CT", "DA", "PY", "Y1", "DO", "UR", "L1",
        "AN", "ID", "M1", "N1", "C1", "C7", "PB", "DB",
    )
}  # fmt: skip
_UNCLOSED = "its record is never closed by an ER line; what followed may be missing"

Lines = Mapping[str, list[str]]


class _Record(NamedTuple):
    """The lines of one record with tags as rispy knows them, from the line of that number on."""

    number: int
    lines: list[str]
    begun: bool  # by a TY line
    closed: bool  # by an ER line


def read_ris(path: Path) -> Iterator[Document | Unreadable | Enclosed]:
    """One paper for each record, in the file's order, and the files that it names below the file's own folder."""
    source = name_of(path)
    parser = RisParser(
        mapping=_NAMES, list_tags=sorted(_NAMES), delimiter_tags_mapping={}, skip_unknown_tags=True
    )
    for count, record in enumerate(_records(storable(read_whole(path)).split("\n")), 1):
        if count > MOST_RECORDS:
            raise ReadError(f"{source!r} holds more than {MOST_RECORDS:,} records; split it")
        place = f"{source} line {record.number}"
        try:
            tags = _tags(record, parser)
            document = _document(tags, source)
        except ValueError as error:
            yield Unreadable(place=place, reason=str(error))
            continue
        if not record.closed:
            document = document.model_copy(update={"notices": (Notice(kind="not read", text=_UNCLOSED),)})
        yield from with_attachments(document, tags.get("L1", []), path)


def _records(lines: list[str]) -> Iterator[_Record]:
    """The records of a file; what stands before, between and after them is passed over unless it has tags."""
    number, held, begun = 0, list[str](), False
    for position, line in enumerate(lines, 1):
        match = _TAG.match(line)
        tag = match[1] if match else None
        if tag == "TY" and held:
            yield _Record(number, held, begun, closed=False)
            held = []
        if not held and (tag is None or tag == "ER"):
            continue
        if not held:
            number, begun = position, tag == "TY"
        if tag == "ER":
            yield _Record(number, held, begun, closed=True)
            held = []
        else:
            held.append(f"{tag}  - {line[match.end() :]}" if match else line)
    if held:
        yield _Record(number, held, begun, closed=False)


def _tags(record: _Record, parser: RisParser) -> Lines:
    """What stands under each tag; ValueError where there is no telling that it is a record."""
    if not record.begun:
        raise ValueError("is no whole record: it has no TY line")
    found = parser.parse("\n".join((*record.lines, "ER  - ")))
    if not found:
        raise ValueError("is no whole record")
    lines: dict[str, list[str]] = {
        tag: [str(value) for value in values] for tag, values in found[0].items() if isinstance(values, list)
    }
    return lines


def _document(tags: Lines, source: str) -> Document:
    title = next((text for tag in ("TI", "T1", "BT", "CT") if (text := _joined(tags, tag))), "")
    abstract = "\n".join(tags.get("AB") or tags.get("N2") or [])
    return entry(_facts(tags), title=title, abstract=abstract, source=source)


def _facts(tags: Lines) -> Fields:
    names = map(reading_order, tags.get("AU") or tags.get("A1") or [])
    numbered = (_joined(tags, tag) for tag in ("AN", "M1", "C1", "C7", "ID", "N1", "PB"))
    return {
        "authors": [{"name": name} for name in names if name],
        "published": _published(tags),
        "doi": _joined(tags, "DO"),
        "url": next((url for url in map(str.strip, tags.get("UR", [])) if url), ""),
        "arxiv_id": noted_arxiv_id(*numbered) or (_joined(tags, "AN") if _of_arxiv(tags) else ""),
    }


def _of_arxiv(tags: Lines) -> bool:
    return "arxiv" in f"{_joined(tags, 'DB')} {_joined(tags, 'PB')}".casefold()


def _published(tags: Lines) -> str:
    """The exact date, where its year is that of publication: some databases keep their own day in `DA`."""
    exact, year = _date(_joined(tags, "DA")), _date(_joined(tags, "PY")) or _date(_joined(tags, "Y1"))
    if exact and (not year or exact[:4] == year[:4]):
        return exact if len(exact) >= len(year) else year
    return year or first_date(_joined(tags, tag) for tag in ("PY", "Y1"))


def _date(written: str) -> str:
    """`2020/03/12/spring` as its day, `2020///` as its year; empty where it is neither."""
    numbers = "/".join(part for part in written.split("/")[:3] if part.strip())
    try:
        return parse_date(numbers.strip())
    except ValueError:
        return ""


def _joined(tags: Lines, tag: str) -> str:
    return one_line(" ".join(tags.get(tag, [])))
