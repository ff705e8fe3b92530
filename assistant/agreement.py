"""Whether papers agree on a claim: what each says of it, side by side.

Each paper is judged by its sentence that bears on the claim most, as `verify` judges one, and is mixed where
another of its sentences says the opposite. Papers that say nothing of the claim are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from assistant.citations import Citations, unmarked, with_markers
from assistant.evidence import Evidence
from assistant.extractive import Composed
from assistant.question import label
from assistant.schema import Sentence, Table
from assistant.tables import markdown_table
from assistant.verify import Candidate, judge
from index.schema import Value

Stance = Literal["supports", "contradicts", "mixed"]


class Position(Value):
    """A paper's stance on a claim and the sentences that show it, the most telling first."""

    stance: Stance
    evidence: tuple[Evidence, ...]


def foremost(evidence: Sequence[Evidence], of_each: int) -> list[Evidence]:
    """The first sentences of each paper, in the order given."""
    taken: dict[str, int] = {}
    kept = []
    for item in evidence:
        taken[item.paper.id] = taken.get(item.paper.id, 0) + 1
        if taken[item.paper.id] <= of_each:
            kept.append(item)
    return kept


def positions(claim: str, evidence: Sequence[Evidence], candidates: Sequence[Candidate]) -> list[Position]:
    """Each paper's stance, those that bear on the claim most first; `candidates` measure the evidence, in order."""
    papers: dict[str, list[int]] = {}
    for place, item in enumerate(evidence):
        papers.setdefault(item.paper.id, []).append(place)
    found = []
    for places in papers.values():
        said = {place: judge(claim, [candidates[place]]).relation for place in places}
        telling = sorted((p for p in places if said[p] != "absent"), key=lambda p: -candidates[p].bearing)
        if telling:
            best = telling[0]
            against = [place for place in telling if said[place] != said[best]][:1]
            stance: Stance = (
                "mixed" if against else "supports" if said[best] == "supported" else "contradicts"
            )
            shown = tuple(evidence[place] for place in (best, *against))
            found.append((candidates[best].bearing, Position(stance=stance, evidence=shown)))
    return [position for _, position in sorted(found, key=lambda each: -each[0])]


def compose_agreement(held: Sequence[Position]) -> Composed:
    """The verdict over all papers and a table of them; empty where none says anything of the claim."""
    if not held:
        return Composed()
    citations = Citations()
    written: list[Sentence] = []
    rows = []
    for position in held:
        cells = []
        for item in position.evidence:
            number = citations.cite(item.paper, item.chunk, item.text, item.start)
            written.append(Sentence(text=item.text, citations=(number,), support="verbatim"))
            cells.append(with_markers(item.text, [number]))
        rows.append((unmarked(label(position.evidence[0].paper)), position.stance, " ".join(cells)))
    table = Table(columns=("Paper", "Stance", "What it says"), rows=tuple(rows))
    return Composed(
        text=f"**{_verdict(held)}**\n\n{markdown_table(table)}",
        sentences=tuple(written),
        citations=citations.all,
        papers=len(held),
        table=table,
    )


def _verdict(held: Sequence[Position]) -> str:
    """In words and without figures: a number in an answer is one that a paper states."""
    stances = {position.stance for position in held}
    if len(held) == 1:
        return f"One paper speaks of it: {held[0].stance}"
    if stances == {"supports"}:
        return "The papers agree: they support it"
    if stances == {"contradicts"}:
        return "The papers agree: they contradict it"
    return "The papers do not agree"
