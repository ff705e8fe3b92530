"""Plain text as Markdown that says just that.

Words that a model or a server chose are escaped, so that none can become a link, an image, HTML or a marker.
Formulas between dollars stay formulas; any other dollar is escaped too, lest two of them make a formula
of the markers between.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"(?P<sign>\${1,2})(?=\S)[^$\n\[\]<>`!]{1,300}(?<=\S)(?P=sign)(?![\d$])")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~!&$]")


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
