"""What is said where the papers do not say, and where nothing can be looked in."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.citations import unmarked
from assistant.evidence import Support
from assistant.question import label
from assistant.schema import FoundPassage
from index.schema import Paper

_NEAREST = 3


def refusal(found: Support, searched: int, listed: Sequence[FoundPassage]) -> str:
    """Which words no paper has, and what came nearest."""
    if searched == 0:
        return "There are no papers to look in. Add some, or widen the scope."
    papers = "this paper" if searched == 1 else f"these {searched:,} papers"
    lines = [f"Nothing in {papers} says."]
    if found.unknown:
        lines += ["", f"No paper has: {', '.join(found.unknown)}."]
    nearest = list(dict.fromkeys(passage.paper.title for passage in listed))[:_NEAREST]
    if nearest:
        lines += ["", "Nearest, not used:", *(f"- {unmarked(title)}" for title in nearest)]
    return "\n".join(lines)


def not_in_scope(papers: Sequence[Paper], searched: int) -> str:
    """That papers which a question names are not among those that may be looked in."""
    names = [unmarked(label(paper)) for paper in papers]
    listed = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    scope = "the one paper" if searched == 1 else f"among the {searched:,} papers"
    return f"{listed} {'is' if len(names) == 1 else 'are'} not {scope} in scope."
