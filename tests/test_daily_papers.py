"""Saved Daily Papers pages become papers, whatever furniture, feet and line ends they have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ReadError
from index.merge import merge, title_key
from index.readers import read
from index.readers.daily_papers import is_listing, parse
from index.schema import Document, Paper, Unreadable

SEEDS = Path(__file__).parents[1].parent / "shared" / "seeds"
SAMPLE = Path(__file__).parents[1] / "configs" / "sample_papers.txt"

HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\n"
HEADER += "byAK and the research community\n\n"
BODY = "This text stands for an abstract that says what was done and why. It has a second sentence too. " * 3


def entry(title: str, *foot: str, body: str = BODY) -> str:
    """One entry as the page has it: `foot` is the author or organisation line, then the date line."""
    lines = [f"  {foot[0]}", "·", foot[-1]] if len(foot) == 2 else ["·", *foot] if foot else []
    return "\n\n".join([title, body.strip(), *(["\n".join(lines)] if lines else [])]) + "\n\n"


def documents(text: str) -> list[Document]:
    found = list(parse(text, "page.txt"))
    assert all(isinstance(one, Document) for one in found), found
    return [one for one in found if isinstance(one, Document)]


def papers(text: str) -> list[Paper]:
    return [document.paper for document in documents(text)]


def test_an_entry_gives_title_abstract_count_date_and_comments() -> None:
    page = HEADER + "Jun 19\n\n" + entry("One: A Thing", "• 1,005 authors", "Feb 13, 2024 12")
    (document,) = documents(page)
    assert document.paper == Paper(
        title="One: A Thing",
        abstract=BODY.strip(),
        author_count=1005,
        published="2024-02-13",
        comments=12,
        source="page.txt",
    )
    assert document.text == document.paper.abstract
    assert [(s.name, s.start, s.end) for s in document.sections] == [("Abstract", 0, len(document.text))]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("nvidia NVIDIA", "NVIDIA"),
        ("PekingUniversity Peking University", "Peking University"),
        ("TIGER-Lab TIGER-Lab", "TIGER-Lab"),
        ("acme Acme Inc.", "Acme Inc."),
        ("solo", "solo"),
    ],
)
def test_an_organisation_line_is_a_handle_and_a_name(line: str, name: str) -> None:
    (paper,) = papers(HEADER + entry("One", line, "Feb 13, 2024"))
    assert (paper.organization, paper.author_count, paper.comments) == (name, None, None)


def test_an_entry_may_have_a_date_alone_or_no_foot_at_all() -> None:
    page = HEADER + entry("One", "Feb 13, 2024") + entry("Two") + entry("Three", "• 2 authors", "May 1, 2023")
    one, two, three = papers(page)
    assert (one.published, one.organization, one.abstract) == ("2024-02-13", None, BODY.strip())
    assert (two.title, two.published, two.author_count) == ("Two", None, None)
    assert (three.title, three.author_count) == ("Three", 2)


@pytest.mark.parametrize("cut", ["", "·\n", "·\nFe"])
def test_a_foot_that_was_cut_off_keeps_what_it_holds(cut: str) -> None:
    one, *rest = parse(HEADER + entry("One") + "  • 3 authors\n" + cut, "page.txt")
    assert isinstance(one, Document)
    assert (one.paper.author_count, one.paper.published, one.text) == (3, None, BODY.strip())
    assert all(isinstance(left, Unreadable) for left in rest)


def test_a_page_without_any_foot_alternates_titles_and_abstracts() -> None:
    titles = [
        "Is It True? A Study",
        "Walk! Before You Run",
        "Lower-case names: pFedX vs. others",
        "Order (II)",
    ]
    page = HEADER.replace("Daily Papers\n\n", "") + "Jun 13\n\n" + "".join(entry(title) for title in titles)
    assert [paper.title for paper in papers(page)] == titles


@pytest.mark.parametrize(
    "between",
    [
        "A short closing sentence.",
        "Code: https://example.org/code",
        "Methods",
        "(1) First item of a list",
        "- a bullet",
        "We make three contributions:",
        "We do this first. Then we do that",
    ],
)
def test_short_paragraphs_of_an_abstract_are_not_titles(between: str) -> None:
    page = (
        HEADER
        + entry("One", body=f"{BODY}\n\n{between}\n\n{BODY}")
        + entry("Two", "• 2 authors", "May 1, 2023")
    )
    one, two = papers(page)
    assert one.abstract == f"{BODY.strip()}\n\n{between}\n\n{BODY.strip()}"
    assert (two.title, two.abstract) == ("Two", BODY.strip())


def test_latex_is_kept_as_it_is() -> None:
    body = BODY + r"It gains 5.1\% on $P(y|x)$ with \emph{care}."
    (paper,) = papers(HEADER + entry(r"From $P(y|x)$ to $P(y)$", body=body))
    assert (paper.title, paper.abstract) == (r"From $P(y|x)$ to $P(y)$", body)


def yearless(header: str, *dates: str) -> list[tuple[str | None, bool]]:
    page = HEADER + header + "".join(entry(f"Paper {n}", "• 2 authors", day) for n, day in enumerate(dates))
    return [(paper.published, paper.year_inferred) for paper in papers(page)]


def test_a_date_without_a_year_is_of_the_year_after_the_newest_that_the_page_writes() -> None:
    found = yearless("Oct 30\n\n", "Oct 31, 2024", "Jun 2 4", "Nov 3, 2021")
    assert found == [("2024-10-31", False), ("2025-06-02", True), ("2021-11-03", False)]


def test_a_date_after_the_pages_own_day_cannot_be_of_its_year() -> None:
    found = yearless("Jun 13\n\n", "Dec 1, 2024", "Jun 13", "Jun 14")
    assert found[1:] == [("2025-06-13", True), ("--06-14", False)]


@pytest.mark.parametrize("header", ["", "\n\n\n", "Subscribe\n\n"], ids=["none", "blank", "furniture"])
def test_a_page_without_a_day_leaves_the_years_unknown(header: str) -> None:
    assert yearless(header, "Dec 1, 2024", "Jun 13")[1] == ("--06-13", False)


def test_a_page_without_years_leaves_them_unknown() -> None:
    assert yearless("Oct 30\n\n", "Jun 19", "Jun 2") == [("--06-19", False), ("--06-02", False)]


def test_a_year_in_the_pages_header_is_the_pages_year() -> None:
    assert yearless("Oct 30, 2023\n\n", "Jun 19") == [("2023-06-19", True)]


def test_a_leap_day_is_not_put_into_a_common_year() -> None:
    assert yearless("Mar 1\n\n", "Dec 1, 2024", "Feb 29")[1] == ("--02-29", False)


PAGE = (
    HEADER
    + "Jun 19\n\n"
    + entry("One", "• 2 authors", "May 1, 2023 4")
    + entry("Two", "nvidia NVIDIA", "Jun 2")
)


@pytest.mark.parametrize(
    "typed",
    [
        PAGE.replace("\n", "\r\n"),
        "\ufeff" + PAGE,
        PAGE.replace("\n·\n", "\n\n·\n\n"),
        PAGE.replace("\n·\n", " · "),
        PAGE.replace("\n", "\n \t"),
        PAGE.replace("\n\n", "\n"),
        PAGE + "Previous\n\n1\n\n2\n\nNext\n\nCompany\n\nTOS\n\nPrivacy\n",
        "A note that someone put above the page.\n\nIt has two paragraphs.\n\n" + PAGE,
    ],
    ids=["crlf", "mark", "loose-foot", "foot-on-a-line", "indented", "no-blank-lines", "footer", "notice"],
)
def test_the_same_page_saved_differently_gives_the_same_papers(tmp_path: Path, typed: str) -> None:
    (tmp_path / "page.txt").write_bytes(typed.encode())
    found = [one.paper for one in read(tmp_path / "page.txt") if isinstance(one, Document)]
    assert found == papers(PAGE)
    assert [paper.published for paper in found] == ["2023-05-01", "2024-06-02"]


def test_pages_joined_into_one_file_keep_their_own_years() -> None:
    older = PAGE.replace("2023", "2019").replace("One", "Three").replace("Two", "Four")
    assert [paper.published for paper in papers(PAGE + older)] == [
        "2023-05-01",
        "2024-06-02",
        "2019-05-01",
        "2020-06-02",
    ]


def test_a_wrapped_abstract_is_one_paragraph() -> None:
    wrapped = "This text is wrapped\nonto several lines by whoever saved it,\nand still is one sentence."
    (paper,) = papers(HEADER + entry("One", "• 2 authors", "May 1, 2023", body=wrapped))
    assert paper.abstract == wrapped.replace("\n", " ")


def test_entries_of_no_use_are_named_with_their_line() -> None:
    page = (
        HEADER + "·\nMay 1, 2023\n\n" + entry("One", "May 3, 2023") + "A title alone\n\n" + "·\nMay 2, 2023\n"
    )
    date, one, alone = parse(page, "page.txt")
    assert date == Unreadable(
        place="page.txt line 12", reason="an author count or a date without a paper above it"
    )
    assert isinstance(one, Document)
    assert alone == Unreadable(place="page.txt line 21", reason="'A title alone' has no abstract")


LINES = ["", "·", "• 2 authors", "Jun 19", "May 1, 2023 4", "May 99", "nvidia NVIDIA", "Daily Papers", "new"]
LINES += ["A Title", "A short sentence.", BODY.strip(), "\u2028", "\x0c·"]


@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_no_order_of_lines_breaks_the_reader_or_leaves_an_abstract_empty(lines: list[str]) -> None:
    for found in parse("\n".join(lines), "page.txt"):
        if isinstance(found, Document):
            assert found.text.strip()
            assert found.paper.title.strip()
            assert not re.search("[·•]|May 1", found.text + found.paper.title)
        else:
            assert re.fullmatch(r"page\.txt line \d+", found.place)


def test_a_page_without_papers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(HEADER + "Jun 19\n")
    with pytest.raises(ReadError, match=r"'page\.txt' holds no papers"):
        list(read(tmp_path / "page.txt"))


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        (HEADER + entry("One"), True),
        (entry("One", "• 2 authors", "May 1, 2023"), True),
        ("A note\n\nIt speaks of Daily Papers.\n\n· a dot\n", False),
        ("x\n" * 50 + "Daily Papers\n", False),
    ],
    ids=["banner", "foot", "prose", "far-down"],
)
def test_a_page_is_told_from_other_text_by_its_banner_or_its_feet(text: str, listing: bool) -> None:
    assert is_listing(text) is listing


def test_the_sample_library_reads_without_a_failure() -> None:
    found = list(read(SAMPLE))
    assert all(isinstance(one, Document) for one in found)
    sample = [one for one in found if isinstance(one, Document)]
    assert len({title_key(one.paper.title) for one in sample}) == len(sample) == 29
    assert all(one.paper.published and one.paper.year and not one.paper.year_inferred for one in sample)
    assert all((one.paper.organization is None) != (one.paper.author_count is None) for one in sample)
    assert all(4 <= len(re.findall(r"[.!?](?= |$)", one.text)) <= 8 for one in sample)


# The five pages of ../shared, where they are


def seeds() -> list[Document]:
    files = sorted(SEEDS.glob("*.txt"))
    if len(files) != 5:
        pytest.skip("the five pages of ../shared/seeds are absent")
    found = [one for file in files for one in read(file)]
    assert all(isinstance(one, Document) for one in found)
    return [one for one in found if isinstance(one, Document)]


def by_title(met: Sequence[Document]) -> dict[str, list[Document]]:
    groups: dict[str, list[Document]] = {}
    for one in met:
        groups.setdefault(title_key(one.paper.title), []).append(one)
    return groups


def test_the_five_pages_hold_302_papers() -> None:
    assert len(by_title(seeds())) == 302


def test_no_abstract_of_the_five_pages_is_empty_or_holds_furniture() -> None:
    furniture = re.compile(
        r"·|•|^(new|subscribe|daily papers|byAK .*|[A-Z][a-z]{2} \d{1,2}(, \d{4})?( \d+)?)$", re.M
    )
    for document in seeds():
        assert len(document.text) > 1000, document.paper.title
        assert not furniture.search(document.text), document.paper.title
        assert not re.search(r"\d+ authors|email inbox|research community", document.text), (
            document.paper.title
        )
        assert document.text == document.paper.abstract


def test_every_year_that_was_inferred_is_the_one_that_another_page_states() -> None:
    compared = 0
    for met in by_title(seeds()).values():
        stated = {one.paper.published for one in met if one.paper.published and not one.paper.year_inferred}
        inferred = {one.paper.published for one in met if one.paper.year_inferred}
        if stated and inferred:
            assert stated == inferred
            compared += 1
    assert compared == 9


def test_the_five_pages_merge_without_a_conflict() -> None:
    assert [conflict for met in by_title(seeds()).values() for conflict in merge(met)[1]] == []


# title, authors, organisation, published, year inferred, comments, length and sha256 of the abstract
ENTRIES = [
    (
        "PRDP: Proximal Reward Difference Prediction for Large-Scale Reward Finetuning of Diffusion Models",
        (5, None, "2024-02-13", False, 1, 1680, "3c7932ba08e8"),
    ),
    (
        "Uniworld-V2: Reinforce Image Editing with Diffusion Negative-aware Finetuning and MLLM "
        "Implicit Feedback",
        (None, "Peking University", "2025-10-19", False, 3, 1515, "44f42b4391b4"),
    ),
    (
        "Act2Goal: From World Model To General Goal-conditioned Policy",
        (None, "AgiBot World", "2025-12-29", False, 3, 1797, "9efd241dc99d"),
    ),
    (
        "MARBLE: Multi-Aspect Reward Balance for Diffusion RL",
        (None, None, None, False, None, 1911, "d6a364482742"),
    ),
    (
        "Scalable Reinforcement Post-Training Beyond Static Human Prompts: Evolving Alignment via Asymmetric "
        "Self-Play",
        (8, None, "2024-10-31", False, None, 1373, "019905d58a68"),
    ),
    (
        "Sharing is Caring: Efficient LM Post-Training with Collective RL Experience Sharing",
        (15, None, "2025-09-10", True, 53, 1408, "287af918b569"),
    ),
    (
        "TÜLU 3: Pushing Frontiers in Open Language Model Post-Training",
        (23, None, "2024-11-22", False, 2, 1662, "bb847b6a7c6b"),
    ),
    (
        "RLP: Reinforcement as a Pretraining Objective",
        (None, "NVIDIA", "2025-09-26", True, 4, 1922, "e3bc6d422b09"),
    ),
    (
        "Sorted LLaMA: Unlocking the Potential of Intermediate Layers of Large Language Models for Dynamic "
        "Inference Using Sorted Fine-Tuning (SoFT)",
        (None, None, None, False, None, 1435, "366cfb0e0648"),
    ),
    (
        "From $P(y|x)$ to $P(y)$: Investigating Reinforcement Learning in Pre-train Space",
        (None, None, None, False, None, 1602, "59ccedff55b2"),
    ),
    (
        "Unsupervised Perceptual Rewards for Imitation Learning",
        (3, None, "2016-12-20", False, None, 1907, "7a4c5154dd2e"),
    ),
    (
        "Learning in Sparse Rewards settings through Quality-Diversity algorithms",
        (1, None, "2022-03-02", False, None, 1887, "4591f1ec6e19"),
    ),
]


@pytest.mark.parametrize(("title", "facts"), ENTRIES, ids=[title.split(":")[0] for title, _ in ENTRIES])
def test_an_entry_of_the_five_pages_is_read_field_by_field(title: str, facts: tuple[object, ...]) -> None:
    merged, _ = merge(by_title(seeds())[title_key(title)])
    paper, text = merged.paper, merged.text
    assert paper.title == title
    assert facts == (
        paper.author_count,
        paper.organization,
        paper.published,
        paper.year_inferred,
        paper.comments,
        len(text),
        sha256(text.encode()).hexdigest()[:12],
    )
