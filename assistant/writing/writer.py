"""An answer that a language model writes, a sentence at a time, each given only once it is whole and checked.

Owns what becomes of a sentence that fails: asked of the judge, written once more, marked or dropped. That the
model fails in the middle is no error here: what holds stays, and `Course.broken` says why it ends.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from assistant.citations import numbers
from assistant.extractive import Composed
from assistant.models.model import Model
from assistant.models.schema import ModelError, Usage
from assistant.schema import Kind, Support
from assistant.settings import WritingSettings
from assistant.writing import prompts
from assistant.writing.checking import Checked, Checker
from assistant.writing.course import Course
from assistant.writing.drafts import Draft, Drafts, drafts
from assistant.writing.searching import chosen
from assistant.writing.written import Written
from index.library import Library
from index.schema import Passage

WRITES: frozenset[Kind] = frozenset({"find", "list", "compare", "summarize"})
"""The kinds of question that a model answers; the others are computed."""

_REPAIRS = 4  # of one answer
_VERDICTS: dict[str, Support] = {"yes": "supported", "partly": "partial", "no": "unsupported"}


class Writer:
    """Writes one answer. `judge` may be the same model as `model`; `summaries` are of passages, by chunk id."""

    def __init__(
        self,
        model: Model,
        judge: Model,
        settings: WritingSettings,
        course: Course,
        summaries: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.model = model
        self.judge = judge
        self.settings = settings
        self.course = course
        self.summaries = summaries
        self.refused = False
        self._written = Written()
        self._held: list[tuple[Checked, Draft]] = []
        self._repairs = 0
        self._read = 0  # papers

    def write(
        self,
        question: str,
        kind: Kind,
        found: Sequence[Passage],
        library: Library,
        translated: bool = False,
    ) -> Iterator[str]:
        """The answer's Markdown, a sentence at a time; what is then written is `composed`.

        `translated` says that the question, and so the answer, is in another language than the papers.
        Closing the iterator ends the request.
        """
        sources = chosen(found, self.settings.passages, 1 if kind == "list" else 3)
        self._read = len({source.paper.id for source in sources})
        checker = Checker(question, sources, library, translated)
        started, note = time.monotonic(), ""
        spent: list[Usage] = []
        pieces = self._pieces(question, kind, sources, spent)
        try:
            for draft in _drafted(pieces):
                if prompts.NOTHING.casefold() in draft.text.casefold():
                    self.refused = not self._written.text
                    continue
                yield from self._shown(self._settled(checker.check(draft), draft, question, checker), draft)
        except ModelError as error:
            self.course.broken = error
            note = f"stopped: {error}"
        finally:
            pieces.close()
        self.course.note("write", started, note or self._told(), spent)

    @property
    def composed(self) -> Composed:
        """What was written and holds; without citations where nothing did."""
        return self._written.composed.model_copy(update={"papers": self._read})

    def _pieces(
        self, question: str, kind: Kind, sources: Sequence[Passage], spent: list[Usage]
    ) -> Generator[str]:
        notes = [self.summaries[source.chunk.id] for source in sources if source.chunk.id in self.summaries]
        messages = prompts.answering(
            question, kind, sources, self.settings.sentences, notes if len(notes) == len(sources) else ()
        )
        return self.course.pieces(self.model, messages, spent)

    def _shown(self, checked: Checked, draft: Draft) -> Iterator[str]:
        """What a sentence adds to the answer. None is shown before one that holds, lest there be no other."""
        uncited = checked.support == "unsupported"
        unwanted = uncited and (self.settings.unsupported == "drop" or bool(numbers(checked.text)))
        if not checked.showable or unwanted or self._written.says(checked.text):
            self._written.drop(draft.lead)
            return
        if checked.support == "unsupported" and not self._written.text:
            self._held.append((checked, draft))
            return
        for earlier, its in self._held:
            yield self._written.add(earlier, its.lead)
        self._held.clear()
        yield self._written.add(checked, draft.lead)

    def _settled(self, checked: Checked, draft: Draft, question: str, checker: Checker) -> Checked:
        """A sentence's check after the judge was asked, and after it was written anew where it failed."""
        checked = self._judged(checked)
        mendable = checked.support == "unsupported" and bool(draft.markers) and not self.course.broken
        if not (mendable and self.settings.repair and self._repairs < _REPAIRS):
            return checked
        self._repairs += 1
        spelled = f"{draft.text} {''.join(f'[{number}]' for number in draft.markers)}"

        def work() -> tuple[Checked, str]:
            messages = prompts.mending(question, spelled, checked.trouble, checker.sources)
            reply = self.course.ask(self.judge, messages)
            anew = [checker.check(each) for each in drafts(reply)[:1] if each.text != "DROP"]
            better = [each for each in anew if each.support != "unsupported"]
            return (better[0], "written anew") if better else (checked, f"not mended: {checked.trouble}")

        return self.course.step("repair", work, checked)

    def _judged(self, checked: Checked) -> Checked:
        """Where rules leave it open whether the papers support a sentence, what the judge says."""
        if self.settings.check != "model" or checked.settled or self.course.broken:
            return checked

        def work() -> tuple[Checked, str]:
            spans = [place.text for place in checked.places]
            reply = self.course.ask(self.judge, prompts.supporting(checked.text, spans))
            word = next(iter(reply.casefold().split()), "").strip(".,!*\"'")
            support = _VERDICTS.get(word)
            if support is None:
                return checked, "skipped: the judge said neither yes nor no"
            trouble = "the judge finds no support" if support == "unsupported" else ""
            settled = {"support": support, "trouble": trouble, "settled": True}
            return checked.model_copy(update=settled), f"judged {support}"

        return self.course.step("check", work, checked)

    def _told(self) -> str:
        kept = len(self._written.composed.sentences)
        left = f", {self._written.dropped} dropped" if self._written.dropped else ""
        return f"{kept} sentences{left}"


def _drafted(pieces: Iterable[str]) -> Iterator[Draft]:
    reading = Drafts()
    for piece in pieces:
        yield from reading.feed(piece)
    yield from reading.end()
