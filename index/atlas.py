"""A library as a map: every paper a point, papers on a subject together, each subject named.

Owns the arithmetic: means of passages (`index.similar`) are sorted into groups by spherical k-means
(Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering", 2001), and drawn
along the two directions in which the groups' centres differ most, which sets subjects apart better than the
directions in which single papers do. The same papers give the same map. Knows nothing of screens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from index.catalog import Catalog
from index.group_names import names_apart
from index.schema import Value
from index.similar import mean_vectors
from index.tables import papers

MOST_GROUPS = 12
_FEWEST = 8  # papers below which there is nothing to sort
_ROUNDS = 30

Matrix = NDArray[np.float32]


class Point(Value):
    """A paper on the map; `x` and `y` lie in [0, 1], `group` is a position in `Atlas.groups`."""

    paper_id: str
    title: str
    organization: str | None
    day: int | None
    x: float
    y: float
    group: int

    @property
    def year(self) -> int | None:
        return self.day // 10000 if self.day else None


class Group(Value):
    """Papers on one subject: the words they share, how many they are, and where their middle lies."""

    name: str
    papers: int
    x: float
    y: float


class Atlas(Value):
    """A library's map, at one change of its catalog."""

    change: int
    points: tuple[Point, ...] = ()
    groups: tuple[Group, ...] = ()


def draw(catalog: Catalog, model: str, stems: Callable[[str], Sequence[str]]) -> Atlas:
    """The map of a catalog's ready papers; `stems` gives a text's words by their stems."""
    change = catalog.change()
    ids, means = mean_vectors(catalog, model)
    if not ids:
        return Atlas(change=change)
    query = select(papers.c.id, papers.c.title, papers.c.organization, papers.c.day)
    with catalog.engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(query.where(papers.c.state == "ready"))}
    kept = [place for place, paper_id in enumerate(ids) if paper_id in rows]
    ids, means = [ids[place] for place in kept], means[kept]
    number = how_many_groups(len(ids))
    groups = sorted_into(means, number)
    places = _placed(means, groups, number)
    titles = [rows[paper_id].title for paper_id in ids]
    names = names_apart(titles, groups.tolist(), number, lambda word: "-".join(stems(word)))
    points = tuple(
        Point(
            paper_id=paper_id,
            title=rows[paper_id].title,
            organization=rows[paper_id].organization,
            day=rows[paper_id].day,
            x=round(float(places[position, 0]), 4),
            y=round(float(places[position, 1]), 4),
            group=int(groups[position]),
        )
        for position, paper_id in enumerate(ids)
    )
    return Atlas(change=change, points=points, groups=tuple(_groups(names, groups, places)))


def how_many_groups(number: int) -> int:
    """How many groups that many papers are sorted into: more of more, at most a dozen."""
    return 1 if number < _FEWEST else min(MOST_GROUPS, max(2, round(math.sqrt(number / 8))))


def sorted_into(means: Matrix, number: int) -> NDArray[np.intp]:
    """The group, from 0, of each unit vector of shape (papers, dimension); the largest group is 0."""
    centres = _first_centres(means, number)
    groups = np.zeros(len(means), np.intp)
    for turn in range(_ROUNDS):
        nearest = np.argmax(means @ centres.T, axis=1)
        if turn and np.array_equal(nearest, groups):
            break
        groups = nearest
        for group in range(number):
            members = means[groups == group]
            if len(members):
                centre = members.sum(axis=0)
                centres[group] = centre / max(float(np.linalg.norm(centre)), 1e-9)
    sizes = np.bincount(groups, minlength=number)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(number, np.intp)
    rank[order] = np.arange(number)
    return rank[groups]


def _groups(names: Sequence[str], groups: NDArray[np.intp], places: Matrix) -> list[Group]:
    middles = [
        np.median(places[groups == group], axis=0) for group in range(len(names)) if (groups == group).any()
    ]
    sizes = np.bincount(groups)
    return [
        Group(name=names[group], papers=int(sizes[group]), x=round(float(x), 4), y=round(float(y), 4))
        for group, (x, y) in enumerate(middles)
    ]


def _first_centres(means: Matrix, number: int) -> Matrix:
    """Centres to begin with: each next one is drawn among those far from the others, the same every time."""
    random = np.random.default_rng(0)
    chosen = [int(np.argmax(means @ means.mean(axis=0)))]
    distance = 1 - means @ means[chosen[0]]
    while len(chosen) < number:
        weights = np.clip(distance, 0, None) ** 2
        total = float(weights.sum())
        chances = weights / total if total > 0 else np.full(len(means), 1 / len(means))
        chosen.append(int(random.choice(len(means), p=chances / chances.sum())))
        distance = np.minimum(distance, 1 - means @ means[chosen[-1]])
    return np.array(means[chosen], np.float32)


def _placed(means: Matrix, groups: NDArray[np.intp], number: int) -> Matrix:
    """Each paper along the two directions in which the groups' centres differ most, in [0, 1]."""
    centred = means - means.mean(axis=0)
    spread = centred
    if number > 2:
        present = [group for group in range(number) if (groups == group).any()]
        sizes = np.array([np.sqrt((groups == group).sum()) for group in present], np.float32)
        spread = np.stack([centred[groups == group].mean(axis=0) for group in present]) * sizes[:, None]
    _, axes = np.linalg.eigh(spread.T @ spread)
    directions = axes[:, ::-1][:, :2]
    signs = np.sign(
        directions[np.abs(directions).argmax(axis=0), [0, 1]]
    )  # eigenvectors have no sign of their own
    places = centred @ (directions * np.where(signs == 0, 1, signs))
    low, high = np.percentile(places, [0.5, 99.5], axis=0)
    width = np.where(high - low < 1e-6, 1, high - low)
    return np.asarray(np.clip((places - low) / width, 0, 1), np.float32)
