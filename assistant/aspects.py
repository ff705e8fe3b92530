"""What a sentence of a paper is there for: its problem, its method, its data, its result.

By the words that such sentences are written with in any field, and by where they stand. Refuses to know
the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Aspect = Literal["problem", "method", "data", "result"]
ASPECTS: tuple[Aspect, ...] = ("problem", "method", "data", "result")

_CUES: dict[Aspect, tuple[tuple[float, str], ...]] = {
    "problem": (
        (1.0, r"\bhowever\b|\bchalleng\w+|\blimit(?:s|ed|ations?)\b|\black(?:s|ing)?\b"
               r"|\bsuffer\w*|\bstruggl\w+"),
        (1.0, r"\bdifficult\w*|\bfail(?:s|ure|ures)?\b|\bcostly\b|\bexpensive\b|\bcannot\b"
               r"|\bhard to\b|\bnobody\b"),
        (0.7, r"\bproblems?\b|\bremains?\b|\bexisting\b|\bcurrent\b|\boften\b|\busually\b"
               r"|\bdespite\b|\bearlier\b"),
        (0.7, r"\bnot (?:yet )?(?:well|clear|understood|explored)|\bunder-?explored|\bneed(?:s"
               r"|ed)? (?:for|to|many)"),
        (-1.2, r"\bwe (?:propose|introduce|present|show|find|demonstrate)|\boutperform\w*"),
    ),
    "method": (
        (2.2, r"\b(?:we|this (?:paper|work)|the (?:paper|authors)|(?:paper|work) (?:also )?)\s*(?:\w+ly )?"
         r"(?:propose|introduce|present|develop|design|describe)s?\b"),
        (1.0, r"\b(?:our|the) (?:method|approach|framework|model|system|algorithm|key idea)\b"
               r"|\bnovel\b|\bnew method"),
        (0.7, r"\bby (?:\w+ly )?\w+ing\b|\bconsists? of\b|\bis (?:then )?(?:trained|fine-tuned"
               r"|optimi[sz]ed)\b|\bfirst\b.*\bthen\b"),
        (0.5, r"\bwhich (?:enables?|allows?|combines?|uses?)\b|\bleverag\w+|\bintegrat\w+"
               r"|\bcombin\w+|\breplac\w+|\busing\b"),
        (-0.8, r"\bexperiments?\b|\bresults?\b|\boutperform\w*|\bcode\b.*\bavailable\b"),
    ),
    "data": (
        (1.4, r"\b(?:data ?sets?|benchmarks?|corpus|corpora)\b"),
        (1.0, r"\b\d[\d,.]*\s?(?:k|m|b|million|billion|thousand"
         r"|hundred)?\+? (?:\w+[ -]){0,3}(?:samples?|examples?|pairs?|"
         r"images?|videos?|tasks?|questions?|trajectories|tokens?|papers?|hours?|annotations?"
         r"|preferences?|comparisons?)\b"),
        (0.7, r"\bcollect(?:s|ed|ing)?\b|\bannotat\w+|\bcurat\w+|\blabel(?:s|led|ed)\b"
               r"|\btraining data\b|\bsynthetic\b"),
        (0.6, r"\btested on\b|\bevaluat\w+ on\b|\btrained on\b|\btrains on\b"),
    ),
    "result": (
        (1.0, r"\boutperform\w*|\bsurpass\w*|\bstate[- ]of[- ]the[- ]art\b|\bimprov(?:es?|ed"
               r"|ements?|ing)\b|\bbetter than\b|\bbest\b"),
        (1.0, r"\b(?:results?|experiments?|evaluations?)\b.*\b(?:show|demonstrat|indicat"
               r"|confirm|reveal|validat)\w*|\bwe find\b"),
        (0.8, r"\bachiev(?:e[sd]?|ing)\b|\breach(?:es|ed|ing)?\b|\breduc(?:es|ed|ing)\b"
               r"|\braise[sd]?\b|\bgains?\b|\bprefer\b"),
        (0.7, r"\d+(?:\.\d+)?\s?(?:%|\\%|percent|points?|×|x\b|times\b)|\bby \d"),
    ),
}  # fmt: skip
_PATTERNS = {
    aspect: tuple((weight, re.compile(words, re.IGNORECASE)) for weight, words in cues)
    for aspect, cues in _CUES.items()
}
_LEAST: dict[Aspect, float] = {
    "problem": 0.7,
    "method": 0.3,
    "data": 0.7,
    "result": 0.7,
}  # a method is always told


def aspect_scores(sentence: str, share: float) -> dict[Aspect, float]:
    """How much a sentence serves each aspect; `share` in [0, 1] is how far into the paper's text it stands.

    Problems stand at the beginning and results at the end, which counts for half a cue.
    """
    scores = {
        aspect: sum(weight for weight, words in patterns if words.search(sentence))
        for aspect, patterns in _PATTERNS.items()
    }
    scores["problem"] += 1.0 * max(0.0, 1 - 2.5 * share)
    scores["method"] += 0.4 * (1 - abs(share - 0.4))
    scores["result"] += 0.5 * share
    return scores


def by_aspect(sentences: Sequence[str]) -> dict[Aspect, int]:
    """For each aspect the position of the sentence that serves it best; none where nothing does, none twice."""
    last = max(len(sentences) - 1, 1)
    rated = [
        (score, -position, aspect)
        for position, sentence in enumerate(sentences)
        for aspect, score in aspect_scores(sentence, position / last).items()
        if score >= _LEAST[aspect]
    ]
    found: dict[Aspect, int] = {}
    for _, behind, aspect in sorted(rated, reverse=True):
        if aspect not in found and -behind not in found.values():
            found[aspect] = -behind
    return {aspect: found[aspect] for aspect in ASPECTS if aspect in found}
