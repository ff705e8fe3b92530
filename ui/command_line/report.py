"""An evaluation as people read it: on the terminal, as Markdown, or as one HTML page.

The page needs nothing besides itself: its charts are inline SVG, its styles are few. Markdown shows the
same charts as bars of blocks, which every viewer shows.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.evaluation.schema import Difference, Outcome, Row, Run
from index.errors import SettingsError
from ui.command_line.charts import Bar, block_bars, svg_bars

_CHARTED = ("nDCG@10", "Recall@1", "Recall@10", "gold cited", "AUROC", "verdict right")
_MOST_MISSES = 200  # of a set that a report shows; --json has all
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:left;"
    "border-bottom:1px solid #8884;vertical-align:top}pre{white-space:pre-wrap}"
    "@media(prefers-color-scheme:dark){body{background:#16181d;color:#e6e6e6}}"
)

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def write_report(path: Path, run: Run, differences: Sequence[Difference]) -> None:
    """Write the report as its ending says: .html or .md."""
    require_report(path)
    written = html_report if path.suffix == ".html" else markdown_report
    path.write_text(written(run, differences), encoding="utf-8")


def require_report(path: Path) -> None:
    """SettingsError for a file that no report is written as; asked before the work is begun."""
    if path.suffix not in (".html", ".md"):
        raise SettingsError(f"no report is written as {path.name!r}; name a file that ends in .html or .md")


def set_tables(run: Run) -> Iterator[tuple[str, Table]]:
    """Each set's title with its measures, a column a system."""
    names = dict.fromkeys(outcome.name for outcome in run.outcomes)
    for name in names:
        of_set = [outcome for outcome in run.outcomes if outcome.name == name]
        measures = dict.fromkeys(measure for outcome in of_set for measure in outcome.figures)
        rows = [
            (measure, *(figure(outcome.figures.get(measure)) for outcome in of_set)) for measure in measures
        ]
        size = f"{len(of_set[0].rows)} questions, {of_set[0].papers:,} papers"
        yield f"{name} ({size})", (("measure", *(outcome.system for outcome in of_set)), rows)


def step_tables(run: Run) -> Iterator[tuple[str, Table]]:
    """What the steps of an answer took in the mean, for the outcomes of a language model."""
    for outcome in run.outcomes:
        if outcome.steps:
            rows: list[tuple[str, ...]] = [
                (name, f"{cost.seconds:.2f}", f"{cost.tokens:,.0f}") for name, cost in outcome.steps.items()
            ]
            seconds = sum(cost.seconds for cost in outcome.steps.values())
            tokens = sum(cost.tokens for cost in outcome.steps.values())
            rows.append(("all", f"{seconds:.2f}", f"{tokens:,.0f}"))
            yield (
                f"{outcome.name} · {outcome.system}: steps of an answer",
                (("step", "seconds", "tokens"), rows),
            )


def confusion_table(outcome: Outcome) -> Table:
    """What was said of the claims of each true label."""
    said = list(dict.fromkeys([*outcome.confusion, *(s for row in outcome.confusion.values() for s in row)]))
    rows = [
        (true, *(str(counts.get(each, 0)) for each in said)) for true, counts in outcome.confusion.items()
    ]
    return ("true \\ said", *said), rows


def difference_table(differences: Sequence[Difference]) -> Table:
    """The changes between two runs; a star marks those whose interval leaves out zero."""
    rows: list[tuple[str, ...]] = [
        (
            d.name,
            d.system,
            d.measure,
            figure(d.before),
            figure(d.after),
            f"{d.change:+.3f}{' *' if d.sure else ''}",
            f"{d.low:+.3f} … {d.high:+.3f}",
            str(d.cases),
        )
        for d in differences
    ]
    return ("set", "system", "measure", "before", "after", "change", "95 % interval", "questions"), rows


def figure(value: float | None) -> str:
    """A measure in three places; milliseconds and counts, which exceed 1.5, in one."""
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) <= 1.5 else f"{value:.1f}"


def miss_words(row: Row) -> str:
    """What went wrong with a question, in lines: its gold, where that was, and what came before."""
    lines = [f"{row.question}  [{row.id}]"]
    if row.gold:
        place = f"ranked {row.place}" if row.place else "not ranked"
        lines.append(f"  right: {'; '.join(row.gold)} ({place})")
    if row.place != 1 and row.above:
        lines += [f"  above: {title}" for title in row.above]
    if row.said:
        lines.append(f"  said: {' '.join(row.said.split())}")
    return "\n".join(lines)


def markdown_report(run: Run, differences: Sequence[Difference]) -> str:
    parts = ["# Evaluation", f"Ibid {run.version} on {run.machine}.", *(f"- {note}" for note in run.notes)]
    for measure, bars in _charts(run):
        parts += [f"## {measure}", f"```text\n{block_bars(bars)}\n```"]
    for title, table in set_tables(run):
        parts += [f"## {title}", _markdown_table(table)]
    for title, table in step_tables(run):
        parts += [f"## {title}", _markdown_table(table)]
    for outcome in run.outcomes:
        if outcome.confusion:
            parts += [f"## {outcome.name}: verdicts", _markdown_table(confusion_table(outcome))]
    if differences:
        parts += ["## Compared", _markdown_table(difference_table(differences))]
    for title, misses in _misses(run):
        parts += [f"## Misses: {title}", "```text\n" + "\n\n".join(map(miss_words, misses)) + "\n```"]
    settings: list[tuple[str, ...]] = list(run.settings.items())
    parts += ["## Settings", _markdown_table((("setting", "value"), settings))]
    return "\n\n".join(parts) + "\n"


def html_report(run: Run, differences: Sequence[Difference]) -> str:
    parts = ["<h1>Evaluation</h1>", f"<p>{html.escape(f'Ibid {run.version} on {run.machine}.')}</p>"]
    parts += [f"<p>{html.escape(note)}</p>" for note in run.notes]
    for measure, bars in _charts(run):
        parts += [f"<h2>{html.escape(measure)}</h2>", svg_bars(bars)]
    for title, table in set_tables(run):
        parts += [f"<h2>{html.escape(title)}</h2>", _html_table(table)]
    for title, table in step_tables(run):
        parts += [f"<h2>{html.escape(title)}</h2>", _html_table(table)]
    for outcome in run.outcomes:
        if outcome.confusion:
            title = html.escape(f"{outcome.name}: verdicts")
            parts += [f"<h2>{title}</h2>", _html_table(confusion_table(outcome))]
    if differences:
        parts += ["<h2>Compared</h2>", _html_table(difference_table(differences))]
    for title, misses in _misses(run):
        told = html.escape("\n\n".join(map(miss_words, misses)))
        parts.append(f"<details><summary>Misses: {html.escape(title)}</summary><pre>{told}</pre></details>")
    settings: list[tuple[str, ...]] = list(run.settings.items())
    parts += ["<h2>Settings</h2>", _html_table((("setting", "value"), settings))]
    head = f'<meta charset="utf-8"><title>Ibid: evaluation</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _charts(run: Run) -> Iterator[tuple[str, list[Bar]]]:
    for measure in _CHARTED:
        bars = [
            Bar(f"{outcome.name} · {outcome.system}", outcome.figures[measure])
            for outcome in run.outcomes
            if measure in outcome.figures
        ]
        if bars:
            yield measure, bars


def _misses(run: Run) -> Iterator[tuple[str, Sequence[Row]]]:
    """The misses of the first system named: the baselines' are not ours to mend."""
    for outcome in run.outcomes:
        if outcome.system == run.outcomes[0].system and outcome.misses:
            shown = outcome.misses[:_MOST_MISSES]
            yield f"{outcome.name} ({len(outcome.misses)} of {len(outcome.rows)})", shown


def _markdown_table(table: Table) -> str:
    columns, rows = table
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _html_table(table: Table) -> str:
    columns, rows = table
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
