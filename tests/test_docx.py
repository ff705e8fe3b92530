"""Word documents become papers; packages that would fill the memory, or declare entities, are refused."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from index.errors import ReadError
from index.readers import read
from index.schema import Document, PartKind

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
STYLES = f"<w:styles {SPACES}>" + "".join(
    f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
    for name in ("Title", "heading 1", "heading 2", "caption")
) + "</w:styles>"  # fmt: skip
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>Stated</dc:title>'
    "<dc:creator>Ada Lovelace; Alan Turing</dc:creator><dcterms:created>2024-03-05T01:02:03Z</dcterms:created>"
    "</cp:coreProperties>"
)


def paragraph(text: str, style: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{styled}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"


def packed(folder: Path, body: str, core: str = CORE, head: str = "", **more: str | bytes) -> Path:
    path = folder / "a.docx"
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("_rels/.rels", RELATIONS)
        package.writestr(
            "word/document.xml", f"{head}<w:document {SPACES}><w:body>{body}</w:body></w:document>"
        )
        package.writestr("word/styles.xml", STYLES)
        if core:
            package.writestr("docProps/core.xml", core)
        for name, content in more.items():
            package.writestr(name, content)
    return path


def only(path: Path) -> Document:
    (found,) = read(path)
    assert isinstance(found, Document)
    return found


def parts(document: Document) -> list[tuple[str | None, PartKind, str]]:
    return [(each.name, each.kind, document.text[each.start : each.end]) for each in document.sections]


BODY = (
    paragraph("Tides, twice", "Title")
    + paragraph("Abstract", "heading1")
    + paragraph("We measure tides.")
    + paragraph("Results", "heading1")
    + paragraph("They rise by 10")
    + paragraph("Table 1. Errors.", "caption")
    + f"<w:tbl>{row('Model', 'Error')}{row('TideNet', '4.2')}</w:tbl>"
    + paragraph("Figure 1. A buoy.", "caption")
    + paragraph("References", "heading1")
    + paragraph("Pascal, On water.")
)


def test_a_document_gives_facts_sections_tables_captions_and_references(tmp_path: Path) -> None:
    document = only(packed(tmp_path, BODY))
    paper = document.paper
    assert (paper.title, paper.authors) == ("Tides, twice", ("Ada Lovelace", "Alan Turing"))
    assert (paper.published, paper.abstract) == ("2024-03-05", "We measure tides.")
    assert parts(document) == [
        ("Abstract", "text", "We measure tides."),
        ("Results", "text", "They rise by 10"),
        ("Results", "table", "Table 1. Errors.\n\nModel | Error\n\nTideNet | 4.2"),
        ("Results", "caption", "Figure 1. A buoy."),
        ("References", "references", "Pascal, On water."),
    ]


def test_without_a_heading_the_properties_or_the_file_give_the_title(tmp_path: Path) -> None:
    assert only(packed(tmp_path, paragraph("Words."))).paper.title == "Stated"
    nameless = only(packed(tmp_path, paragraph("Words."), core="")).paper
    assert (nameless.title, nameless.authors) == ("a", ())
    software = CORE.replace("Ada Lovelace; Alan Turing", "Microsoft Office User")
    assert only(packed(tmp_path, paragraph("Words."), core=software)).paper.authors == ()


def test_equations_left_out_are_told(tmp_path: Path) -> None:
    equation = "<w:p><w:r><w:t>So </w:t></w:r><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath></w:p>"
    (notice,) = only(packed(tmp_path, equation)).notices
    assert (notice.kind, "equations were left out" in notice.text) == ("not read", True)


@pytest.mark.parametrize(
    "text", ["السلام عليكم", "e\u0323\u0301 ﬁ", "👩\u200d🔬", "a\U000e0041b\u200bc\u202ed"]
)
def test_text_comes_out_as_it_went_in(tmp_path: Path, text: str) -> None:
    assert only(packed(tmp_path, paragraph(text))).text == text


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda folder: packed(folder, paragraph("&b;"), head=BOMB), "declares a document type of its own"),
        (
            lambda folder: packed(folder, "", **{"x.xml": b" " * 30_000_000}),
            "more than 100 times its packed size",
        ),
        (lambda folder: packed(folder, "", **{"x.bin": b"\0" * 201 * 2**20}), "unpacks to more than 200 MB"),
        (lambda folder: packed(folder, "<w:p>"), "is not a whole Word document"),
        (lambda folder: packed(folder, ""), "holds no text"),
        (lambda folder: packed(folder, "<w:tbl><w:tr><w:tc>" * 3_000), "'a.docx'"),
    ],
    ids=["entities", "ratio", "size", "cut", "empty", "deep"],
)
def test_a_package_of_no_use_says_why(tmp_path: Path, made: object, reason: str) -> None:
    assert callable(made)
    with pytest.raises(ReadError, match=reason):
        list(read(made(tmp_path)))


@pytest.mark.parametrize("raw", [b"not a zip", b"PK\x03\x04 cut", b""])
def test_what_is_no_package_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(raw)
    with pytest.raises(ReadError, match="is not a whole Word document"):
        list(read(path))


@pytest.mark.parametrize("cut", [100, 500, 900, 1300])
def test_a_package_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = packed(tmp_path, BODY)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ReadError, match="is not a whole Word document"):
        list(read(path))


def test_deep_and_long_documents_end_in_time(tmp_path: Path) -> None:
    deep = "<w:tbl><w:tr><w:tc>" * 400 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 400
    for body in (deep, paragraph("word " * 100_000), "".join(paragraph(f"word {n}") for n in range(5_000))):
        began = time.monotonic()
        with suppress(ReadError):
            list(read(packed(tmp_path, body)))
        assert time.monotonic() - began < 8
