"""The rubric of facts and the cost of steps in an evaluation, with models played from a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.engine import Assistant
from assistant.evaluation.evaluate import Evaluation
from assistant.evaluation.nuggets import Rubric, read_nuggets, read_verdicts
from assistant.evaluation.schema import Case, CaseSet, Outcome, Run
from assistant.evaluation.systems import chosen_systems
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Asked, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.settings import ModelSettings
from index.library import Library
from tests.rehearsing import playing, rehearsed
from ui.command_line.cli import cli
from ui.command_line.report import html_report, markdown_report, step_tables

TITLE = "TideNet: Forecasting Sea Levels from Sparse Buoys"
FACTS = ["It halves the error of tidal tables.", "It needs twelve buoys."]
CASE = Case(
    id="q1",
    question="How are floods forecast from few buoys?",
    gold={TITLE: 1},
    sentences=("On three coasts it halves the error of tidal tables.",),
)
BARE = Case(id="q2", question="What do young male warblers sing?", gold={"A Grammar of Bird Song": 1})


def judging(
    verdicts: Any = ("supported", "partially"), facts: Any = FACTS
) -> Callable[[Asked], Scripted | str]:
    """A script that draws those facts and gives those verdicts, and writes as `playing` does."""

    def line(asked: Asked) -> Scripted | str:
        if '"verdicts"' in asked.messages[0].text:
            return json.dumps({"verdicts": verdicts})
        if '"nuggets"' in asked.messages[0].text:
            return json.dumps({"nuggets": facts})
        return playing()(asked)

    return line


def evaluated(
    library: Library, script: Any, folder: Path, **writing: Any
) -> tuple[Outcome, Rubric, Rehearsal]:
    """What comes of both cases with a model that writes and judges."""
    with rehearsed(library, script, folder, **writing) as (assistant, server):
        assert assistant.models is not None
        rubric = Rubric(assistant.models.judge)
        asked = CaseSet(name="own", kind="questions", cases=(CASE, BARE))
        evaluation = Evaluation(assistant, chosen_systems(["ibid"]), lambda what, done, total: None, rubric)
        (outcome,) = evaluation.run([asked])
        return outcome, rubric, server


def test_an_answer_is_scored_by_the_facts_of_its_gold_sentences(library: Library, tmp_path: Path) -> None:
    outcome, rubric, server = evaluated(library, judging(), tmp_path)
    assert outcome.values("nugget coverage") == {"q1": 0.75}
    assert outcome.figures["nugget coverage"] == 0.75
    assert not rubric.unjudged
    drawn, scored = (asked.prompt for asked in server.asked if "facts" in asked.messages[0].text)
    assert CASE.sentences[0] in drawn
    assert all(fact in scored for fact in FACTS)
    assert "[1]" not in scored


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (judging(verdicts=["supported"]), "no verdict for each fact"),
        (judging(verdicts=["supported", "perhaps"]), "no verdict for each fact"),
        (judging(facts=[]), "no facts"),
    ],
)
def test_what_the_judge_cannot_say_is_left_out_and_told(
    script: Any, reason: str, library: Library, tmp_path: Path
) -> None:
    outcome, rubric, _ = evaluated(library, script, tmp_path)
    assert outcome.values("nugget coverage") == {}
    assert reason in rubric.unjudged["q1"]


def test_a_judge_that_fails_costs_no_other_measure(library: Library, tmp_path: Path) -> None:
    with Rehearsal(lambda asked: Scripted(fault="server")) as server:
        limits = ModelSettings(file=tmp_path / "models.sqlite", cache=False, retries=0)
        rubric = Rubric(load_model(server.spec("openai"), limits))
        assert rubric.coverage(CASE, Assistant(library).ask(CASE.question)) is None
        assert rubric.coverage(BARE, Assistant(library).ask(BARE.question)) is None
    assert list(rubric.unjudged) == ["q1"]


def test_an_answer_that_says_nothing_states_no_fact(library: Library, tmp_path: Path) -> None:
    with Rehearsal(judging()) as server:
        limits = ModelSettings(file=tmp_path / "models.sqlite", cache=False, retries=0)
        rubric = Rubric(load_model(server.spec("openai"), limits))
        refused = Assistant(library).ask("Who won the football cup in Zanzibar?")
        assert rubric.coverage(CASE, refused) == 0.0
        assert len(server.asked) == 1


def test_facts_are_lines_of_their_own() -> None:
    said = {"nuggets": ["Tides rise.", "Tides rise.", "", "x" * 999, "**Birds** [sing](http://a.example)."]}
    assert read_nuggets(json.dumps(said)) == ("Tides rise.", "Birds sing.")
    assert read_nuggets("none") == ()


def test_verdicts_are_read_however_they_are_worded() -> None:
    said = {"verdicts": ["Support", "partial_support", "not_support", "Unsupported."]}
    assert read_verdicts(json.dumps(said), 4) == ("supported", "partially", "not", "not")
    assert read_verdicts(json.dumps(said), 3) is None


def test_the_cost_of_each_step_is_shown_and_goes_with_the_step(library: Library, tmp_path: Path) -> None:
    script = judging()
    with_it, without = (evaluated(library, script, tmp_path, rewrite=rewrite)[0] for rewrite in (True, False))
    assert list(with_it.steps) == ["rewrite", "retrieve", "judge", "write"]
    assert list(without.steps) == ["retrieve", "judge", "write"]
    assert with_it.steps["rewrite"].tokens == with_it.steps["write"].tokens == 18
    assert with_it.steps["retrieve"].tokens == 0
    assert with_it.steps["write"].seconds > 0
    run = Run(version="0", machine="m", settings={}, outcomes=(with_it,))
    ((title, (columns, rows)),) = step_tables(run)
    assert title == "own · ibid: steps of an answer"
    assert columns == ("step", "seconds", "tokens")
    assert [(row[0], row[2]) for row in rows] == [
        ("rewrite", "18"), ("retrieve", "0"), ("judge", "18"), ("write", "18"), ("all", "54"),
    ]  # fmt: skip
    assert "steps of an answer" in markdown_report(run, [])
    assert "steps of an answer" in html_report(run, [])


def test_a_step_that_a_question_went_without_costs_nothing_for_it() -> None:
    rows = [
        {"id": "a", "question": "a", "answered": True, "steps": {"write": {"seconds": 1, "tokens": 10}}},
        {"id": "b", "question": "b", "answered": True, "steps": {
            "write": {"seconds": 3, "tokens": 30}, "repair": {"seconds": 1, "tokens": 4}}},
        {"id": "c", "question": "c", "answered": False, "steps": {"write": {"seconds": 9, "tokens": 9}}},
    ]  # fmt: skip
    outcome = Outcome.model_validate(
        {"name": "n", "kind": "questions", "system": "ibid", "papers": 1, "rows": rows}
    )
    assert outcome.steps["write"].model_dump() == {"seconds": 2, "tokens": 20}
    assert outcome.steps["repair"].model_dump() == {"seconds": 0.5, "tokens": 2}


def test_the_verb_judges(library: Library, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    folder.mkdir()
    row = {"question": CASE.question, "gold": [TITLE], "answer_sentences": list(CASE.sentences)}
    (folder / "own.jsonl").write_text(json.dumps(row) + "\n")
    library.close()
    with Rehearsal(judging()) as server:
        variables = environment | {"IBID_LLM__FILE": str(tmp_path / "models.sqlite")}
        told = CliRunner().invoke(
            cli, ["eval", str(folder), "--llm", server.spec("openai"), "--judge"], env=variables
        )
        assert told.exception is None, told.output
        assert "nugget coverage" in told.output
        assert "steps of an answer" in told.output
        assert "0.750" in told.output
    refused = CliRunner().invoke(cli, ["eval", str(folder), "--judge"], env=environment)
    assert "needs a language model" in str(refused.exception)
