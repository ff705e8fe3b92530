"""A PDF's pages become one text with sections, every word of which keeps its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from index.layout import Layout
from index.readers.pdf.pages import opened, pages_of
from index.readers.pdf.picture import page_png
from index.readers.pdf.reader import document_of, read_pdf
from index.schema import Document, Section
from tests.pdfs import Sheets

LEFT = 72.0


def document(sheets: Sheets) -> Document:
    (found,) = read_pdf(sheets.save())
    assert isinstance(found, Document)
    return found


def part(found: Document, name: str, kind: str = "text") -> str:
    section = next(each for each in found.sections if (each.name, each.kind) == (name, kind))
    return found.text[section.start : section.end]


def paper(path: Path) -> Sheets:
    """A page that opens as papers do, so that what follows is body."""
    sheets = Sheets(path)
    sheets.line(150, 60, "On the Habits of Foxes in Tall Grass", size=17, font="Times-Bold")
    sheets.line(250, 90, "Ada Lovelace", size=11)
    sheets.line(270, 120, "Abstract", size=11, font="Times-Bold")
    sheets.body(LEFT, 140, word="We")
    sheets.line(LEFT, 200, "1  Introduction", size=12, font="Times-Bold")
    return sheets


def test_lines_of_a_paragraph_are_one_and_paragraphs_are_parted_by_a_blank_line(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    below = sheets.body(LEFT, 220, word="First")
    sheets.line(LEFT + 15, below, "An indent begins the second paragraph of this part and")
    sheets.line(LEFT, below + 12, "it goes on without one.")
    introduction = part(document(sheets), "1 Introduction")
    first, second = introduction.split("\n\n")
    assert first.startswith("First quick brown fox") or first.startswith("First")
    assert "\n" not in first
    assert second == "An indent begins the second paragraph of this part and it goes on without one."


def test_a_paragraph_goes_on_across_a_page_s_end(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.lines(
        LEFT,
        680,
        [
            "The last line of this page does not end its sentence and",
            "so it goes on after the foot of the page because the fox",
        ],
    )
    sheets.next()
    sheets.lines(LEFT, 80, ["walks on over the next page where its sentence ends now."])
    text = document(sheets).text
    assert "because the fox walks on over the next page" in text


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (
            ["We looked at many different kinds of compu-", "tation in the summer of the last year here."],
            "kinds of computation in",
        ),
        (
            [
                "This is a state-of-the-art system for the low-",
                "density regions. A low-density region is empty.",
            ],
            "the low-density regions",
        ),
        (
            ["All of these were made by people in Baden-", "Baden, which lies in the south of Germany now."],
            "in Baden-Baden, which",
        ),
        (
            [
                "It was first described on the old pages 343–",
                "357 of the journal that nobody reads today so.",
            ],
            "pages 343–357 of",
        ),
    ],
    ids=["a word", "a compound that stands elsewhere", "a name", "a range"],
)
def test_what_a_line_s_end_parts_is_joined(tmp_path: Path, lines: list[str], joined: str) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.lines(LEFT, 220, lines)
    assert joined in part(document(sheets), "1 Introduction")


def test_a_joined_word_keeps_the_boxes_of_both_its_parts(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.lines(
        LEFT, 220, ["We looked at many different kinds of compu-", "tation in the summer of the last year."]
    )
    found = document(sheets)
    start = found.text.index("computation")
    first, second = Layout.unpacked(found.layout).boxes(start, start + len("computation"))
    assert first.left > 200
    assert second.left == pytest.approx(LEFT, abs=1)
    assert second.top > first.top + 10


def test_running_heads_feet_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    for page in range(1, 5):
        sheets.line(LEFT, 30, f"A. Lovelace / Journal of Foxes {page + 2} (2024) 1-4", size=8)
        for row in range(10):
            sheets.line(
                LEFT,
                100 + 12 * row,
                f"{chr(96 + page)}{chr(97 + row)} is a unique sentence over the lazy dogs",
            )
        sheets.line(300, 760, str(page), size=9)
        sheets.next()
    text = document(sheets).text
    assert "Journal of Foxes" not in text
    assert not re.search(r"(^|\n\n)\d+(\n\n|$)", text)
    assert text.count("unique sentence") == 40


def test_sections_are_told_by_numbered_and_known_headings(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    top = sheets.body(LEFT, 220, word="One")
    for heading in ("2  Related Work", "2.1  Older Work", "Limitations", "A  Proofs"):
        sheets.line(LEFT, top + 12, heading, size=12, font="Times-Bold")
        top = sheets.body(LEFT, top + 32, word="Text")
    found = document(sheets)
    assert [each.name for each in found.sections] == [
        "Abstract", "1 Introduction", "2 Related Work", "2.1 Older Work", "Limitations", "A Proofs",
    ]  # fmt: skip
    assert found.paper.abstract == part(found, "Abstract")
    assert found.paper.title == "On the Habits of Foxes in Tall Grass"


def test_references_are_set_apart_one_a_paragraph_and_end_where_an_appendix_begins(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220)
    sheets.line(LEFT, 300, "References", size=12, font="Times-Bold")
    for row in range(3):
        sheets.line(LEFT, 320 + 30 * row, f"Fox, A. and Hound, B. 200{row}. The grass is tall.")
        sheets.line(LEFT + 12, 332 + 30 * row, "Journal of Foxes, 12(3):1-9.")
    sheets.line(LEFT, 430, "A  Proofs", size=12, font="Times-Bold")
    sheets.body(LEFT, 450, word="Proofs")
    found = document(sheets)
    entries = part(found, "References", "references").split("\n\n")
    assert entries == [
        f"Fox, A. and Hound, B. 200{row}. The grass is tall. Journal of Foxes, 12(3):1-9." for row in range(3)
    ]
    assert part(found, "A Proofs").startswith("Proofs")


def test_a_caption_is_a_part_of_its_own_and_text_in_the_figure_is_left_out(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220, word="Before")
    for row, label in enumerate(("0.0", "0.5", "1.0", "epochs")):
        sheets.line(LEFT + 30 * row, 300 + 20 * row, label, size=7, font="Helvetica")
    sheets.line(LEFT, 400, "Figure 1: Foxes over time, drawn as a line.", size=9)
    sheets.body(LEFT, 440, word="After")
    found = document(sheets)
    assert part(found, "Figure 1", "caption") == "Figure 1: Foxes over time, drawn as a line."
    assert "epochs" not in found.text


def test_a_sentence_that_opens_with_a_figure_s_name_is_no_caption(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.lines(
        LEFT,
        220,
        ["Figure 3 shows how many foxes there are in the grass", "and in the hills behind it at night."],
    )
    assert all(each.kind == "text" for each in document(sheets).sections)


def test_a_table_is_its_caption_and_its_rows(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220, word="Before")
    sheets.line(LEFT, 300, "Table 2: Foxes and hounds by year.", size=9)
    for row, cells in enumerate((("Year", "Foxes", "Hounds"), ("2023", "12", "7"), ("2024", "15", "9"))):
        for column, cell in enumerate(cells):
            sheets.line(LEFT + 80 * column, 320 + 14 * row, cell)
    sheets.body(LEFT, 400, word="After")
    found = document(sheets)
    assert part(found, "Table 2", "table").split("\n\n") == [
        "Table 2: Foxes and hounds by year.", "Year | Foxes | Hounds", "2023 | 12 | 7", "2024 | 15 | 9",
    ]  # fmt: skip


def test_a_footnote_is_a_paragraph_of_its_own(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    for row in range(30):
        sheets.line(LEFT, 220 + 12 * row, f"sentence {row} of the body goes over the lazy dogs and the")
    sheets.line(LEFT, 700, "∗Equal contribution, order by lot.".replace("∗", "*"), size=8)
    sheets.next()
    sheets.lines(LEFT, 80, ["last of it that ends on the next page of this long text."])
    paragraphs = document(sheets).text.split("\n\n")
    assert paragraphs[-1] == "*Equal contribution, order by lot."
    assert paragraphs[-2].endswith("and the last of it that ends on the next page of this long text.")


def test_every_word_of_the_text_has_a_place_on_its_page(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220, word="Before")
    sheets.next()
    sheets.body(LEFT, 80, word="Elsewhere")
    found = document(sheets)
    layout = Layout.unpacked(found.layout)
    assert layout.pages == 2
    for word in re.finditer(r"\S+", found.text):
        assert layout.words(*word.span()), word.group()
    assert layout.page_at(found.text.index("Elsewhere")) == 2
    assert layout.page_at(found.text.index("Before")) == 1


def test_places_on_a_page_read_sideways_are_those_of_the_page_as_it_is_shown(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "a.pdf")
    sheets.canvas.rotate(90)
    for row in range(5):
        sheets.canvas.drawString(80, -(100 + 14 * row), f"row {row} of a table laid sideways")
    found = document(sheets)
    layout = Layout.unpacked(found.layout)
    assert layout.sizes[0] == (612.0, 792.0)
    (word, *_) = layout.words(0, 1)
    assert word.box.bottom == pytest.approx(792 - 80, abs=2)
    assert word.box.left == pytest.approx(100, abs=12)
    assert word.box.bottom - word.box.top > 10


def test_pages_whose_characters_others_recognised_become_a_document_too(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220, word="Before")
    path = sheets.save()
    found = document_of(pages_of(path), path)
    (read,) = read_pdf(path)
    assert isinstance(read, Document)
    assert found.text == read.text
    assert (found.file, len(read.file)) == ("", 64)


def test_a_page_is_drawn_as_a_picture_of_bounded_size(tmp_path: Path) -> None:
    path = paper(tmp_path / "a.pdf").save()
    with opened(path) as document:
        assert len(document) == 1
    assert page_png(path, 1, 2.0).startswith(b"\x89PNG")
    assert len(page_png(path, 1, 1000.0)) < 5_000_000


def test_sections_stand_in_order_and_do_not_overlap(tmp_path: Path) -> None:
    sheets = paper(tmp_path / "a.pdf")
    sheets.body(LEFT, 220)
    sheets.line(LEFT, 300, "Table 1: Foxes.", size=9)
    for row in range(3):
        for column in range(3):
            sheets.line(LEFT + 80 * column, 320 + 14 * row, f"{row}.{column}")
    sheets.body(LEFT, 400)
    sections: tuple[Section, ...] = document(sheets).sections
    assert all(before.end <= after.start for before, after in zip(sections, sections[1:], strict=False))
