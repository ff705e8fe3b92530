"""XML: feeds and records of arXiv and other servers, and documents that are not let in."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import read, xml
from index.schema import Document, Unreadable

Found = Callable[..., list[object]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """What is read of a file of that text."""

    def read_text(text: str | bytes, name: str = "some.xml") -> list[object]:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return list(read(path))

    return read_text


ENTRY = """
  <entry>
    <id>http://arxiv.org/abs/2003.00001v2</id>
    <updated>2020-06-01T10:00:00Z</updated><published>2020-03-12T17:59:00Z</published>
    <title>On Wells
      and Ponds</title>
    <summary>  Wells run dry &lt; 10 days
      in summer. </summary>
    <author><name>Jiří Kováč</name><arxiv:affiliation>Brunnen</arxiv:affiliation></author>
    <author><name>Ann Lee</name></author>
    <arxiv:doi>10.1000/WELLS</arxiv:doi>
    <link href="http://arxiv.org/abs/2003.00001v2" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/2003.00001v2" rel="related" type="application/pdf"/>
  </entry>"""
FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<title>ArXiv Query</title><id>http://arxiv.org/api/1</id>{}</feed>"
)
OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2020-06-01T10:00:00Z</responseDate>{}</OAI-PMH>'
RECORD = "<record><header{}><identifier>oai:arXiv.org:2003.00001</identifier></header><metadata>{}</metadata></record>"
DUBLIN_CORE = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>On Wells</dc:title><dc:creator>Kováč, Jiří</dc:creator><dc:creator>Lee, Ann</dc:creator>"
    "<dc:description>Comment: 12 pages</dc:description><dc:description>Wells run dry.</dc:description>"
    "<dc:date>2020-06-01</dc:date><dc:date>2020-03-12</dc:date>"
    "<dc:identifier>http://arxiv.org/abs/2003.00001</dc:identifier>"
    "<dc:identifier>doi:10.1000/WELLS</dc:identifier></oai_dc:dc>"
)
ARXIV = (
    '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2003.00001</id><created>2020-03-12</created>'
    "<updated>2020-06-01</updated><authors><author><keyname>Kováč</keyname><forenames>Jiří</forenames></author>"
    "<author><keyname>Lee</keyname><forenames>Ann</forenames></author></authors>"
    "<title>On Wells</title><doi>10.1000/WELLS</doi><abstract>  Wells run dry.\n</abstract></arXiv>"
)
ARXIV_RAW = (
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2003.00001</id>'
    '<version version="v1"><date>Thu, 12 Mar 2020 17:59:00 GMT</date></version>'
    '<version version="v2"><date>Mon, 1 Jun 2020 10:00:00 GMT</date></version>'
    "<title>On Wells</title><authors>Jiří Kováč (1 and 2), Ann Lee ((1) Brunnen, (2) Wells)</authors>"
    "<doi>10.1000/WELLS</doi><abstract>Wells run dry.</abstract></arXivRaw>"
)


@pytest.mark.parametrize("name", ["some.xml", "some.atom"])
def test_an_arxiv_feed_gives_all_that_is_known_of_its_papers(name: str, found: Found) -> None:
    first, second = found(FEED.format(ENTRY + ENTRY.replace("Ponds", "Rain")), name)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    paper = first.paper
    assert (paper.title, second.paper.title) == ("On Wells and Ponds", "On Wells and Rain")
    assert paper.authors == ("Jiří Kováč", "Ann Lee")
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells", "2003.00001")
    assert paper.url == "http://arxiv.org/abs/2003.00001v2"
    assert first.text == paper.abstract == "Wells run dry < 10 days in summer."
    assert paper.source == name


def test_arxivs_list_of_a_day_is_read(found: Found) -> None:
    entry = (
        "<entry><id>oai:arXiv.org:2003.00001v1</id><title>On Wells</title><dc:creator>Jiří Kováč, Ann Lee</dc:creator>"
        "<summary>arXiv:2003.00001v1 Announce Type: new\nAbstract: Wells run dry.</summary>"
        "<published>2020-03-12T00:00:00-04:00</published></entry>"
    )
    (document,) = found(FEED.format(entry))
    assert isinstance(document, Document)
    assert (document.paper.arxiv_id, document.text) == ("2003.00001", "Wells run dry.")
    assert document.paper.authors == ("Jiří Kováč", "Ann Lee")


def test_an_answer_that_is_an_error_is_told_in_the_servers_words(found: Found) -> None:
    entry = (
        "<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>bad id 7</summary></entry>"
    )
    (failed,) = found(FEED.format(entry))
    assert isinstance(failed, Unreadable)
    assert failed.reason == "arXiv refused the request: bad id 7"
    (failed,) = found(OAI.format('<error code="noRecordsMatch">Nothing there</error>'))
    assert isinstance(failed, Unreadable)
    assert failed.reason == "the server answered noRecordsMatch: Nothing there"


@pytest.mark.parametrize("metadata", [DUBLIN_CORE, ARXIV, ARXIV_RAW], ids=["oai_dc", "arXiv", "arXivRaw"])
@pytest.mark.parametrize("whole", [True, False], ids=["in an answer", "alone"])
def test_a_record_gives_the_same_facts_in_each_format(metadata: str, whole: bool, found: Found) -> None:
    listed = f"<ListRecords>{RECORD.format('', metadata)}</ListRecords>"
    (document,) = found(OAI.format(listed) if whole else metadata)
    assert isinstance(document, Document)
    paper = document.paper
    assert (paper.title, paper.authors) == ("On Wells", ("Jiří Kováč", "Ann Lee"))
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells", "2003.00001")
    assert document.text == "Wells run dry."


def test_of_records_the_deleted_are_passed_over_and_the_unknown_told(found: Found) -> None:
    marc = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>0</leader></record>'
    records = (RECORD.format(' status="deleted"', ""), RECORD.format("", marc), RECORD.format("", ARXIV))
    unknown, document = found(OAI.format(f"<ListRecords>{''.join(records)}</ListRecords>"))
    assert isinstance(unknown, Unreadable)
    assert unknown.reason == "holds record; known are arXiv, arXivRaw, dc"
    assert isinstance(document, Document)


def test_a_list_that_breaks_off_gives_what_stood_before(found: Found) -> None:
    whole = FEED.format(ENTRY + ENTRY)
    first, rest = found(whole[: whole.rindex("<author>")])
    assert isinstance(first, Document)
    assert isinstance(rest, Unreadable)
    assert rest.place.startswith("some.xml line ")
    assert "is not well-formed XML" in rest.reason


def test_an_encoding_that_the_document_declares_is_used(found: Found) -> None:
    latin = FEED.format(ENTRY.replace("Jiří Kováč", "Jörg Müller")).replace("UTF-8", "ISO-8859-1")
    for written in (latin.encode("latin-1"), latin.replace("ISO-8859-1", "UTF-16").encode("utf-16")):
        (document,) = found(written)
        assert isinstance(document, Document)
        assert document.paper.authors[0] == "Jörg Müller"


def test_a_packed_feed_is_read(found: Found) -> None:
    (document,) = found(gzip.compress(FEED.format(ENTRY).encode()), "some.atom.gz")
    assert isinstance(document, Document)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {chr(98 + n)} "&{chr(97 + n)};&{chr(97 + n)};&{chr(97 + n)};&{chr(97 + n)};">'
        for n in range(20)
    )
    + "]><feed><entry><title>&u;</title></entry></feed>"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    {
        "nothing": ("", "is empty"),
        "space": (" \n", "is empty|not well-formed"),
        "words": ("These are only words.", "is not well-formed XML"),
        "another kind": ("<svg/>", "XML of a kind that is not known, <svg>. Known: "),
        "a page": ("<html><body/></html>", "of a kind that is not known|holds no papers"),
        "entities in entities": (LAUGHS, "declares entities"),
        "a file as an entity": (
            '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed><entry><title>&x;</title></entry></feed>',
            "declares entities",
        ),
        "a parameter entity": (
            '<!DOCTYPE feed [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><feed><entry/></feed>',
            "declares entities",
        ),
        "depth": ("<feed>" + "<entry>" * 100_000, "is not well-formed XML"),
        "a name that no namespace has": ("<a:feed/>", "not well-formed|of a kind"),
        "a long name": (f"<{'x' * 40_000_000}/>", "not well-formed|of a kind"),
    }.values(),
)  # fmt: skip
def test_a_document_that_is_not_let_in_is_refused_with_its_reason(
    text: str, reason: str, found: Found
) -> None:
    with pytest.raises(ReadError, match=reason) as caught:
        found(text)
    assert "some.xml" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_document_type_that_is_only_named_is_not_fetched(found: Found) -> None:
    (document,) = found(
        '<!DOCTYPE feed PUBLIC "-//X//DTD" "http://127.0.0.1:9/x.dtd">'
        "<feed><entry><title>On&nbsp;Wells &amp; H&ouml;fe</title></entry></feed>"
    )
    assert isinstance(document, Document)
    assert document.paper.title == "On Wells & Höfe"


def test_a_document_larger_than_memory_should_hold_is_refused(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "LARGEST_TREE", 2**20)
    with pytest.raises(ReadError, match="holds more than 1 MB of XML; split it"):
        found('<rdf:RDF xmlns:rdf="x">' + "<a>word</a>" * 200_000 + "</rdf:RDF>")


def test_a_long_list_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.xml"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(OAI.partition("{}")[0] + "<ListRecords>")
        for _ in range(20_000):
            stream.write(RECORD.format("", ARXIV))
        stream.write("</ListRecords></OAI-PMH>")

    def counted(found: Iterator[object]) -> int:
        return sum(isinstance(each, Document) for each in found)

    tracemalloc.start()
    try:
        assert counted(iter(read(path))) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
