"""The measures of a ranking, by trec_eval's own code.

Computed by pytrec_eval and not here, so that figures can be set beside published ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.errors import ExtraMissing

try:
    import pytrec_eval
except ImportError:  # an extra; those who only ask questions do without it
    pytrec_eval = None  # type: ignore[assignment]

CUT = 10
_ASKED = "question"
_MEASURES = {
    "Recall@1": "recall_1",
    "Recall@5": "recall_5",
    "Recall@10": "recall_10",
    "MRR@10": "recip_rank",
    "nDCG@10": "ndcg_cut_10",
}


def require_measures() -> None:
    """Raises ExtraMissing without the extra `eval`; asked before hours of work are begun."""
    if pytrec_eval is None:
        raise ExtraMissing("ibid eval", "eval")


def ranking_measures(gold: Mapping[str, int], ranked: Sequence[str]) -> dict[str, float]:
    """Recall@1/5/10, MRR@10 and nDCG@10 of one ranking.

    `gold` gives the gain of each right paper and `ranked` the papers found, best first; only the first
    ten count, and an empty ranking scores 0. Raises ExtraMissing without the extra `eval`.
    """
    require_measures()
    evaluator = pytrec_eval.RelevanceEvaluator(
        {_ASKED: dict(gold)}, {"recall.1,5,10", "recip_rank", "ndcg_cut.10"}
    )
    # trec_eval orders by score and breaks ties by name, so the scores are the places themselves.
    places = {paper: float(-place) for place, paper in enumerate(ranked[:CUT])}
    found = evaluator.evaluate({_ASKED: places}).get(_ASKED, {})
    return {name: float(found.get(key, 0.0)) for name, key in _MEASURES.items()}


def best_place(gold: Mapping[str, int], ranked: Sequence[str]) -> int | None:
    """The rank, from 1, of the first right paper; None where none was ranked."""
    return next((place for place, paper in enumerate(ranked, 1) if gold.get(paper, 0) > 0), None)
