"""Addresses of the library page: read and written."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.listing import Field, Order
from index.schema import Filters
from ui.library.address import Address, Colour, Part, changed, read, to_paper, write

_name = st.text(min_size=1, max_size=30).map(str.strip).filter(bool)
_names = st.lists(_name, max_size=3, unique=True).map(tuple)
_day = st.sampled_from([None, "2025", "2025-06", "2025-06-19"])
_filters = st.builds(
    Filters, papers=_names, since=_day, until=_day, organizations=_names, sources=_names, tags=_names,
    min_comments=st.none() | st.integers(1, 10**8),
)  # fmt: skip
_order = st.none() | st.builds(Order, field=st.sampled_from(get_args(Field)), descending=st.booleans())
_addresses = st.builds(
    Address, part=st.sampled_from(get_args(Part)), words=st.text(max_size=40), filters=_filters, order=_order,
    page=st.integers(1, 10**6), paper=st.text(max_size=20), start=st.none() | st.integers(0, 10**8),
    end=st.none() | st.integers(0, 10**8), colour=st.sampled_from(get_args(Colour)),
)  # fmt: skip


@given(_addresses)
def test_an_address_reads_as_it_was_written(address: Address) -> None:
    assert read(write(address)) == address


@given(st.text(max_size=200))
def test_whatever_stands_in_an_address_is_read(query: str) -> None:
    read(query)


def test_the_plain_page_has_the_shortest_address() -> None:
    assert write(Address()) == "?"
    assert read("") == read("?") == Address()


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=1e9", "page=99999999999999", "comments=٣", "sort=size", "view=all", "q="],
)  # fmt: skip
def test_what_is_not_understood_is_left_out(query: str) -> None:
    assert read(query) == Address()


def test_a_date_that_is_none_is_told_and_a_spoken_one_is_read() -> None:
    assert "'soon' is not a date" in read("since=soon").trouble
    assert read("since=June+2025").filters.since == "2025-06"


def test_a_change_leads_to_the_first_page_and_keeps_the_rest() -> None:
    address = read("q=reward&tag=water&page=4")
    assert read(changed(address, words="")) == read("tag=water")


def test_a_paper_with_a_sentence_marked_has_an_address() -> None:
    assert to_paper("2501.1", 4, 9) == "?paper=2501.1&start=4&end=9"
