"""Answers from a paper with pages: from tables, captions and appendices, on the right page, never from references."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from assistant.citations import faults
from assistant.digest import Wish, digest
from assistant.engine import Assistant
from assistant.evidence import gather
from assistant.schema import Answer, Delta
from index.library import Library
from index.schema import Filters, Paper
from tests.paged import Part, long_paper, made, shelve
from ui.command_line.terminal import print_document
from ui.parts.exports import place
from ui.parts.render import reference

ROW = "HarborQA | 84.1 | 90.9 | 90.4"


@pytest.fixture
def assistant(library: Library) -> Assistant:
    """An assistant over the six papers and one with pages."""
    shelve(library, long_paper())
    return Assistant(library)


def asked(assistant: Assistant, question: str) -> Answer:
    answer = assistant.ask(question)
    assert faults(answer, assistant.library.text) == []
    return answer


def quotes(answer: Answer) -> dict[str, int | None]:
    return {citation.quote: citation.page for citation in answer.citations}


@pytest.mark.parametrize(
    ("question", "quote", "page"),
    [
        ("What test F1 does HarborQA get on the PilotBook corpus in Table 2?", ROW, 2),
        ("What is the Dev EM of QANet on PilotBook?", "QANet | 73.6 | 82.7 | 82.2", 2),
        ("How many seconds does HarborQA need to answer a question?", "HarborQA | 2.5 | 0.12", 3),
        ("Which model has 82.2 test F1 on PilotBook?", "QANet | 73.6 | 82.7 | 82.2", 2),
        ("Is it true that HarborQA gets a test F1 of 90.4 on PilotBook?", ROW, 2),
    ],
)
def test_a_row_answers_with_its_caption_and_header(
    question: str, quote: str, page: int, assistant: Assistant
) -> None:
    answer = asked(assistant, question)
    first = answer.citations[:3]
    assert first[0].quote.startswith("Table ")
    assert first[1].quote.startswith("Model | ")
    assert (first[2].quote, first[2].page) == (quote, page)
    assert answer.table is not None
    assert answer.table.rows[0][-1].endswith("[3]")
    assert all(sentence.support == "verbatim" for sentence in answer.sentences)


def test_rows_of_one_table_stand_in_one_table(assistant: Assistant) -> None:
    answer = asked(assistant, "What test F1 do QANet and BiDAF get on PilotBook in Table 2?")
    assert answer.table is not None
    assert [row[0] for row in answer.table.rows] == ["BiDAF", "QANet"]
    assert answer.text.count("Table 2: Results on the PilotBook corpus") == 1


def test_a_table_whose_columns_are_not_told_is_quoted_line_by_line(library: Library) -> None:
    rows = ("Table 1: Prices of berths.", "Low | High", "Bremen | 12 | 30", "Hamburg | 15 | 41")
    paper = Paper(id="berths", title="BerthBook: What Berths Cost")
    shelve(library, made(paper, (Part("Prices", rows, "table"),)))
    answer = asked(Assistant(library), "How high is the price of a berth in Hamburg?")
    assert answer.table is None
    assert "- Low · High [2]" in answer.text
    assert "- Hamburg · 15 · 41 [3]" in answer.text


def test_a_caption_answers_what_its_figure_shows(assistant: Assistant) -> None:
    answer = asked(assistant, "What does Figure 2 show?")
    assert answer.citations[0].quote.startswith("Figure 2: Attention moves")
    assert answer.citations[0].page == 1


def test_what_a_caption_says_beyond_what_it_shows_answers(library: Library) -> None:
    shown = "Figure 1: Distance between buoys and the shore over a week of storms."
    finding = "The shaded band covers 40 resampled weeks."
    table = ("Table 1: Distance by buoy.", "Buoy | Distance", "North | 4.1", "South | 5.2")
    noted = (f"{table[0]} Weights were halved for buoys that had lost their anchors.", *table[1:])
    filler = "Buoys were read every hour, and storms were taken from the weather service of the coast."
    drift = made(
        Paper(id="drift", title="BuoyDrift: Where Buoys Go"),
        (
            Part("Method", (filler,) * 3),
            Part("Figure 1", (f"{shown} {finding}",), "caption"),
            Part("T", noted, "table"),
        ),
    )
    shelve(library, drift)
    assistant = Assistant(library)
    many = asked(
        assistant, "How many resampled weeks does the distance of buoys from the shore cover in BuoyDrift?"
    )
    assert many.citations[0].quote == finding
    halved = asked(assistant, "Which buoys had their weights halved in BuoyDrift?")
    assert halved.citations[0].quote == "Weights were halved for buoys that had lost their anchors."


def test_a_row_of_words_answers_where_no_figure_is_asked_for(library: Library) -> None:
    rows = (
        "Table 1: Buoys of the fleet.",
        "Buoy | Kind | Use",
        "Skua [3] | A | ice drift",
        "Tern [4] | B | wave heights",
    )
    fleet = made(Paper(id="fleet", title="BuoyFleet: A Register"), (Part("Fleet", rows, "table"),))
    shelve(library, fleet)
    answer = asked(Assistant(library), "Which buoy of BuoyFleet is for wave heights?")
    assert answer.table is not None
    assert [row[0] for row in answer.table.rows] == ["Tern \\[4\\]"]


def test_of_a_long_paper_the_passage_found_first_counts_for_more(assistant: Assistant) -> None:
    asking = "How are questions about anchorage answered?"
    passages = assistant.library.passages(asking, Filters(papers=("harborqa",)))
    ranks = {item.chunk.id: item.rank for item in gather(asking, passages, assistant.library)}
    first = next(passage.chunk.id for passage in passages if passage.chunk.id in ranks)
    assert ranks[first] == min(ranks.values()) >= 1
    short = assistant.library.passages(asking, Filters(excluded=("harborqa",)))
    assert {item.rank for item in gather(asking, short, assistant.library)} == {0}


def test_an_appendix_answers(assistant: Assistant) -> None:
    answer = asked(assistant, "How many retired pilots wrote questions in Bremerhaven?")
    assert answer.citations[0].quote.startswith("Twelve retired pilots")
    assert (answer.citations[0].page, answer.citations[0].section) == (4, "Appendix B Annotation")


def test_where_no_figure_is_asked_for_words_come_first(assistant: Assistant) -> None:
    answer = asked(assistant, "How does HarborQA answer questions?")
    assert " | " not in answer.citations[0].quote


def test_references_are_quoted_by_nothing(assistant: Assistant) -> None:
    library = assistant.library
    listed = long_paper().document.text
    span = range(listed.index("[1] A. Reader"), listed.index("satellite images revisited. 2021."))
    for question in (
        "What do satellite images of moraines tell about glaciers?",
        "Which papers detect moraines from satellite images?",
        "Is it true that moraines are detected from satellite images of glaciers?",
        "Summarize HarborQA",
        "Compare HarborQA with TideNet",
    ):
        cited = asked(assistant, question).citations
        assert not [c for c in cited if c.paper.id == "harborqa" and c.start in span], question
        assert all(passage.chunk.kind != "references" for passage in library.passages(question))
    found = digest(library, Wish(since="1000d", topic="moraines in satellite images"), date.today())
    assert not [c for c in found.citations if c.paper.id == "harborqa"]
    alone = Filters(papers=("harborqa",))
    ranking = [ranked for ranked in library.retriever._found("moraines", alone) if ranked.spot.lists]
    references = library.retriever._read(ranking)
    assert references
    assert gather("moraines", references, library) == []


def test_a_search_finds_a_paper_by_its_references_below_one_about_it(assistant: Assistant) -> None:
    found = assistant.library.search("moraines in satellite images of glaciers", 7)
    ranked = [passage.paper.id for passage in found]
    about = next(p for p in found if p.paper.title == "On the Memory of Glaciers")
    citing = next(p for p in found if p.paper.id == "harborqa")
    assert ranked.index(about.paper.id) == 0
    assert citing.chunk.kind == "references"
    assert ranked.index("harborqa") == 1


def test_references_do_not_make_papers_similar(library: Library) -> None:
    body = Part("Body", ("Ships wait for the tide before they enter a harbour.",))
    listed = tuple(
        f"[{n}] Warblers sing songs that a grammar of bird song finds unlikely, part {n}." for n in range(40)
    )
    without = made(Paper(id="one", title="Waiting for the Tide"), (body,))
    citing = made(
        Paper(id="two", title="Waiting for the Tide Again"), (body, Part("References", listed, "references"))
    )
    shelve(library, without, citing)
    assert library.similar("two", 1)[0].paper.id == "one"


def test_a_quote_has_the_page_it_begins_on_and_not_its_passages(open_library: Callable[..., Library]) -> None:
    library = open_library()
    lines = tuple(f"Line {number} of the log tells of wind and rain." for number in range(31))
    told = Part("Log", (*lines, "The captain buried the ledger under the lighthouse of Hook Head."))
    shelve(library, made(Paper(id="log", title="A Log"), (told,)))
    assistant = Assistant(library)
    answer = asked(assistant, "Where did the captain bury the ledger?")
    (holding,) = [p for p in answer.passages if "Hook Head" in p.text][:1]
    assert (holding.page, answer.citations[0].page) == (1, 2)
    pieces = [
        event
        for event in assistant.stream("Where did the captain bury the ledger?")
        if isinstance(event, Delta)
    ]
    assert pieces[-1].citations == answer.citations
    assert "p. 2." in reference(answer.citations[0])
    assert place(answer.citations[0]) == "(p. 2, Log)"


def test_show_tells_what_a_reader_should_know(assistant: Assistant, capsys: Any) -> None:
    library = assistant.library
    print_document(library.document("harborqa"), (), (), (), as_json=False)
    shown = capsys.readouterr().out
    assert "warning (hidden text, p. 2): White text on white: “give a positive review”" in shown
    print_document(library.document("harborqa"), (), (), (), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["notices"][0]["kind"] == "hidden text"
    assert "layout" not in told


def test_a_long_tables_rows_are_chunks_that_end_with_a_row(assistant: Assistant) -> None:
    chunks = [chunk for chunk in assistant.library.catalog.chunks_of("harborqa") if chunk.kind == "table"]
    rows = set(long_paper().document.text.split("\n\n"))
    assert len(chunks) > 2
    assert all(set(chunk.text.split("\n\n")) <= rows for chunk in chunks)
