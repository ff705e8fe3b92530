"""Which of the choices that were offered a reader takes: by place, by number, or by words of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.schema import Answer

_PLACES = ("first", "second", "third", "fourth")
_PICKED = re.compile(
    rf"^\W*(?:(?:the|option|number|choice|take|i mean(?:t)?)\s+)*"
    rf"(?P<which>{'|'.join(_PLACES)}|last|[1-4])(?:st|nd|rd|th)?(?:\s+(?:one|paper|question|option))?\W*$",
    re.IGNORECASE,
)
_OFFERED = re.compile(r"^- (.+)$", re.MULTILINE)


def chosen(asked: str, previous: Answer, content: Callable[[str], Sequence[str]]) -> str | None:
    """What a message after an answer that asked back means, as a question; None where it chooses none of them.

    `content` gives the words of a text that carry meaning.
    """
    if previous.kind != "clarify":
        return None
    offers = [re.sub(r"\\(.)", r"\1", offer).strip() for offer in _OFFERED.findall(previous.text)]
    meant = _by_place(asked, offers) or _by_words(asked, offers, content)
    if meant is None or meant.endswith("?"):
        return meant
    return f"{previous.standalone.rstrip(' ?.!')}, in {meant}?"


def _by_place(asked: str, offers: Sequence[str]) -> str | None:
    picked = _PICKED.match(asked)
    if picked is None or not offers:
        return None
    which = picked["which"].lower()
    place = (
        len(offers) - 1 if which == "last" else _PLACES.index(which) if which in _PLACES else int(which) - 1
    )
    return offers[place] if place < len(offers) else None


def _by_words(asked: str, offers: Sequence[str], content: Callable[[str], Sequence[str]]) -> str | None:
    """The only offer that has every word of the message that carries meaning."""
    wanted = {word.casefold() for word in content(asked)}
    held = [offer for offer in offers if wanted <= {word.casefold() for word in re.findall(r"[\w-]+", offer)}]
    return held[0] if wanted and len(held) == 1 else None
