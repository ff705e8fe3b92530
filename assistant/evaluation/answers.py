"""The measures of one answer: is the right paper cited, is the answering sentence quoted, do citations hold.

Citation recall and precision are ALCE's (Gao et al., "Enabling Large Language Models to Generate Text
with Citations", EMNLP 2023) with words in the place of its entailment model: a statement is supported
where the cited quotes and their papers' titles hold most of its words and all of its numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from assistant.citations import faults, numbers
from assistant.evaluation.schema import Case, StepCost
from assistant.schema import Answer, Citation, Sentence

_HELD = 0.8  # the share of a statement's words that what it cites must hold
_FIRST = 2
_VERDICT = re.compile(r"\W*(?:(?P<supported>supported)|contradicted)", re.IGNORECASE)


def answer_measures(
    answer: Answer, case: Case, gold: Mapping[str, int], text_of: Callable[[str], str]
) -> dict[str, float]:
    """What can be said of an answer to a question that the papers answer, each in [0, 1] but "sentences".

    `gold` is by paper id. Measures that the case has no gold for are left out.
    """
    cited = list(dict.fromkeys(citation.paper.id for citation in answer.citations))
    found = {
        "answered": float(answer.answered),
        "gold cited": float(any(paper in gold for paper in cited)),
        f"gold in first {_FIRST}": float(any(paper in gold for paper in cited[:_FIRST])),
    }
    if len(gold) > 1:
        found["F1 of cited"] = f1(set(cited), set(gold))
    if case.sentences:
        found["gold sentence quoted"] = float(quoted(case.sentences, answer.citations))
        texts = [passage.text for passage in answer.passages]
        found["gold sentence in passages"] = float(any(_holds(text, case.sentences) for text in texts))
    if answer.answered:
        found["sentences"] = float(len(answer.sentences))
        found["citation recall"] = citation_recall(answer)
        found["citation precision"] = citation_precision(answer)
    return found | {"faultless": float(not faults(answer, text_of))}


def step_costs(answer: Answer) -> dict[str, StepCost]:
    """What the steps of an answer took, those of one name together; none where no language model took part."""
    return {
        name: StepCost(
            seconds=sum(step.seconds for step in answer.steps if step.name == name),
            tokens=sum(step.tokens for step in answer.steps if step.name == name),
        )
        for name in dict.fromkeys(step.name for step in answer.steps)
    }


def verdict(answer: Answer) -> str:
    """What an answer to `/verify` says of the claim, in the words that sets of claims use."""
    said = _VERDICT.match(answer.text) if answer.answered else None
    if said is None:
        return "NOT_ENOUGH_INFO"
    return "SUPPORT" if said.group("supported") else "CONTRADICT"


def f1(found: set[str], gold: set[str]) -> float:
    """The harmonic mean of precision and recall of a set."""
    return 2 * len(found & gold) / (len(found) + len(gold)) if found or gold else 0.0


def quoted(sentences: Sequence[str], citations: Sequence[Citation]) -> bool:
    """Whether one of the sentences stands in the quotes of one paper, apart from spacing and case.

    Quotes that follow each other are read on, since a sentence may have been cut in two.
    """
    by_paper: dict[str, list[Citation]] = {}
    for citation in citations:
        by_paper.setdefault(citation.paper.id, []).append(citation)
    told = [" ".join(c.quote for c in sorted(of, key=lambda c: c.start)) for of in by_paper.values()]
    return any(_holds(text, sentences) for text in told)


def _holds(text: str, sentences: Sequence[str]) -> bool:
    return any(plain(sentence) in plain(text) for sentence in sentences)


def plain(text: str) -> str:
    """A text's letters and digits in one case, a space between words: equal for the same words."""
    return " ".join(_words(text))


def citation_recall(answer: Answer) -> float:
    """The share of the answer's sentences that what they cite supports."""
    if not answer.sentences:
        return 0.0
    supported = [_supported(sentence, _cited(answer, sentence)) for sentence in answer.sentences]
    return sum(supported) / len(supported)


def citation_precision(answer: Answer) -> float:
    """The share of citations that are needed; 0 where there are none.

    A citation of a sentence that its citations support is not needed where it supports nothing by itself
    and the others do without it; no citation of an unsupported sentence is.
    """
    needed = [
        _needed(sentence, citation, _cited(answer, sentence))
        for sentence in answer.sentences
        for citation in _cited(answer, sentence)
    ]
    return sum(needed) / len(needed) if needed else 0.0


def _needed(sentence: Sentence, citation: Citation, cited: Sequence[Citation]) -> bool:
    others = [other for other in cited if other is not citation]
    idle = not _supported(sentence, [citation]) and _supported(sentence, others)
    return _supported(sentence, cited) and not idle


def _supported(sentence: Sentence, cited: Sequence[Citation]) -> bool:
    quotes = " ".join(citation.quote for citation in cited)
    held = set(_words(" ".join([quotes, *(citation.paper.title for citation in cited)])))
    words = _words(sentence.text)
    enough = sum(word in held for word in words) >= _HELD * len(words)
    return bool(cited) and enough and set(numbers(sentence.text)) <= set(numbers(quotes))


def _cited(answer: Answer, sentence: Sentence) -> list[Citation]:
    known = {citation.number: citation for citation in answer.citations}
    return [known[number] for number in sentence.citations if number in known]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
