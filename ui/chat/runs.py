"""The questions being answered now, one a conversation at most.

Owns which run belongs to which conversation; a run that was kept is forgotten, one that failed is held
until the conversation is asked again, so that its error can be shown after a reload.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ui.chat.run import Run

_KEPT = ("done", "stopped")


class Runs:
    """Runs by conversation. Safe to share between threads."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._guard = threading.Lock()

    def start(self, conversation: str, begin: Callable[[], Run]) -> Run:
        """The run that `begin` gives; where one is under way in the conversation already, that one."""
        with self._guard:
            self._runs = {key: run for key, run in self._runs.items() if run.progress.stage not in _KEPT}
            under_way = self.running(conversation)
            if under_way is None:
                under_way = self._runs[conversation] = begin()
            return under_way

    @property
    def busy(self) -> bool:
        """Whether any question is being answered."""
        return any(not run.progress.over for run in list(self._runs.values()))

    def running(self, conversation: str) -> Run | None:
        """The run under way in the conversation."""
        run = self._runs.get(conversation)
        return run if run is not None and not run.progress.over else None

    def latest(self, conversation: str) -> Run | None:
        """The conversation's question that is under way or failed; None where all that was asked is kept."""
        run = self._runs.get(conversation)
        return run if run is not None and run.progress.stage not in _KEPT else None

    def stop(self, conversation: str) -> None:
        """End what is under way; what was written is kept."""
        run = self.running(conversation)
        if run is not None:
            run.stop()
