"""Two runs side by side: how each measure changed, and whether chance may have done it.

The interval is the paired bootstrap's (Efron and Tibshirani 1993; for retrieval, Sakai, SIGIR 2006):
questions are drawn anew with replacement, many times, and the middle 95 % of the mean differences kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.evaluation.schema import Difference, Outcome, Run

_DRAWS = 5000
_SEED = 0  # the same two runs always give the same interval


def compare(before: Run, after: Run) -> list[Difference]:
    """Every measure of the outcomes that both runs have, over the questions that both asked."""
    known = {(outcome.name, outcome.system): outcome for outcome in before.outcomes}
    return [
        difference
        for outcome in after.outcomes
        if (outcome.name, outcome.system) in known
        for difference in _differences(known[outcome.name, outcome.system], outcome)
    ]


def _differences(before: Outcome, after: Outcome) -> list[Difference]:
    found = []
    for measure in after.means:
        old, new = before.values(measure), after.values(measure)
        both = [name for name in new if name in old]
        if both:
            pairs = [old[name] for name in both], [new[name] for name in both]
            low, high = interval(*pairs)
            found.append(
                Difference(
                    name=after.name,
                    system=after.system,
                    measure=measure,
                    before=float(np.mean(pairs[0])),
                    after=float(np.mean(pairs[1])),
                    low=low,
                    high=high,
                    cases=len(both),
                )
            )
    return found


def interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of `after - before`, question by question."""
    changes = np.asarray(after) - np.asarray(before)
    drawn = np.random.default_rng(_SEED).integers(0, len(changes), (_DRAWS, len(changes)))
    low, high = np.percentile(changes[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)
