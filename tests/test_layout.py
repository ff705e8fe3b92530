"""Where a text's words stand on its file's pages."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.layout import Box, Layout, PageSize, PlacedWord

SIZES = (PageSize(612.0, 792.0), PageSize(595.3, 841.9))


def word(
    start: int, end: int, left: float, top: float, *, page: int = 1, right: float | None = None
) -> PlacedWord:
    return PlacedWord(start, end, Box(page, left, top, left + 20 if right is None else right, top + 10))


@st.composite
def placed(draw: st.DrawFn) -> list[PlacedWord]:
    """Words one after another, anywhere on two pages, to a tenth of a point."""
    words, end = [], 0
    for _ in range(draw(st.integers(0, 30))):
        start = end + draw(st.integers(0, 3))
        end = start + draw(st.integers(1, 12))
        left, top, wide, tall = (draw(st.integers(-50, 8000)) / 10 for _ in range(4))
        box = Box(draw(st.integers(1, 2)), left, top, round(left + wide, 1), round(top + tall, 1))
        words.append(PlacedWord(start, end, box))
    return words


@given(placed())
def test_a_layout_comes_back_from_its_bytes(words: list[PlacedWord]) -> None:
    again = Layout.unpacked(Layout.of(SIZES, words).packed())
    assert again.sizes == SIZES
    assert again.words(0, 10_000) == words


@given(placed(), st.integers(0, 300), st.integers(1, 60))
def test_the_words_of_a_span_are_those_that_it_touches(
    words: list[PlacedWord], start: int, length: int
) -> None:
    end = start + length
    found = Layout.of(SIZES, words).words(start, end)
    assert found == [each for each in words if each.start < end and each.end > start]


def test_words_in_any_order_are_kept_in_the_text_s() -> None:
    layout = Layout.of(SIZES, [word(10, 14, 50, 80), word(0, 4, 72, 80)])
    assert [each.start for each in layout.words(0, 20)] == [0, 10]


def test_a_span_s_boxes_are_one_a_line() -> None:
    layout = Layout.of(
        SIZES, [word(0, 4, 72, 80), word(5, 9, 95, 80.4), word(10, 14, 72, 92), word(15, 19, 300, 92)]
    )
    assert layout.boxes(0, 19) == [
        Box(1, 72, 80, 115, 90.4), Box(1, 72, 92, 92, 102), Box(1, 300, 92, 320, 102),
    ]  # fmt: skip
    assert layout.boxes(6, 7) == [Box(1, 95, 80.4, 115, 90.4)]


def test_boxes_on_one_height_of_two_pages_are_two() -> None:
    layout = Layout.of(SIZES, [word(0, 4, 72, 80), word(5, 9, 95, 80, page=2)])
    assert [box.page for box in layout.boxes(0, 9)] == [1, 2]


def test_words_written_from_right_to_left_are_one_box() -> None:
    layout = Layout.of(SIZES, [word(0, 4, 300, 80), word(5, 9, 276, 80)])
    assert layout.boxes(0, 9) == [Box(1, 276, 80, 320, 90)]


@pytest.mark.parametrize(
    ("offset", "page"),
    [(0, 1), (6, 1), (9, 2), (12, 2), (500, 2)],
    ids=["first", "inside", "between", "last", "after"],
)
def test_an_offset_is_on_the_page_of_the_word_at_or_after_it(offset: int, page: int) -> None:
    layout = Layout.of(SIZES, [word(0, 8, 72, 80), word(10, 14, 72, 80, page=2)])
    assert layout.page_at(offset) == page


def test_a_text_without_words_is_on_no_page() -> None:
    layout = Layout.of(SIZES, [])
    assert layout.page_at(0) is None
    assert layout.words(0, 10) == []
    assert Layout.unpacked(layout.packed()).pages == 2


def test_a_word_takes_about_ten_bytes() -> None:
    words = [
        word(6 * n, 6 * n + 5, 72 + 24 * (n % 18), 80 + 12 * (n // 18 % 50), page=1 + n // 900)
        for n in range(5000)
    ]
    assert len(Layout.of(SIZES, words).packed()) < 10 * len(words)


@pytest.mark.parametrize("packed", [b"", b"no layout", Layout.of(SIZES, []).packed()[:-4]])
def test_what_is_no_layout_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="this is no layout"):
        Layout.unpacked(packed)


def test_bytes_that_unpack_without_end_are_no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.layout._LARGEST", 2**20)
    with pytest.raises(ValueError, match="unpacks to more than 1 MB"):
        Layout.unpacked(zlib.compress(bytes(2**22)))


@pytest.mark.parametrize(
    ("start", "end", "page", "length", "fits"),
    [(0, 5, 1, 5, True), (0, 5, 1, 4, False), (-1, 5, 1, 9, False), (5, 5, 1, 9, False), (0, 5, 3, 9, False)],
)
def test_words_fit_a_text_that_is_long_enough_and_pages_that_there_are(
    start: int, end: int, page: int, length: int, fits: bool
) -> None:
    layout = Layout.of(SIZES, [PlacedWord(start, end, Box(page, 1, 1, 2, 2))])
    assert len(SIZES) == 2
    assert layout.fits(length) is fits


def test_words_that_overlap_fit_no_text() -> None:
    words = [PlacedWord(0, 5, Box(1, 1, 1, 2, 2)), PlacedWord(4, 8, Box(1, 1, 1, 2, 2))]
    assert not Layout.of(SIZES, words).fits(100)
