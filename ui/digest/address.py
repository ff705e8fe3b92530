"""The addresses of the digest page, and of the same digest in other forms.

Pure. What is shown follows from the address alone, so that it can be kept as a bookmark, and fetched by a
feed reader. Whatever is not understood is left out; a period that is none is the digest's to refuse.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from assistant.digest import Wish

LONGEST = 1000  # characters of a topic: a saved question may be one
OTHERS = ("md", "html", "atom", "json")  # the forms that have addresses of their own


def read(query: str) -> Wish:
    """What the query string, with or without its question mark, asks for."""
    given = parse_qs(query.removeprefix("?"))
    first = {name: values[0].strip() for name, values in given.items()}
    names = (name.strip() for name in given.get("organization", []))
    return Wish(
        since=first.get("since", "")[:40] or Wish().since,
        by="published" if first.get("by") == "published" else "added",
        organizations=tuple(dict.fromkeys(name for name in names if name)),
        topic=first.get("topic", "")[:LONGEST],
    )


def write(wish: Wish) -> str:
    """The shortest query string that reads as the wish; `?` where it is the plain page."""
    pairs = [
        ("since", "" if wish.since == Wish().since else wish.since),
        ("by", "" if wish.by == "added" else wish.by),
        *(("organization", name) for name in wish.organizations),
        ("topic", wish.topic),
    ]
    return "?" + urlencode([(name, value) for name, value in pairs if value])


def elsewhere(wish: Wish, form: str) -> str:
    """The address of the same digest in one of `OTHERS`, beside the page."""
    return f"digest.{form}{write(wish).removesuffix('?')}"
