"""How well confidence tells questions that the papers answer from those they do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.evaluation.schema import Row

ALLOWED = 0.05
"""The share of answerable questions that may be refused where rates of refusal are compared."""


def separation(answerable: Sequence[Row], unanswerable: Sequence[Row]) -> dict[str, float]:
    """AUROC and the rate of refusal for each label of the unanswerable, and how well refusals were placed.

    Empty where there are no answerable questions to tell them from.
    """
    ours = _confidences(answerable)
    if not ours:
        return {}
    found: dict[str, float] = {}
    labels = list(dict.fromkeys(row.label for row in unanswerable))
    groups = {label: [row for row in unanswerable if row.label == label] for label in labels}
    for label, rows in {"": list(unanswerable), **(groups if len(groups) > 1 else {})}.items():
        others, named = _confidences(rows), f", {label}" if label else ""
        if others:
            found[f"AUROC{named}"] = auroc(ours, others)
            found[f"refused at 5%{named}"] = refused_at(ours, others)
    return found | refusal_rates(_answered(answerable), _answered(unanswerable))


def auroc(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """The chance that an answerable question gets more confidence than one that is not; ties count half."""
    ours, others = np.asarray(answerable)[:, None], np.asarray(unanswerable)[None, :]
    return float(np.mean((ours > others) + 0.5 * (ours == others)))


def refused_at(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """The share of unanswerable questions below the highest threshold that spares 95 % of the others."""
    threshold = sorted(answerable)[int(ALLOWED * len(answerable))]
    return float(np.mean(np.asarray(unanswerable) < threshold))


def refusal_rates(answerable: Sequence[bool], unanswerable: Sequence[bool]) -> dict[str, float]:
    """Precision and recall of refusing, from whether each question was answered; empty without either."""
    if not answerable or not unanswerable:
        return {}
    right = sum(not answered for answered in unanswerable)
    refused = right + sum(not answered for answered in answerable)
    return {
        "refusal precision": right / refused if refused else 1.0,
        "refusal recall": right / len(unanswerable),
        "answerable refused": sum(not answered for answered in answerable) / len(answerable),
    }


def _confidences(rows: Sequence[Row]) -> list[float]:
    return [row.confidence for row in rows if row.confidence is not None]


def _answered(rows: Sequence[Row]) -> list[bool]:
    return [row.answered for row in rows if row.answered is not None]
