"""What a library can tell about how a follow-up is meant, and which words of a question mean something."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from assistant.follow_up import Grounds
from index.fusion import rarity_weight
from index.library import Library

_LISTED = """
a about above after again all also am an and another any anybody anyone anything are as at be because
been before being below between both but by can cannot could did do does doing done down during each
either else enough ever every everything few for from further get gets getting give given gives go
goes going got had has have having he her here hers him his how however i if in instead into is it
its itself just let lets like made make makes making many may me might more most much must my need
needs neither no nobody none nor not nothing now of off on once one ones only onto or other others
our ours out over own per please quite rather really said same say says see she should show shows
since so some somebody someone something soon still such take taken takes tell tells than that the
their theirs them themselves then there these they thing things this those though through to together
too toward towards under until up upon us use used uses using very via want was way ways we well were
what whatever when where whether which while who whom whose why will with within without would yes
yet you your yours
"""
_FUNCTION_WORDS = frozenset(_LISTED.split())
_ELSEWHERE = 0.45  # closeness from which on a question read alone has found its own papers
_AMONG = 5  # papers that may be meant by a question read alone
_LIKE = 0.3  # cosine from which on a word may stand for another


def meaningful(text: str) -> list[str]:
    """The distinct words of a text that are no function words, in order."""
    words = re.findall(r"\w[\w.-]*\w|\w", text)
    return list(dict.fromkeys(word for word in words if word.lower() not in _FUNCTION_WORDS))


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
