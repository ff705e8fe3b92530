"""The same paper met again is recognised, and the better facts are kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.merge import merge, paper_id, title_key
from index.schema import Document, Notice, Paper, Section


def document(text: str = "A text.", **facts: object) -> Document:
    paper = Paper.model_validate({"title": "On Rewards", "abstract": text, "source": "a.txt", **facts})
    return Document(paper=paper, text=text, sections=(Section(name="Abstract", start=0, end=len(text)),))


def fields(*documents: Document) -> set[str]:
    return {conflict.field for conflict in merge(documents)[1]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("From $P(y|x)$ to $P(y)$", "from P(y | x) to P(y)"),
        ("TÜLU 3: Pushing Frontiers", "Tulu 3 - pushing frontiers"),
        (r"$\beta$-VAE and $\mathcal{L}_2$", "β-VAE and L₂"),
        ("A  Title\nin two lines", "A title in two lines"),
        ("Erdős-Rényi", r"Erd\H{o}s-R\'enyi".replace(r"\H", "")),
    ],
)
def test_a_title_typed_differently_has_the_same_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Part 1", "Part 2"), ("???", "!!!"), ("ガ", "カ"), ("कि", "की"), ("L1 loss", "L2 loss")],
)
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_an_id_is_the_sources_choice_then_arxiv_then_doi_then_the_titles_hash() -> None:
    known = {"title": "T", "arxiv_id": "1706.03762v5", "doi": "10.1000/AbC"}
    assert paper_id(Paper(id="p17", title="T", arxiv_id="1706.03762")) == "p17"
    assert paper_id(Paper.model_validate(known)) == "1706.03762"
    assert paper_id(Paper(title="T", doi="10.1000/AbC")) == "10.1000_abc"
    assert re.fullmatch("[0-9a-f]{12}", paper_id(Paper(title="T")))
    assert paper_id(Paper(title="On  rewards!")) == paper_id(Paper(title="On Rewards"))


@given(st.text(min_size=1, max_size=300))
def test_an_id_needs_no_escaping_in_a_url_and_is_no_option_or_folder(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,130}", paper_id(Paper(id=name, title="T")))


def test_ids_that_lost_characters_stay_apart() -> None:
    assert paper_id(Paper(id="a b", title="T")) != paper_id(Paper(id="a?b", title="T"))


def test_known_facts_fill_unknown_ones_without_a_conflict() -> None:
    first = document(author_count=5)
    second = document(organization="NVIDIA", published="2025-06-19", doi="10.1/x", url="https://a.org/1")
    merged, conflicts = merge([first, second])
    assert (merged.paper.author_count, merged.paper.organization) == (5, "NVIDIA")
    assert (merged.paper.doi, merged.paper.published) == ("10.1/x", "2025-06-19")
    assert conflicts == ()


def test_a_disagreement_keeps_the_first_and_names_the_other_and_its_source() -> None:
    merged, conflicts = merge([document(author_count=5), document(author_count=6, source="b.txt")])
    assert merged.paper.author_count == 5
    assert [(c.field, c.kept, c.other, c.source) for c in conflicts] == [("author_count", "5", "6", "b.txt")]


@pytest.mark.parametrize("turned", [False, True], ids=["stated-last", "stated-first"])
@pytest.mark.parametrize(
    ("weak", "inferred", "stated", "conflict"),
    [
        ("2025-06-19", True, "2024-06-19", False),
        ("--06-19", False, "2024-06-19", False),
        ("2025-06-19", True, "2024-07-01", True),
        ("--06-19", False, "2024-07-01", True),
    ],
)
def test_a_stated_year_wins(weak: str, inferred: bool, stated: str, conflict: bool, turned: bool) -> None:
    pair = [document(published=weak, year_inferred=inferred), document(published=stated)]
    merged, conflicts = merge(pair[::-1] if turned else pair)
    assert (merged.paper.published, merged.paper.year_inferred) == (stated, False)
    assert bool(conflicts) is conflict


def test_an_inferred_year_wins_over_none() -> None:
    merged, conflicts = merge(
        [document(published="--06-19"), document(published="2025-06-19", year_inferred=True)]
    )
    assert (merged.paper.published, merged.paper.year_inferred, conflicts) == ("2025-06-19", True, ())


def test_a_coarse_stated_date_confirms_a_finer_inferred_one() -> None:
    merged, conflicts = merge(
        [document(published="2025"), document(published="2025-06-19", year_inferred=True)]
    )
    assert (merged.paper.published, merged.paper.year_inferred, conflicts) == ("2025-06-19", False, ())


def test_two_stated_dates_that_differ_are_a_conflict() -> None:
    assert fields(document(published="2024-06-19"), document(published="2025-06-19")) == {"published"}


def test_comments_only_grow() -> None:
    merged, conflicts = merge([document(comments=3), document(comments=None), document(comments=2)])
    assert (merged.paper.comments, conflicts) == (3, ())


def test_the_longest_text_wins_with_its_sections_and_abstract() -> None:
    short, long = document("A text.", author_count=5), document("A text. And more of it.")
    merged, conflicts = merge([short, long])
    assert (merged.text, merged.sections, merged.paper.abstract) == (long.text, long.sections, long.text)
    assert merged.paper.author_count == 5
    assert conflicts == ()


def test_a_text_that_differs_only_in_case_and_white_space_is_no_conflict() -> None:
    assert fields(document("A text."), document("a  TEXT.")) == set()
    assert fields(document("A text."), document("Quite another.")) == {"text"}


def test_the_first_chosen_id_is_kept() -> None:
    assert merge([document(), document(id="x"), document(id="y")])[0].paper.id == "x"


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])


def dated(when: tuple[str | None, bool], **facts: object) -> Document:
    return document(published=when[0], year_inferred=when[1], **facts)  # type: ignore[arg-type]


STATED = (None, "2024", "2025", "2025-06", "2025-06-19", "2024-06-19", "--06-19", "--07-01")
documents = st.builds(
    dated,
    when=st.sampled_from([(date, False) for date in STATED] + [("2025-06-19", True), ("2025-07-01", True)]),
    text=st.sampled_from(["One.", "One. Two.", "Another text.", "one.  TWO."]),
    author_count=st.sampled_from([None, 1, 2]),
    authors=st.sampled_from([(), ("Ada L",), ("Al B", "Cy D")]),
    organization=st.sampled_from([None, "NVIDIA", "Nvidia", "Meta"]),
    comments=st.sampled_from([None, 0, 3]),
    arxiv_id=st.sampled_from([None, "1706.03762"]),
    source=st.sampled_from(["a.txt", "b.txt"]),
)


@given(st.lists(documents, min_size=1, max_size=6))
def test_merging_again_changes_nothing(met: list[Document]) -> None:
    once, _ = merge(met)
    assert merge([once]) == (once, ())
    assert merge([once, *met])[0] == once


@given(documents, st.integers(1, 4))
def test_identical_documents_merge_to_themselves_without_conflict(one: Document, times: int) -> None:
    assert merge([one] * times) == (one, ())


@given(st.lists(documents, min_size=2, max_size=5))
def test_the_merged_span_is_always_a_span_of_the_merged_text(met: list[Document]) -> None:
    merged, _ = merge(met)
    assert all(0 <= s.start <= s.end <= len(merged.text) for s in merged.sections)
    assert merged.paper.abstract == merged.text


# ---- A record and a full text


ABSTRACT = "We ﬁnd that re-\nwards drift by 3.1%, and hold them with $\\beta$ = 2."
PAGES = (
    "Rewards\n1 Introduction\n"
    + "We find that rewards drift by 3.1% , and hold them with β = 2. "
    + "More. " * 50
)


def paged(text: str, **facts: object) -> Document:
    """As a PDF is read: with places on pages, and the file they are of."""
    return document(text, **facts).model_copy(update={"layout": b"places", "file": "f" * 64})


def test_an_abstract_that_its_full_text_holds_is_no_conflict_however_it_was_set() -> None:
    assert fields(document(ABSTRACT), paged(PAGES, abstract="")) == set()
    assert fields(paged(PAGES, abstract=""), document(ABSTRACT)) == set()


LONGER = (
    "We study how the rewards that models are tuned by drift away from what people prefer once it goes on. "
    "Across nine models and four kinds of tasks, the drift sets in early, grows with the size of the step, and is not "
    "seen in the reward itself. Judges who are shown pairs of answers notice it only when half of the damage is done. "
)


def test_a_few_other_words_are_no_conflict_but_another_number_is() -> None:
    said = f"{LONGER}We hold the drift to 3.1% with a second reward that is never optimised by anyone at all."
    assert fields(document(said), document(said.replace("never optimised", "not optimised"))) == set()
    (conflict,) = merge([document(said), document(said.replace("3.1", "4.2"), source="b.txt")])[1]
    assert conflict.field == "text"
    assert "3.1%" in conflict.kept
    assert "4.2%" in conflict.other


def test_a_conflict_says_who_says_what_is_kept() -> None:
    silent, first, other = (
        document(),
        document(source="b", author_count=5),
        document(source="c", author_count=6),
    )
    (conflict,) = merge([silent, first, other])[1]
    assert (conflict.kept_source, conflict.kept, conflict.source, conflict.other) == ("b", "5", "c", "6")


def test_the_layout_and_the_file_go_with_the_text_that_is_kept() -> None:
    merged, _ = merge([document("Short."), paged("A much longer text."), document("A text in between.")])
    assert (merged.text, merged.layout, merged.file) == ("A much longer text.", b"places", "f" * 64)


@pytest.mark.parametrize(("length", "placed"), [(79, False), (80, True), (130, True)])
def test_a_text_with_places_is_kept_where_it_is_nearly_as_long(length: int, placed: bool) -> None:
    merged, _ = merge([document("x" * 100), paged("x" * length)])
    assert bool(merged.layout) is bool(merged.file) is placed
    assert len(merged.text) == (length if placed else 100)


def test_an_abstract_that_a_file_does_not_tell_is_the_records() -> None:
    merged, _ = merge([paged(PAGES, abstract=""), document("Rewards drift.")])
    assert (merged.text, merged.paper.abstract) == (PAGES, "Rewards drift.")
    titled = document("On Rewards")
    assert merge([titled, document("Rewards drift.")])[0].paper.abstract == "Rewards drift."


def test_notices_of_all_sources_are_kept_once() -> None:
    hidden, unread = Notice(kind="hidden text", text="x", page=1), Notice(kind="not read", text="y")
    one = document().model_copy(update={"notices": (hidden,)})
    other = paged("A longer text.").model_copy(update={"notices": (unread, hidden)})
    assert merge([one, other])[0].notices == (hidden, unread)


def test_a_publishers_doi_is_kept_before_arxivs_which_is_no_conflict() -> None:
    merged, conflicts = merge([document(doi="10.48550/arxiv.2402.08714"), document(doi="10.1145/1")])
    assert (merged.paper.doi, conflicts) == ("10.1145/1", ())
    assert fields(document(doi="10.1145/1"), document(doi="10.1145/2")) == {"doi"}


def test_two_addresses_of_one_arxiv_paper_are_no_conflict() -> None:
    one, other = "https://arxiv.org/abs/2402.08714", "http://arxiv.org/pdf/2402.08714v2"
    assert fields(document(url=one), document(url=other)) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ines Duarte", "Duarte, Ines"),
        ("José de la Peña", "J. de la Pena"),
        ("Ines Duarte Jr.", "I. DUARTE"),
        ("Duarte I", "Ines Duarte"),
    ],
)
def test_a_name_written_otherwise_is_no_conflict(one: str, other: str) -> None:
    assert fields(document(authors=(one,)), document(authors=(other,))) == set()
