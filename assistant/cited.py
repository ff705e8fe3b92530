"""Where kept conversations cite a paper.

Owns the search through stored turns; what a conversation is stays with `conversation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import column, select, table

from assistant.conversation import ConversationNotFound, Conversations
from index.library import Library
from index.schema import Value

_turns = table("turns", column("conversation_id"), column("turn"))
_MOST = 20


class CitedIn(Value):
    """A turn that cites a paper, counted from 1 within its conversation, and the words it quotes."""

    conversation: str
    title: str
    turn: int
    question: str
    quote: str


def cited_in(paper_id: str, library: Library, most: int = _MOST) -> list[CitedIn]:
    """The turns that cite a paper, those of the conversation used last first."""
    conversations = Conversations(library)
    named = select(_turns.c.conversation_id).where(
        _turns.c.turn.contains(f'"id":"{paper_id}"', autoescape=True)
    )
    with library.catalog.engine.connect() as connection:
        ids = set(connection.scalars(named))
    found = [turn for one in ids for turn in _citing(one, paper_id, conversations)]
    found.sort(key=lambda met: (met[0], met[1].turn), reverse=True)
    return [turn for _, turn in found[:most]]


def _citing(
    conversation_id: str, paper_id: str, conversations: Conversations
) -> Iterator[tuple[str, CitedIn]]:
    try:
        conversation = conversations.open(conversation_id)
    except ConversationNotFound:  # deleted meanwhile
        return
    for number, turn in enumerate(conversation.turns, start=1):
        quotes = [citation.quote for citation in turn.answer.citations if citation.paper.id == paper_id]
        if quotes:
            cited = CitedIn(
                conversation=conversation_id, title=conversation.title, turn=number, question=turn.question,
                quote=quotes[0],
            )  # fmt: skip
            yield conversation.updated, cited
