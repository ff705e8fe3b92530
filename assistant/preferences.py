"""Kept conversations as a set of preferences, to judge or to train models by: what readers thought of each answer.

Pure. A verdict comes from the reader's thumb; what the next message implies (`assistant.reactions`) stands beside it
and never in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal

from assistant.conversation import Conversation
from assistant.schema import ReactionKind, Turn
from index.schema import Value

Verdict = Literal["up", "down"]
_IMPLIED: dict[ReactionKind, Verdict] = {"thanks": "up", "correction": "down"}


class Preference(Value):
    """One answer, and what is known of how well it served.

    `verdict` is the reader's thumb and `comment` what was typed with it; `reaction` is the next message's, `signal`
    what told it, `implied` the verdict that follows, and `correction` its words where it corrects. `chosen` and
    `rejected` are two answers to one question, where it was asked again and the later answer was kept.
    """

    conversation: str
    turn: int
    question: str
    standalone: str
    answer: str
    engine: str
    verdict: Verdict | None = None
    comment: str = ""
    reaction: ReactionKind | None = None
    signal: str = ""
    implied: Verdict | None = None
    correction: str | None = None
    chosen: str | None = None
    rejected: str | None = None


def preferences(conversation: Conversation) -> Iterator[Preference]:
    """A preference for each answer of a conversation, small talk left out."""
    turns = conversation.turns
    for number, (turn, after) in enumerate(zip_longest(turns, turns[1:]), start=1):
        if turn.answer.kind == "smalltalk" or not turn.answer.text:
            continue
        told, given = turn.reaction, turn.feedback
        chosen, rejected = _pair(turn, after)
        yield Preference(
            conversation=conversation.id,
            turn=number,
            question=turn.question,
            standalone=turn.answer.standalone,
            answer=turn.answer.text,
            engine=turn.answer.engine,
            verdict=given.verdict if given else None,
            comment=given.comment if given else "",
            reaction=told.kind if told else None,
            signal=told.signal if told else "",
            implied=_implied(turn),
            correction=told.message if told and told.kind == "correction" else None,
            chosen=chosen,
            rejected=rejected,
        )


def _pair(turn: Turn, after: Turn | None) -> tuple[str | None, str | None]:
    """The answer that was kept and the one it was asked for again instead of; none where either is not so."""
    asked_again = turn.reaction is not None and turn.reaction.signal == "asks again"
    if after is not None and asked_again and _served(after) and not _rated(turn, "up"):
        first, second = turn.answer.text, after.answer.text
    elif turn.replaced and _served(turn):
        first, second = turn.replaced, turn.answer.text
    else:
        return None, None
    return (second, first) if second != first else (None, None)


def _served(turn: Turn) -> bool:
    """Whether an answer was left standing: whole, and neither rated nor spoken against."""
    against = _rated(turn, "down") or _implied(turn) == "down"
    return not turn.stopped and bool(turn.answer.text) and (_rated(turn, "up") or not against)


def _rated(turn: Turn, verdict: Verdict) -> bool:
    return turn.feedback is not None and turn.feedback.verdict == verdict


def _implied(turn: Turn) -> Verdict | None:
    return _IMPLIED.get(turn.reaction.kind) if turn.reaction else None
