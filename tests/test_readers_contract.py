"""What every reader of files promises, whatever the file: one contract, a row for each ending.

A new ending gets a row in `SAMPLES`: a small file of that kind, with at least one paper in it.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import IbidError, ReadError
from index.readers import BUILT_IN, read, readers
from index.schema import Document, Enclosed, Unreadable

MARKDOWN = """---
title: On Wells
authors: [Ann Lee]
---
# On Wells

## Abstract

Wells run dry.

## Results

Yes.
"""
TEXT = "On Wells\n\nWells run dry in summer.\n\nPonds do not.\n"
RECORD = {"title": "On Wells", "abstract": "Wells run dry.", "text": "In summer.", "authors": ["Ann Lee"]}
LISTED = {
    "paper": {"id": "2003.00001", "title": "On Rain", "summary": "It falls.", "authors": [{"name": "Bo"}]}
}
CSL = {"title": "On Ponds", "DOI": "10.1000/p", "author": [{"family": "Lee", "given": "Ann"}]}
ITEM = {
    "itemType": "book",
    "title": "On Lakes",
    "creators": [{"lastName": "Lee"}],
    "attachments": [{"path": "x.pdf"}],
}
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in (RECORD, LISTED, CSL, ITEM))
BIBTEX = (
    "@string{w = {Wells}}\n@misc{a, title = {On } # w, author = {Lee, Ann and {\\'E}mile}, year = 2020,\n"
    "  abstract = {Wells run $x$ dry.}, file = {Full:files/x.pdf:application/pdf}}\n@misc{b, title = {On Ponds}}\n"
)
RIS = (
    "TY  - JOUR\r\nTI  - On Wells\r\nAU  - Lee, Ann\r\nDA  - 2020/03/12/\r\nAB  - Wells run dry.\r\nL1  - x.pdf\r\n"
    "ER  - \r\n\r\nTY  - GEN\r\nT1  - On Ponds\r\nER  - \r\n"
)
ENTRY = (
    "<entry><id>http://arxiv.org/abs/2003.00001v1</id><title>On Wells</title><summary>Wells run dry.</summary>"
    "<author><name>Ann Lee</name></author><published>2020-03-12T00:00:00Z</published></entry>"
)
ATOM = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Q</title>{ENTRY}{ENTRY}</feed>'
OAI = (
    '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header/><metadata>'
    '<dc xmlns="http://purl.org/dc/elements/1.1/"><title>On Wells</title><creator>Lee, Ann</creator>'
    "<description>Wells run dry.</description><date>2020-03-12</date></dc></metadata></record>"
    "<record><header/><metadata><arXivRaw><id>2003.00001</id><title>On Ponds</title><authors>Ann Lee</authors>"
    "<version><date>Thu, 12 Mar 2020 17:59:00 GMT</date></version></arXivRaw></metadata></record>"
    "</ListRecords></OAI-PMH>"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:link="http://purl.org/rss/1.0/modules/link/">'
    '<rdf:Description rdf:about="#item_1"><z:itemType>preprint</z:itemType><dc:title>On Wells</dc:title>'
    '<dc:date>2020</dc:date><link:link rdf:resource="#item_2"/></rdf:Description>'
    '<z:Attachment rdf:about="#item_2"><rdf:resource rdf:resource="x.pdf"/></z:Attachment></rdf:RDF>'
)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("wells.jsonl", LINES)
        members.writestr("deep/wells.md", MARKDOWN)
    return packed.getvalue()


SAMPLES: dict[str, Callable[[], bytes]] = {
    ".atom": ATOM.encode,
    ".bib": BIBTEX.encode,
    ".json": json.dumps([RECORD, LISTED, CSL, ITEM]).encode,
    ".jsonl": LINES.encode,
    ".markdown": MARKDOWN.encode,
    ".md": MARKDOWN.encode,
    ".ndjson": LINES.encode,
    ".rdf": RDF.encode,
    ".ris": RIS.encode,
    ".text": TEXT.encode,
    ".txt": (Path(__file__).parents[1] / "configs" / "sample_papers.txt").read_bytes,
    ".xml": OAI.encode,
    ".zip": archive,
}
HOUSE = ".house"  # another package's
HOUSE_READER = """
from index.errors import ReadError
from index.readers.files import name_of, read_whole
from index.schema import Document, Paper

def read_house(path):
    text = read_whole(path)
    yield Document(paper=Paper(title=text.split()[0], source=name_of(path)), text=text)
"""
ENDINGS = sorted((*SAMPLES, HOUSE))
BYTES_TRIED = 4_000  # of a sample that is long
NASTY = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", "\u202e\u200b\U000e0041".encode(), b"&#0;", b"&x;",
    b"<!DOCTYPE a>", b"]]>", b"\n@misc{", b"\nER  - \nTY  - \n", b'"{}[]', b"9" * 5_000, b"[" * 2_000, b"\r",
)  # fmt: skip


@pytest.fixture(autouse=True)
def house(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package that joins with a reader of its own."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "house_reader.py").write_text(HOUSE_READER)
    about = folder / "house_reader-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-reader\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ibid.readers]\nhouse = house_reader:read_house\n")
    monkeypatch.syspath_prepend(str(folder))


def sample(ending: str) -> bytes:
    return TEXT.encode() if ending == HOUSE else SAMPLES[ending]()


def outcome(ending: str, content: bytes, folder: Path) -> list[Any]:
    """What the reader itself gives for a file, without the guard around it; a refusal counts as one thing found."""
    path = folder / f"some{ending}"
    path.write_bytes(content)
    module, _, function = readers()[ending].partition(":")
    found: list[Any] = []
    try:
        found.extend(getattr(import_module(module), function)(path))
    except IbidError as error:
        found.append(error)
    return found


def texts(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts(each)


def check(found: object) -> None:
    """What holds of anything that a reader gives."""
    assert isinstance(found, (Document, Enclosed, Unreadable, ReadError))
    if isinstance(found, ReadError):
        assert "some" in str(found)
        return
    for text in texts(found.model_dump(exclude={"layout", "content"})):
        text.encode("utf-8")
        assert "\0" not in text
    assert type(found).model_validate_json(found.model_dump_json()) == found
    if isinstance(found, Unreadable):
        assert found.place.startswith("some")
        assert found.reason
    if isinstance(found, Document):
        check_document(found)


def check_document(found: Document) -> None:
    assert found.paper.title.strip()
    assert found.paper.source.startswith("some")
    assert found.text.strip()
    end = 0
    for section in found.sections:
        assert end <= section.start <= section.end <= len(found.text)
        end = section.end


def test_every_built_in_ending_has_its_row() -> None:
    assert set(SAMPLES) | {f"{ending}.gz" for ending in SAMPLES if ending != ".zip"} == set(BUILT_IN)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_reader_gives_papers_that_can_be_stored(ending: str, tmp_path: Path) -> None:
    found = outcome(ending, sample(ending), tmp_path)
    assert any(isinstance(each, Document | Enclosed) for each in found)
    assert not [each for each in found if isinstance(each, (Unreadable, ReadError))]
    for each in found:
        check(each)


@pytest.mark.parametrize("ending", sorted(ending for ending in SAMPLES if f"{ending}.gz" in BUILT_IN))
def test_a_packed_file_gives_what_it_gives_unpacked(ending: str, tmp_path: Path) -> None:
    unpacked = outcome(ending, sample(ending), tmp_path)
    packed = outcome(f"{ending}.gz", gzip.compress(sample(ending)), tmp_path)
    titles = [
        [each.paper.title for each in found if isinstance(each, Document)] for found in (unpacked, packed)
    ]
    assert titles[0] == titles[1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_file_is_refused_by_its_name(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"some{ending}"
    path.touch()
    with pytest.raises(ReadError, match=rf"some\{ending}"):
        list(read(path))


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_of_no_meaning_end_with_a_reason(ending: str, tmp_path: Path) -> None:
    for seed in range(3):
        for each in outcome(ending, random.Random(seed).randbytes(5_000), tmp_path):
            check(each)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_short_gives_what_is_left_or_a_reason(ending: str, tmp_path: Path) -> None:
    whole = sample(ending)[-BYTES_TRIED:] if ending == ".zip" else sample(ending)[:BYTES_TRIED]
    for end in range(1, len(whole), max(len(whole) // 12, 1)):
        for each in outcome(ending, whole[:end], tmp_path):
            check(each)


@pytest.mark.parametrize("ending", ENDINGS)
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_file_gives_what_is_left_or_a_reason(
    ending: str, data: st.DataObject, tmp_path: Path
) -> None:
    content = bytearray(sample(ending)[:BYTES_TRIED])
    places = st.integers(0, len(content) - 1)
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        content[place] = byte
    for place, inserted in data.draw(st.lists(st.tuples(places, st.sampled_from(NASTY)), max_size=2)):
        content[place:place] = inserted
    for each in outcome(ending, bytes(content), tmp_path):
        check(each)
