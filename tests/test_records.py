"""JSON records become papers; a bad one is named and the rest goes on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import read
from index.schema import Document, Paper, Unreadable

BENCH = Path(__file__).parents[1].parent / "shared" / "bench"


def found(folder: Path, *records: object, name: str = "papers.jsonl") -> list[Document | Unreadable]:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return list(read(folder / name))


def paper(folder: Path, **fields: object) -> Paper:
    (document,) = found(folder, {"title": "T", "abstract": "A.", **fields})
    assert isinstance(document, Document)
    return document.paper


def test_an_abstract_and_a_text_become_two_sections(tmp_path: Path) -> None:
    (document,) = found(tmp_path, {"title": " A\n title ", "abstract": "Short. ", "text": "Long\r\ntext."})
    assert isinstance(document, Document)
    assert (document.paper.title, document.text) == ("A title", "Short.\n\nLong\ntext.")
    spans = [(s.name, document.text[s.start : s.end]) for s in document.sections]
    assert spans == [("Abstract", "Short."), (None, "Long\ntext.")]
    assert (document.paper.abstract, document.paper.source) == ("Short.", "papers.jsonl")


def test_a_text_alone_lends_its_first_paragraph_as_the_abstract(tmp_path: Path) -> None:
    (document,) = found(tmp_path, {"title": "T", "text": "One.\n\nTwo."})
    assert isinstance(document, Document)
    assert (document.paper.abstract, [s.name for s in document.sections]) == ("One.", [None])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("{broken", "is not JSON"),
        ({"abstract": "A."}, "has no title"),
        ({"title": "  ", "abstract": "A."}, "has no title"),
        ({"title": "T", "abstract": None, "text": " "}, "'T' has neither an abstract nor a text"),
        ({"title": 7, "abstract": "A."}, "its title is a number, not text"),
        ({"title": "T", "abstract": ["A."]}, "its abstract is a list, not text"),
        ({"title": "T", "text": "a\0b"}, "its text holds a NUL character"),
        (["T"], "is a list, not an object"),
        ("[" * 100_000, "recursion"),
        ("1" * 5000, "digits"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, record: object, reason: str) -> None:
    good = {"title": "T", "abstract": "A."}
    first, bad, last = found(tmp_path, good, record, good)
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert isinstance(bad, Unreadable)
    assert bad.place == "papers.jsonl line 2"
    assert reason in bad.reason


def test_a_badly_encoded_line_costs_no_other(tmp_path: Path) -> None:
    good = b'{"title": "T", "abstract": "A."}'
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + good + b"\r\n\r\n\xff\xfe{}\n" + good)
    one, bad, two = read(tmp_path / "a.jsonl")
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert isinstance(bad, Unreadable)
    assert bad.place == "a.jsonl line 3"


def test_lone_surrogates_do_not_survive(tmp_path: Path) -> None:
    record = (
        r'{"title": "T \ud800", "abstract": "A \udc00 \ud83d\ude00.", "authors": ["\ud800"], "id": "\ud800"}'
    )
    (document,) = found(tmp_path, record)
    assert isinstance(document, Document)
    assert document.text == "A \ufffd \U0001f600."
    document.model_dump_json().encode("utf-8")


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        (["Ada Lovelace", {"name": "Alan Turing"}, None, 3.5, " "], ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace and Alan Turing; Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Ada Lovelace, Alan Turing and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Lovelace, Ada and Turing, Alan", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("Ferdinand Brandt", ("Ferdinand Brandt",)),
    ],
)
def test_authors_are_read_from_lists_and_strings(
    tmp_path: Path, authors: object, names: tuple[str, ...]
) -> None:
    read_paper = paper(tmp_path, authors=authors)
    assert (read_paper.authors, read_paper.author_count) == (names, len(names))


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ({"year": 2022}, "2022"),
        ({"year": "2022"}, "2022"),
        ({"published": "2022-03-04T10:00:00Z", "year": 2023}, "2022-03-04"),
        ({"published": "in press", "year": 2023}, "2023"),
        ({"year": "n/a"}, None),
        ({"year": 20222}, None),
        ({"year": True}, None),
    ],
)
def test_the_finest_date_that_can_be_read_is_kept(
    tmp_path: Path, fields: dict[str, object], published: str | None
) -> None:
    assert paper(tmp_path, **fields).published == published


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"id": "p17"}, ("p17", None, None)),
        ({"id": 17}, ("17", None, None)),
        ({"id": "1706.03762v5"}, ("", "1706.03762", None)),
        ({"id": "1799.03762"}, ("1799.03762", None, None)),
        ({"id": "cs/0112017"}, ("", "cs/0112017", None)),
        ({"id": "10.1000/ABC"}, ("", None, "10.1000/abc")),
        ({"id": "p17", "url": "https://arxiv.org/pdf/1706.03762v7.pdf"}, ("p17", "1706.03762", None)),
        ({"url": "https://doi.org/10.1000/ABC"}, ("", None, "10.1000/abc")),
        (
            {"doi": "https://doi.org/10.48550/arXiv.1706.03762"},
            ("", "1706.03762", "10.48550/arxiv.1706.03762"),
        ),
        ({"url": "https://openreview.net/forum?id=x"}, ("", None, None)),
    ],
)
def test_public_names_are_found_in_ids_and_addresses(
    tmp_path: Path, fields: dict[str, object], identity: tuple[str, str | None, str | None]
) -> None:
    read_paper = paper(tmp_path, **fields)
    assert (read_paper.id, read_paper.arxiv_id, read_paper.doi) == identity


def test_other_fields_are_ignored_and_odd_counts_left_unknown(tmp_path: Path) -> None:
    read_paper = paper(
        tmp_path, venue="X", comments=-1, organization={"a": 1}, author_count=10**30, tags=[1, {}]
    )
    assert read_paper == Paper(title="T", abstract="A.", source="papers.jsonl")


@pytest.mark.parametrize("text", ['[{"title": "T", "abstract": "A."}]', '{"title": "T",\n "abstract": "A."}'])
def test_a_json_file_may_be_a_list_or_one_object(tmp_path: Path, text: str) -> None:
    (document,) = found(tmp_path, text, name="a.json")
    assert isinstance(document, Document)


def test_a_json_file_may_be_json_lines(tmp_path: Path) -> None:
    one, bad = found(tmp_path, {"title": "T", "abstract": "A."}, "oops", name="a.json")
    assert isinstance(one, Document)
    assert bad == Unreadable(place="a.json line 2", reason="is not JSON (Expecting value at character 1)")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "name: value", "is neither a JSON list nor JSON lines"),
        ("a.json", "[]", "holds no papers"),
        ("a.jsonl", "\n\n", "is empty"),
    ],
)
def test_a_file_of_no_use_says_why(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(ReadError, match=rf"'{name}' {reason}"):
        found(tmp_path, text, name=name)


def test_a_cut_gzip_file_gives_what_it_holds_and_then_fails(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"title": f"T{n}", "abstract": f"A{n}."}) for n in range(2000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-1000])
    papers = read(tmp_path / "a.jsonl.gz")
    assert isinstance(next(papers), Document)
    with pytest.raises(ReadError, match=r"'a\.jsonl\.gz' is not a whole gzip file"):
        list(papers)


@pytest.mark.parametrize(
    ("name", "papers"),
    [
        ("papers_20k.jsonl.gz", 20_000),
        ("scifact/corpus.jsonl.gz", 5_183),
        ("qasper/corpus.jsonl.gz", 3_112),
        ("clapnq/corpus.jsonl.gz", 597),
    ],
)
def test_real_collections_read_without_a_failure(name: str, papers: int) -> None:
    if not (BENCH / name).is_file():
        pytest.skip(f"../shared/bench/{name} absent")
    assert sum(isinstance(found, Document) for found in read(BENCH / name)) == papers
