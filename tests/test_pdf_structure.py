"""A PDF's limits, looked at before its pages are."""

import json
import logging
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas

from index.errors import ReadError
from index.readers.pdf.streams import LARGEST_STREAM, excess, unpacked_size
from index.readers.pdf.structure import broken, structure

HOSTILE = Path("../shared/bench/hostile")


def made(pages: int = 2, **facts: str) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.setTitle(facts.get("title", ""))
    canvas.setAuthor(facts.get("author", ""))
    for number in range(pages):
        canvas.drawString(72, 720, f"Page {number + 1}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def written(change, pages: int = 1) -> bytes:
    writer = PdfWriter(clone_from=BytesIO(made(pages)))
    change(writer)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def drawn(packed: bytes, head: str = "/Filter /FlateDecode") -> bytes:
    """A PDF of one page whose content is packed as given."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>",
        f"<<{head}/Length {len(packed)}>>\nstream\n".encode() + packed + b"\nendstream",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(file)
    file += b"xref\n0 5\n0000000000 65535 f \n" + table
    return file + b"trailer<</Root 1 0 R/Size 5>>\nstartxref\n%d\n%%%%EOF" % start


def test_pages_are_counted_and_what_the_file_says_of_itself_is_kept():
    found = structure(made(3, title="A Title\n of Two Lines", author="Ada Lovelace"), "a.pdf")
    assert found.pages == 3
    assert found.embedded.title == "A Title of Two Lines"
    assert found.embedded.authors == ("Ada Lovelace",)
    assert found.trouble == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><html>", "begins like a web page"),
        (b"PK\x03\x04....", "begins like a zip archive"),
        (b"\xff\xd8\xff\xe0....", "begins like a JPEG picture"),
        (b"<?xml version='1.0'?>", "begins like XML"),
        (b"Dear Sir", "has no PDF header"),
    ],
    ids=["empty", "html", "zip", "jpeg", "xml", "text"],
)
def test_what_is_no_pdf_is_told_by_what_it_looks_like(content, reason):
    with pytest.raises(ReadError, match=f"'a.pdf' .*{reason}"):
        structure(content, "a.pdf")


def test_what_stands_before_the_header_is_passed_over_as_readers_do():
    assert structure(b"\r\nsent by mail\r\n" + made(), "a.pdf").pages == 2


def test_a_password_is_asked_for_by_saying_what_to_do():
    locked = written(lambda writer: writer.encrypt("secret", algorithm="AES-256"))
    with pytest.raises(ReadError, match=r"'a\.pdf' is encrypted; save a copy without its password"):
        structure(locked, "a.pdf")


def test_an_empty_password_opens():
    unlocked = written(lambda writer: writer.encrypt("", "owner", algorithm="AES-128"))
    assert structure(unlocked, "a.pdf").pages == 1


def test_a_file_without_pages_is_refused():
    def emptied(writer: PdfWriter) -> None:
        del writer.pages[0]

    with pytest.raises(ReadError, match="has no pages"):
        structure(written(emptied), "a.pdf")


def test_a_page_of_kilometres_is_refused():
    def widened(writer: PdfWriter) -> None:
        writer.pages[0].mediabox.upper_right = (5_000_000, 800)

    with pytest.raises(ReadError, match="too large to be read: page 1 measures 1,764 m"):
        structure(written(widened), "a.pdf")


def test_more_pages_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr("index.readers.pdf.structure.MOST_PAGES", 2)
    with pytest.raises(ReadError, match="has 3 pages, more than the 2 that are read; split it"):
        structure(made(3), "a.pdf")


def test_pages_that_lead_back_into_themselves_are_refused():
    looped = drawn(b"", "").replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
    with pytest.raises(ReadError, match="list of pages leads back into itself"):
        structure(looped, "a.pdf")


def test_a_bomb_is_refused_before_anything_unpacks_it_for_good():
    bomb = zlib.compress(b"q " * LARGEST_STREAM, 9)
    with pytest.raises(ReadError, match="too large to be read: a part of it unpacks to more than 64 MB"):
        structure(drawn(bomb), "a.pdf")


def test_a_bomb_packed_twice_is_seen_although_it_is_tiny():
    bomb = zlib.compress(zlib.compress(bytes(LARGEST_STREAM * 2), 9), 9)
    assert len(bomb) < 5_000
    assert unpacked_size(bomb) > LARGEST_STREAM
    assert "unpacks to more than" in (excess(drawn(bomb, "/Filter [/FlateDecode /FlateDecode]")) or "")


def test_a_part_packed_many_times_over_is_refused():
    head = "/Filter [" + "/FlateDecode " * 9 + "]"
    assert excess(drawn(b"x", head)) == "a part of it is packed 9 times over"


def test_a_picture_is_held_to_its_sides():
    head = "/Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8"
    assert excess(drawn(b"x", head)) == "a picture in it takes 10,000,000,000 bytes"


def test_what_is_attached_is_not_unpacked_and_not_counted():
    bomb = zlib.compress(bytes(LARGEST_STREAM * 2), 9)
    assert excess(drawn(bomb, "/Type /EmbeddedFile /Filter /FlateDecode")) is None


def test_damage_is_kept_as_a_reason_in_case_that_nothing_repairs_it(caplog):
    with caplog.at_level(logging.DEBUG):
        found = structure(made()[:-60], "a.pdf")
    assert found.pages is None
    assert found.trouble == "it ends in the middle"
    assert str(broken("a.pdf", found.trouble)).startswith("'a.pdf' is broken: it ends in the middle")
    assert not caplog.records


LIMITED = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from index.errors import ReadError
from index.readers.pdf.structure import structure
reasons = {}
for file in map(Path, sys.argv[1:]):
    try:
        structure(file.read_bytes(), file.name)
    except ReadError as error:
        reasons[file.name] = str(error)
print(json.dumps(reasons))
"""


def test_hostile_files_are_opened_or_refused_with_a_reason_each():
    kinds = {
        kind: sorted((HOSTILE / kind).glob("*.pdf")) for kind in ("encrypted-password", "zero-pages", "dos")
    }
    if not all(kinds.values()):
        pytest.skip(f"{HOSTILE} is not there")
    files = [str(file) for files in kinds.values() for file in files]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *files], capture_output=True, check=True, timeout=120
    )
    reasons = json.loads(done.stdout)
    assert all("is encrypted" in reasons[file.name] for file in kinds["encrypted-password"])
    assert all("has no pages" in reasons[file.name] for file in kinds["zero-pages"])
    assert not done.stderr
