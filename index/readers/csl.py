"""CSL-JSON: the items that Zotero, Pandoc and citeproc exchange, and that DOI registries answer with.

Owns its field names. An item's `id` is a key of its own file and names no paper, unless it is a DOI or an arXiv id.
"""

from __future__ import annotations

from index.identifiers import arxiv_id, doi
from index.readers.entries import entry, first_date, noted_arxiv_id
from index.readers.facts import Fields
from index.schema import Document

_OWN = frozenset({
    "issued", "DOI", "URL", "ISSN", "ISBN", "container-title", "citation-key", "citation-label", "original-date",
})  # fmt: skip


def is_item(value: Fields) -> bool:
    """Whether a JSON object is an item: it has a field, or names in parts, that only CSL writes so."""
    if "text" in value or "authors" in value or "title" not in value:
        return False
    return bool(_OWN & value.keys()) or any(
        isinstance(name, dict) and {"family", "literal"} & name.keys() for name in _list(value.get("author"))
    )


def document(value: Fields, source: str) -> Document:
    """The paper of an item; ValueError where it has no title."""
    facts = {
        "authors": value.get("author") or value.get("editor"),
        "published": _issued(value.get("issued")),
        "organization": value.get("publisher") if value.get("type") in ("thesis", "report") else None,
        "doi": value.get("DOI"),
        "url": value.get("URL"),
        "arxiv_id": _arxiv(value),
    }
    own = _text(value, "id")
    facts["id"] = own if arxiv_id(own) or doi(own) else None
    return entry(facts, title=_text(value, "title"), abstract=_text(value, "abstract"), source=source)


def _arxiv(value: Fields) -> str:
    """An id that is said to be arXiv's, in any of the fields where exports put it."""
    if _text(value, "archive").casefold() == "arxiv" and arxiv_id(_text(value, "archive_location")):
        return _text(value, "archive_location")
    names = ("number", "archive_location", "note", "volume", "container-title", "genre")
    return noted_arxiv_id(*(_text(value, name) for name in names))


def _issued(value: object) -> str:
    """`{"date-parts": [[2020, 3, 12]]}` as `2020-03-12`, or a date in words; the first day of a range."""
    if not isinstance(value, dict):
        return first_date([value]) if isinstance(value, str) else ""
    ranges = _list(value.get("date-parts"))
    parts = [str(part) for part in _list(ranges[0] if ranges else None) if str(part).strip()]
    return first_date(("-".join(parts[:3]), *(_text(value, name) for name in ("raw", "literal"))))


def _text(value: Fields, name: str) -> str:
    """A field's text; registries write some of them as lists of one."""
    held = value.get(name)
    held = held[0] if isinstance(held, list) and held else held
    return held if isinstance(held, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
