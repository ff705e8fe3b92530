"""Questions that are offered: to begin with, and to go on with.

Owns when they are made: after the page has painted, since each is tried on the library before it is
offered, and once for a state of the library or of a conversation.
"""

from __future__ import annotations

from collections import OrderedDict

from assistant.conversation import Conversations
from assistant.engine import Assistant
from index.library import Library
from index.lookup import LibraryFacts
from ui.chat import thread_view

STARTERS = 4
_REMEMBERED = 200  # answers whose follow-ups are kept


class Offers:
    """What is offered over one library."""

    def __init__(self, library: Library, assistant: Assistant, conversations: Conversations) -> None:
        self.library = library
        self.assistant = assistant
        self.conversations = conversations
        self._starters: tuple[LibraryFacts, tuple[str, ...]] | None = None
        self._follow_ups: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def starters(self) -> str:
        """Questions that the papers of the library answer."""
        facts = self.library.facts()
        if self._starters is None or self._starters[0] != facts:
            self._starters = (facts, self.assistant.starters(STARTERS) if facts.papers else ())
        return thread_view.starters(self._starters[1])

    def follow_ups(self, conversation: str) -> str:
        """Questions to ask after the last answer of a conversation."""
        turns = self.conversations.open(conversation).turns
        if not turns or turns[-1].stopped:
            return ""
        key = f"{conversation} {len(turns)} {turns[-1].answer.model_dump_json(include={'question', 'text'})}"
        if key not in self._follow_ups:
            self._follow_ups[key] = self.assistant.follow_ups(turns[-1].answer, turns[:-1])
            while len(self._follow_ups) > _REMEMBERED:
                self._follow_ups.popitem(last=False)
        return thread_view.follow_ups(self._follow_ups[key])
