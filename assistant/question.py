"""What a question asks for, read in the light of the turns before it.

Pure functions over text; what the library knows comes in as `Grounds`. Refuses to search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.follow_up import PLAIN, Grounds, stand_alone
from assistant.kinds import kind_of
from assistant.schema import Kind, Turn
from index.schema import Paper, Value

_NUMBER = re.compile(
    r"\bhow (?:much|many|often|large|big|fast|long|accurate|few|high|low)\b|\bby how\b"
    r"|\b(?:what|which) (?:is the |are the |was the )?(?:[\w-]+ ){0,4}(?:f1|f-score|bleu\S*|rouge\S*|auc|auroc|map|"
    r"ndcg\S*|mrr|perplexity|precision|recall|error|loss|results?|parameters|value|size|performance)\b"
    r"|\b(?:what|which) (?:\w+ ){0,3}(?:percentage|share|fraction|rate|accuracy|score|number|ratio|speed-?up|factor)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:code|weights|checkpoints?|repositor\w+|github|open-?source\w*|released?|available|download\w*|url|link)\b",
    re.IGNORECASE,
)


class Question(Value):
    """A question as it is answered: what was typed, what it means alone, its kind, the papers it names.

    `papers` are those of them in scope, `outside` the others.
    """

    asked: str
    standalone: str
    kind: Kind
    papers: tuple[Paper, ...] = ()
    outside: tuple[Paper, ...] = ()


def understand(
    asked: str,
    turns: Sequence[Turn] = (),
    grounds: Grounds = PLAIN,
    named: Callable[[str], Sequence[Paper]] = lambda text: (),
    outside: Callable[[str], Sequence[Paper]] = lambda text: (),
) -> Question:
    """Read a question after the given turns, oldest first.

    `named` gives the papers in scope that a text names, `outside` those that are not in scope.
    """
    asked = " ".join(asked.split())
    if kind_of(asked) == "smalltalk":
        return Question(asked=asked, standalone=asked, kind="smalltalk")
    standalone = stand_alone(asked, turns, grounds)
    papers, others = tuple(named(standalone)), tuple(outside(standalone))
    kind = kind_of(standalone, len(papers))
    if kind_of(standalone, len(papers) + len(others)) == "compare":
        kind = "compare"
    return Question(asked=asked, standalone=standalone, kind=kind, papers=papers, outside=others)


def names_paper(question: str, paper: Paper) -> bool:
    """Whether the question spells out the paper's title or its short name, as whole words."""
    spelled = _words(question)
    names = [paper.title, paper.short_name or ""]
    return any(name and f" {name} " in f" {spelled} " for name in map(_words, names))


def spelled(question: str, paper: Paper) -> tuple[str, ...]:
    """The paper's title or its short name, as the question spells it out."""
    found = []
    for name in filter(None, (paper.title, paper.short_name)):
        pattern = r"\W+".join(map(re.escape, re.findall(r"\w+", name)))
        met = re.search(rf"(?<!\w){pattern}(?!\w)", question, re.IGNORECASE) if pattern else None
        found += [met.group()] if met else []
    return tuple(found)


def asks_number(question: str) -> bool:
    """Whether the question asks how much or how many."""
    return _NUMBER.search(question) is not None


def asks_for_code(question: str) -> bool:
    """Whether the question asks where code, data or weights are to be had."""
    return _CODE.search(question) is not None


def label(paper: Paper) -> str:
    """How a sentence calls a paper: by its short name, else by its title."""
    return paper.short_name or paper.title


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
