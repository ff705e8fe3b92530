"""Pages of a PDF are read as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.readers.pdf.pages import pages_of
from tests.pdfs import Sheets

LEFT, RIGHT = 60.0, 320.0


def texts(path: Path, page: int = 1) -> list[str]:
    return [line.text for line in pages_of(path)[page - 1].lines]


def two_columns(sheets: Sheets, top: float, count: int, word: str) -> None:
    """Two columns of `count` lines, drawn across the page, row by row, as some programs do."""
    for row in range(count):
        for side, left in (("left", LEFT), ("right", RIGHT)):
            sheets.line(left, top + 12 * row, f"{word} {side} {row} goes over the lazy dogs and the hills")


def test_a_column_is_read_to_its_end_before_the_next_one(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    two_columns(sheets, 100, 12, "body")
    read = texts(sheets.save())
    expected = [
        f"body {side} {row} goes over the lazy dogs and the hills"
        for side in ("left", "right")
        for row in range(12)
    ]
    assert read == expected


def test_what_spans_both_columns_parts_them_into_bands(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    two_columns(sheets, 100, 8, "upper")
    sheets.line(
        LEFT,
        220,
        "Figure 1: A caption that is as wide as the page and stands between two halves of the columns.",
    )
    two_columns(sheets, 260, 8, "lower")
    read = texts(sheets.save())
    words = [line.split()[0] + " " + line.split()[1] for line in read]
    assert (
        words
        == ["upper left"] * 8 + ["upper right"] * 8 + ["Figure 1:"] + ["lower left"] * 8 + ["lower right"] * 8
    )


def test_a_table_s_columns_are_no_columns_of_text(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.line(LEFT, 80, "Table 1: Scores of the models.")
    for row in range(14):
        for column in range(4):
            sheets.line(LEFT + 110 * column, 100 + 14 * row, f"cell {row}.{column}")
    assert texts(sheets.save())[1:3] == [
        "cell 0.0 cell 0.1 cell 0.2 cell 0.3",
        "cell 1.0 cell 1.1 cell 1.2 cell 1.3",
    ]


def test_a_wide_table_in_a_page_of_two_columns_is_read_row_by_row(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    for row in range(6):
        for column in range(6):
            sheets.line(LEFT + 90 * column, 60 + 12 * row, f"r{row}c{column}")
    sheets.line(
        LEFT,
        140,
        "Table 1: A caption that is as wide as the page and stands below the rows that it describes.",
    )
    two_columns(sheets, 180, 20, "body")
    read = texts(sheets.save())
    assert read[:6] == [" ".join(f"r{row}c{column}" for column in range(6)) for row in range(6)]
    assert read[7].startswith("body left 0")
    assert read[27].startswith("body right 0")


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_shown_turned_is_read_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.canvas.setPageRotation(turn)
    canvas = sheets.canvas
    for row in range(5):
        drawn = canvas.beginText()
        forward = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[turn]
        start = {90: (100 + 14 * row, 80), 180: (500, 100 + 14 * row), 270: (500 - 14 * row, 560)}[turn]
        drawn.setTextTransform(*forward, *start)
        drawn.setFont("Times-Roman", 10)
        drawn.textOut(f"line {row} of a page that is turned")
        canvas.drawText(drawn)
    page = pages_of(sheets.save())[0]
    assert [line.text for line in page.lines] == [f"line {row} of a page that is turned" for row in range(5)]
    assert page.turned == 0
    tops = [line.top for line in page.lines]
    assert tops == sorted(tops)


def test_text_that_runs_up_an_upright_page_is_read_as_if_the_page_were_turned(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.canvas.rotate(90)
    for row in range(5):
        sheets.canvas.drawString(80, -(100 + 14 * row), f"row {row} of a table laid sideways")
    page = pages_of(sheets.save())[0]
    assert [line.text for line in page.lines] == [f"row {row} of a table laid sideways" for row in range(5)]
    assert page.turned == 1
    assert (page.width, page.height) == (792.0, 612.0)


def test_a_stamp_on_the_margin_is_set_aside(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    two_columns(sheets, 100, 10, "body")
    sheets.canvas.rotate(90)
    sheets.canvas.drawString(200, -30, "arXiv:2402.08714v1 [cs.LG] 13 Feb 2024")
    page = pages_of(sheets.save())[0]
    assert not any("arXiv" in line.text for line in page.lines)
    assert page.aside == ("arXiv:2402.08714v1 [cs.LG] 13 Feb 2024",)


def test_line_numbers_of_review_copies_are_left_out(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    for row in range(20):
        sheets.line(30, 100 + 12 * row, f"{row + 41:03}", size=8)
        sheets.line(LEFT, 100 + 12 * row, f"sentence {row} goes over the lazy dogs")
    assert texts(sheets.save()) == [f"sentence {row} goes over the lazy dogs" for row in range(20)]
