"""Topics: phrases that several papers speak of, found in their own words.

Pure functions over texts. Refuses to know what a phrase means: that a paper is titled with it, and that
others write it too, is what makes it a topic.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from assistant.grounds import meaningful

_SHARED = 3  # papers that must speak of a topic
_SHORTEST, _LONGEST = 2, 4  # words
_GOES_ON = 0.5  # share of its occurrences from which on a phrase belongs to the longer one they begin
_COUNTED = 0.3  # share that an article precedes, from which on a phrase is one of many: it needs a plural
_ARTICLES = frozenset(["a", "an", "the", "our", "this", "each", "every", "its", "their"])
_TOKEN = re.compile(r"\w[\w-]*|[^\w\s]")


def topics(source: str, titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The phrases of `source` that are topics of the papers with these titles and texts, one of each a paper.

    Each is spelled as the texts mostly do, and stands in a sentence without an article: "reward models".
    """
    headings = list(map(_spaced, titles))
    whole = [heading + _spaced(text) for heading, text in zip(headings, texts, strict=True)]
    words = _TOKEN.findall(" . ".join(texts))
    found = []
    for phrase in dict.fromkeys(_phrases(source)):
        if not any(f" {form} " in heading for heading in headings for form in (phrase, f"{phrase}s")):
            continue
        topic = _without_article(_whole_phrase(phrase, words), words)
        if topic and sum(f" {topic} " in text for text in whole) >= _SHARED:
            found.append(_spelling(topic, words))
    return list(dict.fromkeys(found))


def speaks_of(text: str, phrase: str) -> bool:
    """Whether the text has the phrase, as whole words."""
    return _spaced(phrase) in _spaced(text)


def _phrases(source: str) -> Iterator[str]:
    """Runs of words that mean something, with no other word and no punctuation between them."""
    run: list[str] = []
    for word in [*_TOKEN.findall(source.lower()), ""]:
        if word and meaningful(word) and not word.isdigit():
            run.append(word)
            continue
        for length in range(_SHORTEST, _LONGEST + 1):
            yield from (" ".join(run[at : at + length]) for at in range(len(run) - length + 1))
        run = []


def _whole_phrase(phrase: str, words: Sequence[str]) -> str:
    """The phrase with the word that mostly follows it ("large language" goes on with "models")."""
    while len(phrase.split()) < _LONGEST:
        places = _places(phrase, words)
        after = [words[end].lower() for _, end in places if end < len(words) and meaningful(words[end])]
        begins, times = next(iter(Counter(word[:5] for word in after).most_common(1)), ("", 0))
        if times < max(_SHARED, _GOES_ON * len(places)):
            break
        forms = Counter(word for word in after if word.startswith(begins))
        phrase = f"{phrase} {forms.most_common(1)[0][0]}"
    return phrase


def _without_article(phrase: str, words: Sequence[str]) -> str | None:
    """The phrase as it stands without an article: itself, or its plural where the texts have one."""
    plural = f"{phrase}s"
    if _places(plural, words):
        return plural
    places = _places(phrase, words)
    with_article = sum(start > 0 and words[start - 1].lower() in _ARTICLES for start, _ in places)
    return phrase if places and with_article < _COUNTED * len(places) else None


def _spelling(phrase: str, words: Sequence[str]) -> str:
    met = Counter(" ".join(words[start:end]) for start, end in _places(phrase, words))
    return met.most_common(1)[0][0]


def _places(phrase: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the phrase stands among the words, as (first, beyond the last)."""
    parts = phrase.split()
    return [
        (at, at + len(parts))
        for at, word in enumerate(words)
        if word.lower() == parts[0] and [other.lower() for other in words[at : at + len(parts)]] == parts
    ]


def _spaced(text: str) -> str:
    """The text in lower case with one space around each word and sign, so that `in` finds whole words."""
    return f" {' '.join(_TOKEN.findall(text.lower()))} "
