"""The options that verbs share, and what becomes of them: a configuration, filters, a library, one input.

Nothing heavy is imported before a verb runs, so that `--help` is instant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from index.library import Library
    from index.schema import Filters
    from ui.settings import Configuration

EXISTING = click.Path(path_type=Path)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
LINES = click.File("r", encoding="utf-8", errors="surrogateescape")  # one bad line must not end the run


def configured(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb `--library` and `--config`, and hand it the configuration they make."""

    @click.option("--library", type=EXISTING, metavar="DIR", help="The library's folder.")
    @click.option("--config", type=EXISTING, metavar="FILE", help="A YAML file of settings.")
    @wraps(verb)
    def command(library: Path | None, config: Path | None, **options: Any) -> None:
        from ui.settings import Configuration

        flags = {"library": library, "llm.write": options.pop("llm", None)}
        flags |= {
            "reading.ocr": options.pop("ocr", None),
            "reading.languages": options.pop("languages", None),
        }
        flags |= {f"server.{name}": options.get(name) for name in ("host", "port", "mcp")}
        verb(Configuration(config, flags), **options)

    return command


def answering(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb that answers questions the option of a language model; `configured` takes it in."""
    about = "The language model that writes, as provider:model; see docs/models.md."
    return click.option("--llm", metavar="MODEL", help=about)(verb)


def scoped(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options that narrow which papers are looked at, as one `filters`."""

    @click.option(
        "--since", metavar="DATE", help="Only papers of this date or later (2025, 2025-06, 2025-06-19)."
    )
    @click.option("--until", metavar="DATE", help="Only papers of this date or earlier.")
    @click.option(
        "--organization", multiple=True, metavar="NAME", help="Only this organisation's; repeatable."
    )
    @click.option("--min-comments", type=int, metavar="N", help="Only papers with at least N comments.")
    @click.option("--source", multiple=True, metavar="FILE", help="Only papers from this file; repeatable.")
    @click.option("--tag", multiple=True, metavar="TAG", help="Only papers filed under this tag; repeatable.")
    @click.option(
        "--paper", multiple=True, metavar="PAPER", help="Only this paper (id or title); repeatable."
    )
    @wraps(verb)
    def command(
        since: str | None,
        until: str | None,
        organization: tuple[str, ...],
        min_comments: int | None,
        source: tuple[str, ...],
        tag: tuple[str, ...],
        paper: tuple[str, ...],
        **options: Any,
    ) -> None:
        from index.schema import Filters

        filters = Filters(
            papers=paper,
            since=_date(since),
            until=_date(until),
            organizations=organization,
            min_comments=min_comments,
            sources=source,
            tags=tag,
        )
        verb(filters=filters, **options)

    return command


def opened(configuration: Configuration) -> Library:
    """The library that the configuration names."""
    from index.library import Library
    from index.memory import few_arenas

    few_arenas()
    return Library.open(configuration.settings.library, configuration.settings.index)


def named(library: Library, filters: Filters) -> Filters:
    """The same filters with papers by id, however they were named."""
    ids = tuple(library.paper(name).id for name in filters.papers)
    return filters.model_copy(update={"papers": ids})


def require_one(given: str | None, batch: Any, name: str) -> None:
    """A usage error unless a verb is given either `name`, as text, or a batch."""
    if (given is None) == (batch is None):
        raise click.UsageError(f"Give either {name} or --batch FILE.")
    if given is not None and not given.strip():
        raise click.UsageError(f"{name} is empty.")
    if given is not None and not _is_text(given):
        raise click.UsageError(f"{name} is not UTF-8 text.")


def _is_text(given: str) -> bool:
    """Whether an argument was UTF-8: bytes that are not arrive as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in given)


def _date(written: str | None) -> str | None:
    from index.dates import parse_bound

    try:
        return parse_bound(written) if written is not None else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def assistant_over(library: Library, configuration: Configuration) -> Assistant:
    """The assistant that the settings describe, with a language model where they name one."""
    from assistant.engine import Assistant
    from assistant.generative import Models

    settings = configuration.settings
    return Assistant(library, settings.answer, models=Models.load(settings.llm, settings.writing))
