"""Bar charts of figures in [0, 1], as SVG and as blocks of text. Pure, and without anything from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

_LABEL, _BAR, _LINE = 320, 420, 24  # pixels
_BLOCKS = 40  # characters for a value of 1


class Bar(NamedTuple):
    """One figure with what it is of."""

    label: str
    value: float


def svg_bars(bars: Sequence[Bar]) -> str:
    """Horizontal bars, one a line, in the order given."""
    height = _LINE * len(bars)
    drawn = "".join(_svg_bar(bar, _LINE * position) for position, bar in enumerate(bars))
    width = _LABEL + _BAR + 60
    said = html.escape("; ".join(f"{bar.label}: {bar.value:.3f}" for bar in bars), quote=True)
    return (
        f'<svg role="img" aria-label="{said}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" fill="currentColor">{drawn}</svg>'
    )


def block_bars(bars: Sequence[Bar]) -> str:
    """The same as text: a label, a bar of blocks, the figure."""
    width = max((len(bar.label) for bar in bars), default=0)
    return "\n".join(
        f"{bar.label:<{width}}  {'█' * round(_BLOCKS * _held(bar.value)):<{_BLOCKS}}  {bar.value:.3f}"
        for bar in bars
    )


def _svg_bar(bar: Bar, top: int) -> str:
    length = round(_BAR * _held(bar.value), 1)
    middle = top + _LINE // 2 + 4
    return (
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{html.escape(bar.label)}</text>'
        f'<rect x="{_LABEL}" y="{top + 4}" width="{length}" height="{_LINE - 8}" fill="#4a7ab5"/>'
        f'<text x="{_LABEL + length + 6}" y="{middle}">{bar.value:.3f}</text>'
    )


def _held(value: float) -> float:
    return min(max(value, 0.0), 1.0)
