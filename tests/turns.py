"""Turns of a conversation that was never held, for tests of what comes after them."""

from __future__ import annotations

from assistant.schema import Answer, Citation, Kind, Turn
from index.schema import Paper

DRIFT = Paper(id="drift", title="DriftNet: Following Buoys")


def turn(question: str, *papers: Paper, kind: Kind = "find") -> Turn:
    """A question and an answer that cites the papers in order; one without papers is a refusal."""
    cited = tuple(
        Citation(number=number, paper=paper, quote="q", start=0, end=1)
        for number, paper in enumerate(papers, start=1)
    )
    answer = Answer(
        question=question, standalone=question, kind=kind, answered=bool(cited), text="t", citations=cited
    )
    return Turn(question=question, answer=answer)
