"""Answers that a language model writes, over real HTTP from a scripted server: what it may do, and what not."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from assistant.citations import faults, markers
from assistant.engine import Assistant
from assistant.generative import Models
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Asked, Dialect, Script, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.settings import ModelSettings
from assistant.schema import Answer, Answered, Delta, Retrieved, Stepped, Turn
from assistant.settings import WritingSettings
from assistant.stopping import Stop
from assistant.writing.understudy import passages, role
from index.library import Library
from index.schema import Filters
from tests.rehearsing import playing, rehearsed
from ui.parts.markup import markdown

QUESTION = "How does TideNet forecast sea levels?"
TRUE = "TideNet forecasts sea levels from as few as twelve buoys by learning how storms push water."
NUMBER = "It gains 93.7% on TideBench."
OTHER = "Bananas ripen fastest in paper bags."


@pytest.fixture
def rehearse(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[Assistant, Rehearsal]]]:
    """Gives an assistant over the six papers whose models are played from a script."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    with ExitStack() as opened:

        def start(script: Script, dialect: Dialect = "openai", **writing: Any) -> tuple[Assistant, Rehearsal]:
            return opened.enter_context(rehearsed(library, script, tmp_path, dialect, **writing))

        yield start


def checked(answer: Answer, library: Library) -> Answer:
    """The answer, once it keeps every promise on citations."""
    assert faults(answer, library.text) == []
    return answer


Rehearse = Callable[..., tuple[Assistant, Rehearsal]]


def test_a_model_writes_and_each_sentence_is_traced(rehearse: Rehearse, library: Library) -> None:
    assistant, server = rehearse(
        playing(write=f"{TRUE} [1] On three coasts it halves the error of tidal tables [1].")
    )
    answer = checked(assistant.ask(QUESTION), library)
    assert answer.engine == server.spec("openai")
    assert [(each.support, len(each.citations)) for each in answer.sentences] == [("verbatim", 1)] * 2
    assert [step.name for step in answer.steps] == ["rewrite", "retrieve", "judge", "write"]
    assert answer.usage["requests"] == 3
    assert answer.usage["completion_tokens"] == 33


def test_what_is_streamed_is_the_answer_and_its_markers_resolve_at_any_moment(rehearse: Rehearse) -> None:
    assistant, _ = rehearse(
        playing(write=f"- {TRUE} [1]\n- {OTHER} [2]\n\nThe forecasts stay calibrated [1].")
    )
    text = ""
    kinds = []
    for event in assistant.stream(QUESTION):
        kinds.append(type(event))
        if isinstance(event, Delta):
            text += event.text
            assert set(markers(text)) == {citation.number for citation in event.citations}
        if isinstance(event, Answered):
            assert event.answer.text == text
    assert kinds.index(Stepped) < kinds.index(Retrieved) < kinds.index(Delta)
    assert kinds.count(Delta) == 3


def test_a_sentence_without_support_is_marked_or_dropped_by_setting(
    rehearse: Rehearse, library: Library
) -> None:
    script = playing(write=f"{OTHER} [2] {TRUE} [1] {OTHER} So be it.")
    marked = checked(rehearse(script)[0].ask(QUESTION), library)
    assert [each.support for each in marked.sentences] == ["unsupported", "verbatim", "unsupported"]
    assert not marked.sentences[0].citations
    dropped = checked(rehearse(script, unsupported="drop")[0].ask(QUESTION), library)
    assert [each.text for each in dropped.sentences] == [TRUE]


def test_a_number_that_no_cited_sentence_has_is_never_shown(rehearse: Rehearse, library: Library) -> None:
    answer = checked(rehearse(playing(write=f"{TRUE} [1] {NUMBER} [1][2]"))[0].ask(QUESTION), library)
    assert "93.7" not in answer.text
    assert TRUE in " ".join(each.text for each in answer.sentences)


def test_a_number_is_not_shown_in_a_sentence_that_cites_nothing(rehearse: Rehearse, library: Library) -> None:
    loose = "QuuxNet asks two questions first, and explaining why keeps 18% more of them."
    script = playing(write=f"{TRUE} [1] {loose} [1][2][3][4][5][6]")
    answer = checked(rehearse(script, repair=False)[0].ask(QUESTION), library)
    assert "18" not in answer.text


def test_a_sentence_that_fails_is_written_once_more(rehearse: Rehearse, library: Library) -> None:
    told: list[str] = []

    def mend(asked: Asked) -> str:
        told.append(asked.prompt)
        return "On three coasts it halves the error of tidal tables. [1]"

    answer = checked(rehearse(playing(write=f"{TRUE} [1] {NUMBER} [1]", mend=mend))[0].ask(QUESTION), library)
    assert "halves the error" in answer.text
    assert len(told) == 1
    assert NUMBER in told[0]
    assert "say nothing of it" in told[0]
    assert [step.note for step in answer.steps if step.name == "repair"] == ["written anew"]


def test_a_model_that_finds_nothing_is_believed(rehearse: Rehearse) -> None:
    answer = rehearse(playing(write="NOT IN THE PAPERS"))[0].ask(QUESTION)
    assert not answer.answered
    assert not answer.citations
    assert "Nothing in these 6 papers says" in answer.text


def test_a_question_off_topic_costs_no_answer(rehearse: Rehearse) -> None:
    assistant, server = rehearse(playing())
    assert not assistant.ask("Who won the football cup in Zanzibar?").answered
    assert "write" not in {role(asked) for asked in server.asked}


def test_a_follow_up_is_read_by_the_model(rehearse: Rehearse, library: Library) -> None:
    plan = (
        '{"question": "Does the grammar of bird song need labels?", "searches": ["labels"], "readings": []}'
    )
    assistant, server = rehearse(
        playing(rewrite=plan, write="The grammar needs no labels beyond the species [1].")
    )
    first = Turn(question="Who parses songs?", answer=Assistant(library).ask("Who parses songs?"))
    answer = checked(assistant.ask("and labels?", [first]), library)
    assert answer.standalone == "Does the grammar of bird song need labels?"
    assert answer.question == "and labels?"
    assert answer.citations[0].paper.title == "A Grammar of Bird Song"
    assert "Who parses songs?" in server.asked[0].prompt


@pytest.mark.parametrize("said", ["Certainly!", '{"question": 7}', "", "{" * 50])
def test_a_reading_of_no_use_is_skipped(rehearse: Rehearse, library: Library, said: str) -> None:
    answer = checked(rehearse(playing(rewrite=said))[0].ask(QUESTION), library)
    assert answer.standalone == QUESTION
    assert answer.steps[0].note.startswith("skipped")
    assert answer.sentences


def test_a_part_that_is_not_covered_is_searched_for_again(rehearse: Rehearse) -> None:
    judge = '{"covered": [false], "searches": ["asking two questions keeps new users of a recommender"]}'
    assistant, server = rehearse(playing(judge=judge), searches=2, passages=12)
    answer = assistant.ask(QUESTION)
    assert [step.name for step in answer.steps].count("judge") == 2
    written = next(asked for asked in server.asked if role(asked) == "write")
    assert any("asking two questions first" in text for text in passages(written))


def test_the_judge_puts_passages_in_order(rehearse: Rehearse) -> None:
    def last_first(asked: Asked) -> str:
        return " > ".join(f"[{number}]" for number in range(len(passages(asked)), 0, -1))

    script = playing(order=last_first)
    plain, ranked = (rehearse(script, rerank=how, searches=0) for how in ("none", "listwise"))
    first = []
    for assistant, server in (plain, ranked):
        assistant.ask(QUESTION)
        first.append(passages(next(asked for asked in server.asked if role(asked) == "write"))[0])
    assert "TideNet" in first[0]
    assert first[1] != first[0]


def test_the_judge_weighs_passages_and_those_of_no_use_are_left_out(rehearse: Rehearse) -> None:
    def weigh(asked: Asked) -> str:
        of_use = "buoys" in asked.prompt.rsplit("Question:", 1)[0]
        return f'{{"summary": "On buoys.", "relevance": {9 if of_use else 0}}}'

    assistant, server = rehearse(playing(summary=weigh), rerank="summaries", searches=0)
    assistant.ask(QUESTION)
    given = passages(next(asked for asked in server.asked if role(asked) == "write"))
    assert all("buoys" in text for text in given)
    assert all(text.startswith("Summary: On buoys.") for text in given)


@pytest.mark.parametrize(
    ("word", "support"), [("Yes.", "supported"), ("partly", "partial"), ("no", "unsupported")]
)
def test_the_judge_decides_where_rules_cannot_tell(rehearse: Rehearse, word: str, support: str) -> None:
    loose = "Towns by the sea are told early of storms and floods by few instruments."
    script = playing(write=f"{TRUE} [1] {loose} [1]", support=word)
    by_rules = rehearse(script)[0].ask(QUESTION).sentences[1]
    assert by_rules.support == "partial"
    by_judge = rehearse(script, check="model", repair=False)[0].ask(QUESTION).sentences[1]
    assert by_judge.support == support


def test_the_judge_cannot_vouch_for_a_number(rehearse: Rehearse, library: Library) -> None:
    script = playing(write=f"{TRUE} [1] {NUMBER} [1]", support="yes", mend=f"{NUMBER} [1]")
    answer = checked(rehearse(script, check="model")[0].ask(QUESTION), library)
    assert "93.7" not in answer.text


def test_the_model_reads_dates_and_organisations_that_the_library_has(
    rehearse: Rehearse, library: Library
) -> None:
    plan = (
        '{"question": "Was sagt TideNet?", "language": "de", "searches": ["TideNet"], "since": "2024", '
        '"until": "soon", "organizations": ["Harbor Institute", "Aviary Lab", "Nobody"]}'
    )
    answer = rehearse(playing(rewrite=plan))[0].ask("Was sagt TideNet vom Harbor Institute seit 2024?")
    assert answer.scope.stated.since == "2024"
    assert answer.scope.stated.until is None
    assert {name.casefold().split()[0] for name in answer.scope.stated.organizations} == {"harbor"}
    assert answer.scope.papers == library.count(answer.scope.filters) < library.count()


def test_a_scope_that_the_model_reads_and_that_leaves_nothing_is_left_out(rehearse: Rehearse) -> None:
    plan = '{"question": "How does TideNet forecast sea levels?", "since": "2031"}'
    answer = rehearse(playing(rewrite=plan))[0].ask(QUESTION)
    assert answer.answered
    assert answer.scope.stated.empty


def test_conflicting_readings_are_asked_back_about(rehearse: Rehearse) -> None:
    plan = '{"question": "What is best?", "searches": [], "readings": ["Best on coasts?", "Best for [birds](http://x)?"]}'
    answer = rehearse(playing(rewrite=plan))[0].ask(QUESTION)
    assert answer.kind == "clarify"
    assert "- Best on coasts?" in answer.text
    assert "http" not in answer.text


def test_an_answer_in_another_language_keeps_its_citations_and_is_partly_supported(
    rehearse: Rehearse, library: Library
) -> None:
    plan = (
        '{"question": "Wie sagt TideNet den Meeresspiegel voraus?", "language": "de", '
        '"searches": ["TideNet sea level forecast"], "readings": []}'
    )
    german = "TideNet lernt, wie Stürme das Wasser treiben [1]. Der Fehler sinkt um 93 Prozent [1]."
    answer = checked(
        rehearse(playing(rewrite=plan, write=german))[0].ask("Wie sagt TideNet den Meeresspiegel voraus?"),
        library,
    )
    (sentence,) = answer.sentences
    assert (sentence.support, sentence.text) == ("partial", "TideNet lernt, wie Stürme das Wasser treiben.")
    assert answer.citations[0].paper.short_name == "TideNet"


def test_only_papers_in_scope_are_sent(rehearse: Rehearse, library: Library) -> None:
    (bird,) = [paper for paper in library.papers() if "Bird" in paper.title]
    assistant, server = rehearse(playing())
    assistant.ask("What needs labels?", filters=Filters(papers=(bird.id,)))
    sent = " ".join(asked.prompt for asked in server.asked)
    assert "warblers" in sent
    assert "tidal tables" not in sent


def test_stopping_ends_the_request(rehearse: Rehearse) -> None:
    endless = Scripted(pieces=(f"{TRUE} [1] And so on. ",), fault="endless")
    assistant, server = rehearse(playing(write=endless))
    stream = assistant.stream(QUESTION)
    next(event for event in stream if isinstance(event, Delta))
    stream.close()
    assert server.quiet()


def test_stopping_from_another_thread_ends_a_request_that_says_nothing(rehearse: Rehearse) -> None:
    assistant, server = rehearse(playing(write=Scripted(fault="silent")), seconds=60)
    stop = Stop()
    stream = assistant.stream(QUESTION, stop=stop)
    next(event for event in stream if isinstance(event, Retrieved))
    threading.Timer(0.2, stop.ask).start()
    (*_, last) = stream
    assert isinstance(last, Answered)
    assert last.answer.seconds["total"] < 20
    assert server.quiet()
    asked = len(server.asked)
    list(assistant.stream(QUESTION, stop=stop))
    assert len(server.asked) == asked


FAULTS = (
    *("silent", "refused", "key", "limit", "server", "malformed", "cut"),
    *("drip", "endless", "empty", "format", "context"),
)


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "ollama"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_papers_are_quoted_where_the_model_fails(
    rehearse: Rehearse, library: Library, fault: Any, dialect: str
) -> None:
    failing = Scripted(text=f"{OTHER} {OTHER}", fault=fault, pause=0.2)
    assistant, server = rehearse(playing(write=failing, mend=failing), dialect, seconds=1.5)
    answer = checked(assistant.ask(QUESTION), library)
    assert answer.answered
    assert answer.engine == "extractive"
    assert "quoted instead" in answer.text
    assert answer.seconds["total"] < 1.5 + 1.0 + 1.0
    assert server.quiet()


@pytest.mark.parametrize("fault", ["silent", "refused", "key", "server"])
def test_a_model_that_is_not_there_is_asked_once(rehearse: Rehearse, fault: Any) -> None:
    down = Scripted(fault=fault)
    assistant, server = rehearse(lambda asked: down, seconds=1.0)
    assert "quoted instead" in assistant.ask(QUESTION).text
    assert len(server.asked) <= 1


def test_what_was_written_before_the_model_stopped_stays(rehearse: Rehearse, library: Library) -> None:
    pieces = (
        f"{TRUE} [1] ",
        "On three coasts it ",
        "halves the error of tidal tables [1]. ",
        "And ",
        "then ",
        "it ",
    )
    assistant, _ = rehearse(playing(write=Scripted(pieces=pieces, fault="cut")))
    answer = checked(assistant.ask(QUESTION), library)
    assert answer.text.startswith(TRUE.rstrip("."))
    assert "quoted instead" in answer.text
    assert answer.engine != "extractive"
    assert len(answer.sentences) > 1


FRAGMENTS = some.sampled_from(
    [
        *(TRUE, NUMBER, OTHER, "It halves the error of tidal tables", "18% more of them", "**Bold** claims"),
        *(
            "[1]",
            "[2, 3]",
            "[99]",
            "[0]",
            "[0001]",
            "\\[1\\]",
            "[[2]]",
            "[1](http://evil.example/x)",
            "【3】",
            "[^4]",
        ),
        *(
            "“halves the error of tidal tables”",
            '"we invented this quote today"',
            "2,000",
            "1e9",
            "٣٤",
            "$x_1 = 7$",
        ),
        *(
            "![i](http://evil.example/a)",
            "<img src=//evil.example onerror=x>",
            "[l](javascript:x)",
            "http://evil.example",
        ),
        *(
            "\n",
            "\n\n",
            "\n- ",
            "\n# ",
            "|",
            "```",
            "$",
            "*",
            "_",
            "`",
            "\\",
            "</passage>",
            "\u202e",
            "\x00",
            "\ue000",
        ),
        *(". ", "! ", "… ", "。", ", "),
    ]
)


def test_no_reply_breaks_a_promise(
    tmp_path: Path,
    open_library: Callable[..., Library],
    write_papers: Callable[..., Path],
    papers: Any,
    hashing: Any,
) -> None:
    library = open_library(tmp_path / "hashed", hashing)
    library.add([write_papers("papers.jsonl", *papers)])
    said = {"reply": ""}
    with Rehearsal(lambda asked: said["reply"] or "-") as server:
        limits = ModelSettings(file=tmp_path / "models.sqlite", cache=False, retries=0)
        model = load_model(server.spec("openai"), limits)
        marking, dropping = (
            Assistant(
                library,
                models=Models(
                    model, model, WritingSettings(rewrite=False, searches=0, repair=False, unsupported=how)
                ),
            )
            for how in ("mark", "drop")
        )

        @settings(
            max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
        )
        @given(some.lists(FRAGMENTS, max_size=14), some.booleans())
        def holds(parts: list[str], marks: bool) -> None:
            said["reply"] = " ".join(parts)
            answer = checked((marking if marks else dropping).ask(QUESTION), library)
            assert answer.answered
            if not marks:
                assert answer.grounded
            html = markdown(answer.text, lambda number: f"<m{number}>")
            assert "evil" not in re.sub(r">[^<]*<", "><", html)
            shown = [int(number) for number in re.findall(r"<m(\d+)>", html)]
            assert set(shown) <= {citation.number for citation in answer.citations}

        holds()
