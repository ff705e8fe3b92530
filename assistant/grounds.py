"""What a library can tell about how a follow-up is meant, and which words of a question mean something."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from assistant.follow_up import Grounds
from index.function_words import FUNCTION_WORDS
from index.fusion import rarity_weight
from index.library import Library

_ELSEWHERE = 0.45  # closeness from which on a question read alone has found its own papers
_AMONG = 5  # papers that may be meant by a question read alone
_LIKE = 0.3  # cosine from which on a word may stand for another


def meaningful(text: str) -> list[str]:
    """The distinct words of a text that are no function words, in order."""
    words = re.findall(r"\w[\w.-]*\w|\w", text)
    return list(dict.fromkeys(word for word in words if word.lower() not in FUNCTION_WORDS))


def grounds_of(library: Library) -> Grounds:
    """What the library tells; nothing is looked up until asked for."""

    def elsewhere(question: str, paper_ids: Sequence[str]) -> bool:
        found = library.search(question, _AMONG)
        best = max((passage.similarity for passage in found), default=0.0)
        return best >= _ELSEWHERE and not {passage.paper.id for passage in found} & set(paper_ids)

    def nearest(word: str, options: Sequence[str]) -> str | None:
        if not options:
            return None
        likeness = library.embedder.passages(list(options)) @ library.embedder.query(word)
        # A word that every paper has tells no topic from another.
        best = int((likeness * [_distinction(option, library) for option in options]).argmax())
        return options[best] if likeness[best] >= _LIKE else None

    return Grounds(content=meaningful, elsewhere=elsewhere, nearest=nearest)


def _distinction(word: str, library: Library) -> float:
    """The square root of a word's idf in the library."""
    keywords = library.caches.keywords
    shares = keywords.rarity(keywords.stems(word))
    return math.sqrt(rarity_weight(max(shares))) if shares else 0.0
