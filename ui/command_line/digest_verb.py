"""The verb digest: its options, and what it does with them.

What an option does not say, the digest settings do. Made for cron: it says nothing where nothing is new, writes
a file only where that changes it, and sends the same news once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from assistant.digest import Wish
    from index.library import Library
    from ui.digest.forms import Edition
    from ui.settings import Settings

_ENDINGS = {".md": "md", ".html": "html", ".htm": "html", ".atom": "atom", ".xml": "atom", ".json": "json"}
_TOLD = {
    "sent": "Sent to {}.",
    "sent before": "Nothing is new since this was sent: it was not sent again.",
    "no news": "Nothing is new: nothing was sent.",
}
_PATIENCE = 120  # seconds for another process to end sending


def digest_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of digest."""

    @click.option("--since", metavar="PERIOD", help="7d, 2w or a date.")
    @click.option(
        "--by",
        type=click.Choice(["added", "published"]),
        help="Papers added to the library since, or published since.",
    )
    @click.option("--topic", metavar="WORDS", help="Only papers on this, by their best sentence on it.")
    @click.option(
        "--organization", multiple=True, metavar="NAME", help="Only this organisation's; repeatable."
    )
    @click.option(
        "--questions/--no-questions",
        default=None,
        help="Ask the saved questions again: which answers have changed?",
    )
    @click.option(
        "--format",
        "form",
        type=click.Choice(["md", "html", "atom", "json"]),
        help="What is written; by --output's ending, else md.",
    )
    @click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE.")
    @click.option(
        "--send", is_flag=True, help="Send it by e-mail, if there is news; see the digest settings."
    )
    @click.option(
        "--save", metavar="QUESTION", help="Save a question, to be asked again whenever papers come."
    )
    @click.option("--forget", metavar="QUESTION", help="Forget a saved question.")
    @wraps(verb)
    def command(**options: Any) -> None:
        verb(**options)

    return command


def run_digest(settings: Settings, **options: Any) -> None:
    """Do what the options ask; what is wrong with them is a usage error, before anything is opened."""
    from index.library import Library

    wish, questions = _wished(settings, options)
    _check(wish, options)
    with Library.open(settings.library, settings.index) as library:
        if options["save"] is not None or options["forget"] is not None:
            _keep(library, settings, options["organization"], options["save"], options["forget"])
            return
        edition = _edition(library, settings, wish, questions)
        _put(edition, options["form"], options["output"], quiet=options["send"])
        if options["send"]:
            _send(edition, wish, library, settings)
    if any(one.error for one in edition.questions or ()):
        sys.exit(1)


def _wished(settings: Settings, options: dict[str, Any]) -> tuple[Wish, bool]:
    """What the options ask for, and where they do not say, the settings; and whether questions are asked."""
    from ui.digest.delivery import wished

    given = {name: options[name] for name in ("since", "by", "topic") if options[name] is not None}
    if options["organization"]:
        given["organizations"] = options["organization"]
    asked = settings.digest.questions if options["questions"] is None else options["questions"]
    return wished(settings.digest).model_copy(update=given), asked


def _check(wish: Wish, options: dict[str, Any]) -> None:
    from datetime import date

    from assistant.digest import first_day

    given = (wish.since, wish.topic, *wish.organizations, options["save"] or "", options["forget"] or "")
    if any("\ud800" <= character <= "\udfff" for words in given for character in words):
        raise click.UsageError("What is given is not UTF-8 text.")
    if options["save"] is not None and options["forget"] is not None:
        raise click.UsageError("Give either --save or --forget.")
    try:
        first_day(wish.since, date.today())
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from error


def _keep(
    library: Library,
    settings: Settings,
    organizations: tuple[str, ...],
    save: str | None,
    forget: str | None,
) -> None:
    from assistant.engine import Assistant
    from assistant.saved_questions import SavedQuestions
    from index.schema import Filters

    saved = SavedQuestions(Assistant(library, settings.answer))
    if forget is not None:
        click.echo(f"no longer asked: {saved.forget(forget).question}", err=True)
        return
    try:
        one = saved.save(str(save), Filters(organizations=organizations))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"saved: {one.question}", err=True)


def _edition(library: Library, settings: Settings, wish: Wish, questions: bool) -> Edition:
    from assistant.engine import Assistant
    from ui.digest.actions import Digests

    return Digests(library, Assistant(library, settings.answer)).edition(wish, questions)


def _put(edition: Edition, form: str | None, output: Path | None, quiet: bool) -> None:
    from ui.digest.actions import write

    if output is not None:
        form = form or _ENDINGS.get(output.suffix.lower(), "md")
        _write_changed(output, write(edition, form).text)
    elif not quiet:
        click.echo(write(edition, form or "md").text, nl=False)


def _write_changed(path: Path, text: str) -> None:
    """Put the text into a file at once and whole, unless it stands there."""
    from index.errors import IbidError

    data = text.encode("utf-8", "replace")
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        beside = path.with_name(f".{path.name}.part")
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise IbidError(
            f"The digest cannot be written to {path}: {error.strerror}. Name another --output."
        ) from error


def _send(edition: Edition, wish: Wish, library: Library, settings: Settings) -> None:
    """Send the edition, unless it holds no news or was sent."""
    from ui.digest.delivery import deliver, sending

    with sending(library.folder, _PATIENCE):
        outcome = deliver(edition, wish, library, settings.digest)
    _say(_TOLD[outcome].format(settings.digest.recipients))


def _say(words: str) -> None:
    """Tell whoever watches; a cron job would mail each word."""
    if sys.stderr.isatty():
        click.echo(words, err=True)
