"""The verb `eval`: runs an evaluation and shows its figures on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from assistant.evaluation.compare import compare
from assistant.evaluation.own import draw
from assistant.evaluation.run import Evaluator
from assistant.evaluation.schema import Difference, Run
from assistant.evaluation.sets import find_sets
from assistant.evaluation.systems import chosen_systems
from assistant.generative import Models
from assistant.models.model import Model, load_model
from assistant.models.settings import ModelSettings
from index.errors import ReadError, SettingsError
from index.library import Library
from ui.command_line.report import (
    Table,
    confusion_table,
    difference_table,
    miss_words,
    require_report,
    set_tables,
    step_tables,
    write_report,
)
from ui.command_line.terminal import console, notes
from ui.settings import Settings

_MOST_MISSES = 5  # of a set that the terminal shows


def evaluate_and_show(
    settings: Settings,
    folder: Path | None,
    *,
    sets: str | None,
    systems: str,
    drawn: int | None,
    limit: int | None,
    work: Path | None,
    results: TextIO | None,
    report: Path | None,
    earlier: Path | None,
    judge: bool = False,
) -> None:
    """Evaluate the sets of `folder`, or as many questions as `drawn` from the library; print and write."""
    chosen, before = chosen_systems(_names(systems)), _earlier(earlier) if earlier else None
    if report:
        require_report(report)
    with _progress() as told:
        work = work or settings.library.parent / "evaluation"
        models = Models.load(settings.llm, settings.writing)
        judging = _judge(settings.llm) if judge else None
        evaluator = Evaluator(settings.index, settings.answer, chosen, work, told, models, judging)
        if folder is not None:
            evaluator.run(find_sets(folder, _names(sets or ""), limit), lambda: _library(settings))
        else:
            with _library(settings) as library:
                evaluator.ask(library, [draw(library, drawn or 0)])
    run = evaluator.result()
    differences = compare(before, run) if before else []
    if results:
        results.write(run.model_dump_json(indent=1) + "\n")
    if report:
        write_report(report, run, differences)
    if results is None or results.name != "<stdout>":
        _print(console(), run, differences)


def _judge(llm: ModelSettings) -> Model:
    if not (llm.judge or llm.write):
        raise SettingsError("--judge needs a language model that judges: set llm.judge, or name one by --llm")
    return load_model(llm.judge or llm.write, llm)


def _print(out: Console, run: Run, differences: Sequence[Difference]) -> None:
    for title, table in set_tables(run):
        _print_table(out, title, table)
    for title, table in step_tables(run):
        _print_table(out, title, table)
    for outcome in run.outcomes:
        if outcome.confusion:
            _print_table(out, f"{outcome.name}: verdicts", confusion_table(outcome))
    if differences:
        _print_table(out, "compared", difference_table(differences))
    for outcome in run.outcomes:
        if outcome.system == run.outcomes[0].system and outcome.misses:
            told = f"misses of {outcome.name}: {len(outcome.misses)} of {len(outcome.rows)}"
            more = (
                f"; {_MOST_MISSES} shown, --report shows more" if len(outcome.misses) > _MOST_MISSES else ""
            )
            out.print(f"[bold]{escape(told)}[/bold]{more}")
            for row in outcome.misses[:_MOST_MISSES]:
                out.print(miss_words(row), markup=False)
            out.print()
    for note in (*run.notes, run.machine):
        notes().print(note, markup=False, style="dim")


def _print_table(out: Console, title: str, table: Table) -> None:
    columns, rows = table
    shown = RichTable(
        title=escape(title), title_justify="left", box=None, pad_edge=False, header_style="bold"
    )
    for column in columns:
        shown.add_column(escape(column), overflow="fold")
    for row in rows:
        shown.add_row(*map(escape, row))
    out.print(shown)
    out.print()


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(
            task, description=escape(what), completed=done, total=total or None
        )


def _earlier(path: Path) -> Run:
    try:
        return Run.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ReadError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ReadError(f"{str(path)!r} is not what `ibid eval --json` writes") from error


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _library(settings: Settings) -> Library:
    return Library.open(settings.library, settings.index)
