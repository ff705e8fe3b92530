"""The player that stands in for a model in evaluations: faithful it is believed, careless it is not."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from assistant.citations import faults
from assistant.writing.understudy import careless, faithful, main
from index.library import Library
from tests.rehearsing import rehearsed

QUESTION = "How many buoys does TideNet need?"


@pytest.mark.parametrize("rerank", ["none", "listwise", "summaries"])
def test_a_faithful_player_is_quoted(library: Library, tmp_path: Path, rerank: str) -> None:
    with rehearsed(library, faithful, tmp_path, rerank=rerank, check="model") as (assistant, server):
        answer = assistant.ask(QUESTION)
    assert faults(answer, library.text) == []
    assert answer.engine == server.spec("openai")
    assert "twelve buoys" in answer.text
    assert not [step.note for step in answer.steps if "skipped" in step.note and step.name != "rewrite"]


def test_nothing_that_a_careless_player_makes_up_is_shown(library: Library, tmp_path: Path) -> None:
    with rehearsed(library, careless, tmp_path, unsupported="drop") as (assistant, _):
        answer = assistant.ask(QUESTION)
    assert faults(answer, library.text) == []
    assert "twelve buoys" in answer.text
    assert not re.search(r"93\.7|Xqz|never wrote|example\.invalid|\[99\]|elsewhere", answer.text)
    assert answer.grounded


def test_it_says_how_it_is_reached(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    ended = threading.Event()
    ended.set()
    assert main(["--port", str(free_port)], ended) == 0
    assert capsys.readouterr().out == f"--llm openai-compatible:understudy@http://127.0.0.1:{free_port}/v1\n"
