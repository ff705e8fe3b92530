"""The answer contract: the objects that programs, the terminal and the page all read.

`Answer.model_dump(mode="json")` is what `ibid ask --json` prints.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from index.schema import Filters, Paper, Value

Kind = Literal["find", "list", "compare", "summarize", "metadata", "verify", "clarify", "smalltalk"]
ReactionKind = Literal["follow_up", "correction", "thanks", "new_topic"]
Support = Literal["verbatim", "supported", "partial", "unsupported"]


class Sentence(Value):
    """One sentence of an answer, without its markers, and the citations that carry it."""

    text: str
    citations: tuple[int, ...] = ()
    support: Support = "unsupported"


class Citation(Value):
    """A span of a paper: `quote` stands verbatim at `[start, end)` of the paper's stored text."""

    number: int
    paper: Paper
    quote: str
    section: str | None = None
    page: int | None = None
    start: int
    end: int


class FoundPassage(Value):
    """A retrieved passage as an answer reports it, best first; `rank` counts from 1.

    `similarity` is its cosine to the question, in [-1, 1].
    """

    rank: int
    score: float
    similarity: float = 0.0
    paper: Paper
    text: str
    section: str | None = None
    page: int | None = None
    start: int
    end: int
    found_by: dict[str, int] = Field(default_factory=dict)


class Table(Value):
    """A computed table; cells are Markdown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Scope(Value):
    """The filters an answer was held to, what of them the question itself states, and the papers they leave."""

    filters: Filters = Filters()
    stated: Filters = Filters()
    papers: int = 0


class Coverage(Value):
    """How many papers were in scope, looked relevant, and were cited; and sources that could not be read."""

    searched: int = 0
    relevant: int = 0
    cited: int = 0
    unreadable: int = 0


class Step(Value):
    """A step of the way to an answer that a language model writes: how long it took, and what it spent.

    `tokens` were read and written by models, `cost` is in US dollars, None where no price is known; `note`
    says in words what came of it, or why it was skipped.
    """

    name: str
    seconds: float = 0.0
    tokens: int = 0
    cost: float | None = None
    note: str = ""


class Answer(Value):
    """A cited answer. `answered` is False where the papers do not say; then nothing is cited.

    `text` is Markdown whose markers `[n]` stand right before a sentence's final punctuation.
    """

    question: str
    standalone: str
    kind: Kind
    answered: bool
    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[FoundPassage, ...] = ()
    table: Table | None = None
    scope: Scope = Scope()
    coverage: Coverage = Coverage()
    engine: str = "extractive"
    usage: dict[str, float] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @property
    def grounded(self) -> bool:
        """Whether every sentence has at least one citation that supports it."""
        return self.answered and all(s.citations and s.support != "unsupported" for s in self.sentences)

    def citation(self, number: int) -> Citation:
        """The citation behind the marker `[number]`; KeyError where there is none."""
        for citation in self.citations:
            if citation.number == number:
                return citation
        raise KeyError(number)


class Feedback(Value):
    """What a reader thought of an answer."""

    verdict: Literal["up", "down"]
    comment: str = ""


class Reaction(Value):
    """What the message after an answer says of it: its kind, the sign that tells it, and the message itself."""

    kind: ReactionKind
    signal: str
    message: str


class Turn(Value):
    """A question and the answer it got, as a conversation keeps it, and what its reader thought of it.

    `reaction` is read from the message that came next; `replaced` is the text of an earlier whole answer to the
    same question, which this one was asked for in place of.
    """

    question: str
    answer: Answer
    stopped: bool = False
    feedback: Feedback | None = None
    reaction: Reaction | None = None
    replaced: str = ""


class Retrieved(Value):
    """Event: the search is done; how many papers were searched and which passages came back."""

    standalone: str
    searched: int
    passages: tuple[FoundPassage, ...]


class Delta(Value):
    """Event: the next piece of the answer's Markdown, and the citations that the text so far refers to.

    A piece never ends inside a marker, so that whoever stops here has markers that resolve.
    """

    text: str
    citations: tuple[Citation, ...] = ()


class Answered(Value):
    """Event, always the last: the whole answer."""

    answer: Answer


class Stepped(Value):
    """Event: a step ended."""

    step: Step


Event = Retrieved | Stepped | Delta | Answered
