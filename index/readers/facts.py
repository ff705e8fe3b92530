"""A paper's facts from named fields, as JSON records and front matter write them.

Owns which names are understood and how their values are put into `Paper`'s form. A fact that cannot be
understood (a date that no calendar has) is left unknown rather than costing the paper; a wrong fact
would be worse than none. Unknown names are ignored: records carry much that is not about the paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from index.dates import parse_date
from index.identifiers import arxiv_id, doi
from index.schema import Paper

Fields = Mapping[str, object]

_NAME_PARTS = (
    "given", "firstName", "dropping-particle", "non-dropping-particle", "family", "lastName", "suffix",
)  # fmt: skip


def described(fields: Fields, *, title: str, abstract: str, source: str) -> Paper:
    """The paper that `fields` describe.

    A field `id` that is an arXiv id or a DOI names the paper so, where `arxiv_id` or `doi` does not;
    any other `id` is the source's own choice and becomes `Paper.id`.
    """
    own, url = _string(fields, "id"), _string(fields, "url")
    arxiv = _identified(arxiv_id, _string(fields, "arxiv_id"), _string(fields, "doi"), own, url)
    digital = _identified(doi, _string(fields, "doi"), own, url)
    public = own is not None and (arxiv_id(own) is not None or doi(own) is not None)
    authors = _authors(fields.get("authors", fields.get("author")))
    return Paper(
        id="" if own is None or public else own,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or _number(fields.get("author_count")),
        organization=_string(fields, "organization"),
        published=_published(fields),
        comments=_number(fields.get("comments")),
        url=url,
        arxiv_id=arxiv,
        doi=digital,
        source=source,
    )


def one_line(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(text.split())


def storable(text: str) -> str:
    """`text` with `\\n` line ends and without lone surrogates, which no encoding can store."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _string(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return (one_line(storable(value)).replace("\0", "") or None) if isinstance(value, str) else None


def _number(value: object) -> int | None:
    """A count: a whole number from 0 to below a billion."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _identified(form: Callable[[str], str | None], *candidates: str | None) -> str | None:
    return next((found for text in candidates if text and (found := form(text))), None)


def _published(fields: Fields) -> str | None:
    for name in ("published", "date", "year"):
        value = fields.get(name)
        text = value.isoformat()[:10] if isinstance(value, date) else _string(fields, name)
        try:
            if text:
                return parse_date(text)
        except ValueError:
            continue
    return None


def _authors(value: object) -> tuple[str, ...]:
    """Names in order, from a list of names or of objects that hold one, or from one string of several."""
    if isinstance(value, str):
        return tuple(_split_names(one_line(storable(value)).replace("\0", "")))
    if not isinstance(value, list):
        return ()
    names = (_named(each) if isinstance(each, dict) else _string({"": each}, "") for each in value)
    return tuple(name for name in names if name)


def _named(person: Fields) -> str | None:
    """The name of `{"name": …}`, or of one in parts as CSL and Zotero write them."""
    whole = _string(person, "name") or _string(person, "literal")
    return whole or " ".join(part for name in _NAME_PARTS if (part := _string(person, name))) or None


def _split_names(text: str) -> list[str]:
    """The names in `A and B; C`, in `A, B and C`, or in BibTeX's `Last, First and Last, First`."""
    parts = [part.strip(" ,") for part in re.split(r";|\band\b|&", text)]
    parts = [part for part in parts if part]
    inverted = [re.fullmatch(r"([^,]+), ([^,]+)", part) for part in parts]
    if ";" in text or " " not in text.split(",")[0].strip() or (len(parts) > 1 and all(inverted)):
        pairs = zip(inverted, parts, strict=True)
        return [f"{match[2]} {match[1]}" if match else part for match, part in pairs]
    return [name.strip() for part in parts for name in part.split(",") if name.strip()]
