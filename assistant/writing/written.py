"""The answer as far as it is written: checked sentences, their citations, and the Markdown that shows them.

A model's words are escaped: the only markers are those placed here.
"""

from __future__ import annotations

from assistant.citations import Citations, marked
from assistant.extractive import Composed
from assistant.plain import as_markdown
from assistant.schema import Sentence
from assistant.writing.checking import Checked
from assistant.writing.drafts import Lead

_BETWEEN: dict[Lead, str] = {"sentence": " ", "item": "\n- ", "paragraph": "\n\n"}


class Written:
    """An answer in the making. `add` gives the Markdown that each sentence adds to what is shown."""

    def __init__(self) -> None:
        self.text = ""
        self.dropped = 0
        self._sentences: list[Sentence] = []
        self._citations = Citations()
        self._lead: Lead = "paragraph"

    def add(self, checked: Checked, lead: Lead) -> str:
        """One more sentence. One that no passage supports is shown without citations."""
        self.skip(lead)
        numbers: tuple[int, ...] = ()
        if checked.support != "unsupported":
            cited = (self._citations.cite(p.paper, p.chunk, p.text, p.start) for p in checked.places)
            numbers = tuple(dict.fromkeys(cited))
        sentence = Sentence(text=checked.text, citations=numbers, support=checked.support)
        between = _BETWEEN[self._lead] if self.text else _BETWEEN[self._lead].lstrip("\n")
        piece = between + marked(as_markdown(checked.text), numbers)
        self._sentences.append(sentence)
        self._lead = "sentence"
        self.text += piece
        return piece

    def says(self, text: str) -> bool:
        """Whether a sentence of the answer says just that already."""
        return any(text == sentence.text for sentence in self._sentences)

    def skip(self, lead: Lead) -> None:
        """A sentence that would have begun so: what comes next begins so where it does not part more itself."""
        order: tuple[Lead, ...] = ("sentence", "item", "paragraph")
        if self._lead != "item" or lead == "paragraph":
            self._lead = max(self._lead, lead, key=order.index)
        if lead == "item":
            self._lead = "item"

    def drop(self, lead: Lead) -> None:
        """Leave a sentence out."""
        self.dropped += 1
        self.skip(lead)

    @property
    def composed(self) -> Composed:
        return Composed(text=self.text, sentences=tuple(self._sentences), citations=self._citations.all)
