"""Characters of a PDF become the words that people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.readers.pdf.pages import pages_of
from index.readers.pdf.words import composed
from tests.pdfs import Sheets


def only_line(sheets: Sheets) -> str:
    (line,) = pages_of(sheets.save())[0].lines
    return line.text


def test_words_keep_their_box_size_and_look(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.line(72, 100, "Plain", size=12)
    sheets.line(120, 100, "heavy", size=12, font="Times-Bold")
    sheets.line(170, 100, "leaning", size=12, font="Times-Italic")
    (line,) = pages_of(sheets.save())[0].lines
    plain, heavy, leaning = line.words
    assert [word.text for word in line.words] == ["Plain", "heavy", "leaning"]
    assert plain.left == pytest.approx(72, abs=1)
    assert 98 < plain.top < 104
    assert 110 < plain.bottom < 117
    assert plain.size == 12
    assert (plain.bold, heavy.bold, leaning.bold) == (False, True, False)
    assert (plain.italic, leaning.italic) == (False, True)


def test_a_raised_mark_is_part_of_its_word_and_known_as_raised(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    drawn = sheets.canvas.beginText(72, 600)
    drawn.setFont("Times-Roman", 12)
    drawn.textOut("Lovelace")
    drawn.setRise(4)
    drawn.setFont("Times-Roman", 7)
    drawn.textOut("1")
    sheets.canvas.drawText(drawn)
    (line,) = pages_of(sheets.save())[0].lines
    assert line.text == "Lovelace1"
    assert line.words[1].glued
    assert line.words[1].rise == pytest.approx(4, abs=0.2)
    assert line.words[0].rise == 0


def test_letters_drawn_twice_to_look_bold_are_read_once(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    for shift in (0.0, 0.4):
        sheets.line(72 + shift, 100, "Attention heads", size=14)
    assert only_line(sheets) == "Attention heads"


def test_an_accent_drawn_apart_stands_on_its_letter(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    width = sheets.canvas.stringWidth
    sheets.line(72, 100, "Saier and Farber agree")
    over = 72 + width("Saier and F", "Times-Roman", 10) + width("a", "Times-Roman", 10) / 2
    sheets.line(over - width("¨", "Times-Roman", 10) / 2, 100, "¨")
    assert only_line(sheets) == "Saier and Färber agree"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ﬁnd", "find"),
        ("eﬃcient", "efficient"),
        ("ﻼ", "لا"),
        ("e\u0301tude", "étude"),
        ("Ｆｕｌｌ", "Full"),
        ("x²", "x²"),
    ],
    ids=["fi", "ffi", "arabic", "combining", "full width", "a square stays"],
)
def test_ligatures_and_presentation_forms_are_letters(written: str, read: str) -> None:
    assert composed(written) == read


def test_letters_set_apart_by_a_wide_gap_are_words_without_a_space_in_the_file(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.line(72, 100, "gap")
    sheets.line(92, 100, "here")
    assert only_line(sheets) == "gap here"
