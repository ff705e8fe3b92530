"""RIS files: what records say, and what of a broken file is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import ReadError
from index.library import Library
from index.readers import read, ris
from index.schema import Document, Unreadable
from ui.parts import bibliography


@pytest.fixture
def found(tmp_path: Path) -> Callable[[str], list[object]]:
    """What is read of a file of that text."""

    def read_text(text: str) -> list[object]:
        path = tmp_path / "some.ris"
        path.write_bytes(text.encode("utf-8"))
        return list(read(path))

    return read_text


Found = Callable[[str], list[object]]

WHOLE = """Provider: Wells Abstracts
TY  - JOUR
AU  - Kováč, Jiří
AU  - van der Berg, Jan
AU  - Smith, John, Jr.
AU  - The Wells Collaboration
TI  - On Wells &amp; Ponds
AB  - Wells save water
in summer.

Ponds do not.
PY  - 2020
DA  - 2020/03/12/
DO  - https://doi.org/10.1000/WELLS.1
UR  - https://example.org/wells;v=1
AN  - arXiv:2003.00001
ZZ  - of no meaning
ER  - 
"""  # noqa: W291


def test_a_record_gives_all_that_is_known_of_its_paper(found: Found) -> None:
    (document,) = found(WHOLE.replace("\n", "\r\n"))
    assert isinstance(document, Document)
    paper = document.paper
    assert paper.title == "On Wells & Ponds"
    assert paper.authors == ("Jiří Kováč", "Jan van der Berg", "John Smith Jr.", "The Wells Collaboration")
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells.1", "2003.00001")
    assert paper.url == "https://example.org/wells;v=1"
    assert document.text == paper.abstract == "Wells save water in summer.\n\nPonds do not."
    assert (paper.source, document.notices) == ("some.ris", ())


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        ("PY  - 2021", "2021"),
        ("Y1  - 2021/06//", "2021-06"),
        ("PY  - 2021/06/04/Summer", "2021-06-04"),
        ("PY  - 2021\nDA  - 2021/06/04/", "2021-06-04"),
        ("PY  - 2021\nDA  - 2023/01/01/", "2021"),
        ("DA  - 2021-06-04", "2021-06-04"),
        ("PY  - c2021", "2021"),
        ("PY  - in press", None),
        ("DA  - 2021/13/44/", None),
    ],
)
def test_a_date_is_as_exact_as_its_tags(lines: str, published: str | None, found: Found) -> None:
    (document,) = found(f"TY  - JOUR\nT1  - T\n{lines}\nER  - \n")
    assert isinstance(document, Document)
    assert document.paper.published == published


def test_broken_records_are_told_with_their_lines_and_the_others_are_read(found: Found) -> None:
    entries = found(
        "TY  - JOUR\nTI  - One\nER  -\n\n"
        "TY  - JOUR\nAU  - Nobody, Known\nER  - \n"
        "TI  - Never begun\nER  - \n"
        "TY - JOUR\nTI - Written narrowly\nER -\n"
        "TY  - BOOK\nBT  - Never closed\n"
        "TY  - JOUR\nTI  - Broken off"
    )
    titles = [entry.paper.title for entry in entries if isinstance(entry, Document)]
    assert titles == ["One", "Written narrowly", "Never closed", "Broken off"]
    failed = [(entry.place, entry.reason) for entry in entries if isinstance(entry, Unreadable)]
    assert failed == [
        ("some.ris line 5", "has no title"),
        ("some.ris line 8", "is no whole record: it has no TY line"),
    ]
    last = entries[-1]
    assert isinstance(last, Document)
    assert "never closed by an ER line" in last.notices[0].text


def test_a_file_without_records_is_refused(found: Found) -> None:
    with pytest.raises(ReadError, match=r"'some.ris' holds no papers"):
        found("These are only words.")


def test_a_file_of_far_too_many_records_is_refused(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ris, "MOST_RECORDS", 2)
    with pytest.raises(ReadError, match="holds more than 2 records; split it"):
        found("TY  - JOUR\nTI  - One\nER  - \n" * 3)


@pytest.mark.parametrize("written", [bibliography.ris, bibliography.csl_json], ids=["RIS", "CSL-JSON"])
def test_what_is_exported_is_read_again(
    written: Callable[..., str], library: Library, tmp_path: Path
) -> None:
    papers = library.papers()
    file = tmp_path / ("out.ris" if written is bibliography.ris else "out.json")
    file.write_text(written(papers), encoding="utf-8")
    read_again = [entry.paper for entry in read(file) if isinstance(entry, Document)]
    assert [p.title for p in read_again] == [p.title for p in papers]
    assert [p.arxiv_id for p in read_again] == [p.arxiv_id for p in papers]
    assert [p.published for p in read_again if p.published] == [p.published for p in papers if p.year]
    assert [p.authors for p, known in zip(read_again, papers, strict=True) if known.authors] == [
        known.authors for known in papers if known.authors
    ]
    assert not library.add([file]).added
