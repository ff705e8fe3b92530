"""Acronyms that papers explain, and the other forms of those that a question uses.

Pairs are found as Schwartz and Hearst do ("A simple algorithm for identifying abbreviation definitions in
biomedical text", Pacific Symposium on Biocomputing 2003), after looking for plain initials. No list of
acronyms is known: what one means is what the library's papers say. Refuses to know where pairs are kept,
and what a search makes of the other forms.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from index.function_words import FUNCTION_WORDS

_LONGEST = 10  # characters of a short form
_FURTHEST = 8  # words of a long form
_AGREED = 0.3  # share of the papers that explain a short form which must mean the same
_BRACKETED = re.compile(r"\(([^()]{2,200})\)")
_WORD = re.compile(r"[^\W_]+")
_PLURAL = re.compile(r"(?<=..)(?<!s)s$")
_PLURALS = re.compile(r"\b(?:(?=\w*[A-Z]\w*[A-Z])\w*[A-Z0-9]|[b-df-hj-np-tv-xz]{3,}(?<!s))(?=s\b)s")
_BREAK = re.compile(r"[.;:!?,]\s|[()]|\n\s*\n")
_SOUNDS = str.maketrans("24", "tf")  # "to" and "for", as in T2I


class Acronym(NamedTuple):
    """A short form and the words it stands for, in lower case and as singulars: ("prm", "process reward model")."""

    short: str
    long: str


class Explained(NamedTuple):
    """An acronym, and how many papers explain it so."""

    acronym: Acronym
    papers: int


class Expansion(NamedTuple):
    """Words of a question that are an acronym's form, and its other forms, each with the share of papers that agree."""

    typed: str
    others: tuple[tuple[str, float], ...]


def explained(text: str) -> list[Acronym]:
    """The distinct acronyms that a text explains, as "process reward model (PRM)" or the other way round, in order."""
    found: dict[Acronym, None] = {}
    for bracket in _BRACKETED.finditer(text):
        before = _BREAK.split(text[max(bracket.start() - 200, 0) : bracket.start()])[-1].split()
        inside = re.split(r"[;,]\s", bracket.group(1))[0].strip()
        acronym = _ending(inside, " ".join(before)) or _whole("".join(before[-1:]), inside)
        if acronym:
            found.setdefault(acronym)
    return list(found)


def spelling(words: str) -> str:
    """A key under which plurals and spellings with hyphens, spaces and neither meet."""
    return _singular(words).replace(" ", "")


def in_singular(text: str) -> str:
    """The text with "PRMs", and "prms", as "PRM": a stemmer keeps the s of a word without vowels."""
    return _PLURALS.sub(lambda plural: plural.group()[:-1], text)


def expansions(question: str, look_up: Callable[[Sequence[str]], Sequence[Explained]]) -> list[Expansion]:
    """The acronyms that a question uses in either form, the longest words first, none within another.

    `look_up` is given words and spellings, and gives all that the papers explain of each short form which is
    one of them or means one of them. An explanation counts where enough of those papers agree on it. A word
    in small letters is no acronym where the question writes others with capitals.
    """
    words = _WORD.findall(question.lower())
    capitals = {word.lower() for word in _WORD.findall(question) if word[1:] != word[1:].lower()}
    typed = {(start, end): " ".join(words[start:end]) for start, end in _runs(words)}
    forms = _forms(look_up(list(dict.fromkeys([*words, *map(spelling, typed.values())]))))
    found, taken = [], set[int]()
    for (start, end), form in typed.items():
        if capitals and " " not in form and form not in capitals:
            continue
        others = forms.get(spelling(form), {}) | forms.get(form, {})
        said = {form, _singular(form)} if " " in form else {form}
        unsaid = tuple((other, share) for other, share in others.items() if other not in said)
        if unsaid and taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            found.append(Expansion(form, unsaid))
    return found


def _forms(known: Sequence[Explained]) -> dict[str, dict[str, float]]:
    """By short form, its plural and the spelling of what it means: all the forms, with how far papers agree."""
    papers, meaning = Counter[str](), Counter[tuple[str, str]]()
    for (short, long), number in known:
        papers[spelling(short)] += number  # KG and KGS may both be meant by "KGs"
        meaning[spelling(short), spelling(long)] += number
    forms: dict[str, dict[str, float]] = defaultdict(dict)
    for (short, long), _ in known:
        share = meaning[spelling(short), spelling(long)] / papers[spelling(short)]
        if share >= _AGREED:
            plural = short if short.endswith("s") else f"{short}s"
            forms[spelling(long)] |= {short: share, plural: share, long: 1.0}
            for written in {short, plural}:
                forms[written] |= {short: 1.0, plural: 1.0, long: share}
    return forms


def _runs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Every run of words that begins and ends with no function word, the longest first."""
    ends = [position for position, word in enumerate(words) if word not in FUNCTION_WORDS]
    for length in range(_FURTHEST, 0, -1):
        yield from ((start, start + length) for start in ends if start + length - 1 in ends)


def _singular(words: str) -> str:
    """Lower-case words without a plural's s, parted by single spaces."""
    return " ".join(_PLURAL.sub("", word) for word in _WORD.findall(words.lower()))


def _whole(short: str, text: str) -> Acronym | None:
    """The acronym `short` where it spells all of `text`."""
    acronym = _ending(short, text)
    return acronym if acronym and len(acronym.long.split()) == len(_WORD.findall(text)) else None


def _ending(short: str, text: str) -> Acronym | None:
    """The acronym `short` where it spells the last words of `text`, two at least."""
    if not _is_short(short):
        return None
    short = (short[:-1] if short[-1] == "s" and short[-2].isupper() else short).lower()
    words = _WORD.findall(text.lower())[-min(len(short) + 5, 2 * len(short), _FURTHEST) :]
    start = _by_initials(short.translate(_SOUNDS), words)
    start = _by_letters(short, words) if start is None else start
    if start is None or len(words) - start < 2 or short in words[start:]:
        return None
    return Acronym(short, _singular(" ".join(words[start:])))


def _is_short(text: str) -> bool:
    """Whether a text is written as an acronym: one word with two capitals, or a capital and a digit."""
    capitals = sum(letter.isupper() for letter in text)
    enough = capitals >= 2 or (capitals == 1 and any(letter.isdigit() for letter in text))
    return enough and len(text) <= _LONGEST and _WORD.fullmatch(text) is not None


def _by_initials(short: str, words: Sequence[str]) -> int | None:
    """Where the last words begin whose initials are `short`; function words may be passed over."""
    left = list(short)
    for position in reversed(range(len(words))):
        if words[position][0] == left[-1]:
            left.pop()
        elif words[position] not in FUNCTION_WORDS:
            return None
        if not left:
            return position
    return None


def _by_letters(short: str, words: Sequence[str]) -> int | None:
    """Where the last words begin that hold the letters of `short` in order, the first one as an initial.

    This is Schwartz and Hearst's rule: read from the end, each letter is found as late as it can be.
    """
    text = " ".join(words)
    place = len(text)
    for letter in reversed(short[1:]):
        place = text.rfind(letter, 0, place)
        if place < 0:
            return None
    place = f" {text}".rfind(f" {short[0]}", 0, place + 1)
    return text.count(" ", 0, place) if place >= 0 else None
