"""What changes on the chat page, as one value.

Owns nothing but the names of the page's parts, so that what decides (`chat`, `scoping`, `history`) and
what paints (`chat_page`) need not know each other.
"""

from __future__ import annotations

from index.schema import Value
from ui.parts.scope import Panel

Choices = tuple[tuple[str, str], ...]  # as (label, name)


class Offered(Value):
    """What the filter panel lets choose from."""

    organizations: Choices
    sources: Choices
    tags: Choices


class View(Value):
    """Parts of the page as they should be now; None leaves a part as it is.

    `conversation` is the id, empty for one that is not begun; `box` the text to be sent; `busy` swaps the
    sending button for the stopping one; `sendable` is False where no paper is in scope; `notice` says what
    was done and how to undo it, until the next one.
    """

    conversation: str | None = None
    thread: str | None = None
    live: str | None = None
    evidence: str | None = None
    history: str | None = None
    bar: str | None = None
    status: str | None = None
    header: str | None = None
    notice: str | None = None
    box: str | None = None
    busy: bool | None = None
    sendable: bool | None = None
    panel: Panel | None = None
    offered: Offered | None = None
