"""What questions are held to: the filters of a conversation, and what the page shows of them.

Owns changing a conversation's scope and wording it with the titles that the library knows. Which filters
there are and what each click makes of them is decided in `scope`.
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.conversation import Conversation, Conversations
from index.errors import PaperNotFound
from index.library import Library
from index.schema import Filters
from ui.chat.view import View
from ui.parts import frame_view, scope
from ui.parts.render import counted, scope_words
from ui.parts.scope_line import Holdings


class Scoping:
    """The scopes of one library's conversations."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self.library = library
        self.conversations = conversations

    def read(self, found: Conversation | None, panel: scope.Panel) -> Filters:
        """The filters that the panel says, over what the conversation keeps; ValueError names a bad date."""
        return scope.read_panel(panel, found.scope if found else None)

    def narrow(self, found: Conversation | None, panel: scope.Panel) -> View:
        """Hold the conversation to what the panel says."""
        try:
            filters = self.read(found, panel)
        except ValueError as error:
            return View(bar=frame_view.scope_bar_trouble(str(error)), sendable=False)
        return self._hold(found, filters)

    def drop(self, found: Conversation | None, panel: scope.Panel, part: str) -> View:
        """Remove one filter, or `all`."""
        return self._change(found, panel, lambda filters: scope.without(filters, part))

    def only(self, found: Conversation | None, panel: scope.Panel, paper: str) -> View:
        """Hold the conversation to one paper."""
        return self._change(found, panel, lambda filters: scope.only(filters, paper))

    def exclude(self, found: Conversation | None, panel: scope.Panel, paper: str) -> View:
        """Leave a paper out."""
        return self._change(found, panel, lambda filters: scope.without_paper(filters, paper))

    def pick(self, found: Conversation | None, panel: scope.Panel, paper: str) -> View:
        """Add a hand-picked paper."""
        return self._change(found, panel, lambda filters: scope.with_paper(filters, paper))

    def replace(self, found: Conversation | None, filters: Filters) -> View:
        """Hold the conversation to these filters and no others."""
        return self._hold(found, filters)

    def shown(self, filters: Filters) -> View:
        """The parts of the page that say what is in scope."""
        papers = self.library.count(filters)
        titles = self._titles(filters)
        advice = None if papers else scope.part_to_drop(filters, self.library.count, titles)
        bar = frame_view.scope_bar(filters, papers, advice, titles)
        return View(bar=bar, sendable=papers > 0, panel=scope.panel_of(filters))

    def told(self, found: Conversation | None, panel: scope.Panel) -> str:
        """What is in scope, in a sentence or two."""
        try:
            filters = self.read(found, panel)
        except ValueError as error:
            return str(error)
        papers = counted(self.library.count(filters), "paper")
        if filters.empty:
            return (
                f"Every paper is in scope: {papers}. Narrow it with /scope since June 2025, tag:to-read or @."
            )
        words = ", ".join(words for _, words in scope_words(filters, self._titles(filters)))
        return f"In scope: {words}: {papers}. /scope none looks at all papers."

    def _change(
        self, found: Conversation | None, panel: scope.Panel, change: Callable[[Filters], Filters]
    ) -> View:
        try:
            filters = self.read(found, panel)
        except ValueError:  # an unreadable date is not worth keeping when the scope changes
            filters = found.scope if found else Filters()
        return self._hold(found, change(filters))

    def _hold(self, found: Conversation | None, filters: Filters) -> View:
        if found is not None and filters != found.scope:
            self.conversations.set_scope(found.id, filters)
        return self.shown(filters)

    def _titles(self, filters: Filters) -> dict[str, str]:
        chosen = (*filters.papers, *filters.excluded)
        if not chosen:
            return {}
        papers = self.library.papers(Filters(papers=chosen), limit=len(chosen))
        return {paper.id: paper.title for paper in papers}


def holdings(library: Library) -> Holdings:
    """What of a library a command may name."""

    def paper(name: str) -> str:
        try:
            return library.paper(name).id
        except PaperNotFound as error:
            raise ValueError(str(error)) from error

    return Holdings(
        organizations=lambda: [name for name, _ in library.facts().organizations],
        tags=lambda: [name for name, _ in library.facts().tags],
        sources=lambda: [name for name, _ in library.facts().sources],
        paper=paper,
    )
