"""Tables in a paper's text: caption, header and rows as exact spans."""

from __future__ import annotations

import pytest

from assistant.grids import caption, cells, columns, grids
from index.sentences import statements

TABLE = (
    "Table 2. Results on two corpora. The best are in bold. Means of five runs.\n\n"
    "| PilotBook | PilotBook | Tides\n\nModel | EM | F1 | F1\n\nQANet | 73.6 | 82.7 | 70.1\n\nHarborQA | 84.1 | 90.9 |"
)


def test_a_table_is_its_caption_its_header_and_its_rows() -> None:
    text = f"Before it.\n\n{TABLE}\n\nAfter it."
    start = text.index("Table 2")
    (read,) = grids(text, start, start + len(TABLE))
    assert read.caption is not None
    assert read.header is not None
    assert read.caption.text == "Table 2. Results on two corpora."
    assert read.header.text == "| PilotBook | PilotBook | Tides\n\nModel | EM | F1 | F1"
    assert [row.text for row in read.rows] == ["QANet | 73.6 | 82.7 | 70.1", "HarborQA | 84.1 | 90.9 |"]
    assert all(text[line.start : line.end] == line.text for line in (*read.above, *read.rows))


def test_a_table_without_figures_has_one_header() -> None:
    text = "Term | Meaning\n\nberth | where a ship lies\n\nfairway | where it may go"
    (read,) = grids(text, 0, len(text))
    assert read.caption is None
    assert (read.header.text if read.header else "") == "Term | Meaning"
    assert len(read.rows) == 2


def test_a_table_that_begins_with_figures_has_no_header() -> None:
    (read,) = grids("a | 1 | 2\n\nb | 3 | 4", 0, 20)
    assert read.header is None
    assert len(read.rows) == 2


@pytest.mark.parametrize("row", ["", "prose alone", "one | two"])
def test_what_is_hardly_a_table_is_read_without_a_fault(row: str) -> None:
    read = grids(row, 0, len(row))
    assert sum(len(each.rows) + (each.header is not None) for each in read) <= 1


def test_empty_cells_keep_their_places() -> None:
    assert cells("| F1 |  | p(x|y) |") == ("", "F1", "", "p(x|y)", "")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Model | EM | F1", ("Model", "EM", "F1")),
        ("| Tides | Tides\n\nModel | EM | F1", ("Model", "Tides EM", "Tides F1")),
        (
            "Tides | Books\n\nModel | EM | F1 | EM | F1",
            ("Model", "Tides EM", "Tides F1", "Books EM", "Books F1"),
        ),
        ("Tides\n\nModel\n\nEM | F1", ("Tides", "EM", "F1")),
    ],
)
def test_columns_are_named_by_all_rows_of_a_header(header: str, names: tuple[str, ...]) -> None:
    assert columns(header, len(names)) == names


@pytest.mark.parametrize("header", ["EM | F1", "Model | EM | F1 | x", "A | B | C | D\n\nModel | EM | F1", ""])
def test_columns_that_are_not_told_are_not_named(header: str) -> None:
    assert columns(header, 3) is None


def test_a_header_in_the_middle_heads_what_follows() -> None:
    above = "Table 4: Two corpora.\n\nModel | EM | F1\n\nA | 1 | 2\n\nBooks\n\n"
    text = f"{above}Model | Acc | F1\n\nA | 3 | 4\n\nB | 5 | 6"
    first, second = grids(text, 0, len(text))
    assert second.header is not None
    assert (second.header.text, [row.text for row in second.rows]) == (
        "Model | Acc | F1",
        ["A | 3 | 4", "B | 5 | 6"],
    )
    assert first.caption == second.caption
    assert len(first.rows) == 1


def test_a_setting_that_is_a_word_heads_nothing() -> None:
    text = "Setting | Value\n\nOptimizer | Adam\n\nRate | 0.1\n\nSchedule | cosine\n\nBatch | 64"
    (read,) = grids(text, 0, len(text))
    assert read.header is not None
    assert read.header.text == "Setting | Value"
    assert len(read.rows) == 4


@pytest.mark.parametrize(
    "header", ["Model | 1st Order | 2nd Order | SDE", "Model | 0-shot | 1-shot | 5-shot"]
)
def test_a_count_in_a_columns_name_is_no_figure(header: str) -> None:
    text = f"{header}\n\nA | 1.5±0.2 | 28.9M (35%) | 9%\n\nB | 1,000 | 3x | 7"
    (read,) = grids(text, 0, len(text))
    assert read.header is not None
    assert (read.header.text, len(read.rows)) == (header, 2)


def test_a_caption_is_the_sentence_that_rows_are_read_with_and_what_it_says_beyond() -> None:
    said = ["Table 2. Results on two corpora.", "The best are in bold.", "Means of five runs."]
    assert [line.text for line in caption(TABLE, 0, len(TABLE))] == said
    assert [line.text for line in caption(" ".join(said), 0, len(" ".join(said)))] == said
    assert caption("A | 1\n\nB | 2", 0, 12) == ()
    assert caption("", 0, 0) == ()


def test_a_row_is_one_statement_whatever_it_holds() -> None:
    rows = "Team A. Smith | 3.2 | Yes. No\n\n1. Runs | 4"
    assert [rows[a:b] for a, b in statements(rows, table=True)] == rows.split("\n\n")
    assert len(statements(rows)) > 2
