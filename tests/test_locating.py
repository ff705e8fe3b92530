"""Finding where quoted words stand."""

from __future__ import annotations

import pytest

from assistant.writing.locating import locate, quotes

TEXT = "TideNet forecasts sea levels from as few as twelve buoys by learning how storms push water."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("as few as twelve buoys", "as few as twelve buoys"),
        ("As few, as twelve  buoys", "as few as twelve buoys"),
        (
            "TideNet forecasts sea levels from as few as twelve buoys by learning the storms push water",
            "TideNet forecasts sea levels from as few as twelve buoys by learning how storms push water",
        ),
    ],
    ids=["exact", "folded", "one word in sixteen differs"],
)
def test_a_quote_is_found_as_the_text_has_it(quote: str, found: str) -> None:
    span = locate(quote, TEXT)
    assert span is not None
    assert TEXT[slice(*span)] == found


@pytest.mark.parametrize("quote", ["as few as seven ships", "", "forecasts tides from as few as two buoys"])
def test_what_stands_nowhere_is_not_found(quote: str) -> None:
    assert locate(quote, TEXT) is None or not quote


def test_only_runs_of_three_words_between_quotation_marks_are_quotes() -> None:
    text = 'They call it "tidal tables" but “it halves the error” and "so it goes on".'
    assert [text[slice(*span)] for span in quotes(text)] == ["it halves the error", "so it goes on"]
