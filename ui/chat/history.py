"""The conversations a reader can go back to: listed, found, renamed, removed and brought back."""

from __future__ import annotations

from datetime import date, datetime

from assistant.conversation import Conversations
from ui.chat import history_view
from ui.chat.view import View

PAGE = 100  # conversations
FOUND = 50


class History:
    """The list of one library's conversations, as the page shows it."""

    def __init__(self, conversations: Conversations) -> None:
        self.conversations = conversations

    def listed(self, current: str) -> str:
        """The latest conversations by day."""
        latest = self.conversations.list(PAGE + 1)
        return history_view.history(latest[:PAGE], current, _today(), more=len(latest) > PAGE)

    def earlier(self, current: str, pages: int) -> str:
        """The conversations before the latest, so many pages of them."""
        wanted = PAGE * max(pages, 1)
        found = self.conversations.list(wanted + 1, offset=PAGE)
        return history_view.history(found[:wanted], current, _today(), more=len(found) > wanted)

    def found(self, current: str, words: str) -> str:
        """The conversations that have the words; empty where nothing is searched for."""
        words = words.strip()
        if not words:
            return ""
        best = self.conversations.search(words, FOUND + 1)
        return history_view.found(best[:FOUND], words, current, more=len(best) > FOUND)

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


def _today() -> date:
    return datetime.now().astimezone().date()
