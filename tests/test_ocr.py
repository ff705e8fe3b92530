"""Recognising words in pictures, by tesseract where it is installed."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont

from index import ocr
from index.errors import ReadError
from index.sandbox.client import Overrun
from index.sandbox.limits import Limits
from index.sandbox.program import output_of

LIMITS = Limits()
needs_tesseract = pytest.mark.skipif(shutil.which(ocr.PROGRAM) is None, reason="tesseract is not installed")


def picture(*lines: str) -> bytes:
    image = Image.new("L", (1200, 120 * len(lines) + 80), 255)
    pen = ImageDraw.Draw(image)
    for position, line in enumerate(lines):
        pen.text((60, 60 + 120 * position), line, fill=0, font=ImageFont.load_default(48))
    held = io.BytesIO()
    image.save(held, "PNG")
    return held.getvalue()


@needs_tesseract
def test_words_come_in_order_with_their_boxes_and_lines() -> None:
    found = ocr.words_of(picture("Wells run dry", "in late summer"), "eng", LIMITS)
    assert [word.text for word in found] == ["Wells", "run", "dry", "in", "late", "summer"]
    assert [word.line == found[0].line for word in found] == [True] * 3 + [False] * 3
    first = found[0]
    assert (55 <= first.left <= 70, 60 <= first.top <= 85, first.right < found[1].left) == (True, True, True)


@needs_tesseract
def test_an_empty_picture_has_no_words() -> None:
    assert ocr.words_of(picture(""), "eng", LIMITS) == []


@needs_tesseract
def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(Overrun, match="cannot be handled by tesseract: "):
        ocr.words_of(b"no picture", "eng", LIMITS)


@needs_tesseract
def test_a_language_that_is_not_installed_is_named_with_those_that_are() -> None:
    ocr.require("eng", LIMITS)
    with pytest.raises(ReadError, match=r"tesseract knows no 'tlh', only .*eng.* reading\.languages"):
        ocr.require("eng+tlh", LIMITS)


def test_where_tesseract_is_missing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ReadError, match="tesseract is not installed: install it"):
        ocr.require("eng", LIMITS)


def test_another_program_is_held_to_the_limits_too() -> None:
    assert output_of(["cat"], b"data", LIMITS) == b"data"
    with pytest.raises(Overrun, match=r"cannot be handled by sh: .*Permission denied"):
        output_of(["sh", "-c", "echo x > /tmp/ibid-was-here"], b"", LIMITS)
    with pytest.raises(Overrun, match="takes sh more than 1 s"):
        output_of(["sh", "-c", "while :; do :; done"], b"", Limits(seconds=1))
