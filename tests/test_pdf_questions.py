"""Questions whose answers sit in tables, captions and appendices of real PDFs: the answer cites the page they are on.

The questions are in `data/pdf_questions.jsonl`, the PDFs beside the checkout: `place` says where in its paper an
answer sits, and `holds` what a quote that answers must say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.citations import faults
from assistant.engine import Assistant
from assistant.schema import Answer
from index.embedding import Embedder
from index.library import Library
from index.settings import EmbeddingSettings, IndexSettings

PDFS = Path(__file__).parents[2] / "shared" / "bench" / "pdfs"
QUESTIONS = Path(__file__).parent / "data" / "pdf_questions.jsonl"
RIGHT, OF_EACH_PLACE = 10, 2


@pytest.fixture
def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]


@pytest.fixture
def assistant(
    questions: list[dict[str, Any]], embedder: Embedder, models: Path, tmp_path: Path
) -> Iterator[Assistant]:
    """An assistant over the PDFs that are asked about."""
    files = [PDFS / name for name in sorted({question["file"] for question in questions})]
    if missing := [file.name for file in files if not file.is_file()]:
        pytest.skip(f"{PDFS} lacks {', '.join(missing)}")
    library = Library.open(tmp_path / "library", IndexSettings(embedding=EmbeddingSettings(models=models)))
    library.embedder = embedder
    report = library.add(files)
    assert (len(report.added), report.failed) == (len(files), ())
    yield Assistant(library)
    library.close()


def cites(answer: Answer, question: dict[str, Any]) -> bool:
    """Whether a quote from the page where the answer sits, of the paper asked about, says it."""
    return answer.answered and any(
        citation.paper.source == question["file"]
        and citation.page == question["page"]
        and all(told in " ".join(citation.quote.split()) for told in question["holds"])
        for citation in answer.citations
    )


def test_answers_cite_the_page_whose_table_caption_or_appendix_holds_them(
    assistant: Assistant, questions: list[dict[str, Any]]
) -> None:
    right: Counter[str] = Counter()
    for question in questions:
        answer = assistant.ask(question["question"])
        assert faults(answer, assistant.library.text) == []
        if cites(answer, question):
            right[question["place"]] += 1
        else:
            cited = [(citation.page, citation.quote[:60]) for citation in answer.citations]
            print(f"not cited: {question['question']} ({question['place']}, p. {question['page']}): {cited}")
    assert right.total() >= RIGHT
    assert min(right[question["place"]] for question in questions) >= OF_EACH_PLACE
