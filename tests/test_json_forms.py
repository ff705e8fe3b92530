"""JSON that other programs write: told by its shape, and never mistaken for our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.readers import read
from index.readers.records import read_json
from index.schema import Document, Unreadable

Found = Callable[..., list[object]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """What is read of a file that holds that value."""

    def read_value(value: object, name: str = "some.json") -> list[object]:
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return list(read(path))

    return read_value


CSL = {
    "id": "http://zotero.org/users/1/items/ABCD",
    "type": "article-journal",
    "title": 'On <i>Wells</i> &amp; <span class="nocase">Ponds</span>',
    "abstract": "<jats:title>Abstract</jats:title><jats:p>Wells save H<jats:sub>2</jats:sub>O.</jats:p>",
    "author": [
        {"family": "Kováč", "given": "Jiří"},
        {"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"},
        {"literal": "The Wells Collaboration"},
    ],
    "issued": {"date-parts": [["2020", 3, 12]]},
    "DOI": "10.1000/WELLS",
    "URL": "https://example.org/wells",
    "note": "arXiv:2003.00001 [cs]",
}
LISTED = {
    "paper": {
        "id": "2003.00001",
        "authors": [{"_id": "1", "name": "Jiří Kováč", "hidden": False}, {"_id": "2", "name": "Ann Lee"}],
        "publishedAt": "2020-03-12T17:59:45.000Z",
        "submittedOnDailyAt": "2020-03-14T02:00:00.000Z",
        "title": "On Wells",
        "summary": "Wells run dry\nin summer.",
        "upvotes": 42,
        "ai_summary": "A model says that wells are wet.",
        "ai_keywords": ["wells"],
    },
    "publishedAt": "2020-03-13T21:00:00.000Z",
    "title": "On Wells",
    "summary": "Wells run dry\nin summer.",
    "numComments": 7,
    "submittedBy": {"name": "somebody", "fullname": "Some Body"},
    "organization": {"_id": "3", "name": "brunnen", "fullname": "Institut für Brunnen"},
}
ITEM = {
    "itemType": "preprint",
    "title": "On Wells",
    "abstractNote": "Wells run dry.",
    "creators": [
        {"firstName": "Jiří", "lastName": "Kováč", "creatorType": "author"},
        {"firstName": "Ed", "lastName": "Itor", "creatorType": "editor"},
        {"name": "The Wells Collaboration", "creatorType": "author"},
    ],
    "date": "2020-03-12",
    "DOI": "10.1000/wells",
    "url": "https://example.org/wells",
    "archiveID": "arXiv:2003.00001",
    "citationKey": "kovac2020",
}


@pytest.mark.parametrize("many", [True, False], ids=["a list", "one item"])
def test_a_csl_item_gives_all_that_is_known_of_its_paper(many: bool, found: Found) -> None:
    (document,) = found([CSL] if many else CSL)
    assert isinstance(document, Document)
    paper = document.paper
    assert paper.title == "On Wells & Ponds"
    assert document.text == "Wells save H2O."
    assert paper.authors == ("Jiří Kováč", "Jan van der Berg", "The Wells Collaboration")
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells", "2003.00001")
    assert (paper.url, paper.id) == ("https://example.org/wells", "")


@pytest.mark.parametrize(
    ("issued", "published"),
    [
        ({"date-parts": [[2021]]}, "2021"),
        ({"date-parts": [[2021, 6]]}, "2021-06"),
        ({"date-parts": [[2021, 6, 4], [2021, 7, 1]]}, "2021-06-04"),
        ({"date-parts": [[2021, 13, 44]]}, "2021"),
        ({"date-parts": [[]]}, None),
        ({"date-parts": [["", None]]}, None),
        ({"raw": "4 June 2021"}, "2021-06-04"),
        ({"literal": "Summer 2021"}, "2021"),
        ("2021-06", "2021-06"),
        (7, None),
    ],
)
def test_a_csl_date_is_as_exact_as_its_parts(issued: object, published: str | None, found: Found) -> None:
    (document,) = found({"title": "T", "type": "article", "issued": issued})
    assert isinstance(document, Document)
    assert document.paper.published == published


def test_daily_papers_are_read_with_their_comments_and_organisation(found: Found) -> None:
    for value, name in (
        ([LISTED], "some.json"),
        ({"dailyPapers": [LISTED]}, "some.json"),
        ({"dailyPapers": [LISTED]}, "a.jsonl"),
    ):
        (document,) = found(value, name)
        assert isinstance(document, Document)
        paper = document.paper
        assert (paper.title, paper.authors) == ("On Wells", ("Jiří Kováč", "Ann Lee"))
        assert (paper.arxiv_id, paper.id, paper.published) == ("2003.00001", "", "2020-03-12")
        assert (paper.comments, paper.organization) == (7, "Institut für Brunnen")
        assert document.text == paper.abstract == "Wells run dry in summer."


def test_a_listings_paper_is_read_alone_too(found: Found) -> None:
    (document,) = found(LISTED["paper"])
    assert isinstance(document, Document)
    assert (document.paper.arxiv_id, document.paper.comments) == ("2003.00001", None)


@pytest.mark.parametrize(
    "value",
    [
        {"config": {}, "items": [{"itemType": "note", "note": "N"}, ITEM, {"itemType": "attachment"}]},
        [{"key": "ABCD", "version": 1, "data": ITEM}],
    ],
    ids=["Better BibTeX", "Zotero's API"],
)
def test_zoteros_items_are_read_without_their_notes(value: object, found: Found) -> None:
    (document,) = found(value)
    assert isinstance(document, Document)
    paper = document.paper
    assert (paper.title, paper.abstract) == ("On Wells", "Wells run dry.")
    assert paper.authors == ("Jiří Kováč", "The Wells Collaboration")
    assert (paper.published, paper.doi, paper.arxiv_id) == ("2020-03-12", "10.1000/wells", "2003.00001")


def test_forms_may_stand_side_by_side_in_lines(found: Found) -> None:
    own = {"title": "Of our own", "text": "Words.", "DOI": "10.1/x", "authors": ["Ann Lee"]}
    lines = "\n".join(json.dumps(each) for each in (CSL, LISTED, ITEM, own, {"title": "Bare"}))
    *documents, last = found(lines, "some.jsonl")
    titles = [each.paper.title for each in documents if isinstance(each, Document)]
    assert titles == ["On Wells & Ponds", "On Wells", "On Wells", "Of our own"]
    assert isinstance(last, Unreadable)
    assert last.reason == "'Bare' has neither an abstract nor a text"


def test_our_own_form_stays_our_own(found: Found) -> None:
    value = {"id": "w1", "title": "On Wells", "abstract": "Dry.", "summary": "Other.", "authors": ["Ann Lee"]}
    (document,) = found(value)
    assert isinstance(document, Document)
    assert (document.paper.id, document.text) == ("w1", "Dry.")


def test_an_entry_of_another_form_without_a_title_is_told(found: Found) -> None:
    for value in ({"paper": {"id": "2003.00001"}}, {"itemType": "book"}, {"title": " ", "issued": {}}):
        (failed,) = found([value])
        assert isinstance(failed, Unreadable)
        assert failed == Unreadable(place="some.json entry 1", reason="has no title")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "family"]), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "value", [CSL, LISTED, LISTED["paper"], ITEM], ids=["CSL", "listed", "paper", "item"]
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_field_of_any_kind_costs_no_more_than_its_entry(
    value: dict[str, object], data: st.DataObject, tmp_path: Path
) -> None:
    changed = dict(value)
    for name in data.draw(st.lists(st.sampled_from(sorted(value)), min_size=1, max_size=3)):
        changed[name] = data.draw(ANYTHING | st.dictionaries(st.sampled_from(sorted(value)), ANYTHING))
    path = tmp_path / "some.json"
    path.write_text(json.dumps([changed]), encoding="utf-8")
    for found in read_json(path):
        assert isinstance(found, (Document, Unreadable))
        found.model_dump_json()
