"""The map of the library as HTML: its papers as points, its groups, and its papers over time.

Pure: values in, escaped HTML out. Drawn as SVG and not by a plotting library: every point is a link that
can be reached with the keyboard and read aloud, its colours are those of the page, light and dark, and
nothing is loaded for it. Of very many papers a sample is drawn, those in scope first, and the page says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.atlas import Atlas, Point
from index.schema import Filters, Value
from ui.library.address import Address, Colour, changed, to_paper
from ui.parts.markup import clean, escape
from ui.parts.render import counted

DRAWN = 2000  # points
_WIDTH, _HEIGHT, _EDGE = 1000, 600, 26
_LABEL = 22  # the least distance of two labels in height,
_LONGEST_LABEL = 260  # unless they are this far apart
_COLOURS: tuple[tuple[Colour, str], ...] = (
    ("group", "Subject"),
    ("organization", "Organisation"),
    ("year", "Year"),
)
_HUES = 12
_MONTHLY = 5  # years above which papers over time are counted by year


class Kind(Value):
    """A colour of the map: what it stands for, and how many papers of the library have it."""

    name: str
    papers: int
    hue: int


def drawing(papers: int) -> str:
    """What stands there while the map is being drawn."""
    return (
        f'<div class="nothing" data-drawing><p class="searching"><span class="pulse" aria-hidden="true"></span>'
        f"Drawing the map of {counted(papers, 'paper')}…</p></div>"
    )


def atlas(address: Address, drawn: Atlas, scope: frozenset[str] | None) -> str:
    """The map and the papers over time; `scope` are the papers an address is held to, None for all."""
    kinds, hues = _kinds(address.colour, drawn)
    shown = _sample(drawn.points, scope)
    points = "".join(_point(point, hues[point.paper_id], scope) for point in shown)
    labels = _labels(drawn) if address.colour == "group" else ""
    held = f" {counted(len(scope), 'paper')} of them in scope stand out." if scope is not None else ""
    some = (
        f" {len(shown):,} of {len(drawn.points):,} are drawn; a colour chooses all that have it."
        if len(shown) < len(drawn.points)
        else ""
    )
    return (
        f'<div class="atlas{" by-year" if address.colour == "year" else ""}"><div class="plane">'
        f'<svg id="map" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="group" '
        f'aria-label="Map of the papers: near each other where they are about the same">{points}{labels}</svg>'
        f'<p class="quiet">Near each other where they are about the same.{some}{held} Drag over points to choose '
        "them; the arrow keys go from one to the next.</p></div>"
        f'<div class="legend">{_switch(address)}{_legend(kinds, address.colour)}</div></div>{_over_time(drawn.points)}'
    )


def members(address: Address, drawn: Atlas, hue: int) -> list[str]:
    """The ids of the papers that have a colour of the map."""
    _, hues = _kinds(address.colour, drawn)
    return [point.paper_id for point in drawn.points if hues[point.paper_id] == hue]


# Colours


def _kinds(colour: Colour, drawn: Atlas) -> tuple[list[Kind], dict[str, int]]:
    """What the colours stand for, and each paper's."""
    if colour == "group":
        kinds = [Kind(name=g.name, papers=g.papers, hue=n % _HUES) for n, g in enumerate(drawn.groups)]
        return kinds, {point.paper_id: point.group % _HUES for point in drawn.points}
    values = {point.paper_id: _value(colour, point) for point in drawn.points}
    counted_by = Counter(value for value in values.values() if value)
    if colour == "year":
        latest = sorted(counted_by, reverse=True)[: _HUES - 1]
        names = sorted(latest)
    else:
        names = sorted(counted_by, key=lambda name: (-counted_by[name], name))[: _HUES - 1]
    hue_of = {name: hue for hue, name in enumerate(names)}
    if colour == "year" and len(names) > 1:  # from the first shade to the last, however many years
        hue_of = {name: round(hue * (_HUES - 2) / (len(names) - 1)) for name, hue in hue_of.items()}
    hues = {paper_id: hue_of.get(value, _HUES) for paper_id, value in values.items()}
    kinds = [Kind(name=name, papers=counted_by[name], hue=hue) for name, hue in hue_of.items()]
    other = sum(hue == _HUES for hue in hues.values())
    rest = "earlier or unknown" if colour == "year" else "others or unknown"
    return kinds + ([Kind(name=rest, papers=other, hue=_HUES)] if other else []), hues


def _value(colour: Colour, point: Point) -> str:
    if colour == "year":
        return str(point.year or "")
    return " ".join((point.organization or "").split())


def _switch(address: Address) -> str:
    links = "".join(
        f'<li><a href="{escape(changed(address, colour=colour))}" data-do="show"'
        f"{' aria-current=true' if colour == address.colour else ''}>{name}</a></li>"
        for colour, name in _COLOURS
    )
    return f'<nav class="switch" aria-label="Colour by"><span>Colour by</span><ul>{links}</ul></nav>'


def _legend(kinds: Sequence[Kind], colour: Colour) -> str:
    ramp = " ramp" if colour == "year" else ""
    items = "".join(
        f'<li><button type="button" class="kind" data-do="choose-kind" data-hue="{kind.hue}" '
        f'title="Choose these papers"><span class="swatch h{kind.hue}{ramp}" aria-hidden="true"></span>'
        f'<span class="name" dir="auto">{escape(kind.name)}</span>'
        f'<span class="count">{kind.papers:,}</span></button></li>'
        for kind in kinds
    )
    return f'<ul class="kinds{ramp}" aria-label="Choose papers by colour">{items}</ul>'


# Points


def _sample(points: Sequence[Point], scope: frozenset[str] | None) -> list[Point]:
    """At most `DRAWN` points, evenly taken, those in scope drawn last and so on top."""
    inside = [point for point in points if scope is None or point.paper_id in scope]
    outside = [point for point in points if scope is not None and point.paper_id not in scope]
    kept = _evenly(inside, DRAWN)
    return _evenly(outside, DRAWN - len(kept)) + kept


def _evenly(points: Sequence[Point], most: int) -> list[Point]:
    if len(points) <= most:
        return list(points)
    return [points[position * len(points) // most] for position in range(most)]


def _point(point: Point, hue: int, scope: frozenset[str] | None) -> str:
    faint = " faint" if scope is not None and point.paper_id not in scope else ""
    x, y = _across(point.x), _down(point.y)
    return (
        f'<a href="{escape(to_paper(point.paper_id))}" data-do="show" data-paper="{escape(point.paper_id)}" '
        f'class="h{hue}{faint}" tabindex="-1" aria-label="{escape(point.title)}"><circle cx="{x}" cy="{y}" r="5">'
        f"<title>{escape(point.title)}</title></circle></a>"
    )


def _labels(drawn: Atlas) -> str:
    """The groups' names near their middles, where none lies on another; the legend has them all."""
    taken: list[tuple[float, float]] = []
    texts = []
    for number, group in enumerate(drawn.groups):
        x, middle = float(_across(group.x)), float(_down(group.y))
        y = next((y for y in _heights(middle) if not any(_over(x, y, other) for other in taken)), None)
        if y is None:
            continue
        taken.append((x, y))
        anchor = "start" if x < 150 else "end" if x > _WIDTH - 150 else "middle"
        name = escape(group.name)
        texts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" aria-hidden="true" data-do="choose-kind" '
            f'data-hue="{number % _HUES}">{name}<title>Choose these papers</title></text>'
        )
    return f'<g class="labels">{"".join(texts)}</g>'


def _heights(middle: float) -> list[float]:
    """Where a label may stand, the nearest to its middle first."""
    steps = [side * step * _LABEL for step in range(6) for side in ((1, -1) if step else (1,))]
    return [middle + step for step in steps if _LABEL < middle + step < _HEIGHT - 6]


def _over(x: float, y: float, other: tuple[float, float]) -> bool:
    return abs(y - other[1]) < _LABEL and abs(x - other[0]) < _LONGEST_LABEL


def _across(x: float) -> str:
    return f"{_EDGE + x * (_WIDTH - 2 * _EDGE):.1f}"


def _down(y: float) -> str:
    return f"{_HEIGHT - _EDGE - y * (_HEIGHT - 2 * _EDGE):.1f}"


# Over time


def _over_time(points: Sequence[Point]) -> str:
    """How many papers each month has, or each year where they are of many; each bar leads to its papers."""
    days = sorted(point.day for point in points if point.day)
    if not days:
        return ""
    yearly = days[-1] // 10000 - days[0] // 10000 >= _MONTHLY
    periods = _years(days) if yearly else _months(days)
    most = max(papers for _, papers in periods)
    bars = "".join(
        _bar(position, len(periods), period, papers, most)
        for position, (period, papers) in enumerate(periods)
    )
    undated = len(points) - len(days)
    rest = f" {counted(undated, 'paper')} of unknown date." if undated else ""
    return (
        f'<section class="over-time"><h2>Papers over time</h2><svg viewBox="0 0 {_WIDTH} 170" role="group" '
        f'aria-label="Papers by {"year" if yearly else "month"}">{bars}</svg>'
        f'<p class="quiet">By {"year" if yearly else "month"}, at most {most:,}.{rest}</p></section>'
    )


def _years(days: Sequence[int]) -> list[tuple[str, int]]:
    number = Counter(day // 10000 for day in days)
    return [(f"{year}", number[year]) for year in range(days[0] // 10000, days[-1] // 10000 + 1)]


def _months(days: Sequence[int]) -> list[tuple[str, int]]:
    number = Counter((day // 10000) * 12 + day // 100 % 100 - 1 for day in days)
    return [
        (f"{month // 12}-{month % 12 + 1:02}", number[month]) for month in range(min(number), max(number) + 1)
    ]


def _bar(position: int, bars: int, period: str, papers: int, most: int) -> str:
    step = _WIDTH / bars
    height = 130 * papers / most
    mark = period[:4] if len(period) == 4 or period.endswith("-01") or position == 0 else ""
    every = max(1, round(60 / step)) if len(period) == 4 else 1
    label = (
        f'<text x="{position * step + 2:.1f}" y="162" aria-hidden="true">{mark}</text>'
        if mark and position % every == 0
        else ""
    )
    if not papers:
        return label
    filters = Filters(since=period, until=period)
    name = f"{period}: {counted(papers, 'paper')}"
    return (
        f'<a href="{escape(changed(Address(), filters=filters))}" data-do="show" aria-label="{name}">'
        f'<rect x="{position * step + 1:.1f}" y="{140 - height:.1f}" width="{max(step - 2, 1):.1f}" '
        f'height="{height:.1f}"><title>{clean(name)}</title></rect></a>{label}'
    )
