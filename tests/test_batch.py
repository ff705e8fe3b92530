"""JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.engine import Assistant
from assistant.schema import Answer
from index.library import Library
from index.schema import Filters
from ui.command_line.batch import answer_lines, search_lines

NOBODY = Filters()


@pytest.fixture
def assistant(sample_library: Library) -> Assistant:
    return Assistant(sample_library)


def asked(*lines: Any) -> list[str]:
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


def test_answers_come_in_the_order_of_the_lines(assistant: Assistant) -> None:
    lines = asked(
        {"id": "b", "question": "What does LoRA propose?"},
        {"id": 7, "turns": ["What does ColBERT propose?", "Does it make passage search efficient?"]},
        {"question": "Hi"},
    )
    told = list(answer_lines(assistant, lines, NOBODY))
    assert [line["id"] for line in told] == ["b", 7, 3]
    assert [len(line["answers"]) for line in told] == [1, 2, 1]
    assert Answer.model_validate(told[1]["answers"][1]).standalone.count("ColBERT") == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1]", "must be an object, not list"),
        ('{"id": 1}', 'needs "question"'),
        ('{"id": 1, "question": ""}', 'needs "question"'),
        ('{"id": 1, "question": 5}', 'needs "question"'),
        ('{"id": 1, "question": null}', 'needs "question"'),
        ('{"id": 1, "turns": []}', 'needs "question"'),
        ('{"id": 1, "turns": "one"}', 'needs "question"'),
        ('{"id": 1, "turns": ["one", 2]}', 'needs "question"'),
        ("\udcff", "not UTF-8"),
    ],
    ids=str,
)
def test_a_bad_line_gets_an_error_and_the_run_goes_on(assistant: Assistant, line: str, reason: str) -> None:
    good = {"id": "good", "question": "What does LoRA propose?"}
    for run in (answer_lines, lambda *given: search_lines(*given[:2], 3, given[2])):
        bad, after = run(assistant, asked(line, good), NOBODY)
        assert "line 1" in bad["error"]
        assert reason in bad["error"]
        assert set(bad) == {"id", "error"}
        assert after["id"] == "good"
        assert "error" not in after


def test_a_search_line_gives_one_result_a_paper(assistant: Assistant) -> None:
    (told,) = search_lines(assistant, asked({"id": 1, "question": "human feedback"}), 5, NOBODY)
    papers = [result["paper"]["id"] for result in told["results"]]
    assert [result["rank"] for result in told["results"]] == [1, 2, 3, 4, 5]
    assert len(set(papers)) == 5


def test_a_search_of_several_turns_is_for_the_last_made_standalone(assistant: Assistant) -> None:
    turns = ["What does ColBERT propose?", "Does it make passage search efficient?"]
    (told,) = search_lines(assistant, asked({"id": 1, "turns": turns}), 1, NOBODY)
    assert told["results"][0]["paper"]["title"].startswith("ColBERT")


def test_a_scope_holds_for_every_line(assistant: Assistant) -> None:
    lines = asked(*({"question": "human feedback"} for _ in range(2)))
    for told in search_lines(assistant, lines, 5, Filters(organizations=("Anthropic",))):
        assert [result["paper"]["organization"] for result in told["results"]] == ["Anthropic"]


def test_each_line_is_answered_before_the_next_is_read(
    environment: dict[str, str], sample_folder: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "ui",
        "search",
        "--batch",
        "-",
        "-k",
        "1",
        "--library",
        str(sample_folder),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for sent, expected in (
            (b'{"id": 1, "question": "low-rank adaptation"}\n', "LoRA"),
            (b"\xff\xfe\n", None),
            (b'{"id": 3, "question": "ColBERT late interaction"}\n', "ColBERT"),
        ):
            process.stdin.write(sent)
            process.stdin.flush()
            told = json.loads(process.stdout.readline())
            if expected is None:
                assert "not UTF-8" in told["error"]
            else:
                assert told["results"][0]["paper"]["title"].startswith(expected)
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait() == 0
