"""Papers as JSON: one object a line, streamed, or one list.

Owns the fields of our own record: `title`, `abstract` and/or `text`, and the facts that `facts.described`
knows (`authors`, `year` or `published`, `url`, `doi`, `arxiv_id`, `organization`, `comments`, `id`);
other fields are ignored. A record's own `id` becomes the paper's id unless it is an arXiv id or a DOI:
it was chosen by the source, so it is stable there; two sources that number their papers from 1 should
not be put into one library.

Others write JSON too. Each object is told by its shape, and one of another form is handed to its own module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from index.errors import ReadError
from index.readers import csl, daily_papers_api, zotero_json
from index.readers.attachments import with_attachments
from index.readers.facts import Fields, described, one_line, storable
from index.readers.files import LONGEST_LINE, decode, name_of, read_whole
from index.readers.files import read_lines as lines_of
from index.schema import Document, Enclosed, Section, Unreadable

_LISTS = ("items", "dailyPapers")  # under which some exports put their entries

_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class _Form(NamedTuple):
    """A form of JSON that others write: how an object of it is told, and what it says."""

    recognises: Callable[[Fields], bool]
    document: Callable[[Fields, str], Document]


_FORMS = (
    _Form(zotero_json.is_item, zotero_json.document),
    _Form(daily_papers_api.is_listed, daily_papers_api.document),
    _Form(csl.is_item, csl.document),
)


def read_lines(path: Path) -> Iterator[Document | Unreadable | Enclosed]:
    """One paper for each line of a JSON-lines file; no more than a line of it is held at a time."""
    source = name_of(path)
    any_line = False
    for number, raw in lines_of(path):
        any_line = True
        yield from _line(raw, path=path, place=f"{source} line {number}")
    if not any_line:
        raise ReadError(f"{source!r} is empty")


def read_json(path: Path) -> Iterator[Document | Unreadable | Enclosed]:
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
    for number, entry in enumerate(_entries(value), 1):
        yield from _entry(entry, path=path, place=f"{source} entry {number}")


def _entries(value: object) -> list[object]:
    """The entries of a list, also where it is wrapped; one object is a list of one."""
    if isinstance(value, dict) and "title" not in value:
        value = next((value[name] for name in _LISTS if isinstance(value.get(name), list)), value)
    return value if isinstance(value, list) else [value]


def _parses(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _line(raw: bytes, *, path: Path, place: str) -> Iterator[Document | Unreadable | Enclosed]:
    try:
        if len(raw) > LONGEST_LINE:
            raise ValueError(f"the line is longer than {LONGEST_LINE // 2**20} MB")
        value = json.loads(decode(raw))
    except json.JSONDecodeError as exc:
        yield Unreadable(place=place, reason=f"is not JSON ({exc.msg} at character {exc.pos + 1})")
    except (ValueError, RecursionError) as exc:
        yield Unreadable(place=place, reason=str(exc))
    else:
        for entry in _entries(value) if isinstance(value, dict) else [value]:
            yield from _entry(entry, path=path, place=place)


def _entry(value: object, *, path: Path, place: str) -> Iterator[Document | Unreadable | Enclosed]:
    """What an entry of any form gives: nothing where it is a note or a file of a reference manager."""
    if not isinstance(value, dict):
        yield Unreadable(place=place, reason=f"is {_kind(value)}, not an object with a title and a text")
        return
    if zotero_json.is_item(value) and not zotero_json.is_paper(value):
        return
    form = next((form for form in _FORMS if form.recognises(value)), _OURS)
    try:
        document = form.document(value, name_of(path))
    except ValueError as exc:
        yield Unreadable(place=place, reason=str(exc))
        return
    files = zotero_json.attached(value) if zotero_json.is_item(value) else []
    yield from with_attachments(document, files, path)


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


_OURS = _Form(lambda value: True, _document)


def _first_paragraph(text: str) -> str:
    return text.partition("\n\n")[0].strip()


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number")
