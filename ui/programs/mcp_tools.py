"""A library as tools for an assistant: the Model Context Protocol, over HTTP or standard input and output.

Only what reads is offered; adding is not. Each tool gives the operation's object as structured content, and
the same in words for the model to read: titles, quotes and markers, without the abstracts and passages
that would fill its context. Gradio can offer a page's endpoints as tools by itself; it would offer `add`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar, get_type_hints

from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from assistant.schema import Answer, Turn
from index.errors import IbidError
from index.schema import Paper, Value
from ui.parts.render import byline, counted, with_references
from ui.programs.operations import Programs, explained
from ui.programs.results import Excerpt, PaperList, PaperText, Results

PATH = "/mcp"
_ABOUT = (
    "A library of research papers. `ask` answers from the papers alone, each sentence cited to its exact words; "
    "`search` and `papers` find papers; `paper` reads one. Cite what you use by the paper's title."
)
_READS = ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)
V = TypeVar("V", bound=Value)


ProgramsOf = Callable[[HttpRequest | None], Programs]


def tools(programs_of: ProgramsOf) -> FastMCP:
    """An MCP server with the tools of a library. It keeps no sessions: each call stands alone.

    `programs_of` tells whose library is meant, by the HTTP request of a call, or None where it came another way.
    """
    made = _Tools(
        "ibid",
        instructions=_ABOUT,
        log_level="WARNING",
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        # Who may call is the guard's to say, for all routes alike.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    def here() -> Programs:
        return programs_of(made.get_context().request_context.request)

    made.add_tool(_tool(Programs.search, results_words, here), annotations=_READS)
    made.add_tool(_tool(Programs.ask, answer_words, here), annotations=_READS)
    made.add_tool(_tool(Programs.papers, list_words, here), annotations=_READS)
    made.add_tool(_tool(Programs.paper, paper_words, here), annotations=_READS)
    return made


class _Tools(FastMCP):
    """FastMCP, with errors in our own words."""

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        try:
            return await super().call_tool(name, arguments)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise ToolError(explained(cause)) from cause
            if isinstance(cause, IbidError):
                raise ToolError(str(cause)) from cause
            raise


def results_words(found: Results) -> str:
    """Each result as its paper and the passage that matched."""
    told = [
        f"{one.rank}. {_headed(one.paper)}{_paged(one.passage)}\n\n{one.passage.text}"
        for one in found.results
    ]
    return "\n\n".join(told) or "Nothing found."


def answer_words(answer: Answer) -> str:
    """The answer with its references, each with the words it is cited for."""
    return with_references(Turn(question=answer.question, answer=answer))


def list_words(listed: PaperList) -> str:
    """The papers, a line each."""
    lines = [f"- {_headed(paper)}" for paper in listed.papers]
    return "\n".join([*lines, f"{len(lines)} of {counted(listed.in_scope, 'paper')} in scope."])


def paper_words(read: PaperText) -> str:
    """The paper's facts, and the part of its text."""
    end = "" if read.end >= read.length else f"\n\n(To go on reading, start at {read.end}.)"
    return f"{_headed(read.paper)}\n\n{read.text}{end}"


def _paged(passage: Excerpt) -> str:
    return f" · p. {passage.page}" if passage.page else ""


def _headed(paper: Paper) -> str:
    facts = (paper.title, byline(paper), paper.url or "", f"id {paper.id}")
    return " · ".join(fact for fact in facts if fact)


def _tool(
    operation: Callable[..., V], words: Callable[[V], str], here: Callable[[], Programs]
) -> Callable[..., Awaitable[CallToolResult]]:
    """The operation as a tool with its signature; it works on a thread, for the page shares the event loop."""
    hints = get_type_hints(operation, include_extras=True)
    returned = Annotated[CallToolResult, hints["return"]]

    async def call(**arguments: Any) -> CallToolResult:
        programs = await run_in_threadpool(here)
        value = await run_in_threadpool(operation, programs, **arguments)
        text = TextContent(type="text", text=words(value))
        return CallToolResult(content=[text], structuredContent=value.model_dump(mode="json"))

    told: Any = call
    told.__name__, told.__doc__ = operation.__name__, operation.__doc__
    told.__annotations__ = hints | {"return": returned}
    told.__signature__ = inspect.Signature(
        [
            parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in list(inspect.signature(operation).parameters.items())[1:]
        ],
        return_annotation=returned,
    )
    return call
