"""What other programs may do with a library: search, ask, list, read, add.

Owns the operations and the checking of what programs send; the Gradio endpoints, the MCP tools and the
OpenAI-compatible routes are three doors to it. Everything that is wrong with a request is an `IbidError`
that says so. Refuses to know what a request looks like on the wire, and takes contents, never paths: who
calls need not be someone who may read this machine's files.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import threading
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from pydantic import AfterValidator, Field, ValidationError, validate_call

from assistant.engine import Assistant
from assistant.schema import Answer
from index.dates import parse_bound
from index.errors import IbidError
from index.library import Library
from index.online.addresses import address_of
from index.outcomes import AddReport
from index.schema import Filters
from ui.programs.results import PaperList, PaperText, Results, search_results
from ui.watch import metrics

MOST_FOUND = 100
MOST_LISTED = 1000
MOST_READ = 100_000  # characters of a paper's text at once
_RECEIVED = "received"  # the folder, in the library's, where contents stand while they are read

P = ParamSpec("P")
R = TypeVar("R")


class BadRequest(IbidError):
    """A program asked for something that cannot be meant."""


def _whole(text: str) -> str:
    """JSON can write half a character, which no store takes."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("is not Unicode text: it holds half of a surrogate pair")
    return text


def _something(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _plain_name(name: str) -> str:
    """A file's name and no path, so that nothing is written or read anywhere else."""
    if any(character in "/\\" or not character.isprintable() for character in name):
        raise ValueError("must be a file's name alone, without folders")
    if name != name.strip() or name.startswith(".") or len(name.encode()) > 200:
        raise ValueError("is no file name: it may not be long, begin with a dot, or have spaces around it")
    return name


Words = Annotated[str, AfterValidator(_whole)]
Text = Annotated[Words, AfterValidator(_something)]
FileName = Annotated[Text, AfterValidator(_plain_name)]
Scope = Annotated[
    Filters | None,
    Field(description="Only these papers; dates as 2025, 2025-06 or 2025-06-19, papers by id or title."),
]


def checked(method: Callable[P, R]) -> Callable[P, R]:
    """The method with its arguments held to its annotations: BadRequest names the one that is wrong."""
    validated = validate_call(method)
    signature = inspect.signature(method)

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        owner, *rest = signature.bind(*args, **kwargs).arguments.items()
        try:
            return validated(owner[1], **dict(rest))
        except ValidationError as error:
            raise BadRequest(explained(error)) from error

    return call


class Programs:
    """A library as programs use it. Safe to share between threads."""

    def __init__(self, library: Library, assistant: Assistant) -> None:
        self.library = library
        self.assistant = assistant
        self._adding = threading.Lock()

    @checked
    def search(
        self,
        query: Annotated[Text, Field(description="What the papers should be about.")],
        k: Annotated[int, Field(ge=1, le=MOST_FOUND, description="How many papers to give.")] = 10,
        filters: Scope = None,
    ) -> Results:
        """Find papers: one result a paper, best first, each with the passage that matched best."""
        return search_results(self.library, query, k, self._scope(filters))

    @checked
    def ask(
        self,
        question: Annotated[Text, Field(description="The question, or a follow-up to those before.")],
        before: Annotated[
            tuple[Text, ...], Field(description="The questions asked before it, oldest first.")
        ] = (),
        filters: Scope = None,
    ) -> Answer:
        """Answer a question from the papers alone; every sentence is cited to the words it rests on."""
        scope = self._scope(filters)
        return self.assistant.ask(question, self.assistant.converse(before, scope), scope)

    @checked
    def papers(
        self,
        words: Annotated[
            Words, Field(description="Words that each stand in the title or are an author's family name.")
        ] = "",
        limit: Annotated[int, Field(ge=0, le=MOST_LISTED, description="How many papers to give.")] = 50,
        offset: Annotated[int, Field(ge=0, description="How many papers to pass over first.")] = 0,
        filters: Scope = None,
    ) -> PaperList:
        """List papers, newest first; `in_scope` counts them whatever the words."""
        scope = self._scope(filters)
        listed = self.library.papers(scope, words, offset, limit)
        return PaperList(papers=tuple(listed), in_scope=self.library.count(scope))

    @checked
    def paper(
        self,
        name: Annotated[Text, Field(description="The paper's id, or its title, or how only it begins.")],
        start: Annotated[int, Field(ge=0, description="The first character of the text to give.")] = 0,
        length: Annotated[
            int, Field(ge=0, le=MOST_READ, description="How many characters to give.")
        ] = 20_000,
    ) -> PaperText:
        """Read a paper: its facts, its sections, and its text or a part of it."""
        document = self.library.document(self.library.paper(name).id)
        text = document.text[start : start + length]
        return PaperText(
            paper=document.paper,
            sections=document.sections,
            text=text,
            start=start,
            end=start + len(text),
            length=len(document.text),
        )

    @checked
    def add(
        self,
        name: Annotated[FileName, Field(description="A file's name; its ending says how it is read.")],
        content: Annotated[Text, Field(description="What the file holds.")],
        encoding: Annotated[
            Literal["text", "base64"], Field(description="base64 for what is not text.")
        ] = "text",
    ) -> AddReport:
        """Add papers from the content of a file; sent again under its name, it takes its own place."""
        held = content.encode() if encoding == "text" else _unpacked(content)
        # Papers remember their source by its place, so the same name must mean the same place each time.
        folder = self.library.folder / _RECEIVED
        with self._adding:
            folder.mkdir(exist_ok=True)
            file = folder / name
            try:
                file.write_bytes(held)
                return _counted(self.library.add([file]))
            finally:
                file.unlink(missing_ok=True)

    @checked
    def fetch(
        self,
        address: Annotated[
            Text, Field(description="arxiv:2402.08714, doi:10.1145/…, or the URL of a PDF or a web page.")
        ],
    ) -> AddReport:
        """Fetch a paper by its address and add it, where the settings allow programs to."""
        if not self.library.settings.online.programs:
            raise BadRequest("online.programs is false: set it to true to let programs have papers fetched.")
        meant = address_of(address)
        if meant is None:
            raise BadRequest(
                f"address = {address[:80]!r} is none; say arxiv:2402.08714, doi:10.1145/…, or a URL."
            )
        with self._adding:
            return _counted(self.library.fetch(meant))

    def _scope(self, filters: Filters | None) -> Filters:
        """The filters with dates in ISO 8601 and papers by id, however they were written."""
        if filters is None:
            return Filters()
        try:
            dates = {
                field: parse_bound(written)
                for field in ("since", "until")
                if (written := getattr(filters, field)) is not None
            }
        except ValueError as error:
            raise BadRequest(f"filters: {error}") from error
        papers = tuple(self.library.paper(name).id for name in filters.papers)
        return filters.model_copy(update={**dates, "papers": papers})


def _counted(report: AddReport) -> AddReport:
    metrics.added(report)
    return report


def _unpacked(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise BadRequest(
            f"content is not base64: {error}. Send text as it is, with encoding 'text'."
        ) from error


def explained(error: ValidationError) -> str:
    """The first thing that is wrong with an operation's arguments, by its name."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name} is not a filter; known: {', '.join(Filters.model_fields)}"
    said = first["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
    given: Any = first["input"]
    return f"{name} = {repr(given)[:80]}: {said[0].lower()}{said[1:]}"
