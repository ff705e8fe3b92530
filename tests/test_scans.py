"""Scans: said to be ones, and recognised where that is asked for and tesseract is installed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.layout import Layout
from index.library import Library
from index.ocr import PROGRAM
from index.reading import Read, Reading, Source
from index.schema import Document, Unreadable
from index.settings import ReadingSettings

WIDTH, HEIGHT = 612, 792
LINES = (
    "Wells run dry in late summer, when the ground",
    "water falls below their floors. Deep wells do so",
    "three weeks later than others.",
)
needs_tesseract = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason="tesseract is not installed")


def scanned(*lines: str) -> ImageReader:
    """A page of text as a picture."""
    image = Image.new("L", (WIDTH * 3, HEIGHT * 3), 255)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(42)
    for position, line in enumerate(lines):
        pen.text((220, 300 + 64 * position), line, fill=0, font=font)
    held = io.BytesIO()
    image.save(held, "PNG")
    held.seek(0)
    return ImageReader(held)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """One scanned page."""
    path = tmp_path / "wells.pdf"
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    canvas.drawImage(scanned(*LINES), 0, 0, WIDTH, HEIGHT)
    canvas.save()
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A page of text, and a scanned one after it."""
    path = tmp_path / "mixed.pdf"
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    canvas.drawString(72, 700, "Ponds freeze over in the first cold nights of the year, and wells never do.")
    canvas.drawString(72, 686, "Why that is so was known to nobody before the survey of the northern farms.")
    canvas.showPage()
    canvas.drawImage(scanned(*LINES), 0, 0, WIDTH, HEIGHT)
    canvas.save()
    return path


def read(path: Path, **settings: Any) -> Document | Unreadable:
    told = Reading(ReadingSettings(processes=1, **settings)).read([Source.of(path)])
    (found,) = [each.found for each in told if isinstance(each, Read)]
    return found


def test_a_scan_says_that_it_is_one_and_what_to_do(scan: Path) -> None:
    found = read(scan)
    assert isinstance(found, Unreadable)
    assert found.reason == (
        "'wells.pdf' is a scan without a text layer (1 page); add it with `ibid add --ocr`, which needs tesseract"
    )


@needs_tesseract
def test_a_scan_is_recognised_with_the_places_of_its_words(scan: Path) -> None:
    found = read(scan, ocr=True)
    assert isinstance(found, Document)
    assert "Deep wells do so three weeks later than others." in " ".join(found.text.split())
    layout = Layout.unpacked(found.layout)
    start = found.text.index("three weeks")
    (box,) = layout.boxes(start, start + len("three weeks"))
    assert (layout.pages, box.page) == (1, 1)
    assert abs(box.left - 220 / 3) < 6
    assert abs(box.top - (300 + 2 * 64) / 3) < 12


@needs_tesseract
def test_a_scanned_page_among_others_is_recognised_in_its_place(mixed: Path) -> None:
    plain = read(mixed)
    assert isinstance(plain, Document)
    assert [(notice.kind, notice.page) for notice in plain.notices] == [("not read", 2)]
    found = read(mixed, ocr=True)
    assert isinstance(found, Document)
    assert found.notices == ()
    text = " ".join(found.text.split())
    assert text.index("wells never do.") < text.index("Wells run dry in late summer")
    layout = Layout.unpacked(found.layout)
    assert layout.page_at(found.text.index("Wells run dry")) == 2


@needs_tesseract
def test_a_page_without_words_has_none(tmp_path: Path) -> None:
    path = tmp_path / "blank.pdf"
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    canvas.drawImage(scanned(), 0, 0, WIDTH, HEIGHT)
    canvas.save()
    found = read(path, ocr=True)
    assert isinstance(found, Unreadable)
    assert found.reason == "'blank.pdf' is a scan in which tesseract recognises no words (1 page)"


def test_where_tesseract_is_missing_the_file_fails_and_says_what_to_install(
    scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = read(scan, ocr=True)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("tesseract is not installed: install it (Debian: tesseract-ocr)")


@needs_tesseract
def test_a_scan_that_failed_is_read_once_recognising_is_asked_for(
    scan: Path, open_library: Callable[..., Library], hashing: Any
) -> None:
    library = open_library(model=hashing)
    assert [failed.place for failed in library.add([scan]).failed] == ["wells.pdf"]
    reading = library.settings.reading.model_copy(update={"ocr": True})
    library.settings = library.settings.model_copy(update={"reading": reading})
    report = library.add([scan])
    assert (len(report.added), report.failed, library.unreadable()) == (1, (), [])
    assert library.search("deep wells")[0].chunk.page == 1
