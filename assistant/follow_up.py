"""Making a follow-up stand alone: what its pronouns, its ellipses and its ordinals stand for.

What a word points back to is read from the turns before; where both readings are possible, `Grounds` (what
the library holds) decide, so that a new topic does not drag the old one along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.choosing import chosen
from assistant.schema import Answer, Turn
from index.schema import Paper, Value

_WORK = r"(?:paper|method|approach|model|work|framework|study|article|survey|report|system|technique|authors?|one)"
_POINTS_BACK = re.compile(
    r"\b(?:(?P<possessive>its|their)|(?P<many>they|them|both)|(?P<one>it)"
    rf"|(?P<noun>(?:this|that|the same|the) {_WORK})(?:(?P<owner>['’]s))?)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|does|would|could|can|will) it\b"
    r"(?= (?:(?:be )?(?:true|possible|known|necessary|better|worth|useful|helpful|easy|hard|common|feasible|important)"
    r"|take|help|matter|make sense|mean)\b.{0,40}\b(?:to|that|if|whether|\w+ing)\b)"
    r"|\bdoes it take to\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\s*(?:and|but|or|so|also|then|what about|how about|what of)\b[\s,]*", re.IGNORECASE
)
_WHOLE = re.compile(
    r"^(?:(?:what|which|who|how|why|where)\b(?:\s+[\w-]+){0,4}?\s+(?:is|are|does|do|did|can|was|were|will|has|have)\b"
    r"|(?:is|are|does|do|did|can|was|were|will|has|have|compare|list|show|find|summari[sz]e)\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"^(?:what|which|who|how|why|where)\b(?! about\b| of\b)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<![\w\]])\[(\d{1,2})\](?!\()")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ORDINAL = re.compile(
    rf"\bthe (?P<which>{'|'.join(_ORDINALS)}|last)(?: (?P<count>two|three|four))?"
    rf"(?: (?:one|paper|method|approach|work|study|result)s?)?"
    r"(?=\W*$|[\s,?.]+(?:and|with|to|of|in|use|do|does|have|say|need)\b|[?.,])",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\b(?:the same|this|these|those|such(?: an?)?) (?P<noun>[a-z][a-z-]{2,})\b", re.IGNORECASE
)
_COUNTS = {"two": 2, "three": 3, "four": 4}
_NAMED_AT_ONCE = 4
_STAND_IN = 0xE100  # private use, counted up from here


class Grounds(Value):
    """What the library tells about readings of a follow-up. Each costs a little, and is asked only in doubt.

    `content` gives the words of a text that carry meaning; `elsewhere` says whether a question read alone
    is clearly about other papers than those with the given ids; `nearest` picks the option nearest in
    meaning to a word, or None.
    """

    content: Callable[[str], Sequence[str]]
    elsewhere: Callable[[str, Sequence[str]], bool]
    nearest: Callable[[str, Sequence[str]], str | None]


PLAIN = Grounds(
    content=lambda text: re.findall(r"\w{4,}", text),
    elsewhere=lambda text, ids: False,
    nearest=lambda w, o: None,
)


def stand_alone(asked: str, turns: Sequence[Turn], grounds: Grounds = PLAIN) -> str:
    """The question as one would ask it without the turns before it, oldest first."""
    previous = next((turn.answer for turn in reversed(turns) if turn.answer.kind != "smalltalk"), None)
    if previous is None:
        return asked
    if choice := chosen(asked, previous, grounds.content):
        return choice
    named: list[str] = []
    masked = _masked(asked, previous, named)
    return _unmasked(_read_after(masked, previous, grounds), named)


def _read_after(asked: str, previous: Answer, grounds: Grounds) -> str:
    papers = _papers(previous)
    if (pointer := _pointer(asked)) and papers:
        before = grounds.content(_CONTINUES.sub("", asked[: pointer.start()]))
        if len(before) < 2 or not grounds.elsewhere(asked, [paper.id for paper in papers]):
            return _replaced(asked, pointer, papers)
        return asked
    if _CONTINUES.match(asked):
        rest = _CONTINUES.sub("", asked)
        if _is_whole(rest, len(grounds.content(rest))):
            return rest[:1].upper() + rest[1:]
        return f"{previous.standalone.rstrip(' ?.!')}, {rest}"
    again = _AGAIN.search(asked)
    meant = grounds.nearest(again["noun"], grounds.content(previous.standalone)) if again else None
    if again and meant:
        return asked[: again.start()] + meant + asked[again.end() :]
    names_one = chr(_STAND_IN) in asked or _mentions(asked, papers)
    if len(grounds.content(asked)) < 2 and papers and not names_one:
        return f"{asked.rstrip(' ?.!')}, in {_name(papers[0])}?"
    return asked


def _is_whole(rest: str, content: int) -> bool:
    """Whether what follows an "and" is a question of its own: with a verb to ask by, or with much to ask of."""
    return content > 1 and (_WHOLE.match(rest) is not None or (content > 2 and _ASKS.match(rest) is not None))


def _pointer(asked: str) -> re.Match[str] | None:
    """The first word that may stand for a paper; an "it" that stands for nothing ("is it possible") is passed over."""
    empty = [match.span() for match in _EMPTY_IT.finditer(asked)]
    for match in _POINTS_BACK.finditer(asked):
        if not any(start <= match.start() < end for start, end in empty):
            return match
    return None


def _replaced(asked: str, pointer: re.Match[str], papers: Sequence[Paper]) -> str:
    several = (
        bool(pointer["many"]) and len(papers) > 1 and pointer["many"].lower() in ("both", "them", "they")
    )
    named = _listed([_name(paper) for paper in papers[:_NAMED_AT_ONCE]]) if several else _name(papers[0])
    owner = "'s" if pointer["possessive"] or pointer["owner"] else ""
    return asked[: pointer.start()] + named + owner + asked[pointer.end() :]


def _masked(asked: str, previous: Answer, named: list[str]) -> str:
    """The question with `[2]` and "the second one" replaced by a stand-in for each name added to `named`.

    Stand-ins, because a title may hold words ("Tides and Their Tables") that would point back in turn.
    """
    cited = {citation.number: citation.paper for citation in previous.citations}
    papers, shown = _papers(previous), _shown(previous)

    def stand_in(meant: Sequence[Paper]) -> str:
        named.append(_listed([_name(paper) for paper in meant]))
        return chr(_STAND_IN + len(named) - 1)

    def numbered(match: re.Match[str]) -> str:
        paper = cited.get(int(match[1]))
        return stand_in([paper]) if paper else match.group()

    def ordinal(match: re.Match[str]) -> str:
        which, count = match["which"].lower(), _COUNTS.get((match["count"] or "").lower(), 1)
        first = len(papers) - count if which == "last" else _ORDINALS.index(which)
        meant = papers[first : first + count] if first >= 0 and len(papers) > 1 else []
        if len(meant) < count and count > 1 and which != "last":
            meant = shown[first : first + count]  # "the first two" of an answer from one paper
        return stand_in(meant) if len(meant) == count else match.group()

    return _ORDINAL.sub(ordinal, _NUMBERED.sub(numbered, asked))


def _unmasked(text: str, named: Sequence[str]) -> str:
    for position, name in enumerate(named):
        text = text.replace(chr(_STAND_IN + position), name)
    return text


def _papers(answer: Answer) -> list[Paper]:
    """The papers an answer cites, in the order in which it does."""
    return list({citation.paper.id: citation.paper for citation in answer.citations}.values())


def _shown(answer: Answer) -> list[Paper]:
    """The papers beside an answer, in their order there: those it cites, then those that were found."""
    found = {passage.paper.id: passage.paper for passage in answer.passages}
    return list(({paper.id: paper for paper in _papers(answer)} | found).values())


def _mentions(asked: str, papers: Sequence[Paper]) -> bool:
    return any(_name(paper).casefold() in asked.casefold() for paper in papers)


def _name(paper: Paper) -> str:
    return paper.short_name or paper.title


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
