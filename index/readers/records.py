"""Papers as JSON: one object a line, streamed, or one list.

Owns the fields of a record: `title`, `abstract` and/or `text`, and the facts that `facts.described`
knows (`authors`, `year` or `published`, `url`, `doi`, `arxiv_id`, `organization`, `comments`, `id`);
other fields are ignored. A record's own `id` becomes the paper's id unless it is an arXiv id or a DOI:
it was chosen by the source, so it is stable there; two sources that number their papers from 1 should
not be put into one library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from index.errors import ReadError
from index.readers.encodings import decode_strictly
from index.readers.facts import Fields, described, one_line, storable
from index.readers.files import LONGEST_LINE, name_of, read_whole
from index.readers.files import read_lines as lines_of
from index.schema import Document, Section, Unreadable

_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


def read_lines(path: Path) -> Iterator[Document | Unreadable]:
    """One paper for each line of a JSON-lines file; no more than a line of it is held at a time."""
    source = name_of(path)
    any_line = False
    for number, raw in lines_of(path):
        any_line = True
        yield _line(raw, source=source, place=f"{source} line {number}")
    if not any_line:
        raise ReadError(f"{source!r} is empty")


def read_json(path: Path) -> Iterator[Document | Unreadable]:
    """The papers of a JSON list or of one JSON object; otherwise the file is read as JSON lines."""
    source = name_of(path)
    try:
        value = json.loads(read_whole(path))
    except (ValueError, RecursionError) as exc:
        first = next(iter(lines_of(path)))[1]
        if not first.lstrip().startswith(b"{") or not _parses(first):
            raise ReadError(f"{source!r} is neither a JSON list nor JSON lines ({exc})") from exc
        yield from read_lines(path)
        return
    for number, entry in enumerate(value if isinstance(value, list) else [value], 1):
        yield _entry(entry, source=source, place=f"{source} entry {number}")


def _parses(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _line(raw: bytes, *, source: str, place: str) -> Document | Unreadable:
    if len(raw) > LONGEST_LINE:
        return Unreadable(place=place, reason=f"the line is longer than {LONGEST_LINE // 2**20} MB")
    try:
        value = json.loads(decode_strictly(raw))
    except json.JSONDecodeError as exc:
        return Unreadable(place=place, reason=f"is not JSON ({exc.msg} at character {exc.pos + 1})")
    except (ValueError, RecursionError) as exc:
        return Unreadable(place=place, reason=str(exc))
    return _entry(value, source=source, place=place)


def _entry(value: object, *, source: str, place: str) -> Document | Unreadable:
    if not isinstance(value, dict):
        return Unreadable(place=place, reason=f"is {_kind(value)}, not an object with a title and a text")
    try:
        return _document(value, source)
    except ValueError as exc:
        return Unreadable(place=place, reason=str(exc))


def _document(fields: Fields, source: str) -> Document:
    """ValueError where the record has no title, no text, or something else in their place."""
    title = one_line(_text(fields, "title"))
    abstract, body = _text(fields, "abstract"), _text(fields, "text")
    if not title:
        raise ValueError("has no title")
    if not abstract and not body:
        raise ValueError(f"{title!r} has neither an abstract nor a text")
    text = "\n\n".join(part for part in (abstract, body) if part)
    sections = []
    if abstract:
        sections.append(Section(name="Abstract", start=0, end=len(abstract)))
    if body:
        sections.append(Section(name=None, start=len(text) - len(body), end=len(text)))
    paper = described(fields, title=title, abstract=abstract or _first_paragraph(body), source=source)
    return Document(paper=paper, text=text, sections=tuple(sections))


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"its {name} is {_kind(value)}, not text")
    if "\0" in value:
        raise ValueError(f"its {name} holds a NUL character")
    return storable(value).strip()


def _first_paragraph(text: str) -> str:
    return text.partition("\n\n")[0].strip()


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number")
