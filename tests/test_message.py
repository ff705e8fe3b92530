"""An answer as a message for another program's chat window."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.schema import Answer, Citation
from index.schema import Paper
from ui.programs.message import Harmless, closing, harmless, url_citations

PIECES = st.lists(st.text(alphabet="ab <>!?[]()/\\$\n-=&", max_size=8), max_size=8)


def answer(text: str, *papers: Paper) -> Answer:
    citations = tuple(
        Citation(number=number, paper=paper, quote="q", start=0, end=1)
        for number, paper in enumerate(papers, start=1)
    )
    return Answer(
        question="q", standalone="q", kind="find", answered=bool(text), text=text, citations=citations
    )


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/p)",
        "\\![x](https://evil.example/p)",
        "<img src=https://evil.example/p>",
        "\\<img src=https://evil.example/p>",
        "a<img src=x>",
        "<img/src=x/onerror=y>",
        "</p><!-- hidden --><?php x?>",
        "<a.b onmouseover=x>",
        "![x][1]\n\n[1]: https://evil.example/p",
    ],
)
def test_what_would_fetch_something_is_shown_as_it_is_written(text: str) -> None:
    shown = MarkdownIt("commonmark", {"html": True}).render(harmless(text))
    assert "<img" not in shown
    assert "<a.b" not in shown
    assert "<!--" not in shown
    assert "onerror=y>" not in shown


@pytest.mark.parametrize(
    "text", ["a < b", "2<3", "p<0.05", "where $x<y$ holds", "wow! [1]", "[1](https://a.example)", "5 <= 6"]
)
def test_what_is_harmless_stays(text: str) -> None:
    assert harmless(text) == text


@given(PIECES)
def test_pieces_come_out_as_the_whole_would(pieces: list[str]) -> None:
    held = Harmless()
    assert "".join([*map(held.take, pieces), held.rest()]) == harmless("".join(pieces))


def test_the_references_follow_with_their_numbers_and_no_live_markup() -> None:
    told = answer("It does [1].", Paper(title="Seas ![x](https://evil.example)", url="https://a.example/1"))
    assert closing(told) == (
        "\n\n**References**\n\n- [1] Seas !\\[x](https://evil.example). https://a.example/1"
    )


def test_an_answer_that_cites_nothing_has_no_references() -> None:
    assert closing(answer("**6 papers** are.")) == ""
    assert closing(answer("")) == "Nothing in these 0 papers says."


def test_a_marker_is_annotated_where_its_paper_has_an_address() -> None:
    text = "It does [1][2]. See [1](https://b.example) and [9]."
    told = answer(text, Paper(title="A", url="https://a.example/1"), Paper(title="B"))
    (one,) = url_citations(text, told)
    place = one["url_citation"]
    assert (text[place["start_index"] : place["end_index"]], place["url"]) == ("[1]", "https://a.example/1")
