"""What the library page does, without the page.

Owns what each address of the page shows and what each click there does to the library. Knows nothing of
Gradio, so that all of it can be driven from a test. What is shown follows from the address alone, so that
it can be reloaded, shared and gone back to.
"""

from __future__ import annotations

from assistant.engine import Assistant
from index.library import Library
from index.schema import Value
from ui import frame_view, papers_view

PAGE = 50  # papers


class View(Value):
    """Parts of the page as they should be now; None leaves a part as it is."""

    header: str | None = None
    main: str | None = None
    status: str | None = None


class Desk:
    """The library page's doings over one library; one serves every browser."""

    def __init__(self, library: Library, assistant: Assistant) -> None:
        self.library = library
        self.assistant = assistant

    def header(self) -> str:
        return frame_view.header(self.assistant.engine, self.library.count(), "Library")

    def show(self, search: str) -> View:
        """What the address with this query string shows."""
        papers = self.library.papers(limit=PAGE)
        return View(header=self.header(), main=papers_view.table(papers), status="")
