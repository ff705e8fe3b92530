"""Plain text as Markdown that says just that, and without what no reader sees.

Words that a model or a server chose are escaped, so that none can become a link, an image, HTML or a marker.
Formulas between dollars stay formulas; any other dollar is escaped too, lest two of them make a formula
of the markers between. Invisible characters can hide words from a reader that a model reads,
or part a number from itself.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"(?P<sign>\${1,2})(?=\S)[^$\n\[\]<>`!]{1,300}(?<=\S)(?P=sign)(?![\d$])")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~!&$]")


def visible(text: str) -> str:
    """The text without characters that show nothing: of no width, tags, and those that turn the order around.

    Joiners stay: in some scripts they shape letters.
    """
    return _INVISIBLE.sub("", text)


def as_markdown(text: str) -> str:
    """Plain text as Markdown that says just that, formulas aside."""
    parts: list[str] = []
    position = 0
    for match in _FORMULA.finditer(text):
        parts += [_escaped(text[position : match.start()]), match.group()]
        position = match.end()
    return "".join([*parts, _escaped(text[position:])])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
