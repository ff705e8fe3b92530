"""What is known of a page before anything is understood: words, their places, how they look.

Boxes are in points from the top left corner of the page as it is shown; pages count from 1.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple


class Word(NamedTuple):
    """A run of characters without white space, with its box and its look.

    `size` is the font's size in points as it is shown; `rise` is how far the baseline stands above that of its
    line (a mark behind a name, an exponent), in points; `glued` where no space parts it from the word before.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    font: str = ""
    bold: bool = False
    italic: bool = False
    rise: float = 0.0
    glued: bool = False


class _Line(NamedTuple):
    page: int
    words: tuple[Word, ...]
    column: tuple[float, float] = (0.0, 0.0)
    turned: int = 0


class Line(_Line):
    """Words on one baseline within one column, from left to right as they are read; never empty.

    `column` is where the lines of its column begin and end; `turned` how many quarter turns clockwise from how the page
    is shown its words are seen. What is measured of a line is measured once.
    """

    @cached_property
    def text(self) -> str:
        return "".join(word.text if word.glued else f" {word.text}" for word in self.words).lstrip(" ")

    @cached_property
    def left(self) -> float:
        return min(word.left for word in self.words)

    @cached_property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @cached_property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @cached_property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @cached_property
    def size(self) -> float:
        """The size that most of its characters have."""
        sizes: dict[float, int] = {}
        for word in self.words:
            sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
        return max(sizes, key=lambda size: (sizes[size], size))


class RecognisedWord(NamedTuple):
    """A word as it was recognised in a page's picture; `line` is a number that the words of one line share."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int


class HiddenText(NamedTuple):
    """Text that a page holds and does not show: white on white, too small to read, outside the page, not drawn."""

    page: int
    text: str
    how: str


class PageText(NamedTuple):
    """A page's size in points, what it shows, line by line in reading order, and what it hides.

    A page whose text runs sideways is seen as its reader turns it: `turned` quarter turns clockwise from how it is
    shown, to which width, height and boxes belong.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    hidden: tuple[HiddenText, ...] = ()
    drawn_share: float = 0.0
    """How much of the page pictures cover, in [0, 1]: a scan's is near 1."""
    turned: int = 0
    sideways: tuple[Line, ...] = ()
    """Runs of text in another direction than the page's, until they are put in order."""
    aside: tuple[str, ...] = ()
    """What runs along its margins in another direction than its text."""
    unmapped: float = 0.0
    """Which share of its characters stands for nothing that can be written: a broken font's is near 1."""
