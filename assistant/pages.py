"""The page that each quote of an answer begins on.

A passage may begin on one page and the sentence quoted from it stand on the next. Owns the looking up, once a paper
for each answer; where words stand is `index.layout`'s to know.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import Answered, Citation, Delta, Event
from index.errors import PaperNotFound
from index.layout import Layout
from index.library import Library


class Pages:
    """The pages of one answer's quotes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._layouts: dict[str, Layout] = {}

    def told(self, event: Event) -> Event:
        """The event with the pages of its citations."""
        if isinstance(event, Delta):
            return event.model_copy(update={"citations": self.of(event.citations)})
        if isinstance(event, Answered):
            cited = self.of(event.answer.citations)
            return Answered(answer=event.answer.model_copy(update={"citations": cited}))
        return event

    def of(self, citations: Sequence[Citation]) -> tuple[Citation, ...]:
        """The citations with the pages that their quotes begin on; as they are where no word's place is known."""
        return tuple(self._placed(citation) for citation in citations)

    def _placed(self, citation: Citation) -> Citation:
        page = self._layout(citation.paper.id).page_at(citation.start)
        return citation if page in (None, citation.page) else citation.model_copy(update={"page": page})

    def _layout(self, paper_id: str) -> Layout:
        if paper_id not in self._layouts:
            try:
                self._layouts[paper_id] = self._library.leaves.layout(paper_id)
            except PaperNotFound:  # removed since it was found
                self._layouts[paper_id] = Layout.of((), ())
        return self._layouts[paper_id]
