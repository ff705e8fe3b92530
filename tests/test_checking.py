"""Holding a model's sentences against the passages: what may be shown, and what it cites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.writing.checking import Checked, Checker, names
from assistant.writing.drafts import Draft
from index.library import Library

QUESTION = "How does TideNet forecast sea levels?"


@pytest.fixture
def check(library: Library) -> Callable[..., Checked]:
    """Checks a sentence against passages found for a question, TideNet's first."""
    sources = library.passages(QUESTION)
    assert sources[0].paper.short_name == "TideNet"
    checker = Checker(QUESTION, sources, library)

    def checked(text: str, *markers: int) -> Checked:
        return checker.check(Draft(text=text, markers=markers))

    return checked


def test_a_sentence_of_a_passage_is_verbatim_and_cites_itself(check: Callable[..., Checked]) -> None:
    said = "On three coasts it halves the error of tidal tables."
    checked = check(said, 1)
    assert checked.support == "verbatim"
    assert [place.text for place in checked.places] == [said]


def test_other_words_for_the_same_are_supported(check: Callable[..., Checked]) -> None:
    checked = check(
        "TideNet forecasts sea levels from sparse buoys by learning how storms push the water.", 1
    )
    assert checked.support == "supported"
    assert "twelve buoys" in checked.places[0].text


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("TideNet forecasts sea levels 37.2% better from buoys.", "no cited sentence has 37.2"),
        ("TideNet forecasts sea levels from buoys with XqzNet storms.", "no cited sentence mentions XqzNet"),
        (
            "TideNet forecasts sea levels: “it predicts the weather for years to come” from buoys.",
            "no passage has the quote",
        ),
        ("Bananas ripen fastest in paper bags.", "say nothing of it"),
    ],
    ids=["a number", "a name", "a quote", "another matter"],
)
def test_what_no_passage_has_is_unsupported(check: Callable[..., Checked], text: str, trouble: str) -> None:
    checked = check(text, 1)
    assert checked.support == "unsupported"
    assert trouble in checked.trouble


def test_a_number_or_a_quote_from_nowhere_may_not_be_shown(check: Callable[..., Checked]) -> None:
    assert not check("TideNet forecasts sea levels 37.2% better from buoys.", 1).showable
    assert not check("It “predicts the weather for years to come” on coasts.", 1).showable
    assert not check("It has 99 lives.", 9).showable
    assert check("Bananas ripen fastest in paper bags.", 1).showable


def test_a_marker_that_names_no_passage_counts_for_nothing(check: Callable[..., Checked]) -> None:
    known, unknown = (
        check("On three coasts it halves the error of tidal tables.", number) for number in (1, 99)
    )
    assert known.places == unknown.places
    assert check("Bananas ripen fastest in paper bags.", 99).places == ()


def test_the_opposite_is_not_supported(check: Callable[..., Checked]) -> None:
    checked = check("The forecasts do not stay calibrated when half of the buoys fall silent.", 1)
    assert checked.support == "unsupported"
    assert "denies" in checked.trouble


def test_a_quote_is_shown_as_the_paper_has_it(check: Callable[..., Checked]) -> None:
    checked = check("TideNet “halves the Error of tidal  tables” on coasts.", 1)
    assert "“halves the error of tidal tables”" in checked.text
    assert checked.places[0].text == "On three coasts it halves the error of tidal tables."


def test_a_number_is_cited_from_another_sentence_of_the_passages(
    check: Callable[..., Checked], library: Library
) -> None:
    passages = library.passages("Which recommender keeps new users?")
    checker = Checker("q", passages, library)
    checked = checker.check(
        Draft(text="Asking two questions and explaining why keeps 18% more new users.", markers=(1,))
    )
    assert checked.support != "unsupported"
    assert any("18%" in place.text for place in checked.places)


def test_names_are_told_by_their_spelling() -> None:
    assert names("CM2 and ReasonRank beat GPT-4 on the GRPO task, says Tide.") == [
        "CM2",
        "ReasonRank",
        "GPT-4",
        "GRPO",
    ]


def test_what_a_paper_tells_of_other_work_is_no_finding_of_its_own(
    open_library: Callable[..., Library], write_papers: Callable[..., Path]
) -> None:
    told = "Prior work shows that kelp forests reduce the height of waves at the coast."
    library = open_library()
    library.add(
        [write_papers("kelp.jsonl", {"title": "Reefs", "abstract": f"{told} We measure reefs instead."})]
    )
    checker = Checker("Do kelp forests reduce waves?", library.passages("kelp forests waves"), library)
    found, reported = (
        checker.check(Draft(text=text, markers=(1,)))
        for text in (
            "Kelp forests reduce the height of waves at the coast.",
            "Prior work shows that kelp forests reduce the height of waves on coasts.",
        )
    )
    assert (found.support, reported.support) == ("partial", "supported")
