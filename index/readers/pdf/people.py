"""Whether words are a person's name, and the names that a piece of a byline holds.

Owns the shape of names as papers print them: initials, particles, capitals, marks behind them, degrees after them; and
what looks like a name and is a place or an organisation. Refuses to know where on a page a byline stands
(`index.readers.pdf.byline`).
"""

from __future__ import annotations

import re

BREAK = "\x1f"
"""What stands in a byline's text where a raised mark did: nothing of a name goes across it."""

_PARTICLES = frozenset({
    "da", "das", "de", "dei", "del", "della", "den", "der", "di", "do", "dos", "du", "e", "el", "la", "le", "lo", "van",
    "von", "vom", "zu", "zum", "zur", "ter", "ten", "bin", "ibn", "al", "af", "av", "y", "st",
})  # fmt: skip
_DEGREES = re.compile(
    r"(ph\.? ?d|m\.? ?d|[mb]\.? ?sc|[mb]\.? ?[sa]|mph|rn|frcp|dr|prof|ieee|acm|esq|"
    r"((senior|student|life|graduate student) )?(member|fellow)(,? (ieee|acm))?)\.?",
    re.IGNORECASE,
)
_TITLES = re.compile(
    r"^(?:(?:dr|prof|mr|mrs|ms|professor)\.?\s+|by\s+|authors?:\s*|\d(?:st|nd|rd|th)\s+)+", re.IGNORECASE
)
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"""\b(
    universit\w*|universid\w*|università|uniwersytet|hochschule|instit\w*|dep(t|artment|artamento|artement)\w*|school|
    college|facult\w*|fakult\w*|lab(s|or\w*)?|cent(er|re|ro|rum)|research|academ\w*|hospital|clinic|compan\w*|corp(oration)?|
    inc|ltd|llc|gmbh|group|team|divi?sion|foundation|technolog\w*|technische|tech|scien\w*|engineering|comput\w+|
    mathemati\w+|statisti\w+|physics|chemistry|biolog\w*|medicine|linguisti\w+|informati\w+|ministry|agency|council|
    observatory|museum|library|société|consult\w*|systems?|networks?|intelligence|robotics|learning|
    google|microsoft|facebook|meta|deepmind|openai|nvidia|amazon|ibm|intel|adobe|baidu|tencent|alibaba|huawei|
    samsung|bloomberg|salesforce|anthropic|bytedance|cnrs|inria|mit|eth|epfl|csiro|nist|dfki|iit|kaist|mila|cifar|
    street|avenue|road|rue|via|strasse|straße|place|floor|box|building|campus|
    abstract|keywords|article|journal|proceedings|conference|workshop|symposium|volume|
    received|accepted|published|revised|correspond\w*|authors?|equal\w*|contribut\w*|e-?mail|address|tel|fax|available|
    editors?|advisor|supervisor|version|draft|preprint|report|introduction|
    january|february|march|april|june|july|august(?=\s+\d)|september|october|november|december|
    the|of|for|at|in|on|with|from|to|by|is|are|we|our|this|that|under|national|international|republic|federal|state
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORT_ORGANISATION = re.compile(r"(?<!\S)(AI|ML|NLP|IT|CS|HCI|R&D)(?!\w)")
_COUNTRIES = (
    "usa|u\\.s\\.a\\.?|uk|u\\.k\\.|france|germany|deutschland|italy|italia|spain|españa|portugal|china|japan|korea|"
    "canada|mexico|méxico|brazil|brasil|argentina|chile|colombia|netherlands|belgium|switzerland|austria|sweden|"
    "norway|denmark|finland|poland|greece|turkey|russia|ukraine|hungary|romania|ireland|scotland|england|wales|"
    "iran|egypt|india|pakistan|bangladesh|taiwan|singapore|malaysia|thailand|vietnam|indonesia|philippines|"
    "australia|zealand|arabia|emirates|africa|america|europe|kingdom|states"
)
_CITIES = (
    "new york|hong kong|san francisco|los angeles|santa barbara|santa clara|santa cruz|palo alto|mountain view|"
    "menlo park|ann arbor|stony brook|college park|new delhi|tel aviv|são paulo|sao paulo|rio de janeiro|"
    "buenos aires|costa rica|sri lanka|czech republic|new jersey|(north|south) (carolina|dakota|korea)|san diego|"
    "san jose|salt lake city|baton rouge|st\\.? louis|las vegas|chapel hill|new haven|new brunswick|"
    "west lafayette|notre dame|la jolla|united \\w+|fort worth|cape town|kuala lumpur|ho chi minh( city)?"
)
_PLACE = re.compile(rf"(.*\b)?({_COUNTRIES})\.?|{_CITIES}", re.IGNORECASE)
_WITHOUT = re.compile(r"\[\d{4}[-–][\d–\-Xx, ]+\]|\([^)]{0,40}\)|\S*@\S+|https?://\S+")
_MARKS = "*∗†‡§¶‖♠♢♣♡◇◆♦⋆★☆✉⊠#©\x1f"
_INITIAL = re.compile(r"(?:[^\W\d_]\.?)(?:-?[^\W\d_]\.)*|(?:[^\W\d_]h|[^\W\d_]u)\.")
_CAPITAL = re.compile(r"(?:[dDlL]['’]|[oO]['’]|Mc|Mac|al-|el-)?[^\W\d_a-z][^\W\d_]*(?:['’\-‐][^\W\d_]+)*\.?")
_HAN = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3]{2,4}")
_SHORTEST, _LONGEST = 2, 6  # words of a name


def organisation(text: str) -> bool:
    """Whether a piece of text is about an organisation, an address or a paper, and not a person."""
    return bool(
        _ORGANISATION.search(text)
        or _SHORT_ORGANISATION.search(text)
        or _PLACE.fullmatch(text.strip(" ,;."))
        or re.search(r"[@\d]|://", text)
    )


def person(text: str) -> str | None:
    """The name that `text` is, as it is kept: without marks and titles, capitals as others write them.

    >>> person("HAU-SAN WONG"), person("J.-P. van der Meer"), person("Linz, Austria"), person("Stanford University")
    ('Hau-San Wong', 'J.-P. van der Meer', None, None)
    """
    plain = _TITLES.sub("", re.sub(r"\s+", " ", text).strip(f" ,;:.·•–—-'’\"”{_MARKS}") + _final_dot(text))
    if _han(plain):
        return _han(plain)
    words = plain.split()
    if not _SHORTEST <= len(words) <= _LONGEST or organisation(plain):
        return None
    kinds = [_kind(word) for word in words]
    if None in kinds or kinds[-1] == "particle" or "name" not in kinds or kinds.count("particle") > 3:
        return None
    return " ".join(_cased(words))


def people(text: str) -> list[str] | None:
    """The names in a piece of a byline, in its order; None where it holds something else than names.

    Names before the first organisation count: "Tal August, University of Washington".

    >>> people("Ann B. Lee*, Carl Díaz, Jr. and D. Eve")
    ['Ann B. Lee', 'Carl Díaz Jr.', 'D. Eve']
    """
    if re.search(r"\d{3}", _WITHOUT.sub("", text)):
        return None
    found: list[str] = []
    for part in pieces(text):
        name = None if _DEGREES.fullmatch(part) else person(part)
        if name:
            found.append(name)
        elif _SUFFIX.fullmatch(part) and found:
            found[-1] = f"{found[-1]} {part}"
        elif _DEGREES.fullmatch(part):
            continue
        elif found and organisation(part):
            return found
        else:
            return None
    return found or None


def pieces(text: str) -> list[str]:
    """A byline's text cut at commas, marks and words for "and"."""
    plain = _WITHOUT.sub(f" {BREAK} ", text)
    plain = re.sub(rf"[{re.escape(_MARKS)}]+", BREAK, plain)
    plain = re.sub(r"(?<=\w)\d+(?=\W|$)|(?<!\S)\d+(?!\w)", BREAK, plain)
    parts = re.split(rf"[,;{BREAK}·•|]|(?:^|\s)(?:and|AND|und|et|y|&)(?=\s|$)", plain)
    return [part.strip(" -–—:") for part in parts if re.search(r"\w\w|\w\.|\w \w", part)]


def _final_dot(text: str) -> str:
    """The dot of a last word that is short for something ("Jr."), which trimming took."""
    return "." if re.search(r"\b(?:jr|sr)\.\s*$", text, re.IGNORECASE) else ""


def _han(text: str) -> str | None:
    """A name in Chinese, Japanese or Korean, whose letters some print apart."""
    parts = text.split()
    together = "".join(parts)
    apart = len(parts) == 1 or all(len(part) == 1 for part in parts)
    return together if apart and _HAN.fullmatch(together) else None


def _kind(word: str) -> str | None:
    if word.casefold() in _PARTICLES and not word[:1].isupper():
        return "particle"
    if _INITIAL.fullmatch(word) and word[:1].isupper():
        return "initial"
    shaped = (
        _CAPITAL.fullmatch(word)
        and len(word) > 1
        and re.search(r"[A-ZÀ-ÞĀ-Ž\u0386-\u03ab\u0400-\u042f]", word)
    )
    return "name" if shaped and not re.search(r"['’]s$", word) else None


def _cased(words: list[str]) -> list[str]:
    """A name printed in capitals as names are written; others as they are."""
    written = [word for word in words if "." not in word and len(word) > 1]
    if not written or not all(word.isupper() for word in written):
        return words
    lowered = [_lowered(word) if word in written and re.search("[AEIOUY]", word) else word for word in words]
    return [lowered[0][:1].upper() + lowered[0][1:], *lowered[1:]]


def _lowered(word: str) -> str:
    if word.casefold() in _PARTICLES:
        return word.casefold()
    lowered = re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word.lower())
    return re.sub(r"\b(Mc)([a-z])", lambda part: part[1] + part[2].upper(), lowered)
