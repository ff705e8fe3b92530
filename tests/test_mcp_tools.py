"""The library's tools, called by MCP's own client over HTTP and over standard input and output."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from assistant.engine import Assistant
from assistant.schema import Answer
from ui.programs.results import PaperList, PaperText, Results

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
READERS = {"search", "ask", "papers", "paper"}

Use = Callable[[ClientSession], Awaitable[Any]]


def over(transport: AbstractAsyncContextManager[Any], use: Use) -> Any:
    """What `use` makes of a session over the transport."""

    async def run() -> Any:
        async with transport as (read, write, *_), ClientSession(read, write) as session:
            await session.initialize()
            return await use(session)

    return anyio.run(run)


@pytest.fixture
def call(server: Any) -> Callable[..., CallToolResult]:
    """Calls a tool of the served library."""

    def called(tool: str, **arguments: Any) -> CallToolResult:
        transport = streamable_http_client(f"{server.address}/mcp")
        return over(transport, lambda session: session.call_tool(tool, arguments))  # type: ignore[no-any-return]

    return called


def words(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_the_tools_read_and_none_writes(server: Any) -> None:
    told = over(streamable_http_client(f"{server.address}/mcp"), lambda session: session.list_tools())
    assert {tool.name for tool in told.tools} == READERS
    for tool in told.tools:
        assert tool.annotations.readOnlyHint
        assert tool.description
        assert all(
            "description" in parameter for parameter in tool.inputSchema.get("properties", {}).values()
        )


def test_an_answer_comes_as_its_object_and_in_words(call: Callable[..., CallToolResult], server: Any) -> None:
    question = "What does LoRA propose?"
    result = call("ask", question=question, filters={"since": "2020", "organizations": ["Microsoft"]})
    answer = Answer.model_validate(result.structuredContent)
    expected = Assistant(server.library).ask(question, filters=answer.scope.filters)
    assert answer.citations == expected.citations != ()
    assert words(result).startswith(expected.text)
    assert f"“{expected.citations[0].quote}”" in words(result)
    assert answer.scope.filters.organizations == ("Microsoft",)


def test_papers_are_found_listed_and_read(call: Callable[..., CallToolResult]) -> None:
    found = call("search", query="low-rank adaptation", k=2)
    results = Results.model_validate(found.structuredContent).results
    assert [one.rank for one in results] == [1, 2]
    assert results[0].passage.text in words(found)
    listed = call("papers", words="scaling", limit=1)
    assert len(PaperList.model_validate(listed.structuredContent).papers) == 1
    assert "of 29 papers in scope" in words(listed)
    part = call("paper", name=results[0].paper.id, length=40)
    read = PaperText.model_validate(part.structuredContent)
    assert (read.start, read.end) == (0, 40)
    assert words(part).endswith(f"{read.text}\n\n(To go on reading, start at 40.)")


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("ask", {"question": " "}, "question = ' ': is empty"),
        ("search", {"query": "x", "k": 0}, "k = 0: input should be greater than or equal to 1"),
        (
            "search",
            {"query": "x", "filters": {"since": "soon"}},
            "filters: 'soon' is not a date; write it as 2025",
        ),
        ("paper", {"name": "None Such"}, "No paper is called 'None Such'. Find it with"),
        ("add", {"name": "a.md", "content": "x"}, "Unknown tool: add"),
    ],
    ids=["blank", "limit", "date", "paper", "add"],
)
def test_a_bad_call_is_told_what_is_wrong(
    call: Callable[..., CallToolResult], tool: str, given: dict[str, Any], said: str
) -> None:
    result = call(tool, **given)
    assert result.isError
    assert words(result).startswith(said)


def test_tools_are_offered_on_standard_input_and_output(
    environment: dict[str, str], sample_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample_folder, environment["IBID_LIBRARY"])
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "ui", "mcp"], env=environment)

    async def use(session: ClientSession) -> Any:
        return [tool.name for tool in (await session.list_tools()).tools], await session.call_tool(
            "ask", {"question": "What does LoRA propose?"}
        )

    with (tmp_path / "errors").open("w") as errors:
        names, result = over(stdio_client(parameters, errlog=errors), use)
    assert set(names) == READERS
    assert result.structuredContent["citations"]
    assert (tmp_path / "errors").read_text() == ""


# ---- Off unless asked for


def post(address: str) -> int:
    request = urllib.request.Request(address, data=b"{}", headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("mcp", [False, True], ids=["serve", "serve --mcp"])
def test_the_server_offers_tools_only_when_asked_to_and_stops_at_ctrl_c(
    environment: dict[str, str], sample_folder: Path, free_port: int, mcp: bool
) -> None:
    shutil.copytree(sample_folder, environment["IBID_LIBRARY"])
    command = [sys.executable, "-m", "ui", "serve", "--port", str(free_port), *(["--mcp"] if mcp else [])]
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stderr is not None
            assert f"Ibid is at http://127.0.0.1:{free_port}" in process.stderr.readline()
            status = post(f"http://127.0.0.1:{free_port}/mcp")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (status in (404, 405)) is not mcp
    assert process.returncode == 0
    assert errors == ""
