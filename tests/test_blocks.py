"""Blocks become a text and sections that stand in order, apart, and say what they are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.readers.blocks import Block, Heading, assembled, document, is_abstract, table

KINDS = st.sampled_from(["text", "caption", "table", "references"])
WORDS = st.text(alphabet="ab \n\u0301\u200b\U000e0041é😀", max_size=12)
BLOCKS = st.lists(
    st.builds(Heading, WORDS | st.sampled_from(["References", "Abstract"]), st.integers(1, 6))
    | st.builds(Block, WORDS, KINDS)
)


@given(BLOCKS, WORDS)
def test_every_block_stands_once_in_order_in_one_section_of_its_kind(
    blocks: list[Heading | Block], title: str
) -> None:
    made = assembled(blocks, title)
    said = [block.text.strip() for block in blocks if isinstance(block, Block) and block.text.strip()]
    held = [made.text[each.start : each.end] for each in made.sections]
    assert "\n\n".join(held) == "\n\n".join(said)
    ends = 0
    for section in made.sections:
        assert ends <= section.start < section.end <= len(made.text)
        ends = section.end
    assert made.abstract in made.text


def test_what_stands_below_a_heading_for_references_is_references_up_to_one_as_high() -> None:
    blocks = [
        Heading("Intro", 2), Block("a"), Heading("5. References", 2), Block("b"), Heading("Books", 3), Block("c"),
        Block("Table", "table"), Heading("Appendix", 2), Block("d"),
    ]  # fmt: skip
    made = assembled(blocks)
    assert [(each.name, each.kind) for each in made.sections] == [
        ("Intro", "text"), ("5. References", "references"), ("Books", "references"), ("Books", "table"),
        ("Appendix", "text"),
    ]  # fmt: skip


def test_paragraphs_of_one_kind_join_and_tables_and_captions_stay_apart() -> None:
    made = assembled(
        [Block("a"), Block("b"), Block("t", "table"), Block("u", "table"), Block("c", "caption"), Block("d")]
    )
    assert [made.text[each.start : each.end] for each in made.sections] == ["a\n\nb", "t", "u", "c", "d"]


def test_a_table_keeps_its_columns() -> None:
    rows = [["Model", "", "Error"], ["", "", ""], ["TideNet", "4.2", ""]]
    assert table("Table 1", rows) == Block("Table 1\n\nModel | | Error\n\nTideNet | 4.2", "table")


def test_an_abstract_from_elsewhere_is_put_before_the_text_unless_it_stands_in_it() -> None:
    made = document({}, [Block("Body.")], title="T", source="a", abstract="Short.")
    assert made.text == "Abstract\n\nShort.\n\nBody."
    assert [each.name for each in made.sections] == ["Abstract", None]
    again = document({}, [Block("Short. Body.")], title="T", source="a", abstract="Short.")
    assert (again.text, again.paper.abstract) == ("Short. Body.", "Short.")


def test_a_document_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no text"):
        document({}, [Heading("Only")], title="Only", source="a")


@pytest.mark.parametrize("heading", ["Abstract", "ABSTRACT.", "Summary", "Zusammenfassung"])
def test_a_heading_for_an_abstract_is_known(heading: str) -> None:
    assert is_abstract(heading)
