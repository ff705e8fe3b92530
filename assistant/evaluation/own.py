"""Questions drawn from the user's own papers, for those who have none written down.

A question is a telling sentence of a paper without the words of its title, and the paper is what should
be found. Its words stand in the paper, so it is easier than what a person would ask: it shows a library
that is broken, and compares two settings, and says little about how real questions fare.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from assistant.evaluation.schema import Case, CaseSet
from index.errors import ReadError
from index.library import Library
from index.schema import Document
from index.sentences import sentences

_LEAST, _MOST = 6, 40  # words of a question


def draw(library: Library, count: int, seed: int = 0) -> CaseSet:
    """Up to `count` questions, each about another paper; the same seed draws the same ones.

    Raises ReadError where no paper of the library has a sentence to ask by.
    """
    papers = library.papers(limit=library.count())
    random.Random(seed).shuffle(papers)
    cases: list[Case] = []
    for paper in papers:
        if len(cases) == count:
            break
        question = next(_questions(library, library.document(paper.id)), None)
        if question:
            cases.append(Case(id=str(len(cases) + 1), question=question, gold={paper.id: 1}))
    if not cases:
        raise ReadError(f"{library.folder} has no papers to draw questions from. Add some: ibid add PATH")
    return CaseSet(name="own papers", kind="retrieval", cases=tuple(cases))


def _questions(library: Library, document: Document) -> Iterator[str]:
    """The paper's sentences with its title's words left out, the one with the rarest words first."""
    keywords = library.caches.keywords
    titled = set(keywords.stems(document.paper.title))
    masked = []
    for start, end in sentences(document.text):
        words = re.findall(r"\S+", document.text[start:end])
        kept = [word for word in words if not titled & set(keywords.stems(word))]
        if _LEAST <= len(kept) <= _MOST:
            shares = keywords.rarity(keywords.stems(" ".join(kept)))
            masked.append((sum(shares) / max(len(shares), 1), " ".join(kept)))
    yield from (question for _, question in sorted(masked))
