"""Papers side by side, one paper in short, and what a sentence is there for."""

from __future__ import annotations

import pytest

from assistant.aspects import by_aspect
from assistant.citations import faults, markers
from assistant.engine import Assistant
from assistant.schema import Table, Turn
from assistant.tables import markdown_table
from index.library import Library
from index.schema import Filters


@pytest.fixture
def assistant(sample_library: Library) -> Assistant:
    return Assistant(sample_library)


def test_sentences_are_told_apart_by_what_they_are_there_for() -> None:
    found = by_aspect(
        [
            "However, forecasts of floods remain difficult.",
            "We propose TideNet, which learns how storms push water.",
            "It is trained on a dataset of 12,000 storms.",
            "Experiments show that it outperforms tidal tables by 30%.",
        ]
    )
    assert found == {"problem": 0, "method": 1, "data": 2, "result": 3}


def test_a_text_without_sentences_has_no_aspects() -> None:
    assert by_aspect([]) == {}


def test_named_papers_are_compared_in_the_order_asked(assistant: Assistant) -> None:
    answer = assistant.ask("Compare LoRA and BERT")
    assert (answer.kind, answer.answered, answer.grounded) == ("compare", True, True)
    assert answer.table is not None
    assert answer.table.columns == ("", "LoRA", "BERT")
    assert answer.text == markdown_table(answer.table)
    assert faults(answer, assistant.library.text) == []


def test_each_cell_cites_the_paper_of_its_column(assistant: Assistant) -> None:
    answer = assistant.ask("Compare LoRA and BERT")
    assert answer.table is not None
    for row in answer.table.rows:
        for column, cell in zip(answer.table.columns[1:], row[1:], strict=True):
            for number in markers(cell):
                assert answer.citation(number).paper.short_name == column


def test_papers_of_the_answer_before_are_compared_by_number(assistant: Assistant) -> None:
    first = assistant.ask("Which papers learn a reward model from human preferences?")
    one, two = (citation.paper for citation in first.citations[:2])
    answer = assistant.ask("compare [1] and [2]", [Turn(question=first.question, answer=first)])
    assert {citation.paper.id for citation in answer.citations} == {one.id, two.id}


def test_it_is_compared_with_another(assistant: Assistant) -> None:
    first = assistant.ask("What does ColBERT propose?")
    answer = assistant.ask("Compare it with LoRA", [Turn(question=first.question, answer=first)])
    assert answer.standalone == "Compare ColBERT with LoRA"
    assert answer.kind == "compare"


def test_the_first_two_of_an_answer_from_one_paper_are_the_first_two_shown(assistant: Assistant) -> None:
    first = assistant.ask("What does ColBERT propose?")
    shown = list({one.paper.id: one.paper.short_name for one in (*first.citations, *first.passages)}.values())
    assert len(first.citations) >= 1
    assert {citation.paper.short_name for citation in first.citations} == {"ColBERT"}
    answer = assistant.ask("compare the first two", [Turn(question=first.question, answer=first)])
    assert answer.table is not None
    assert answer.table.columns == ("", *shown[:2])


def test_a_paper_out_of_scope_is_told_and_no_other_compared_in_its_place(assistant: Assistant) -> None:
    lora, bert = assistant.library.paper("LoRA"), assistant.library.paper("BERT")
    others = Filters(excluded=(lora.id,))
    among = assistant.library.count(others)
    for question in ("Compare LoRA and BERT", "How does LoRA differ from BERT?"):
        answer = assistant.ask(question, filters=others)
        told = f"LoRA is not among the {among} papers in scope. Widen the scope to compare."
        assert (answer.kind, answer.answered, answer.text) == ("compare", False, told)
        assert answer.citations == ()
    alone = assistant.ask("Compare LoRA and BERT", filters=Filters(papers=(bert.id,)))
    assert alone.text.startswith("LoRA is not the one paper in scope.")


def test_papers_in_scope_are_compared_without_the_one_that_is_not(assistant: Assistant) -> None:
    others = Filters(excluded=(assistant.library.paper("LoRA").id,))
    answer = assistant.ask("Compare BERT, LoRA and ColBERT", filters=others)
    assert answer.text.startswith("LoRA is not among the ")
    assert answer.table is not None
    assert answer.table.columns == ("", "BERT", "ColBERT")
    assert faults(answer, assistant.library.text) == []


def test_a_comparison_of_what_the_papers_do_not_have_is_no_table(assistant: Assistant) -> None:
    answer = assistant.ask("Compare sourdough bread and croissants")
    assert answer.table is None
    assert not answer.answered


def test_a_paper_is_summarised_in_its_own_sentences(assistant: Assistant) -> None:
    answer = assistant.ask("Summarize LoRA")
    assert answer.kind == "summarize"
    assert {citation.paper.short_name for citation in answer.citations} == {"LoRA"}
    assert len({citation.start for citation in answer.citations}) == len(answer.citations) > 1
    assert faults(answer, assistant.library.text) == []


def test_bars_and_line_breaks_do_not_break_a_table() -> None:
    table = Table(columns=("a|b", "c"), rows=(("$|x|$\nand more", "d"),))
    assert markdown_table(table).splitlines()[2] == r"| $\|x\|$ and more | d |"
