"""What the page's script asks for without the page being painted anew.

Each service takes what the script sends, a dict, and gives a dict; what cannot be had is an `error` in
words, so that the script can say it where the reader looks. Knows nothing of Gradio.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.schema import Feedback
from index.errors import IbidError
from index.library import Library
from ui.chat import completion, thread_view
from ui.chat.engines import Engines
from ui.chat.evidence import Evidence
from ui.chat.history import History
from ui.chat.indexing import Indexing
from ui.chat.offers import Offers
from ui.parts import bibliography, exports, frame_view, render, spreadsheet

Wanted = dict[str, Any]
Service = Callable[[Wanted], Wanted]


class Services:
    """The services of one library's chat page, by name."""

    def __init__(
        self,
        library: Library,
        history: History,
        evidence: Evidence,
        offers: Offers,
        engines: Engines,
        indexing: Indexing,
    ) -> None:
        self.library = library
        self.history = history
        self.evidence = evidence
        self.offers = offers
        self.engines = engines
        self.coming = indexing

    @property
    def by_name(self) -> dict[str, Service]:
        reading = (
            self.text_of,
            self.section,
            self.why,
            self.similar,
            self.found,
            self.older,
            self.titles,
            self.terms,
            self.indexing,
            self.export,
            self.earlier,
            self.choices,
        )
        services = (*reading, self.rate, self.starters, self.follow_ups)
        return {service.__name__: _guarded(service) for service in services}

    def text_of(self, wanted: Wanted) -> Wanted:
        """A turn as text to take away: `copy`, `copy-references`, `bibtex`, or its table as `csv`."""
        turn = self.evidence.turn(str(wanted["conversation"]), int(wanted["turn"]))
        if wanted["kind"] == "bibtex":
            return {"text": bibliography.bibtex(render.cited_papers([turn.answer]))}
        if wanted["kind"] == "csv":
            return {"text": spreadsheet.table_csv(turn.answer.table) if turn.answer.table else ""}
        whole = wanted["kind"] == "copy-references"
        return {"text": render.with_references(turn) if whole else render.answer_text(turn)}

    def section(self, wanted: Wanted) -> Wanted:
        """The evidence of a turn that is not the last."""
        return {"html": self.evidence.section(str(wanted["conversation"]), int(wanted["turn"]))}

    def earlier(self, wanted: Wanted) -> Wanted:
        """The turns that the page does not show at first."""
        turns = self.history.conversations.open(str(wanted["conversation"])).turns
        return {"html": thread_view.earlier(turns)}

    def why(self, wanted: Wanted) -> Wanted:
        """Why a passage was found."""
        turn, rank = int(wanted["turn"]), int(wanted["rank"])
        return {"html": self.evidence.why(str(wanted["conversation"]), turn, rank)}

    def similar(self, wanted: Wanted) -> Wanted:
        """Papers like one."""
        return {"html": self.evidence.similar(str(wanted["paper"]))}

    def export(self, wanted: Wanted) -> Wanted:
        """The whole conversation as a file."""
        conversation = self.history.conversations.open(str(wanted["conversation"]))
        return exports.export(conversation, str(wanted["form"])).model_dump()

    def rate(self, wanted: Wanted) -> Wanted:
        """Keep what the reader thought of a turn; no verdict forgets it."""
        verdict, comment = wanted.get("verdict"), str(wanted.get("comment", "")).strip()
        given = Feedback(verdict=verdict, comment=comment) if verdict else None
        self.history.conversations.set_feedback(str(wanted["conversation"]), int(wanted["turn"]) - 1, given)
        return {}

    def found(self, wanted: Wanted) -> Wanted:
        """The conversations that have the words searched for."""
        return {"html": self.history.found(str(wanted["conversation"]), str(wanted["words"]))}

    def older(self, wanted: Wanted) -> Wanted:
        """The conversations that the list does not show at first."""
        return {"html": self.history.earlier(str(wanted["conversation"]), int(wanted["pages"]))}

    def starters(self, wanted: Wanted) -> Wanted:
        """Questions to begin with."""
        return {"html": self.offers.starters()}

    def follow_ups(self, wanted: Wanted) -> Wanted:
        """Questions to go on with."""
        return {"html": self.offers.follow_ups(str(wanted["conversation"]))}

    def choices(self, wanted: Wanted) -> Wanted:
        """What may write the answers; asks the model's server."""
        return {"options": [engine.model_dump() for engine in self.engines.choices()]}

    def indexing(self, wanted: Wanted) -> Wanted:
        """How far it is where papers are being added, and the mark of what the library holds."""
        return {"html": frame_view.indexing(self.coming.words), "mark": self.coming.mark}

    def titles(self, wanted: Wanted) -> Wanted:
        """Papers whose titles have the words typed after an `@`."""
        return {"options": completion.titles(str(wanted["words"]), self.library)}

    def terms(self, wanted: Wanted) -> Wanted:
        """What the end of a line of `/scope` or `/papers` may become."""
        return {"options": completion.terms(str(wanted["line"])[-500:], self.library)}


def _guarded(service: Service) -> Service:
    def call(wanted: Wanted) -> Wanted:
        try:
            return service(wanted)
        except (IbidError, KeyError, TypeError, ValueError) as error:
            return {"error": str(error)}

    call.__name__ = service.__name__
    return call
