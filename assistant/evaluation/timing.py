"""How long calls take: percentiles over questions, medians over rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

Figures = dict[str, float]


def since(started: float) -> float:
    """The milliseconds since `time.perf_counter()` gave `started`."""
    return 1000 * (time.perf_counter() - started)


def percentiles(name: str, call: Callable[[str], object], questions: Sequence[str], rounds: int) -> Figures:
    """p50 and p95 in milliseconds over the questions, each the median of the rounds."""
    found = []
    for _ in range(rounds):
        times = []
        for question in questions:
            started = time.perf_counter()
            call(question)
            times.append(since(started))
        found.append(np.percentile(times, (50, 95)))
    middle = np.median(found, axis=0)
    return {f"{name} p50 ms": float(middle[0]), f"{name} p95 ms": float(middle[1])}
