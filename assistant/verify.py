"""Checking a claim: does a sentence of a paper support it, contradict it, or say nothing of it?

A sentence bears on a claim where it is close in meaning and holds the claim's weighty words. It contradicts
where it bears on it and states another number, the opposite direction, or denies what the claim asserts.
Refuses to reason further: without a language model, a contradiction put in other words is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant.citations import Citations, numbers, with_markers
from assistant.evidence import Evidence, weigh
from assistant.extractive import Composed, standing_alone
from assistant.schema import Sentence
from assistant.tabulated import tabulated
from index.embedding import Embedder
from index.keywords import Keywords
from index.schema import Value

Relation = Literal["supported", "contradicted", "absent"]

_DENIAL = re.compile(
    r"\b(?:no|not|never|neither|nor|none|cannot|fail(?:s|ed)?|lacks?|lacking|unable|unaffected|unrelated|unchanged|"
    r"independent(?:ly)? of)\b|n't\b",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:increas\w+|ris(?:e|es|ing)|rose|high(?:er|est)?|more|greater|improv\w+|enhanc\w+|promot\w+|"
    r"gain\w*|raise[sd]?|better|best|outperform\w*|surpass\w*|activat\w+|up-?regulat\w+|induc\w+|elevat\w+|"
    r"strengthen\w*|accelerat\w+|faster|larger|stimulat\w+|exceed\w*)\b",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"\b(?:decreas\w+|reduc\w+|low(?:er|est|ers|ered)?|less|fewer|worse\w*|worst|harm\w*|impair\w+|declin\w+|"
    r"drop\w*|fall(?:s|ing)?|fell|diminish\w*|suppress\w*|inhibit\w+|down-?regulat\w+|prevent\w*|block\w*|"
    r"weaken\w*|slow(?:s|er|ed)?|smaller|degrad\w+|underperform\w*|mitigat\w+|attenuat\w+|abolish\w*)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"(?<![\w.])\d[\d.,]*")
_BEARS = 0.55  # from which on a sentence bears on a claim: cosine and shared words, half each
_AGREES = 0.6  # shared words without which a mismatch says nothing


class Candidate(Value):
    """A sentence as it may bear on a claim: its cosine to it, and its share of the claim's weight in words."""

    text: str
    meaning: float
    words: float

    @property
    def bearing(self) -> float:
        return (self.meaning + self.words) / 2


class Verdict(Value):
    """What the best sentence says of a claim; `position` is that sentence's, None where none bears on it."""

    relation: Relation
    position: int | None = None
    reason: str = ""


def measure(
    claim: str, said: Sequence[tuple[str, str]], embedder: Embedder, keywords: Keywords
) -> list[Candidate]:
    """How sentences bear on a claim, each given with its paper's title, which counts as said with it."""
    if not said:
        return []
    weights = weigh(_FIGURE.sub(" ", claim), keywords)  # a number that differs is no word that is missing
    meanings = embedder.passages([text for _, text in said]) @ embedder.query(claim)
    return [
        Candidate(
            text=text, meaning=float(meaning), words=weights.covered(keywords.meanings(f"{title} {text}"))
        )
        for (title, text), meaning in zip(said, meanings, strict=True)
    ]


def judge(claim: str, candidates: Sequence[Candidate], bears: float = _BEARS) -> Verdict:
    """The verdict of the sentence that bears on the claim most; absent where none does enough."""
    if not candidates:
        return Verdict(relation="absent")
    position = max(range(len(candidates)), key=lambda place: candidates[place].bearing)
    best = candidates[position]
    if best.bearing < bears:
        return Verdict(relation="absent")
    against = mismatch(claim, best.text) if best.words >= _AGREES else ""
    return Verdict(relation="contradicted" if against else "supported", position=position, reason=against)


def mismatch(claim: str, sentence: str) -> str:
    """Why a sentence on the same matter speaks against a claim, in words; empty where it does not."""
    stated, said = set(numbers(claim)), set(numbers(sentence))
    if stated - said and said - stated:
        return f"the paper says {' and '.join(sorted(said - stated))}"
    if bool(_DENIAL.search(claim)) != bool(_DENIAL.search(sentence)):
        return "one of the two denies what the other says"
    up, down = bool(_UP.search(claim)), bool(_DOWN.search(claim))
    if up != down and (bool(_UP.search(sentence)), bool(_DOWN.search(sentence))) == (down, up):
        return "the paper says the opposite direction"
    return ""


def compose_verdict(verdict: Verdict, evidence: Sequence[Evidence]) -> Composed:
    """The verdict in a word, and the sentence it rests on; empty where no sentence bears on the claim."""
    if verdict.position is None:
        return Composed()
    item = evidence[verdict.position]
    citations = Citations()
    because = f" ({verdict.reason})" if verdict.reason else ""
    head, papers = f"**{verdict.relation.capitalize()}**{because}:", len({each.paper.id for each in evidence})
    if item.grid is not None:
        text, sentences, table = tabulated([item], citations)
        return Composed(
            text=f"{head}\n\n{text}",
            sentences=tuple(sentences),
            citations=citations.all,
            papers=papers,
            table=table,
        )
    number = citations.cite(item.paper, item.chunk, item.text, item.start)
    sentence = Sentence(text=standing_alone(item.text, item.paper), citations=(number,), support="verbatim")
    return Composed(
        text=f"{head} {with_markers(sentence.text, [number])}",
        sentences=(sentence,),
        citations=citations.all,
        papers=papers,
    )
