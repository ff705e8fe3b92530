"""What a question asks for, read in the light of the turns before it.

Pure functions over text. Refuses to search: which papers a question names is for `evidence`, which has
candidates to compare it with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Answer, Kind, Turn
from index.schema import Paper, Value

_PRONOUN = re.compile(
    r"\b(?:(?P<possessive>its|their)|(?P<plain>it|they|them)"
    r"|(?P<noun>(?:this|that|the same|the) (?:paper|method|approach|model|work|framework|one)))\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\s*(?:and|but|or|so|also|then|what about|how about|what of)\b[\s,]*", re.IGNORECASE
)
_SMALLTALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: very much| a lot)?|"
    r"bye|goodbye|who are you|what can you do|help)\W*(?:there|ibid)?\W*$",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:(?:which|what|any|list|show|find|name|give)\b(?: me)?(?: all)?(?: the)?(?: \w+){0,2}? "
    r"(?:papers|works|methods|approaches|studies|articles|benchmarks|datasets)\b)",
    re.IGNORECASE,
)


class Question(Value):
    """A question as it is answered: what was typed, what it means alone, and its kind."""

    asked: str
    standalone: str
    kind: Kind


def understand(asked: str, turns: Sequence[Turn] = ()) -> Question:
    """Read a question after the given turns, oldest first."""
    asked = " ".join(asked.split())
    standalone = _standalone(asked, turns)
    return Question(asked=asked, standalone=standalone, kind=_kind(standalone))


def names_paper(question: str, paper: Paper) -> bool:
    """Whether the question spells out the paper's title or its short name, as whole words."""
    spelled = _words(question)
    names = [paper.title, paper.short_name or ""]
    return any(name and f" {name} " in f" {spelled} " for name in map(_words, names))


def label(paper: Paper) -> str:
    """How a sentence calls a paper: by its short name, else by its title."""
    return paper.short_name or paper.title


def _kind(question: str) -> Kind:
    if _SMALLTALK.match(question) or not re.search(r"\w", question):
        return "smalltalk"
    return "list" if _LIST.search(question) else "find"


def _standalone(asked: str, turns: Sequence[Turn]) -> str:
    previous = next((turn.answer for turn in reversed(turns) if turn.answer.kind != "smalltalk"), None)
    if previous is None:
        return asked
    topic = _topic(previous)
    pronoun = _PRONOUN.search(asked)
    if pronoun and topic:
        name = f"{topic}'s" if pronoun.group("possessive") else topic
        return asked[: pronoun.start()] + name + asked[pronoun.end() :]
    if _CONTINUES.match(asked):
        rest = _CONTINUES.sub("", asked)
        return f"{previous.standalone.rstrip(' ?.!')}, {rest}"
    return asked


def _topic(answer: Answer) -> str | None:
    """What a pronoun after this answer most likely stands for: the paper it cites first."""
    return label(answer.citations[0].paper) if answer.citations else None


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
