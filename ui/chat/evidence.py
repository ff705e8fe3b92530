"""What an answer stands on, looked at closer: a turn's evidence, why a passage was found, papers like one.

Everything here is made when it is asked for: a long conversation need not carry the evidence of all its
turns, and the words that match are seldom wanted.
"""

from __future__ import annotations

from assistant.conversation import Conversations
from assistant.schema import Turn
from index.errors import IbidError
from index.library import Library
from ui.chat import evidence_view

_SIMILAR = 5  # papers


class Evidence:
    """The evidence behind one library's conversations."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self.library = library
        self.conversations = conversations

    def turn(self, conversation: str, number: int) -> Turn:
        """Turn `number`, from 1; IbidError where there is none."""
        turns = self.conversations.open(conversation).turns
        if not 1 <= number <= len(turns):
            raise IbidError(f"The conversation has no turn {number}; it has {len(turns)}. Reload the page.")
        return turns[number - 1]

    def section(self, conversation: str, number: int) -> str:
        """The evidence of a turn."""
        return evidence_view.section(number, self.turn(conversation, number).answer)

    def why(self, conversation: str, number: int, rank: int) -> str:
        """Why the passage of that rank was found for a turn's question."""
        answer = self.turn(conversation, number).answer
        passage = next((passage for passage in answer.passages if passage.rank == rank), None)
        if passage is None:
            raise IbidError(f"Turn {number} has no passage of rank {rank}. Reload the page.")
        return evidence_view.why(passage, self.library.matched(answer.standalone, passage.text))

    def similar(self, paper_id: str) -> str:
        """The papers of the library most like one."""
        near = self.library.similar(paper_id, _SIMILAR)
        return evidence_view.similar([one.paper for one in near])
