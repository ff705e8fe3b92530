"""The worked examples of `docs/answers.md`, asked of the sample library: `python -m ui.command_line.examples docs`.

Each example is what the system answers, kept in the repository so that it can be read without installing
anything; a test holds it to the code.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from assistant.engine import Assistant
from assistant.schema import Answer, Turn
from index.library import Library
from ui.parts.render import reference

PAGE = "answers.md"
SAMPLE = Path(__file__).parents[2] / "configs" / "sample_papers.txt"
START = "<!-- examples: written by `make docs`; change the code, not what follows -->"
_TODAY = date(2026, 1, 15)  # what "last year" is read against on the page
_ASKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("find", ("What BLEU score does the large Transformer reach on WMT 2014?",)),
    ("list", ("Which papers learn a reward model from human preferences?",)),
    ("a follow-up", ("What does ColBERT propose?", "Does it make passage search efficient?")),
    ("compare", ("Compare BERT and LoRA",)),
    ("summarize", ("Summarize LoRA",)),
    ("metadata", ("How many papers are from OpenAI since 2020?",)),
    ("verify, supported", ("/verify BERT masks fifteen percent of the word pieces",)),
    ("verify, contradicted", ("Is it true that the large Transformer reaches a BLEU score of 41.8 on WMT 2014?",)),
    ("a scope that leaves nothing", ("Which papers from OpenAI before 2001 use human feedback?",)),
    ("clarify", ("models",)),
    ("what the papers do not say", ("How do I bake sourdough bread?",)),
)  # fmt: skip


def examples(library: Library) -> str:
    """The examples as Markdown, answered from `library`."""
    assistant = Assistant(library, today=_TODAY)
    parts = []
    for title, questions in _ASKED:
        turns: list[Turn] = []
        for question in questions:
            turns.append(Turn(question=question, answer=assistant.ask(question, turns)))
        parts.append("\n".join([f"### {title.capitalize()}", "", *_shown(turns)]))
    return "\n\n".join(parts) + "\n"


def page(told: str, library: Library) -> str:
    """The page's own words, with the examples after them written anew."""
    return f"{told.partition(START)[0]}{START}\n\n{examples(library)}"


def write(folder: Path) -> None:
    """Rewrite the examples of the page in `folder`, from a library made for the purpose."""
    path = folder / PAGE
    with tempfile.TemporaryDirectory() as place, Library.open(Path(place)) as library:
        library.add([SAMPLE])
        path.write_text(page(path.read_text(encoding="utf-8"), library), encoding="utf-8")


def _shown(turns: list[Turn]) -> Iterator[str]:
    yield "````text"
    for position, turn in enumerate(turns):
        if position:
            yield ""
        yield f"› {turn.question}"
        yield from _answer_lines(turn.answer)
    yield "````"


def _answer_lines(answer: Answer) -> Iterator[str]:
    if answer.standalone != answer.question:
        yield f"  understood as: {answer.standalone}"
    yield ""
    yield answer.text
    if answer.citations:
        yield ""
        yield from dict.fromkeys(reference(citation) for citation in answer.citations)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
