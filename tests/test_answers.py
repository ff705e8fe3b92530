"""Answers without a language model: found, quoted, listed, refused; through `Assistant`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.citations import markers
from assistant.engine import Assistant
from assistant.schema import Answered, Delta, Retrieved, Turn
from index.embedding import Embedder
from index.library import Library
from index.schema import Filters


@pytest.fixture
def assistant(sample_library: Library) -> Assistant:
    return Assistant(sample_library)


def test_every_sample_paper_is_cited_when_it_is_asked_about(assistant: Assistant) -> None:
    missed = [
        paper.title
        for paper in assistant.library.papers(limit=100)
        if paper.id
        not in {
            citation.paper.id
            for citation in assistant.ask(f"What does {paper.short_name or paper.title} propose?").citations
        }
    ]
    assert missed == []


def test_every_paper_of_the_listing_pages_is_cited_when_it_is_asked_about(
    seeds_library: Library, remembering: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds_library, "embedder", remembering)
    assistant, missed = Assistant(seeds_library), []
    papers = seeds_library.papers(limit=1000)
    for paper in papers:
        answer = assistant.ask(f"What does {paper.short_name or paper.title} propose?")
        if paper.id not in {citation.paper.id for citation in answer.citations}:
            missed.append(paper.title)
    assert len(papers) == 302
    assert missed == []


@pytest.mark.parametrize(
    ("asked", "paper", "words"),
    [
        (
            "What BLEU score does the large Transformer reach on WMT 2014?",
            "Attention Is All You Need",
            "28.4",
        ),
        ("Which share of word pieces does BERT mask?", "BERT", "Fifteen percent"),
        ("What does the surrogate objective of Proximal Policy Optimization clip?", "Proximal", "clips"),
    ],
)
def test_the_sentence_that_answers_is_quoted(
    assistant: Assistant, asked: str, paper: str, words: str
) -> None:
    answer = assistant.ask(asked)
    quoting = [c for c in answer.citations if words in c.quote]
    assert quoting, answer.text
    assert quoting[0].paper.title.startswith(paper)
    assert answer.grounded


def test_a_list_question_names_papers_a_line_each(assistant: Assistant) -> None:
    answer = assistant.ask("Which papers learn a reward model from human preferences?")
    lines = [line for line in answer.text.splitlines() if line.startswith("- ")]
    cited = [citation.paper.title for citation in answer.citations]
    assert answer.kind == "list"
    assert len(lines) == len(set(cited)) > 1
    assert "Learning to summarize from human feedback" in cited


@pytest.mark.parametrize(
    "asked",
    [
        "How do I bake sourdough bread?",
        "Who won the football match last night?",
        "What is the capital of Mongolia?",
        "xqzzt vrrbl plomf?",
    ],
)
def test_what_the_papers_do_not_say_is_refused_and_cites_nothing(assistant: Assistant, asked: str) -> None:
    answer = assistant.ask(asked)
    assert (answer.answered, answer.citations, answer.sentences) == (False, (), ())
    assert not answer.grounded
    assert "[" not in answer.text
    assert answer.coverage.cited == 0


def test_a_refusal_shows_the_nearest_papers_as_not_used(assistant: Assistant) -> None:
    answer = assistant.ask("How do I bake sourdough bread?")
    assert answer.passages
    assert "not used" in answer.text
    assert answer.passages[0].paper.title in answer.text


def test_small_talk_searches_and_cites_nothing(assistant: Assistant) -> None:
    answer = assistant.ask("Hello!")
    assert (answer.kind, answer.answered, answer.passages) == ("smalltalk", False, ())
    assert answer.text


def test_an_empty_library_says_that_there_are_no_papers(open_library: Callable[..., Library]) -> None:
    answer = Assistant(open_library()).ask("What drifts?")
    assert "no papers" in answer.text
    assert (answer.answered, answer.scope.papers, answer.coverage.searched) == (False, 0, 0)


def test_a_scope_without_papers_says_so(assistant: Assistant) -> None:
    answer = assistant.ask("What does LoRA propose?", filters=Filters(since="2031"))
    assert "no papers" in answer.text
    assert answer.passages == ()


def test_an_answer_is_held_to_its_scope(assistant: Assistant) -> None:
    scope = Filters(organizations=("OpenAI",), until="2021")
    answer = assistant.ask("Which papers use human feedback?", filters=scope)
    assert answer.scope.filters == scope
    assert answer.scope.papers == assistant.library.count(scope) == answer.coverage.searched
    found = {passage.paper.organization for passage in answer.passages}
    assert found == {"OpenAI"}
    assert all(citation.paper.published < "2022" for citation in answer.citations if citation.paper.published)


@pytest.mark.parametrize(
    "asked",
    ["What does LoRA propose?", "Summarize LoRA", "Compare LoRA and BERT", "Which papers adapt models?"],
)
def test_a_paper_out_of_scope_is_not_answered_from_even_where_it_is_named(
    assistant: Assistant, asked: str
) -> None:
    lora, bert = assistant.library.paper("LoRA"), assistant.library.paper("BERT")
    for scope in (Filters(excluded=(lora.id,)), Filters(papers=(bert.id,))):
        answer = assistant.ask(asked, filters=scope)
        assert lora.id not in {paper.paper.id for paper in (*answer.citations, *answer.passages)}
        assert "Low-Rank" not in answer.text


def test_the_stream_tells_what_was_found_then_the_text_then_the_answer(assistant: Assistant) -> None:
    events = list(assistant.stream("What does LoRA propose?"))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Answered)
    pieces = [event.text for event in events[1:-1] if isinstance(event, Delta)]
    assert len(pieces) == len(events) - 2
    answer = events[-1].answer
    assert "".join(pieces) == answer.text
    assert events[0].passages == answer.passages
    assert events[0].searched == answer.coverage.searched


@pytest.mark.parametrize("question", ["What does LoRA propose?", "Compare LoRA and InstructGPT."])
def test_each_piece_brings_the_citations_that_the_text_so_far_refers_to(
    assistant: Assistant, question: str
) -> None:
    written = ""
    for event in assistant.stream(question):
        if isinstance(event, Delta):
            written += event.text
            assert [citation.number for citation in event.citations] == sorted(set(markers(written)))
    assert isinstance(event, Answered)
    assert event.answer.citations


def test_a_stream_can_be_left_at_any_event(assistant: Assistant) -> None:
    for taken in range(3):
        stream = assistant.stream("What does LoRA propose?")
        for _ in range(taken):
            next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert assistant.ask("What does LoRA propose?").answered


def test_asking_twice_gives_the_same_answer(assistant: Assistant) -> None:
    one, two = (assistant.ask("Which papers use human feedback?") for _ in range(2))
    assert one.model_copy(update={"seconds": {}}) == two.model_copy(update={"seconds": {}})


def test_starters_are_questions_that_are_answered(assistant: Assistant) -> None:
    starters = assistant.starters(3)
    assert len(set(starters)) == 3
    assert all(assistant.ask(question).answered for question in starters)


def test_an_empty_library_has_no_starters(open_library: Callable[..., Library]) -> None:
    assert Assistant(open_library()).starters() == ()


def test_time_is_told_by_part(assistant: Assistant) -> None:
    seconds = assistant.ask("What does LoRA propose?").seconds
    assert set(seconds) >= {"retrieve", "answer", "total"}
    assert seconds["total"] >= max(seconds["retrieve"], seconds["answer"])


def test_unreadable_sources_are_counted(
    open_library: Callable[..., Library], write_papers: Callable[..., Path]
) -> None:
    library = open_library()
    library.add(
        [write_papers("mixed.jsonl", {"title": "Drift", "abstract": "Buoys drift at sea."}, "{broken")]
    )
    assert Assistant(library).ask("Do buoys drift at sea?").coverage.unreadable == 1


def test_an_answer_about_a_paper_removed_since_can_still_be_followed_up(
    library: Library,
) -> None:
    assistant = Assistant(library)
    first = assistant.ask("What does TideNet forecast?")
    library.remove(["TideNet"])
    second = assistant.ask("Does it stay calibrated?", [Turn(question=first.question, answer=first)])
    assert all(citation.paper.title != first.citations[0].paper.title for citation in second.citations)
