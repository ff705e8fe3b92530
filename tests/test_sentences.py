"""Sentences as exact spans: where they end, and where they must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentences

WORDY = st.text(st.sampled_from("abZé漢字$.!?)\"' \n\t-1*\\(𝒙\u200b\u0301"), max_size=300)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_at_full_stops_question_marks_and_exclamation_marks() -> None:
    assert cut("It works. Does it? It does! Good.") == ["It works.", "Does it?", "It does!", "Good."]


@pytest.mark.parametrize(
    "text",
    [
        "We follow Smith et al. In their work the loss is clipped.",
        "See Fig. 3 for the curve.",
        "It is fast, e.g. Twice as fast as ours.",
        "Gains of 3.5 points are seen.",
        "J. Doe and K. Roe wrote it.",
        "The bound $a. B < c$ holds.",
        "Use i.i.d. Samples only.",
    ],
)
def test_abbreviations_numbers_initials_and_formulas_end_nothing(text: str) -> None:
    assert cut(text) == [text]


def test_a_closing_quotation_mark_belongs_to_its_sentence() -> None:
    assert cut('He said "stop." Then it stopped.') == ['He said "stop."', "Then it stopped."]


def test_a_name_that_opens_with_a_small_letter_can_open_a_sentence() -> None:
    assert cut("Training is stable. iGRPO needs no critic.") == [
        "Training is stable.",
        "iGRPO needs no critic.",
    ]


def test_blank_lines_and_list_items_part_sentences_without_a_full_stop() -> None:
    assert cut("A heading\n\nFirst line\nsame line\n- one\n- two") == [
        "A heading",
        "First line\nsame line",
        "- one",
        "- two",
    ]


def test_a_part_of_a_text_is_cut_at_offsets_of_the_whole() -> None:
    text = "Before. Inside one. Inside two. After."
    start, end = text.index("Inside one"), text.index(" After")
    assert [text[a:b] for a, b in sentences(text, start, end)] == ["Inside one.", "Inside two."]


@given(WORDY)
def test_spans_lie_in_order_and_leave_out_nothing_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)


@given(st.lists(st.sampled_from(["It works.", "Nothing else does!", "Why is that so?"]), max_size=12))
def test_plain_sentences_are_found_one_by_one(wanted: list[str]) -> None:
    assert cut(" ".join(wanted)) == wanted
