"""What a reader's next message says of the answer before it: a follow-up, a correction, thanks, or a new topic.

Pure, and by rules alone: what they see in English wording (`signal` names it), in how the message was read after
the answer, and in the words and papers that both share. What shows no sign of being about the answer is a new topic.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.schema import Reaction, ReactionKind, Turn
from index.function_words import FUNCTION_WORDS

_AGAIN = 0.6  # the share of the words of two questions together that both have, where they ask the same
_LETTERS = 6  # by which words are compared: "forecast" and "forecasting" are one
_THANKS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|ah|good)\W+)*"
    r"(?:thanks?(?: you)?|thx|great|perfect|excellent|brilliant|(?:very )?helpful|got it|well done|nice"
    r"|(?:that|this) (?:helps|helped|is (?:great|perfect|helpful)))\b[^?]{0,60}$",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"^\W*(?:(?:but|sorry|hm+|well)\W+)?(?:no(?:pe)?(?:\s*[,.!;:–—]|\s+-|\s*$|\s+(?:i|that|this|it|not)\b)|wrong\b"
    r"|incorrect\b|not (?:quite|right|really|what i)\b)",
    re.IGNORECASE,
)
_OPENING = (
    r"^(?!\W*(?:is|are|was|does|do|did|can|could|what|which|who|how|why|where|when)\b)(?:\W*[\w'’]+\W+){0,4}?"
)
_MEANT = re.compile(
    _OPENING
    + r"i (?:really |actually )?(?:meant|mean|was asking|wanted|asked (?:about|for)|didn['’]t (?:mean|ask))\b",
    re.IGNORECASE,
)
_WRONG = re.compile(
    _OPENING + r"(?:(?:that|this|it|the answer)(?:['’]s| is| was) "
    r"(?:wrong|incorrect|mistaken|false|not (?:right|correct|true|what i))"
    r"|you (?:misunderst\w+|missed|are wrong|got (?:it|that) wrong))\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^\W*not\b[^.?!]{1,80}\bbut\b|^\W*[^,.?]{1,40},\s*not\b[^,?]{1,40}$",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?:\w*\d[\w.-]*|\w+[A-Z]\w*|[A-Z]{2,})\b")

Rule = Callable[[Turn, Turn], bool]


def reaction(before: Turn, after: Turn) -> Reaction:
    """What the message of the turn `after` says of the answer of the turn `before`."""
    kind, signal = next(
        (found for *found, holds in _RULES if holds(before, after)), ("new_topic", "shares nothing")
    )
    return Reaction(kind=kind, signal=signal, message=after.question)


def _says(pattern: re.Pattern[str]) -> Rule:
    return lambda before, after: pattern.search(after.question) is not None


def _asked_again(before: Turn, after: Turn) -> bool:
    """Whether both ask the same in nearly the same words; questions about other names or numbers do not."""
    first, second = _words(before.question), _words(after.question)
    if set(_NAME.findall(before.question)) ^ set(_NAME.findall(after.question)):
        return False
    return bool(first & second) and len(first & second) >= _AGAIN * len(first | second)


def _read_after(before: Turn, after: Turn) -> bool:
    """Whether the question was understood by what was said before it."""
    return _folded(after.answer.standalone) != _folded(after.question)


def _same_papers(before: Turn, after: Turn) -> bool:
    first, second = ({citation.paper.id for citation in turn.answer.citations} for turn in (before, after))
    return bool(first & second)


def _same_words(before: Turn, after: Turn) -> bool:
    return bool(_words(after.question) & (_words(before.question) | _words(before.answer.standalone)))


_RULES: tuple[tuple[ReactionKind, str, Rule], ...] = (
    ("thanks", "thanks", _says(_THANKS)),
    ("correction", "denies", _says(_DENIES)),
    ("correction", "says what was meant", _says(_MEANT)),
    ("correction", "calls it wrong", _says(_WRONG)),
    ("correction", "names something else", _says(_INSTEAD)),
    ("correction", "asks again", _asked_again),
    ("follow_up", "read after it", _read_after),
    ("follow_up", "same papers", _same_papers),
    ("follow_up", "same words", _same_words),
)


def _words(text: str) -> set[str]:
    """The beginnings of the words that say what a text is about."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return {word[:_LETTERS] for word in words if word not in FUNCTION_WORDS and len(word) > 1}


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
