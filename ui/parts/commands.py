"""What is typed with a slash, as a value: `/compare A, B`, `/scope since June 2025`, `/new`.

It stands in `ui`, since half of the commands are acts of a page (what is listed, exported, begun anew) that
the assistant knows nothing of; the other half only spell a question, in words whose kind the assistant
tells as it does for any question. What filters are made of is `scope_line`'s to read. Pure: what the library
has and what day it is are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from assistant.kinds import sides
from index.errors import IbidError
from index.schema import Filters, Value
from ui.parts.exports import FORMATS
from ui.parts.scope_line import Holdings, read_filters, read_line

_TYPED = re.compile(r"\s*/(?P<name>[a-z]*)(?:\s+(?P<rest>.*))?\s*", re.IGNORECASE | re.DOTALL)
_Read = TypeVar("_Read")


class CommandError(IbidError):
    """A command that there is not, or one that lacks what it needs."""


class Ask(Value):
    """Ask a question."""

    question: str


class ListPapers(Value):
    """Show the papers in `filters` whose titles or authors have the words; no words show all of them."""

    words: str = ""
    filters: Filters = Filters()


class SetScope(Value):
    """Hold the conversation to these filters in place of those it has."""

    filters: Filters = Filters()


class TellScope(Value):
    """Say what the conversation is held to."""


class SaveAs(Value):
    """Export the conversation; `form` is one of `exports.FORMATS`."""

    form: str


class StartNew(Value):
    """Begin a new conversation."""


Command = Ask | ListPapers | SetScope | TellScope | SaveAs | StartNew


class Known(Value):
    """A command as completion and help show it: `/name arguments`, and what it does, in a line."""

    name: str
    arguments: str
    help: str


COMMANDS = (
    Known(name="compare", arguments="A, B", help="set papers or topics side by side"),
    Known(name="summarize", arguments="PAPER", help="tell one paper's problem, method and result"),
    Known(name="verify", arguments="CLAIM", help="hold a claim against the papers"),
    Known(name="list", arguments="TOPIC", help="name the papers on a topic"),
    Known(
        name="papers",
        arguments="WORDS or FILTERS",
        help="look papers up: /papers reward since 2025 tag:to-read",
    ),
    Known(
        name="scope",
        arguments="FILTERS or none",
        help="ask only some papers, or say which: /scope tag:to-read since June 2025",
    ),
    Known(
        name="export", arguments=" | ".join(FORMATS), help="save this conversation, or the papers it cites"
    ),
    Known(name="new", arguments="", help="begin a new conversation"),
)
"""Every command, in the order in which help lists them."""


def completions(typed: str) -> tuple[Known, ...]:
    """The commands that what is typed may become; none once their arguments begin."""
    name = typed.lstrip().lower()
    return tuple(known for known in COMMANDS if name and f"/{known.name}".startswith(name))


def parse(text: str, today: date, held: Holdings) -> Command:
    """What a line asks to be done; one without a slash asks its question.

    Relative dates are read against `today`. Raises CommandError where there is no such command, naming the
    nearest, or where it lacks what it needs, saying what that is.
    """
    typed = _TYPED.fullmatch(text)
    if typed is None:
        return Ask(question=" ".join(text.split()))
    name, rest = typed["name"].lower(), " ".join((typed["rest"] or "").split())
    name = "summarize" if name == "summarise" else name
    if name not in {known.name for known in COMMANDS}:
        raise CommandError(_unknown(name))
    if name == "papers":
        filters, words = _told(read_filters, rest, today, held)
        return ListPapers(words=words, filters=filters)
    if name == "scope":
        return SetScope(filters=_told(read_line, rest, today, held)) if rest else TellScope()
    if name == "export":
        return SaveAs(form=_form(rest))
    return StartNew() if name == "new" else Ask(question=_question(name, rest))


def _unknown(name: str) -> str:
    names = [known.name for known in COMMANDS]
    begun = [known for known in names if name and known.startswith(name)]
    near = begun or get_close_matches(name, names, n=1)
    if near:
        return f"No command is called '/{name}'. Did you mean /{near[0]}?"
    return f"No command is called '/{name}'. Known: {' '.join(f'/{known}' for known in names)}."


def _question(name: str, rest: str) -> str:
    """The question that a command stands for, in words that `assistant.kinds` reads as that kind."""
    if not re.search(r"\w", rest):
        raise _lacking(name)
    if name == "compare" and not sides(f"Compare {rest}"):
        raise _lacking(name)
    asked = {"compare": "Compare {}", "summarize": "Summarize {}", "verify": "Verify: {}"}
    return asked.get(name, "Which papers are about {}?").format(rest.rstrip("?") if name == "list" else rest)


def _form(rest: str) -> str:
    form = rest.lower().lstrip(".")
    if form in FORMATS:
        return form
    known = ", ".join(f"{name} ({words})" for name, (words, _, _) in FORMATS.items())
    raise CommandError(
        f"{f'No export is called {rest!r}' if rest else '/export needs a form'}. Known: {known}."
    )


def _told(read: Callable[[str, date, Holdings], _Read], rest: str, today: date, held: Holdings) -> _Read:
    try:
        return read(rest, today, held)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _lacking(name: str) -> CommandError:
    known = next(known for known in COMMANDS if known.name == name)
    return CommandError(f"/{name} needs to be told what: /{name} {known.arguments} ({known.help}).")
