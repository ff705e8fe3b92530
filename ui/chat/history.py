"""The conversations a reader can go back to: listed, found, renamed, removed and brought back."""

from __future__ import annotations

from datetime import datetime

from assistant.conversation import Conversations
from ui.chat import history_view
from ui.chat.view import View


class History:
    """The list of one library's conversations, as the page shows it."""

    def __init__(self, conversations: Conversations) -> None:
        self.conversations = conversations

    def listed(self, current: str) -> str:
        """All conversations by day."""
        today = datetime.now().astimezone().date()
        return history_view.history(self.conversations.list(), current, today)

    def found(self, current: str, words: str) -> str:
        """The conversations that have the words; empty where nothing is searched for."""
        words = words.strip()
        return history_view.found(self.conversations.search(words), words, current) if words else ""

    def rename(self, current: str, conversation: str, title: str) -> View:
        """Give a conversation a name; a blank one brings back its first question."""
        self.conversations.rename(conversation, title)
        return View(history=self.listed(current))

    def remove(self, conversation: str) -> View:
        """Take a conversation away, and offer to undo it."""
        title = self.conversations.open(conversation).title
        self.conversations.remove(conversation)
        return View(notice=history_view.removed(conversation, title))

    def restore(self, current: str, conversation: str) -> View:
        """Bring back what was taken away."""
        self.conversations.restore(conversation)
        return View(history=self.listed(current), notice="")
