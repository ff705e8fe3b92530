"""JSON lines in, JSON lines out: many questions with the models loaded once.

A bad line gets an error of its own and the run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assistant.engine import Assistant
from index.errors import IbidError
from index.schema import Filters
from ui.programs.results import search_results

Line = dict[str, Any]


class BadLine(IbidError):
    """A batch line is not what it should be."""


def answer_lines(assistant: Assistant, lines: Iterable[str], filters: Filters) -> Iterator[Line]:
    """`{"id", "answers": [Answer, …]}` for each input line, one answer a turn."""

    def answered(asked: Line) -> Line:
        turns = assistant.converse(_questions(asked), filters)
        return {"answers": [turn.answer.model_dump(mode="json") for turn in turns]}

    return _each(lines, answered)


def search_lines(assistant: Assistant, lines: Iterable[str], count: int, filters: Filters) -> Iterator[Line]:
    """`{"id", "results": [...]}` for each input line; of several turns the last, made standalone, is searched."""

    def found(asked: Line) -> Line:
        *before, last = _questions(asked)
        standalone = assistant.understood(last, assistant.converse(before, filters)).standalone
        results = search_results(assistant.library, standalone, count, filters)
        return {"results": results.model_dump(mode="json")["results"]}

    return _each(lines, found)


def _each(lines: Iterable[str], handle: Callable[[Line], Line]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        name: Any = number
        try:
            asked = _parsed(line)
            name = asked.get("id", number)
            yield {"id": name} | handle(asked)
        except Exception as error:  # noqa: BLE001 - one line's failure, whatever it is, must not end the run
            yield {"id": name, "error": f"line {number}: {error}"}


def _parsed(line: str) -> Line:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise BadLine("not UTF-8") from error
    try:
        asked = json.loads(line)
    except ValueError as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(asked, dict):
        raise BadLine(f"must be an object, not {type(asked).__name__}")
    return asked


def _questions(asked: Line) -> list[str]:
    turns = asked.get("turns", [asked["question"]] if "question" in asked else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise BadLine('needs "question": a text, or "turns": a list of texts')
    return turns
