"""Who reads a page, and in which of their libraries, as the page shows it."""

from __future__ import annotations

from index.schema import Value

LABELS = {"shared": "Shared", "mine": "Mine"}


class Reader(Value):
    """A user by name, the libraries they may choose from, and the one they are in; empty without accounts."""

    name: str = ""
    libraries: tuple[str, ...] = ()
    library: str = ""
