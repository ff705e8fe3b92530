"""Daily Papers as their API answers them: a list of papers, each with what its listing says of it.

Owns the names of its fields. What a model wrote about a paper (`ai_summary`, `ai_keywords`) is not the paper's and is
never read; upvotes say nothing that a paper has a place for.
"""

from __future__ import annotations

from index.readers.entries import entry, first_date
from index.readers.facts import Fields
from index.schema import Document


def is_listed(value: Fields) -> bool:
    """Whether a JSON object is a listing's entry, or the paper that such an entry holds."""
    paper = value.get("paper")
    if isinstance(paper, dict):
        return "title" in paper or "id" in paper
    ours = {"abstract", "text"} & value.keys()
    return (
        not ours and {"summary", "title"} <= value.keys() and bool({"publishedAt", "upvotes"} & value.keys())
    )


def document(value: Fields, source: str) -> Document:
    """The paper of an entry; ValueError where it has no title.

    Its date is that of the paper; the entry's own is the day on which it was listed.
    """
    held = value.get("paper")
    paper: Fields = held if isinstance(held, dict) else value
    facts: Fields = {
        "id": paper.get("id"),
        "authors": paper.get("authors"),
        "published": first_date([_text(paper, "publishedAt")]) or first_date([_text(value, "publishedAt")]),
        "organization": _organization(value) or _organization(paper),
        "comments": value.get("numComments"),
    }
    title = _text(paper, "title") or _text(value, "title")
    abstract = _text(paper, "summary") or _text(value, "summary")
    return entry(facts, title=title, abstract=abstract, source=source)


def _organization(value: Fields) -> str:
    held = value.get("organization")
    return (_text(held, "fullname") or _text(held, "name")) if isinstance(held, dict) else ""


def _text(value: Fields, name: str) -> str:
    text = value.get(name)
    return text if isinstance(text, str) else ""
