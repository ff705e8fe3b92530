"""What is new: the papers of a period by topic, each with its best sentence, cited.

Composes what others know: which papers came or were published since, how papers are alike, which sentence
says what a paper does or bears on a topic. Owns what a digest is. Refuses to know the clock (the caller says
what day it is) and what a digest looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal

from pydantic import Field

from assistant.aspects import Aspect
from assistant.citations import Citations
from assistant.compare import Outline, opening, outline
from assistant.evidence import Support, gather, supports
from assistant.extractive import is_boilerplate, leans_on_another
from assistant.pages import Pages
from assistant.schema import Citation
from assistant.topic_groups import grouped
from index.arrivals import Arrived
from index.dates import ACCEPTED, earliest_day, parse_bound
from index.fusion import rarity_weight
from index.group_names import name_of
from index.library import Library
from index.schema import Chunk, Filters, Paper, Passage, Value
from index.similar import mean_vectors

By = Literal["added", "published"]

SHOWN = 200  # papers of a digest
_SEARCHED = 2000  # of the latest papers, those among which a topic is looked for
_CLOSE = 0.75  # share of the closest paper's closeness to a topic from which on a paper is on it
_TYPICAL = 1000  # papers whose mean stands for what the library has in common
_TELLING: tuple[Aspect, ...] = ("method", "result", "problem", "data")
_PERIOD = re.compile(r"(\d{1,4})\s*(d|w)", re.IGNORECASE)
_EARLIEST = date(1970, 1, 2)  # before which clocks of some systems cannot count
_DAYS = {"d": 1, "w": 7}


class Wish(Value):
    """What a digest is asked to hold; `since` is a period ("7d", "2w") or a date, as one writes it.

    `by` says what makes a paper new: that it was added to the library since, or published since. An empty
    topic and no organisations allow all.
    """

    since: str = "7d"
    by: By = "added"
    organizations: tuple[str, ...] = ()
    topic: str = ""


class Noted(Value):
    """A paper of a digest; `citation` is the number of its best sentence, None where it has none to quote."""

    paper: Paper
    arrived: str
    citation: int | None = None


class Topic(Value):
    """Papers on one topic, the latest first; the name is made of their words, and empty for papers on their own."""

    name: str
    papers: tuple[Noted, ...]


class Digest(Value):
    """What is new. `since` is the first day, ISO 8601; `total` counts the papers, of which the latest are shown.

    `citations` are numbered from 1 in the order of the papers; each quote stands verbatim at its span.
    """

    wish: Wish
    since: str
    total: int = 0
    topics: tuple[Topic, ...] = ()
    citations: tuple[Citation, ...] = Field(default=())

    @property
    def papers(self) -> tuple[Noted, ...]:
        return tuple(noted for topic in self.topics for noted in topic.papers)

    def cited(self, noted: Noted) -> Citation | None:
        """The sentence of one of the digest's papers."""
        return None if noted.citation is None else self.citations[noted.citation - 1]


def first_day(since: str, today: date) -> date:
    """The day that a period or a date begins on: `7d` is a week before today, `2025-06` the first of June.

    Raises ValueError with the accepted forms.
    """
    if period := _PERIOD.fullmatch(since.strip()):
        return today - timedelta(days=int(period[1]) * _DAYS[period[2].lower()])
    try:
        day = earliest_day(parse_bound(since))
    except ValueError as error:
        raise ValueError(f"{since!r} is no period: write 7d, 2w, or a date as {ACCEPTED}.") from error
    return date(day // 10000, day // 100 % 100, day % 100) if day else today


def start_of(day: date) -> datetime:
    """The moment a day begins on this machine."""
    return datetime.combine(max(day, _EARLIEST), time.min).astimezone()


def digest(library: Library, wish: Wish, today: date) -> Digest:
    """What is new in a library. ValueError where the wish's period cannot be read."""
    since = first_day(wish.since, today)
    found, total = _new(library, wish, since)
    best: Mapping[str, tuple[Chunk, int, int]] = {}
    if wish.topic.strip() and found:
        best = _on_topic(library, wish.topic, found)
        found = [one for one in found if one.paper.id in best]
        total = len(found)
    found = found[:SHOWN]
    told = Citations()
    topics = []
    for name, members in _topics(library, found):
        noted = tuple(_noted(library, one, best.get(one.paper.id), told) for one in members)
        topics.append(Topic(name=name, papers=noted))
    return Digest(
        wish=wish,
        since=since.isoformat(),
        total=total,
        topics=tuple(topics),
        citations=Pages(library).of(told.all),
    )


def _new(library: Library, wish: Wish, since: date) -> tuple[list[Arrived], int]:
    """The latest papers that are new, and how many are."""
    most = _SEARCHED if wish.topic.strip() else SHOWN
    published = since.isoformat() if wish.by == "published" else None
    filters = Filters(organizations=wish.organizations, since=published)
    found = library.arrivals(start_of(since) if wish.by == "added" else None, filters, most)
    return list(found.papers), found.total


# Which papers are on a topic


def _on_topic(library: Library, topic: str, found: Sequence[Arrived]) -> dict[str, tuple[Chunk, int, int]]:
    """For each paper that bears on the topic, by its id, the sentence that does so best.

    A paper must hold on its own what an answer must, and be nearly as close to the topic as the library's
    closest paper, new or not: whether it is on the topic does not depend on what else is new.
    """
    whole = _supports(topic, library.passages(topic), library)
    floor = _CLOSE * max((one.closeness for one in whole.values()), default=0.0)
    passages = library.passages(topic, Filters(papers=tuple(one.paper.id for one in found)))
    apart = _supports(topic, passages, library)
    bearing = {paper_id for paper_id, one in apart.items() if one.holds and one.closeness >= floor}
    kept = [passage for passage in passages if passage.paper.id in bearing]
    best: dict[str, tuple[Chunk, int, int]] = {}
    for item in gather(topic, kept, library):
        if not is_boilerplate(item.text) and item.grid is None:
            best.setdefault(item.paper.id, (item.chunk, item.start, item.start + len(item.text)))
    return best


def _supports(topic: str, passages: Sequence[Passage], library: Library) -> dict[str, Support]:
    """How well each paper's passages bear on the topic, by the paper's id."""
    by_paper: dict[str, list[Passage]] = {}
    for passage in passages:
        by_paper.setdefault(passage.paper.id, []).append(passage)
    return dict(zip(by_paper, supports(topic, list(by_paper.values()), library), strict=True))


# Topics


def _topics(library: Library, found: Sequence[Arrived]) -> list[tuple[str, list[Arrived]]]:
    """The papers by topic, the largest first and what stands alone last."""
    model = library.embedder.fingerprint.key if found else ""
    ids, means = mean_vectors(library.catalog, model, [one.paper.id for one in found])
    if len(ids) < 3:
        return [("", list(found))] if found else []
    _, typical = mean_vectors(library.catalog, model, library.catalog.paper_ids()[:_TYPICAL])
    papers = {one.paper.id: one for one in found}
    order = {one.paper.id: place for place, one in enumerate(found)}
    several: list[tuple[str, list[Arrived]]] = []
    alone = [one for one in found if one.paper.id not in set(ids)]
    for group in grouped(means, typical.mean(axis=0)):
        members = sorted((papers[ids[place]] for place in group), key=lambda one: order[one.paper.id])
        name = _name(members, library) if len(members) > 1 else ""
        if name:
            several.append((name, members))
        else:
            alone += members
    alone.sort(key=lambda one: order[one.paper.id])
    return [*several, *([("", alone)] if alone else [])]


def _name(members: Sequence[Arrived], library: Library) -> str:
    """The words that the members' titles share."""
    keywords = library.caches.keywords

    @cache
    def weigh(word: str) -> tuple[str, float]:
        stems = keywords.meanings(word)
        rarest = min(keywords.rarity_of(stems), default=1.0)
        return "-".join(stems), rarity_weight(rarest)

    return name_of([one.paper.title for one in members], weigh)


# Each paper's best sentence


def _noted(library: Library, one: Arrived, best: tuple[Chunk, int, int] | None, told: Citations) -> Noted:
    chosen = best or _telling(library, one.paper)
    if chosen is None:
        return Noted(paper=one.paper, arrived=one.arrived)
    chunk, start, _ = chosen
    number = told.cite(one.paper, chunk, _quoted(chosen), start)
    return Noted(paper=one.paper, arrived=one.arrived, citation=number)


def _telling(library: Library, paper: Paper) -> tuple[Chunk, int, int] | None:
    """The sentence that says what the paper does, or what came of it; None where it says neither.

    It is read without its neighbours: where it would lean on another one, the best that does not is taken.
    """
    passages = opening(paper, library)
    best = _first_told(outline(paper, passages))
    if best is None or not leans_on_another(_quoted(best)):
        return best
    return _first_told(outline(paper, passages, alone=True), _TELLING[:2]) or best


def _first_told(found: Outline, aspects: Sequence[Aspect] = _TELLING) -> tuple[Chunk, int, int] | None:
    return next((found.said[aspect] for aspect in aspects if aspect in found.said), None)


def _quoted(place: tuple[Chunk, int, int]) -> str:
    chunk, start, end = place
    return chunk.text[start - chunk.start : end - chunk.start]
