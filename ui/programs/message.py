"""An answer as a message for somebody else's chat window: Markdown with a list of references.

What that window does with Markdown is not ours to say, and papers are written by strangers; so what would
make it fetch something (an image, a tag) is escaped, while the words stay as they are. Owns that, and where
a message's markers stand. Pure.
"""

from __future__ import annotations

import re
from typing import Any

from assistant.schema import Answer
from ui.parts.render import nothing_found, reference

_IMAGE = re.compile(r"!(?=\[)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?![A-Za-z]\w{0,2}\$)")  # but not in a formula such as $x<y$
_MARKER = re.compile(r"\[(\d{1,3})\](?!\()")


def harmless(text: str) -> str:
    """Whole words of Markdown with images and tags escaped, so that they are shown as they are written."""
    return _TAG.sub("&lt;", _IMAGE.sub(r"!\\", text))  # a backslash before `<` could itself be escaped


class Harmless:
    """The same for text that arrives in pieces: a word is held back until its end is known."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, piece: str) -> str:
        """What can be shown now that this piece is here."""
        text = self._held + piece
        end = max((position for position, sign in enumerate(text, start=1) if sign.isspace()), default=0)
        self._held = text[end:]
        return harmless(text[:end])

    def rest(self) -> str:
        held, self._held = self._held, ""
        return harmless(held)


def closing(answer: Answer) -> str:
    """What follows the answer's text: its references, or that nothing was found where it has no text."""
    if not answer.text:
        return f"{nothing_found(answer.scope.papers)}."
    if not answer.citations:
        return ""
    lines = [f"- {harmless(reference(citation))}" for citation in answer.citations]
    return "\n\n**References**\n\n" + "\n".join(lines)


def url_citations(written: str, answer: Answer) -> list[dict[str, Any]]:
    """OpenAI's annotations: each marker's place in the text as written, with its paper's address.

    A paper without an address has none: the form allows no annotation without one.
    """
    papers = {citation.number: citation.paper for citation in answer.citations}
    marked = [(marker, papers.get(int(marker[1]))) for marker in _MARKER.finditer(written)]
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": marker.start(),
                "end_index": marker.end(),
                "url": paper.url,
                "title": paper.title,
            },
        }
        for marker, paper in marked
        if paper is not None and paper.url
    ]
