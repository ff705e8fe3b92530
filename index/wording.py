"""Whether two texts say the same, however each was set.

Owns what does not count: case, white space, punctuation, hyphens at line ends, ligatures, accents, and LaTeX
markup. A text taken from a page and the same text typed in differ in all of these. Refuses to know what the
texts are of.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_FORMATTING = re.compile(  # LaTeX that changes how letters look and not which letters they are
    r"\\(?:text(?:bf|it|rm|sc|sf|tt|up)?|math(?:bb|bf|cal|frak|it|rm|sc|sf|tt)|emph|boldsymbol|bm|ensuremath"
    r"|rm|bf|it|sf|tt|cal|left|right)(?![A-Za-z])"
)
_NO_LETTERS = re.compile("[^a-z0-9]+")
_MARKS = re.compile("[\u0300-\u036f]")  # European accents; other scripts' marks are letters of theirs
_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)$")
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RUN = 3  # words
_NEARLY = 0.9


def letters(text: str) -> str:
    """`text` as its letters and digits alone, in one case; a Greek letter equals its LaTeX name.

    >>> letters("The ﬁrst re-\\nward, $\\\\beta$") == letters("the first reward β")
    True
    """
    kept = _FORMATTING.sub("", text) if "\\" in text else text
    if kept.isascii():
        return _NO_LETTERS.sub("", kept.lower())
    plain = unicodedata.normalize("NFKD", kept).casefold()
    composed = unicodedata.normalize("NFKC", _MARKS.sub("", plain))
    return composed.translate({ord(char): _spelled(char) for char in set(composed)})


def contains(longer: str, shorter: str) -> bool:
    """Whether `longer` says all that `shorter` says.

    So it does where it holds the letters and digits of it in one piece; and where only a few words differ, as
    between two drafts, or between an abstract and a page it was taken from with a footnote in it, but no number.
    """
    if letters(shorter) in letters(longer):
        return True
    runs = _runs(shorter)
    if len(runs) < _RUN:
        return False
    shared = len(runs & _runs(longer)) / len(runs)
    return shared >= _NEARLY and _numbers(shorter) <= _numbers(longer)


def parting(text: str, other: str, length: int) -> tuple[str, str]:
    """An excerpt of each from where they part, of at most `length` characters and in one line."""
    texts = [" ".join(each.split()) for each in (text, other)]
    pairs = enumerate(zip(*texts, strict=False))
    same = next((position for position, (a, b) in pairs if a != b), min(map(len, texts)))
    start = texts[0].rfind(" ", 0, same) + 1
    one, two = (_excerpt(each, start, length) for each in texts)
    return one, two


def _excerpt(text: str, start: int, length: int) -> str:
    start = 0 if start + length // 2 < length or start >= len(text) else start
    rest = text[start:]
    cut = rest if len(rest) <= length else rest[:length].rstrip() + "…"
    return f"…{cut}" if start else cut


def _runs(text: str) -> set[tuple[str, ...]]:
    """Each three words in a row, in letters; a text's words may be joined or parted by its setting."""
    words = [letters(word) for word in _WORD.findall(re.sub(r"(\w)-\s+(?=[a-z])", r"\1", text))]
    return {tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(unicodedata.normalize("NFKC", text))}


@lru_cache(4096)
def _spelled(char: str) -> str:
    """A Greek letter as its name, another letter or digit as it is, anything else as nothing."""
    if unicodedata.category(char)[0] not in "LNM":
        return ""
    match = _GREEK.match(unicodedata.name(char, ""))
    return match[1].lower() if match else char
