"""What the judge makes of the passages found: their order, or what each is worth. Reading replies is pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from index.schema import Passage

WINDOW, STRIDE = 10, 5  # passages

Order = Callable[[Sequence[Passage]], str]


class Weighed(BaseModel):
    """A passage's contextual summary, and its relevance from 0 to 10."""

    summary: str = ""
    relevance: int = Field(0, ge=0, le=10)


def ordered(reply: str, count: int) -> list[int]:
    """The positions, from 0, in the order that a reply numbers them; those it leaves out follow as they stood."""
    named = [int(number) - 1 for number in re.findall(r"\d{1,4}", reply)]
    known = [position for position in named if 0 <= position < count]
    return list(dict.fromkeys([*known, *range(count)]))


def listwise(sources: Sequence[Passage], order: Order) -> list[Passage]:
    """The passages put in order a window at a time, from the end forwards, so that the best rise to the front.

    After RankGPT (arXiv 2304.09542). `order` gives the judge's reply for one window.
    """
    ranked = list(sources)
    start = max(len(ranked) - WINDOW, 0)
    while True:
        window = ranked[start : start + WINDOW]
        positions = ordered(order(window), len(window))
        ranked[start : start + WINDOW] = [window[position] for position in positions]
        if start == 0:
            return ranked
        start = max(start - STRIDE, 0)
