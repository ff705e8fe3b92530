"""What `make bench-files` measures. No figure of it is asserted, only that it tells right from wrong."""

import json
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from assistant.evaluation import extractors, files
from assistant.evaluation.apart import Ending, ending
from assistant.evaluation.boxes import holds, sample
from index.layout import Box, Layout, PageSize, PlacedWord

ABSTRACT = (
    "Planning with learned models is brittle because small errors of the model grow along a plan. We study how such "
    "errors spread and propose a method that bounds them with a simple test at every step."
)
TEXT = (
    "Learned models of the world have made planning possible in domains where no simulator exists at all. "
    * 12
)


def paper(title: str, turned: int = 0) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(612, 792))
    canvas.setFont("Times-Bold", 16)
    canvas.drawCentredString(306, 700, title)
    canvas.setFont("Times-Roman", 12)
    canvas.drawCentredString(306, 670, "Ada Lovelace, University of Oxford")
    canvas.setFont("Times-Bold", 12)
    canvas.drawCentredString(306, 640, "Abstract")
    top = 620.0
    canvas.setFont("Times-Roman", 10)
    for line in simpleSplit(ABSTRACT, "Times-Roman", 10, 360):
        canvas.drawString(126, top, line)
        top -= 12
    canvas.setFont("Times-Bold", 12)
    canvas.drawString(72, top - 30, "1 Introduction")
    canvas.setFont("Times-Roman", 10)
    for line in simpleSplit(TEXT, "Times-Roman", 10, 468):
        canvas.drawString(72, top - 50, line)
        top -= 12
    canvas.save()
    writer = PdfWriter(clone_from=file)
    writer.pages[0].rotate(turned)
    shown = BytesIO()
    writer.write(shown)
    return shown.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pdfs"
    place.mkdir()
    (place / "good.pdf").write_bytes(paper("Bounding Errors in Planning"))
    (place / "turned.pdf").write_bytes(paper("Bounding Errors on Turned Pages", turned=90))
    (place / "none.pdf").write_bytes(b"<html>no paper</html>")
    rows = [
        {
            "file": "good.pdf",
            "title": "Bounding errors in planning",
            "authors": ["Ada Lovelace"],
            "abstract": ABSTRACT,
        },
        {"file": "turned.pdf", "title": "Another Title", "authors": ["Ada Lovelace"], "abstract": None},
        {"file": "none.pdf", "title": None},
    ]
    (place / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return place


def test_titles_authors_and_abstracts_are_held_to_the_manifest(folder: Path) -> None:
    documents, refused = files.read_all(folder)
    found = files.fronts(documents, files.truths(folder))
    assert found.right == {"title": (1, 2), "authors": (2, 2), "abstract": (1, 1)}
    assert found.wrong == ("turned.pdf: title",)
    assert list(refused) == ["none.pdf"]


def test_every_chunk_is_found_on_its_page_and_every_sentence_in_its_boxes(folder: Path) -> None:
    documents, _ = files.read_all(folder)
    mapped, total = files.mapped_chunks(documents)
    assert mapped == total > 0
    sampled = sample(documents, 10)
    assert len(sampled) == 10
    assert [each.text for each in sampled if not each.held] == []
    assert sampled == sample(documents, 10)


def test_boxes_elsewhere_on_the_page_hold_nothing_of_a_sentence(folder: Path) -> None:
    documents, _ = files.read_all(folder)
    path, document = documents[0]
    sizes = [PageSize(612.0, 792.0)]
    astray = Layout.of(sizes, [PlacedWord(0, len(document.text), Box(1, 0.0, 700.0, 200.0, 780.0))])
    moved = document.model_copy(update={"layout": astray.packed()})
    assert not any(each.held for each in sample([(path, moved)], 5))


@pytest.mark.parametrize(
    ("found", "meant", "held"),
    [
        ("devel-\nopment of mod-\r\nels", "development of models", True),
        ("ﬁrst of all", "first of all", True),
        ("of all first", "first of all", False),
        ("first of", "first of all", False),
        ("first of all " + "and much more " * 9, "first of all", False),
    ],
    ids=["hyphens", "ligature", "other order", "less", "too much"],
)
def test_a_box_holds_a_sentence_if_it_has_its_words_in_order_and_little_else(found, meant, held) -> None:
    assert holds(found, meant) is held


def test_characters_are_counted_whatever_the_white_space() -> None:
    assert files.character_f1("a  b\nc", "a b c") == 1.0
    assert files.character_f1("", "") == 1.0
    assert files.character_f1("abcd", "") == 0.0
    assert files.character_f1("abcd", "abxd") == 0.75


def test_each_library_reads_the_same_files_in_its_time(folder: Path) -> None:
    documents, _ = files.read_all(folder)
    found = {each.name: each for each in extractors.paces([(path, 1) for path, _ in documents], 1, 60)}
    assert list(found) == ["ibid", "pypdf", "pdfplumber", "pdfminer.six"]
    assert all(len(each.speeds) == each.of == 2 and each.median() for each in found.values())


def test_a_library_that_is_not_installed_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys
) -> None:
    monkeypatch.setitem(extractors.PEERS, "pdfplumber", "no_such_module")
    monkeypatch.setattr(
        files, "paces", lambda *_: [extractors.pace("pdfplumber", [(folder / "good.pdf", 1)], 1, 9)]
    )
    files.main([str(folder), "--json", str(folder / "figures.json")])
    assert "not installed" in capsys.readouterr().out
    assert json.loads((folder / "figures.json").read_text(encoding="utf-8"))["files"] == 3


def test_the_time_of_a_library_is_kept(folder: Path) -> None:
    slow = extractors.pace("pdfminer.six", [(folder / "good.pdf", 1)], 10**9, 3)
    assert len(slow.speeds) in (0, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_hostile_file_ends_with_its_reason_in_a_process_of_its_own(folder: Path) -> None:
    good, bad = ending(folder / "good.pdf"), ending(folder / "none.pdf")
    assert (good.outcome, good.reason) == ("added", "")
    assert bad.outcome == "refused"
    assert "is not a PDF: it begins like a web page" in bad.reason
    assert min(good.seconds, good.megabytes) > 0


def test_endings_are_counted_by_kind(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    hostile = folder.parent / "hostile" / "bombs"
    hostile.mkdir(parents=True)
    (hostile / "a.pdf").write_bytes(b"")
    told = files.endings(
        hostile.parent, lambda path: Ending("ended", "takes more than 60 s", 60.0, 60.0, 900.0)
    )
    monkeypatch.setattr(files, "endings", lambda _: told)
    monkeypatch.setattr(files, "paces", lambda *_: [])
    files.main([str(folder)])
    shown = capsys.readouterr().out
    assert "1 hostile files: 1 ended" in shown
    assert "not right: turned.pdf: title" in shown


def test_a_folder_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        files.main(["no/such/folder"])
    assert "is no folder" in capsys.readouterr().err
