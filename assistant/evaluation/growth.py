"""What figures at several sizes say of the cost of growing: the exponent, the tables, the picture.

Pure: no file, no library, no clock.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from assistant.evaluation.timing import Figures

Sizes = Mapping[int, Figures]
"""Figures by the number of papers that they were measured at."""

_WIDTH, _HEIGHT, _EDGE = 640, 400, 60  # pixels
_COLOURS = ("#4a7ab5", "#c0662b", "#3d8a5f", "#8a4f9e", "#555555")


class Held(NamedTuple):
    """What a figure is held to: `most` or `least` of it, where there is such a bound."""

    name: str
    most: float = math.inf
    least: float = -math.inf

    def holds(self, value: float) -> bool:
        return self.least <= value <= self.most

    @property
    def words(self) -> str:
        return f"≤ {self.most:g}" if self.least == -math.inf else f"≥ {self.least:g}"


def exponent(costs: Mapping[int, float]) -> float:
    """The b of a cost that grows as n^b, by least squares over the logarithms; 0 for fewer than two sizes."""
    points = [(math.log(size), math.log(cost)) for size, cost in costs.items() if cost > 0]
    if len(points) < 2:
        return 0.0
    middle_x, middle_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    over = sum((x - middle_x) * (y - middle_y) for x, y in points)
    return float(over / sum((x - middle_x) ** 2 for x, _ in points))


def linearithmic(sizes: Sequence[int]) -> float:
    """The exponent of n log n over the same sizes."""
    return exponent({size: size * math.log(size) for size in sizes})


def totals(sizes: Sizes) -> dict[str, dict[int, float]]:
    """What a library costs in all, by kind of cost and size."""
    kinds: dict[str, dict[int, float]] = {}
    for size, found in sizes.items():
        whole = {
            "storing, s": found.get("storing ms a paper", 0.0) * size / 1000,
            "disk, MB": sum(value for name, value in found.items() if name.endswith(" bytes")) / 2**20,
            "memory to search, MB": found.get("searching MB", 0.0),
            "one search, ms": found.get("search, no filter, p50 ms", 0.0),
        }
        for name, value in whole.items():
            if value:
                kinds.setdefault(name, {})[size] = value
    return kinds


def table(sizes: Sizes, held: Sequence[Held]) -> list[str]:
    """Markdown: a row a figure, a column a size; what it is held to at the largest."""
    columns = sorted(sizes)
    bounds = {each.name: each for each in held}
    lines = ["| | " + " | ".join(f"{size:,} papers" for size in columns) + " | held to |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for name in dict.fromkeys(name for size in columns for name in sizes[size]):
        values = [f"{sizes[size][name]:,.4g}" if name in sizes[size] else "" for size in columns]
        judged = _judged(bounds.get(name), sizes[columns[-1]].get(name))
        lines.append(f"| {_said(name)} | {' | '.join(values)} | {judged} |")
    return lines


def growth_lines(sizes: Sizes) -> list[str]:
    """Markdown: how each cost grows, beside n log n."""
    limit = linearithmic(sorted(sizes))
    lines = ["| cost of a library of n papers | grows as |", "|---|---|"]
    lines += [f"| {name} | n^{exponent(costs):.2f} |" for name, costs in totals(sizes).items()]
    return [*lines, f"| n log n over these sizes | n^{limit:.2f} |"]


def _said(name: str) -> str:
    return name.replace(" bytes", ", bytes")


def _judged(bound: Held | None, value: float | None) -> str:
    if bound is None or value is None:
        return ""
    return f"{bound.words}{'' if bound.holds(value) else ' (missed)'}"


def svg_growth(sizes: Sizes) -> str:
    """Each cost against the number of papers, both axes logarithmic, each as a multiple of what it was at the least."""
    kinds = {name: costs for name, costs in totals(sizes).items() if len(costs) > 1}
    counts = sorted(sizes)
    least, most = counts[0], counts[-1]
    lines = {
        name: [(size, cost / costs[min(costs)]) for size, cost in sorted(costs.items())]
        for name, costs in kinds.items()
    }
    lines["n log n"] = [(size, size * math.log(size) / (least * math.log(least))) for size in counts]
    highest = max(value for points in lines.values() for _, value in points)
    lowest = min(value for points in lines.values() for _, value in points)

    def x(size: float) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * math.log(size / least) / max(math.log(most / least), 1e-9)

    def y(value: float) -> float:
        return (
            _HEIGHT
            - _EDGE
            - (_HEIGHT - 2 * _EDGE) * math.log(value / lowest) / max(math.log(highest / lowest), 1e-9)
        )

    drawn = [_axis(x, y, counts, lowest, highest)]
    for position, (name, points) in enumerate(lines.items()):
        drawn.append(_line(name, [(x(size), y(value)) for size, value in points], position))
    said = html.escape("; ".join(f"{name}: {points[-1][1]:.3g} times" for name, points in lines.items()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{said}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(drawn)}</svg>\n'
    )


def _axis(
    x: Callable[[float], float],
    y: Callable[[float], float],
    counts: Sequence[int],
    lowest: float,
    highest: float,
) -> str:
    bottom, left = _HEIGHT - _EDGE, _EDGE
    drawn = f'<path d="M{left} {_EDGE}V{bottom}H{_WIDTH - _EDGE}" fill="none" stroke="#888888"/>'
    for size in counts:
        drawn += f'<text x="{x(size):.1f}" y="{bottom + 18}" text-anchor="middle">{size:,} papers</text>'
    power = math.ceil(math.log10(lowest))
    while 10**power <= highest:
        drawn += f'<text x="{left - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:,g}×</text>'
        power += 1
    return drawn


def _line(name: str, points: Sequence[tuple[float, float]], position: int) -> str:
    colour, dashed = _COLOURS[position % len(_COLOURS)], name == "n log n"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    height = 24 + 16 * position
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        f'<text x="{_EDGE + 12}" y="{_EDGE + height - 24}" fill="{colour}">{html.escape(name)}</text>'
    )
