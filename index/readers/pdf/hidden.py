"""Which characters a page holds and does not show.

Owns what counts as hidden: text that is not drawn at all, that is transparent, in the colour of what lies below, too
small to read, or outside the page. Text that is not drawn is a scan's own where a picture fills the page and nothing
else is written on it: recognised characters, which are what the picture shows. Light text is looked for in the
page's picture, since white on a dark ground is for reading; everything else is known without one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from index.readers.pdf.glyphs import Glyphs
from index.readers.pdf.schema import HiddenText

SMALLEST = 2.0  # points; smaller text is not for reading
SCAN = 0.5  # of the page, that a scan's picture covers at least
_LIGHT = 0.85  # text this light is looked for in the page's picture
_CONTRAST = 14  # of 255 shades between a text and its ground, below which nobody sees it
_LONGEST = 400  # characters of hidden text that are shown

Picture = Callable[[], tuple[NDArray[np.uint8], float]]

HOW = (
    "",
    "it is not drawn",
    "it has the colour of its ground",
    "it is too small to read",
    "it lies outside the page",
)


def hidden(glyphs: Glyphs, picture: Picture) -> NDArray[np.int8]:
    """For each character 0 where it shows, else its place in HOW.

    `picture` draws the page in shades of grey, and tells its pixels a point; it is called only for light text.
    """
    why = np.zeros(len(glyphs.codes), dtype=np.int8)
    if not glyphs.runs:
        return why
    left, top = glyphs.frame.seen(glyphs.boxes[:, 0], glyphs.boxes[:, 3])
    right, bottom = glyphs.frame.seen(glyphs.boxes[:, 2], glyphs.boxes[:, 1])
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    invisible = _of_runs(glyphs, [run.invisible for run in glyphs.runs])
    if _recognised(glyphs, invisible):
        invisible[:] = False
    why[invisible] = 1
    light = _of_runs(glyphs, [run.light > _LIGHT for run in glyphs.runs]) & ~invisible
    if light.any():
        why[light & ~_stands_out(glyphs, light, *picture())] = 2
    why[_of_runs(glyphs, [run.size < SMALLEST and not run.inside for run in glyphs.runs])] = 3
    out = (middle_x < 0) | (middle_y < 0) | (middle_x > glyphs.frame.width) | (middle_y > glyphs.frame.height)
    why[out & (glyphs.of >= 0)] = 4
    return why


def hidden_texts(glyphs: Glyphs, why: NDArray[np.int8], number: int) -> tuple[HiddenText, ...]:
    """What is hidden on page `number` and how, one entry a way; a few stray signs are not worth one."""
    found = []
    for place, how in enumerate(HOW[1:], 1):
        codes = glyphs.codes[(why == place) | ((glyphs.of < 0) & _between(why == place))]
        text = " ".join("".join(map(chr, codes[codes < 0xD800].tolist())).replace("\0", "").split())
        if sum(letter.isalnum() for letter in text) >= 3:
            found.append(HiddenText(number, text[:_LONGEST], how))
    return tuple(found)


def _of_runs(glyphs: Glyphs, values: list[bool]) -> NDArray[np.bool_]:
    return np.array([*values, False], dtype=bool)[glyphs.of]


def _between(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Places whose neighbours on both sides are marked: spaces that pdfium made up."""
    return np.roll(marked, 1) & np.roll(marked, -1)


def _recognised(glyphs: Glyphs, invisible: NDArray[np.bool_]) -> bool:
    """Whether the text that is not drawn is what a scan's picture shows."""
    drawn = int(((glyphs.of >= 0) & ~invisible).sum())
    return glyphs.drawn_share >= SCAN and drawn <= 0.3 * int(invisible.sum())


def _stands_out(
    glyphs: Glyphs, light: NDArray[np.bool_], shades: NDArray[np.uint8], scale: float
) -> NDArray[np.bool_]:
    """Which of the light characters differ from what is around them, in the page's picture."""
    seen = np.ones(len(light), dtype=bool)
    left, top = glyphs.frame.seen(glyphs.boxes[:, 0], glyphs.boxes[:, 3])
    right, bottom = glyphs.frame.seen(glyphs.boxes[:, 2], glyphs.boxes[:, 1])
    for run in np.unique(glyphs.of[light]).tolist():
        members = light & (glyphs.of == run)
        xs = np.concatenate((left[members], right[members])) * scale
        ys = np.concatenate((top[members], bottom[members])) * scale
        part = shades[max(int(ys.min()), 0) : int(ys.max()) + 1, max(int(xs.min()), 0) : int(xs.max()) + 1]
        seen[members] = bool(part.size) and int(part.max()) - int(part.min()) > _CONTRAST
    return seen
