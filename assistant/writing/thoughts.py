"""What a model says once it has thought: some servers put the thoughts into the reply itself, before it.

Pure over pieces. Thoughts are told by the tag that a reply begins with; a reply that never closes it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable

_OPENING = re.compile(r"^\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_MAY_OPEN = re.compile(r"^\s*(?:<[a-z]{0,9})?$", re.IGNORECASE)


def spoken(pieces: Iterable[str]) -> Generator[str]:
    """The pieces of a reply without the thoughts that it begins with."""
    begun, closing, thought, speaking = "", "", False, False
    for piece in pieces:
        if speaking:
            yield piece
            continue
        begun += piece
        if not closing and (opening := _OPENING.match(begun)):
            closing = f"</{opening[1]}>"
        if closing and not thought:
            _, closed, said = begun.partition(closing)
            thought, begun = bool(closed), said if closed else begun[-len(closing) :]
        if thought:
            begun = begun.lstrip()
        speaking = bool(begun) if thought else not (closing or _MAY_OPEN.match(begun))
        if speaking:
            yield begun
    if not speaking and not closing:
        yield begun
