"""Words with which people ask for papers, and which say nothing of what the papers are about.

"Which works have explored …" is how one asks; that a paper says "works" and "explore" is no match.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_LISTED = """
about any are author authors article articles can could describe described describes develop developed
develops did discuss discussed discusses do does examine examined examines example examples explore
explored explores exploring find focus focused focuses focusing give had has have introduce introduced
introduces introducing investigate investigated investigates investigating is list literature me mention
mentioned mentions name paper papers please present presented presenting presents propose proposed
proposes proposing provide provided provides publication publications research researcher researchers
researches show some studied studies study suggest suggested suggests tell there work works would you
"""
_ASKING = frozenset(_LISTED.split())


def topic(question: str, names: Collection[str] = ()) -> str:
    """The question with blanks in place of the words of asking, so that places in it stay the same.

    Words inside one of `names`, as the question spells it, stay. The question itself where no other word
    is left.

    >>> topic("Which papers propose a verifier?").split()
    ['Which', 'a', 'verifier?']
    """
    named = [found.span() for name in names for found in re.finditer(re.escape(name), question)]

    def kept(word: re.Match[str]) -> str:
        inside = any(start <= word.start() and word.end() <= end for start, end in named)
        return word.group() if inside or word.group().lower() not in _ASKING else " " * len(word.group())

    left = re.sub(r"\w+", kept, question)
    return left if re.search(r"\w", left) else question
