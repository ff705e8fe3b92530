"""What the command line prints, with rich: data on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table

from assistant.conversation import Conversations, ConversationSummary
from assistant.engine import Assistant
from assistant.preferences import preferences
from assistant.schema import Answer, Answered, Turn
from index.course import Step
from index.doctor import Finding, Mended
from index.library import Library
from index.outcomes import AddReport
from index.schema import Conflict, Document, Filters, Paper, PaperSource, Passage, Unreadable
from index.secrets import hidden
from ui.command_line.outcome import failed_words, failure_lines, outcome_lines
from ui.parts.render import byline, counted, coverage_words, reference, scope_words, version_words
from ui.settings import Setting


def console() -> Console:
    """Standard output; a line is wrapped for a person's terminal and left whole for a program."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def notes() -> Console:
    return Console(file=sys.stderr, highlight=False)


@contextmanager
def adding() -> Iterator[Callable[[Step], None]]:
    """A progress bar over the bytes of files, with what was read and stored so far, and the time left."""
    columns = (
        SpinnerColumn(),
        TextColumn(
            "{task.description}", table_column=Column(max_width=40, no_wrap=True, overflow="ellipsis")
        ),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("reading", total=1.0, told="")

        def step(told: Step) -> None:
            pages = f" · {told.pages:,} pages" if told.pages else ""
            files, stored = f"{told.files_done:,} of {told.files:,} files", f"{told.chunks:,} chunks"
            counts = f"{files}{pages} · {told.entries:,} papers · {stored}"
            bar.update(task, description=escape(told.file), completed=told.done, told=counts)

        yield step


@contextmanager
def rebuilding() -> Iterator[Callable[[int, int], None]]:
    """A progress bar over whatever a rebuild counts."""
    with Progress(console=notes(), transient=True) as bar:
        task = bar.add_task("rebuilding", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def keeping() -> Iterator[Callable[[str, int], None]]:
    """A line that says what is being done, and how many bytes of it are."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("", total=None, told="")

        def step(doing: str, done: int) -> None:
            bar.update(task, description=escape(doing), told=f"{done / 2**20:,.0f} MB" if done else "")

        yield step


def print_report(report: AddReport, papers: int, as_json: bool) -> None:
    """What an addition came to; on stdout."""
    if as_json:
        click.echo(report.model_dump_json())
        return
    for line in outcome_lines(report, papers):
        console().print(line, markup=False)


def print_failures(failed: Sequence[Unreadable], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([item.model_dump() for item in failed]))
    else:
        words = failed_words(failed)
        console().print(f"{words} could not be read." if words else "Everything could be read.")
        for line in failure_lines(failed):
            console().print(line, markup=False)


def print_papers(papers: Sequence[Paper], total: int, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([paper.model_dump(mode="json") for paper in papers]))
        return
    rows = [(paper.id, paper.published or "", paper.organization or "", paper.title) for paper in papers]
    if sys.stdout.isatty():
        console().print(_table(("id", "published", "organisation", "title"), rows))
    else:
        click.echo("".join("\t".join(row) + "\n" for row in rows), nl=False)
    if len(papers) < total:
        notes().print(f"{len(papers):,} of {total:,} in scope; --limit shows more.")


def print_document(
    document: Document,
    sources: Sequence[PaperSource],
    versions: Sequence[Paper],
    conflicts: Sequence[Conflict],
    as_json: bool,
) -> None:
    if as_json:
        more = {"sources": sources, "versions": versions, "conflicts": conflicts}
        told = {name: [each.model_dump(mode="json") for each in found] for name, found in more.items()}
        click.echo(json.dumps(document.model_dump(mode="json", exclude={"layout"}) | told))
        return
    out, paper = console(), document.paper
    out.print(f"[bold]{escape(paper.title)}[/bold]")
    for line in (byline(paper), paper.url, paper.id):
        if line:
            out.print(line, markup=False)
    for line in (
        *_notice_lines(document),
        *_source_lines(sources),
        *_version_lines(versions),
        *_conflict_lines(conflicts),
    ):
        out.print(line, markup=False)
    out.print()
    out.print(document.text, markup=False)


def _notice_lines(document: Document) -> Iterator[str]:
    for notice in document.notices:
        page = f", p. {notice.page}" if notice.page else ""
        yield f"warning ({notice.kind}{page}): {notice.text}"


def _source_lines(sources: Sequence[PaperSource]) -> list[str]:
    told = [f"{source.name} ({counted(source.characters, 'character')})" for source in sources]
    return [f"from {', '.join(told)}"] if told else []


def _version_lines(versions: Sequence[Paper]) -> list[str]:
    return [f"another version: {version_words(version)} ({version.id})" for version in versions]


def _conflict_lines(conflicts: Sequence[Conflict]) -> list[str]:
    """Which source says what: the one kept first."""
    return [
        f"{c.field}: {c.kept_source or 'what is kept'} says {c.kept}; {c.source} says {c.other}"
        for c in conflicts
    ]


def print_results(results: Sequence[Passage]) -> None:
    out = console()
    for rank, passage in enumerate(results, start=1):
        out.print(f"[bold]{rank}. {escape(passage.paper.title)}[/bold]")
        out.print(f"   {byline(passage.paper)}", markup=False, style="dim")
        out.print(f"   {_shortened(passage.chunk.text)}", markup=False)
    if not results:
        notes().print("Nothing found.")


def print_state(library: Library) -> None:
    """What a reader should know of the library just now, if anything."""
    if state := library.state:
        notes().print(state, markup=False, style="yellow")


def print_answer(answer: Answer) -> None:
    """The answer, its references with the words quoted, and how it came about."""
    out = console()
    if answer.standalone != answer.question:
        notes().print(f"Understood as: {answer.standalone}", markup=False, style="dim")
    if stated := ", ".join(words for _, words in scope_words(answer.scope.stated)):
        notes().print(f"Held to what the question says: {stated}", markup=False, style="dim")
    _print_markdown(answer.text)
    if answer.citations:
        out.print()
        for citation in answer.citations:
            out.print(reference(citation), markup=False)
    notes().print(coverage_words(answer), markup=False, style="dim")


def _print_markdown(text: str) -> None:
    """Rendered for a person's terminal; as it is for a program, since rendering cuts long lines of lists there."""
    out = console()
    if out.is_terminal:
        out.print(Markdown(text))
    else:
        out.print(text, markup=False)


def converse(assistant: Assistant, conversations: Conversations, filters: Filters) -> None:
    """Ask until the end of input; the turns are kept as one conversation."""
    conversation = conversations.create(filters)
    notes().print("Ask; an empty line or Ctrl-D ends.")
    while question := _asked():
        for event in assistant.stream(question, conversation.turns, filters):
            if isinstance(event, Answered):
                print_answer(event.answer)
                turn = Turn(question=question, answer=event.answer)
                conversation = conversations.append(conversation.id, turn)


def print_conversations(found: Sequence[ConversationSummary], as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps([each.model_dump(include={"id", "title", "updated", "turns"}) for each in found])
        )
        return
    for each in found:
        line = f"{each.updated[:10]}  {each.id}  {counted(each.turns, 'turn')}  {each.title}"
        console().print(line, markup=False)


def write_preferences(conversations: Conversations, out: TextIO) -> None:
    """Write a JSON line for each answer of all conversations, those used last first."""
    for summary in conversations.list(limit=1_000_000):
        for preference in preferences(conversations.open(summary.id)):
            out.write(preference.model_dump_json() + "\n")


def print_findings(findings: Sequence[Finding], unreadable: Sequence[Unreadable], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([finding.model_dump() for finding in findings]))
        return
    out = console()
    for finding in findings:
        out.print(f"{'ok  ' if finding.holds else 'WRONG'} {finding.check}: {finding.seen}", markup=False)
        if finding.remedy:
            out.print(f"      {finding.remedy}", markup=False)
    if unreadable:
        out.print(
            f"note {counted(len(unreadable), 'entry')} of added sources unreadable; `ibid list --failed`"
        )


def say_mended(mended: Mended) -> None:
    notes().print(f"mended {mended.check}: {mended.done}", markup=False)


def print_settings(settings: Sequence[Setting], as_json: bool) -> None:
    if as_json:
        click.echo(hidden(json.dumps([_plain(setting) for setting in settings])))
        return
    rows = [(setting.name, hidden(str(setting.value)), setting.layer) for setting in settings]
    console().print(_table(("setting", "value", "set by"), rows))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _plain(setting: Setting) -> dict[str, Any]:
    return setting.model_dump(mode="json")


def _asked() -> str:
    try:
        return input("› " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""


def _shortened(text: str, most: int = 240) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[:most].rsplit(" ", 1)[0] + " …"
