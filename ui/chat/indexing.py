"""Papers that come in while one chats: how far that is, and when the page is behind the library.

Owns the words for it. Papers are added by this server (see `ui.library.adding`) or by another program, which
is known by the library's write lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.library import Library
from ui.library.adding import Adding, Job
from ui.parts.render import counted


class Indexing:
    """What is being added to one library."""

    def __init__(self, library: Library, adding: Adding) -> None:
        self.library = library
        self.adding = adding

    @property
    def words(self) -> str:
        """What is being added or mended now; empty where nothing is."""
        if state := self.library.state:
            return state
        own = file_words(self.adding.jobs) if self.library.may_change else ""
        if own:
            return own
        if not self.library.being_added:
            return ""
        return f"Another program is adding papers: {counted(self.library.count(), 'paper')} so far"

    @property
    def mark(self) -> str:
        """Another one whenever the page should count anew."""
        return f"{self.library.catalog.change()} {self.library.count()}"


def file_words(jobs: Sequence[Job]) -> str:
    """How far the file being added is, and how many wait; empty where all are done."""
    left = [job for job in jobs if not job.over]
    if not left:
        return ""
    now = next((job for job in left if job.stage != "waiting"), left[0])
    more = f" · {counted(len(left) - 1, 'more file')}" if len(left) > 1 else ""
    return f"Adding {now.name}: {now.percent} %{more}"
