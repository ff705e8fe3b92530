"""Claims held against sentences."""

from __future__ import annotations

import pytest

from assistant.citations import faults
from assistant.engine import Assistant
from assistant.verify import Candidate, judge, mismatch
from index.library import Library


@pytest.mark.parametrize(
    ("claim", "sentence", "against"),
    [
        ("It halves errors on 3 coasts.", "It halves errors on 3 coasts.", False),
        ("It reaches 41.8 on WMT 2014.", "On WMT 2014 it reaches 28.4.", True),
        ("It reaches 28.4.", "On WMT 2014 it reaches 28.4.", False),
        ("Buoys drift.", "Buoys do not drift.", True),
        ("Buoys never drift.", "Buoys drift.", True),
        ("Rewards increase drift.", "Rewards reduce drift.", True),
        ("Rewards increase drift.", "Rewards raise drift.", False),
    ],
)
def test_numbers_denial_and_direction_contradict(claim: str, sentence: str, against: bool) -> None:
    assert bool(mismatch(claim, sentence)) is against


def test_a_sentence_that_hardly_bears_on_a_claim_says_nothing_of_it() -> None:
    verdict = judge("Buoys drift.", [Candidate(text="Kilns cool.", meaning=0.1, words=0.0)])
    assert (verdict.relation, verdict.position) == ("absent", None)
    assert judge("Buoys drift.", []).relation == "absent"


def test_the_sentence_that_bears_most_decides() -> None:
    near = Candidate(text="Buoys do not drift.", meaning=0.9, words=1.0)
    far = Candidate(text="Buoys drift.", meaning=0.5, words=0.6)
    assert judge("Buoys drift.", [far, near]).position == 1


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("/verify BERT masks fifteen percent of the word pieces", "Supported"),
        ("Is it true that the large Transformer reaches a BLEU score of 41.8 on WMT 2014?", "Contradicted"),
    ],
)
def test_a_claim_is_answered_with_the_sentence_that_decides(
    sample_library: Library, asked: str, verdict: str
) -> None:
    answer = Assistant(sample_library).ask(asked)
    assert answer.text.startswith(f"**{verdict}**")
    assert (answer.kind, answer.answered, len(answer.citations)) == ("verify", True, 1)
    assert faults(answer, sample_library.text) == []


def test_a_claim_on_something_else_is_not_in_the_papers(sample_library: Library) -> None:
    answer = Assistant(sample_library).ask("/verify sourdough bread needs three days")
    assert (answer.kind, answer.answered, answer.citations) == ("verify", False, ())
