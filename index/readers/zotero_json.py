"""Zotero's items as JSON: Better BibTeX's export with its attachments, and what Zotero's own API answers.

Owns Zotero's field names. Notes, annotations and files without an item are no papers here.
"""

from __future__ import annotations

from index.readers.entries import entry, first_date, noted_arxiv_id
from index.readers.facts import Fields
from index.readers.zotero import NO_PAPERS
from index.schema import Document


def is_item(value: Fields) -> bool:
    return isinstance(_data(value).get("itemType"), str)


def is_paper(value: Fields) -> bool:
    return _data(value).get("itemType") not in NO_PAPERS


def document(value: Fields, source: str) -> Document:
    """The paper of an item; ValueError where it has no title."""
    item = _data(value)
    noted = noted_arxiv_id(*(_text(item, name) for name in ("archiveID", "number", "extra", "publisher")))
    facts: Fields = {
        "authors": _authors(item),
        "published": first_date([_text(item, "date")]),
        "organization": _text(item, "university") or _text(item, "institution"),
        "doi": _text(item, "DOI"),
        "url": _text(item, "url"),
        "arxiv_id": noted,
    }
    return entry(facts, title=_text(item, "title"), abstract=_text(item, "abstractNote"), source=source)


def attached(value: Fields) -> list[str]:
    """The paths of the files that an item has."""
    held = _data(value).get("attachments")
    files = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
    named = ((each.get(name) for name in ("path", "defaultPath", "localPath")) for each in files)
    return [path for names in named if (path := next((n for n in names if isinstance(n, str) and n), ""))]


def _data(value: Fields) -> Fields:
    """The item itself: the API puts it beside what it says of the library."""
    data = value.get("data")
    return data if isinstance(data, dict) else value


def _authors(item: Fields) -> list[object]:
    held = item.get("creators")
    people = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
    return [each for each in people if each.get("creatorType", "author") == "author"] or list(people)


def _text(item: Fields, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
