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


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("Sea levels ri\u200bse fast.", "levels rise fast", "levels ri\u200bse fast"),
        (
            "Sea le\u00advels rise by 1\u20600 cm.",
            "Levels rise, by 10 cm",
            "le\u00advels rise by 1\u20600 cm",
        ),
        ("Sea \U000e0041\U000e0042levels rise.", "Sea levels rise", "Sea \U000e0041\U000e0042levels rise"),
        ("ש\u200fלום לכל העולם", "שלום לכל העולם", "ש\u200fלום לכל העולם"),
    ],
    ids=["no width", "folded", "tags", "right to left"],
)
def test_a_quote_is_found_in_a_text_whose_invisible_characters_the_model_was_not_sent(
    text: str, quote: str, found: str
) -> None:
    span = locate(quote, text)
    assert span is not None
    assert text[slice(*span)] == found
