"""What is new: periods, topics, and a cited sentence for each paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from assistant.citations import faults
from assistant.digest import Digest, Wish, digest, first_day
from assistant.schema import Answer, Sentence
from index.library import Library
from index.tables import arrivals

TODAY = date(2025, 7, 1)


def titles(found: Digest) -> set[str]:
    return {noted.paper.title.split()[0].rstrip(":") for noted in found.papers}


def broken_promises(found: Digest, library: Library) -> list[str]:
    """What `citations.faults` finds wrong with a digest."""
    sentences = tuple(
        Sentence(text=one.quote, citations=(one.number,), support="verbatim") for one in found.citations
    )
    text = " ".join(f"[{one.number}]" for one in found.citations)
    answer = Answer(
        question="", standalone="", kind="list", answered=True, text=text, sentences=sentences,
        citations=found.citations,
    )  # fmt: skip
    return faults(answer, library.text)


# ---- Periods


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("7d", date(2025, 6, 24)),
        (" 2W ", date(2025, 6, 17)),
        ("0d", TODAY),
        ("2025", date(2025, 1, 1)),
        ("June 2025", date(2025, 6, 1)),
        ("2025-06-19", date(2025, 6, 19)),
    ],
)
def test_a_period_begins_on_a_day(written: str, day: date) -> None:
    assert first_day(written, TODAY) == day


@pytest.mark.parametrize("written", ["", "soon", "7", "7 months", "99999d", "-3d", "19 Jun", "2025-13"])
def test_what_is_no_period_is_told_with_what_is(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no period: write 7d, 2w, or a date as 2025"):
        first_day(written, TODAY)


@pytest.mark.parametrize("written", ["0001", "9999w", "1969-12-31"])
def test_a_period_may_begin_before_clocks_do(written: str, library: Library) -> None:
    assert digest(library, Wish(since=written), TODAY).total == 6


# ---- Which papers are new


def test_papers_published_since_are_new_by_their_date(library: Library) -> None:
    found = digest(library, Wish(since="2025-06", by="published"), TODAY)
    assert titles(found) == {"KilnBench", "Sorting"}
    assert (found.total, found.since) == (2, "2025-06-01")


def test_papers_added_since_are_new_whenever_they_were_published(library: Library) -> None:
    old = library.paper("TideNet").id
    then = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
    with library.catalog.engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.paper_id != old).values(arrived=then))
    found = digest(library, Wish(since="7d"), date.today())
    assert titles(found) == {"TideNet"}


def test_a_digest_is_held_to_organisations(library: Library) -> None:
    wish = Wish(since="2020", by="published", organizations=("Harbor Institute", "aviary lab"))
    assert titles(digest(library, wish, TODAY)) == {"TideNet", "Cold", "A", "Sorting"}


def test_a_topic_leaves_the_papers_that_bear_on_it(library: Library) -> None:
    found = digest(library, Wish(since="2020", topic="sounds that tell seeds apart"), TODAY)
    assert titles(found) == {"Sorting"}
    assert "sound" in found.citations[0].quote


def test_a_topic_that_no_paper_bears_on_leaves_nothing(library: Library) -> None:
    found = digest(library, Wish(since="2020", topic="quantum chromodynamics"), TODAY)
    assert (found.total, found.topics, found.citations) == (0, (), ())


def test_a_paper_is_on_a_topic_by_the_closest_of_the_whole_library(
    library: Library, write_papers: Callable[..., Path]
) -> None:
    cooks = {
        "title": "Language Models as Cooks",
        "abstract": "We ask language models to plan meals for a week. Most of the meals can be eaten.",
        "organization": "Kitchen",
    }
    library.add([write_papers("cooks.jsonl", cooks)])
    wish = Wish(since="2020", topic="language models that plan", organizations=("Kitchen",))
    assert digest(library, wish, TODAY).total == 1
    further = wish.model_copy(update={"topic": "language models that plan the firing of pottery in a kiln"})
    assert digest(library, further, TODAY).total == 0
    library.remove(["KilnBench"])
    assert digest(library, further, TODAY).total == 1


def test_nothing_new_is_an_empty_digest(library: Library, open_library: Callable[..., Library]) -> None:
    assert digest(library, Wish(since="2031"), TODAY) == Digest(wish=Wish(since="2031"), since="2031-01-01")
    empty = open_library(library.folder.parent / "empty")
    assert digest(empty, Wish(topic="snow"), TODAY).total == 0


# ---- What is said of them


def test_each_paper_has_the_sentence_that_tells_what_it_does(
    library: Library, write_papers: Callable[..., Path]
) -> None:
    told = "Rain is hard to foresee. We propose RainGrid, which foresees rain by listening. It is 10% better."
    library.add([write_papers("rain.jsonl", {"title": "RainGrid: Hearing Rain", "abstract": told})])
    found = digest(library, Wish(since="2020"), TODAY)
    quotes = {one.paper.title: one.quote for one in found.citations}
    assert quotes["RainGrid: Hearing Rain"] == "We propose RainGrid, which foresees rain by listening."
    assert broken_promises(found, library) == []
    assert len(found.citations) == 7


@pytest.mark.parametrize(
    ("plain", "quoted"),
    [
        ("RainGrid is trained by hearing rain on roofs.", True),
        ("Gauges are few.", False),
    ],
)
def test_a_sentence_that_leans_on_another_tells_only_where_no_other_does(
    plain: str, quoted: bool, library: Library, write_papers: Callable[..., Path]
) -> None:
    leaning = "Furthermore, we propose and introduce a novel framework and method, which learns by listening."
    rain = {
        "title": "RainGrid: Hearing Rain",
        "abstract": f"However, rain is hard to foresee. {plain} {leaning}",
    }
    library.add([write_papers("rain.jsonl", rain)])
    found = digest(library, Wish(since="2020"), TODAY)
    (quote,) = [one.quote for one in found.citations if one.paper.title == rain["title"]]
    assert quote == (plain if quoted else leaning)


def test_a_paper_with_nothing_to_quote_is_named_alone(
    library: Library, write_papers: Callable[..., Path]
) -> None:
    bare = {"title": "A Title and No More", "abstract": "Withdrawn.", "published": "2026-01-01"}
    library.add([write_papers("bare.jsonl", bare)])
    found = digest(library, Wish(since="2026", by="published"), TODAY)
    assert [noted.paper.title for noted in found.papers] == ["A Title and No More"]
    assert found.cited(found.papers[0]) is None


def test_topics_hold_each_paper_once_and_what_stands_alone_comes_last(sample_library: Library) -> None:
    found = digest(sample_library, Wish(since="2000", by="published"), TODAY)
    ids = [noted.paper.id for noted in found.papers]
    assert len(ids) == len(set(ids)) == found.total
    assert len(found.topics) > 2
    names = [topic.name for topic in found.topics]
    assert all(names[:-1])
    assert broken_promises(found, sample_library) == []


def test_the_same_library_gives_the_same_digest(sample_library: Library) -> None:
    wish = Wish(since="2000", by="published", topic="retrieval")
    assert digest(sample_library, wish, TODAY) == digest(sample_library, wish, TODAY)


def test_more_papers_than_can_be_read_are_counted(
    library: Library, write_papers: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.digest.SHOWN", 4)
    found = digest(library, Wish(since="2020"), TODAY)
    assert (found.total, len(found.papers)) == (6, 4)


def test_a_digest_of_the_listings_keeps_every_promise(seeds_library: Library) -> None:
    wishes: list[Any] = [Wish(since="2000", by="published"), Wish(topic="reward hacking", since="2000")]
    for wish in wishes:
        found = digest(seeds_library, wish, TODAY)
        assert found.citations
        assert broken_promises(found, seeds_library) == []
