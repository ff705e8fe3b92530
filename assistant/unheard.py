"""Words of a question that no paper has.

A name in capitals is held against how papers write it: that some say "warm" does not tell of WARM. Refuses to know what
follows from such words (`assistant.evidence`).
"""

from __future__ import annotations

import re

from assistant.grounds import meaningful
from index.acronyms import in_singular
from index.filters import Bounds
from index.library import Library

_LOOKED_AT = 50  # chunks; of a word that more have it is not known whether some write it as a name
_LONGEST = 10  # characters of a name in capitals
_VOWEL = re.compile("[AEIOUY]")  # letters without one are a name in small letters too


def unheard(question: str, library: Library) -> list[str]:
    """The distinct words of a question that mean something and that no paper has, in order.

    That a small library lacks a function word says nothing.
    """
    words = [part for word in meaningful(question) for part in re.findall(r"\w+", word)]
    return [
        word for word in dict.fromkeys(words) if _lacking(word, library) or _misread(word, question, library)
    ]


def _lacking(word: str, library: Library) -> bool:
    """Whether no paper has the word in any inflection."""
    keywords = library.caches.keywords
    stems = keywords.meanings(word)
    return bool(stems) and max(keywords.rarity_of(stems)) == 0.0


def _misread(word: str, question: str, library: Library) -> bool:
    """Whether the word is a name in capitals, and papers have its letters as a word only."""
    name = in_singular(word)
    if not (_in_capitals(name) and _VOWEL.search(name)) or _shouted(question):
        return False
    hits = library.caches.keywords.best_chunks(f"{name} {name}s", _LOOKED_AT, Bounds())
    located = library.catalog.located([hit.item for hit in hits])
    texts = (text for paper, chunk in located.values() for text in (paper.title, chunk.text))
    return 0 < len(hits) < _LOOKED_AT and not any(writes(name, text) for text in texts)


def writes(name: str, text: str) -> bool:
    """Whether a text has a name as one: with capitals inside, or with its first alone where no sentence begins."""
    for met in re.finditer(rf"(?<![^\W_]){re.escape(name)}s?(?![^\W_])", text, re.IGNORECASE):
        before = text[max(met.start() - 2, 0) : met.start()]
        if _capitals(met.group()) > 1 or (met.group()[0].isupper() and re.match(r"[a-z0-9,;(]\s", before)):
            return True
    return False


def _in_capitals(name: str) -> bool:
    return _capitals(name) > 1 and not any(letter.islower() for letter in name) and len(name) <= _LONGEST


def _capitals(text: str) -> int:
    return sum(letter.isupper() for letter in text)


def _shouted(question: str) -> bool:
    """Whether a question has no word in small letters, so that capitals tell nothing."""
    return not any(word.islower() for word in question.split())
