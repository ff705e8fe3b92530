"""Who someone is, as values."""

from __future__ import annotations

from index.schema import Value


class User(Value):
    """Someone who may use the server; `id` never changes and is never given to another, `name` may change."""

    id: str
    name: str
    admin: bool


LOCAL = User(id="", name="", admin=True)
"""The one user of a server without accounts, whom everything on it belongs to."""
