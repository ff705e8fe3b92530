"""Files that bibliographies name: which are read with their entries, and which are left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.readers import read
from index.readers.attachments import bibtex_files, inside
from index.schema import Document, Enclosed, Unreadable

HEAD = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/"'
    ' xmlns:link="http://purl.org/rss/1.0/modules/link/">'
)
ARTICLE = """
<bib:Article rdf:about="https://example.org/wells">
  <z:itemType>journalArticle</z:itemType>
  <dcterms:isPartOf rdf:resource="urn:issn:1234-5678"/>
  <bib:authors><rdf:Seq>
    <rdf:li><foaf:Person><foaf:surname>Kováč</foaf:surname><foaf:givenName>Jiří</foaf:givenName></foaf:Person></rdf:li>
    <rdf:li><foaf:Person><foaf:surname>Wells Group</foaf:surname></foaf:Person></rdf:li>
  </rdf:Seq></bib:authors>
  <link:link rdf:resource="#item_12"/>
  <link:link rdf:resource="#item_13"/>
  <dc:title>On Wells</dc:title>
  <dcterms:abstract>Wells run dry.</dcterms:abstract>
  <dc:date>2020-03-12</dc:date>
  <dc:identifier><dcterms:URI><rdf:value>https://example.org/wells</rdf:value></dcterms:URI></dc:identifier>
  <dc:description>arXiv:2003.00001 [cs]</dc:description>
</bib:Article>
<bib:Journal rdf:about="urn:issn:1234-5678">
  <dc:title>Advances in Wells</dc:title><dc:identifier>DOI 10.1000/WELLS</dc:identifier>
  <dc:identifier>ISSN 1234-5678</dc:identifier>
</bib:Journal>
<bib:Memo rdf:about="#item_20"><z:itemType>note</z:itemType><rdf:value>A note</rdf:value></bib:Memo>"""
ATTACHMENT = (
    '<z:Attachment rdf:about="#item_{0}"><z:itemType>attachment</z:itemType><rdf:resource rdf:resource="{1}"/>'
    "<dc:title>Full Text</dc:title><link:type>application/pdf</link:type></z:Attachment>"
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The folder of an export, with one file in it and one beside it."""
    folder = tmp_path / "My Library"
    (folder / "files" / "12").mkdir(parents=True)
    (folder / "files" / "12" / "On Wells.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.4")
    return folder


def write_rdf(folder: Path, *attachments: str) -> Path:
    path = folder / "My Library.rdf"
    path.write_text(f"{HEAD}{ARTICLE}{''.join(attachments)}</rdf:RDF>", encoding="utf-8")
    return path


def test_a_zotero_export_gives_its_items_and_their_files(export: Path) -> None:
    document, file = read(
        write_rdf(
            export,
            ATTACHMENT.format(12, "files/12/On Wells.pdf"),
            ATTACHMENT.format(13, "files/13/page.html"),
        )
    )
    assert isinstance(document, Document)
    paper = document.paper
    assert (paper.title, paper.abstract) == ("On Wells", "Wells run dry.")
    assert paper.authors == ("Jiří Kováč", "Wells Group")
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells", "2003.00001")
    assert (paper.url, paper.source) == ("https://example.org/wells", "My Library.rdf")
    assert isinstance(file, Enclosed)
    assert file.path == str((export / "files/12/On Wells.pdf").resolve())
    assert (file.name, file.place) == ("On Wells.pdf", "My Library.rdf/files/12/On Wells.pdf")
    assert (file.paper, file.content) == (paper, None)
    told = "the attached file 'files/13/page.html' was not read: it is not there"
    assert [(notice.kind, notice.text) for notice in document.notices] == [("not read", told)]


def test_a_file_that_belongs_to_no_item_is_read_alone(export: Path) -> None:
    _, file, missing = read(
        write_rdf(
            export,
            ATTACHMENT.format(88, "files/12/On Wells.pdf"),
            ATTACHMENT.format(89, "gone.pdf"),
        )
    )
    assert isinstance(file, Enclosed)
    assert file.paper is None
    assert missing == Unreadable(place="My Library.rdf/gone.pdf", reason="is not there")


def bib(written: str) -> tuple[str, str]:
    return "x.bib", f"@misc{{a, title = {{On Wells}}, file = {{{written}}}}}"


def ris(written: str) -> tuple[str, str]:
    return "x.ris", f"TY  - JOUR\nTI  - On Wells\nL1  - {written}\nER  - \n"


def better_bibtex(written: str) -> tuple[str, str]:
    item = {"itemType": "preprint", "title": "On Wells", "attachments": [{"path": written}]}
    return "x.json", json.dumps({"config": {}, "items": [item, {"itemType": "note", "note": "N"}]})


@pytest.mark.parametrize("form", [bib, ris, better_bibtex])
def test_an_entrys_file_is_read_with_what_is_known_of_its_paper(
    form: Callable[[str], tuple[str, str]], export: Path
) -> None:
    name, text = form("files/12/On Wells.pdf")
    (export / name).write_text(text, encoding="utf-8")
    document, file = read(export / name)
    assert isinstance(document, Document)
    assert isinstance(file, Enclosed)
    assert file.paper == document.paper
    assert Path(file.path).read_bytes() == b"%PDF-1.4"
    assert document.notices == ()


@pytest.mark.parametrize("form", [bib, ris, better_bibtex])
@pytest.mark.parametrize(
    ("written", "reason"),
    {
        "a missing file": ("files/9/none.pdf", "is not there"),
        "a folder": ("files/12", "is not there"),
        "a way up": ("../secret.pdf", "leads out of the folder"),
        "a way down and up": ("files/../../secret.pdf", "leads out of the folder"),
        "an escaped way up": ("%2e%2e/secret.pdf", "leads out of the folder"),
        "an absolute path": ("/etc/passwd", "lies outside"),
        "an absolute path to nothing": ("/etc/nothing", "lies outside"),
        "a file address": ("file:///etc/passwd", "lies outside"),
        "a link out": ("linked.pdf", "lies outside"),
        "a folder that is a link out": ("linked/secret.pdf", "lies outside"),
        "a loop of links": ("loop.pdf", "no name that a file can have"),
        "a long name": ("x" * 300 + ".pdf", ""),
    }.values(),
)
def test_a_file_that_may_not_be_opened_costs_its_entry_nothing(
    form: Callable[[str], tuple[str, str]], written: str, reason: str, export: Path
) -> None:
    (export / "linked.pdf").symlink_to(export.parent / "secret.pdf")
    (export / "linked").symlink_to(export.parent)
    (export / "loop.pdf").symlink_to(export / "loop.pdf")
    name, text = form(written)
    (export / name).write_text(text, encoding="utf-8")
    (document,) = read(export / name)
    assert isinstance(document, Document)
    assert document.paper.title == "On Wells"
    (notice,) = document.notices
    assert "was not read" in notice.text
    assert reason in notice.text
    assert len(notice.text) < 300


def test_a_link_within_the_folder_and_an_absolute_path_into_it_may_be_opened(export: Path) -> None:
    real = (export / "files/12/On Wells.pdf").resolve()
    (export / "short.pdf").symlink_to(real)
    assert [inside(export, name) for name in ("short.pdf", str(real), real.as_uri())] == [real] * 3
    assert inside(export, "files\\12\\On Wells.pdf") == real


def test_of_several_files_those_of_the_best_kind_are_read(export: Path) -> None:
    for name in ("page.html", "more.pdf", "notes.bib"):
        (export / name).write_text("x", encoding="utf-8")
    name, text = bib("page.html;notes.bib;files/12/On Wells.pdf;more.pdf;more.pdf")
    (export / name).write_text(text, encoding="utf-8")
    _, *files = read(export / name)
    assert [file.name for file in files if isinstance(file, Enclosed)] == ["On Wells.pdf", "more.pdf"]


def test_an_address_on_the_web_is_no_file(export: Path) -> None:
    name, text = ris("https://example.org/wells.pdf")
    (export / name).write_text(text, encoding="utf-8")
    (document,) = read(export / name)
    assert isinstance(document, Document)
    assert document.notices == ()


@pytest.mark.parametrize(
    ("written", "paths"),
    {
        "Zotero": (
            "Full Text:files/1/a.pdf:application/pdf;Page:files/2/b.html:text/html",
            ["files/1/a.pdf", "files/2/b.html"],
        ),
        "Zotero, escaped": (r"On A\: B\; C:files/1/On A\: B\; C.pdf:application/pdf", ["files/1/On A: B; C.pdf"]),
        "JabRef": (":a.pdf:PDF", ["a.pdf"]),
        "JabRef on Windows": (r":C\:\\papers\\a.pdf:PDF", [r"C:\papers\a.pdf"]),
        "Mendeley": (":home/user/a.pdf:pdf", ["home/user/a.pdf"]),
        "Mendeley on Windows": (
            r":C$\backslash$:/Users/a.pdf:pdf",
            ["C:/Users/a.pdf"],
        ),
        "plain": ("papers/a b.pdf", ["papers/a b.pdf"]),
        "plain, several": ("a.pdf; b.pdf;", ["a.pdf", "b.pdf"]),
        "plain on Windows": (r"C:\papers\a.pdf", [r"C:\papers\a.pdf"]),
        "nothing": (";;", []),
    }.values(),
)  # fmt: skip
def test_the_paths_in_a_file_field_are_read_as_each_program_writes_them(
    written: str, paths: list[str]
) -> None:
    assert bibtex_files(written) == paths
