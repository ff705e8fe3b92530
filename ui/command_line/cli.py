"""The command line: one verb, one function; words for people on stderr, data on stdout.

Nothing heavy is imported before a verb runs, so that `--help` is instant.
"""

from __future__ import annotations

import json
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from ui.command_line.digest_verb import digest_options, run_digest
from ui.command_line.keeping_verbs import backup, doctor, restore
from ui.command_line.options import (
    EXISTING,
    FOLDER,
    LINES,
    answering,
    assistant_over,
    configured,
    named,
    opened,
    require_one,
    scoped,
)
from ui.command_line.users_verb import users

if TYPE_CHECKING:
    from index.schema import Filters
    from ui.settings import Configuration


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("ibid"), prog_name="ibid")
def cli() -> None:
    """Ask your papers; every sentence of the answer points at the place it came from."""


@cli.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--sample", is_flag=True, help="Add the sample papers, if the library is empty.")
@click.option("--ocr", is_flag=True, default=None, help="Recognise the words of scans, with tesseract.")
@click.option(
    "--languages", metavar="NAMES", help="The languages of scans as tesseract names them: eng, deu+fra."
)
@click.option(
    "--ray", default="", metavar="ADDRESS", help="Read and embed on a Ray cluster: auto, local or host:port."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@configured
def add(configuration: Configuration, paths: tuple[str, ...], sample: bool, ray: str, as_json: bool) -> None:
    """Add papers from files and folders; adding again changes only what changed.

    PATH may also be an address, whose paper is fetched: arxiv:2402.08714, doi:10.1145/3442188.3445922, or the URL of
    a PDF or a web page.
    """
    from ui.command_line.terminal import adding, print_report

    if not paths and not sample:
        raise click.UsageError("Name a file or a folder to add, or --sample.")
    with opened(configuration) as library:
        if sample and not paths and library.facts().papers == 0:
            paths = (str(_sample_papers()),)
        elif not paths:
            return
        with adding() as progress:
            report = library.add(paths, progress, ray=ray)
        print_report(report, library.facts().papers, as_json)
    if report.failed:
        sys.exit(1)


@cli.command()
@click.argument("folders", nargs=-1, required=True, type=FOLDER, metavar="DIR...")
@click.option("--poll", is_flag=True, help="Look every two seconds, as network drives need it.")
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON lines.")
@configured
def watch(configuration: Configuration, folders: tuple[Path, ...], poll: bool, as_json: bool) -> None:
    """Keep the library in step with folders: files added, changed, moved and removed."""
    from ui.command_line.watch_verb import run_watch

    with opened(configuration) as library:
        run_watch(library, folders, poll, as_json)


@cli.command("list")
@click.argument("words", nargs=-1)
@click.option("--limit", default=50, show_default=True, help="How many papers to list.")
@click.option("--failed", is_flag=True, help="List what could not be read instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@scoped
@configured
def list_papers(
    configuration: Configuration,
    words: tuple[str, ...],
    limit: int,
    failed: bool,
    as_json: bool,
    as_csv: bool,
    filters: Filters,
) -> None:
    """List papers, newest first; WORDS stand in titles or name authors."""
    from ui.command_line.terminal import print_failures, print_papers

    with opened(configuration) as library:
        scope = named(library, filters)
        if failed:
            print_failures(library.unreadable(), as_json)
        elif as_csv:
            from ui.parts.spreadsheet import papers_csv

            click.echo(papers_csv(library.papers(scope, " ".join(words), limit=limit)), nl=False)
        else:
            print_papers(library.papers(scope, " ".join(words), limit=limit), library.count(scope), as_json)


@cli.command()
@click.argument("paper")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def show(configuration: Configuration, paper: str, as_json: bool) -> None:
    """Show one paper: PAPER is its id, its title or the beginning of it."""
    from ui.command_line.terminal import print_document

    with opened(configuration) as library:
        found = library.paper(paper).id
        print_document(
            library.document(found),
            library.paper_sources(found),
            library.versions(found),
            library.conflicts(found),
            as_json,
        )


@cli.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER...")
@configured
def remove(configuration: Configuration, papers: tuple[str, ...]) -> None:
    """Remove papers from the library; all are found or none is removed."""
    with opened(configuration) as library:
        for paper in library.remove(papers):
            click.echo(f"removed {paper.title} ({paper.id})", err=True)


@cli.command()
@click.argument("query", required=False)
@click.option("-k", "count", default=10, show_default=True, help="How many papers to show.")
@click.option("--batch", type=LINES, metavar="FILE", help="Read JSON lines from FILE or - instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@scoped
@answering
@configured
def search(
    configuration: Configuration, query: str | None, count: int, batch: Any, as_json: bool, filters: Filters
) -> None:
    """Find papers: one line a paper, with the passage that matched best."""
    from ui.command_line.batch import search_lines
    from ui.command_line.terminal import print_results, print_state
    from ui.programs.results import search_results

    require_one(query, batch, "QUERY")
    with opened(configuration) as library:
        scope = named(library, filters)
        if batch is not None:
            assistant = assistant_over(library, configuration)
            _write_lines(search_lines(assistant, batch, count, scope))
        elif as_json:
            found = search_results(library, str(query), count, scope)
            click.echo(json.dumps(found.model_dump(mode="json")))
        else:
            print_results(library.search(str(query), count, scope))
        print_state(library)


@cli.command()
@click.argument("question", required=False)
@click.option("--batch", type=LINES, metavar="FILE", help="Read JSON lines from FILE or - instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@scoped
@answering
@configured
def ask(
    configuration: Configuration, question: str | None, batch: Any, as_json: bool, filters: Filters
) -> None:
    """Answer a question from the papers, each sentence cited."""
    from ui.command_line.batch import answer_lines
    from ui.command_line.terminal import print_answer, print_state

    require_one(question, batch, "QUESTION")
    with opened(configuration) as library:
        scope = named(library, filters)
        assistant = assistant_over(library, configuration)
        if batch is not None:
            _write_lines(answer_lines(assistant, batch, scope))
            return
        answer = assistant.ask(str(question), filters=scope)
        if as_json:
            click.echo(answer.model_dump_json())
        else:
            print_answer(answer)
        print_state(library)


@cli.command()
@scoped
@answering
@configured
def chat(configuration: Configuration, filters: Filters) -> None:
    """Ask and follow up on the terminal; the conversation is kept."""
    from assistant.conversation import Conversations
    from ui.command_line.terminal import converse

    with opened(configuration) as library:
        assistant = assistant_over(library, configuration)
        converse(assistant, Conversations(library), named(library, filters))


@cli.command("conversations")
@click.option("--limit", default=50, show_default=True, help="How many conversations to list.")
@click.option(
    "--preferences",
    type=click.File("w", encoding="utf-8"),
    metavar="FILE",
    help="Write what was thought of each answer instead, as JSON lines; - prints them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_conversations(
    configuration: Configuration, limit: int, preferences: TextIO | None, as_json: bool
) -> None:
    """List kept conversations, the latest first."""
    from assistant.conversation import Conversations
    from ui.command_line.terminal import print_conversations, write_preferences

    with opened(configuration) as library:
        kept = Conversations(library)
        if preferences:
            write_preferences(kept, preferences)
        else:
            print_conversations(kept.list(limit), as_json)


@cli.command()
@click.option("--host", metavar="ADDRESS", help="The IP address to listen on.")
@click.option("--port", type=int, metavar="N", help="The port to listen on.")
@click.option("--mcp", is_flag=True, default=None, help="Offer the library's tools by MCP too, at /mcp.")
@answering
@configured
def serve(configuration: Configuration, host: str | None, port: int | None, mcp: bool | None) -> None:
    """Open the pages in the browser's reach, on this machine only unless one has to sign in (docs/accounts.md)."""
    from ui.access.opening import open_door, welcome_first
    from ui.app import serve as serve_pages
    from ui.digest.postman import postman_beside

    settings = configuration.settings
    server = settings.server
    with opened(configuration) as library:
        assistant = assistant_over(library, configuration)
        with (
            postman_beside(assistant, settings.digest),
            open_door(settings.access, settings.library, settings.storage, server.names) as door,
        ):
            if door:
                welcome_first(door, settings.access.address or server.home)
            more = {
                "mcp": server.mcp,
                "hosts": server.names,
                "proxies": server.proxies,
                "limits": settings.limits,
                "replica": server.replica,
            }
            serve_pages(assistant, server.host, server.port, settings.watch, door=door, **more)


@cli.command("mcp")
@answering
@configured
def offer_tools(configuration: Configuration) -> None:
    """Offer the library's tools by MCP on standard input and output, for a client that starts this."""
    from ui.programs.mcp_tools import tools
    from ui.programs.operations import Programs

    with opened(configuration) as library:
        assistant = assistant_over(library, configuration)
        programs = Programs(library, assistant)
        tools(lambda _: programs).run("stdio")


@cli.command("eval")
@click.argument("folder", required=False, type=EXISTING)
@click.option("--sets", metavar="NAME,…", help="Only these sets, or all sets of a folder so named.")
@click.option(
    "--systems", default="ibid", show_default=True, metavar="NAME,…", help="Of ibid, bm25 and dense."
)
@click.option(
    "--make", "drawn", type=click.IntRange(1), metavar="N", help="Draw N questions from the library."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N questions of a set.")
@click.option(
    "--work", type=EXISTING, metavar="DIR", help="Where the sets' libraries are kept; beside yours."
)
@click.option(
    "--json",
    "results",
    type=click.File("w", encoding="utf-8"),
    metavar="FILE",
    help="Write every result; - prints it.",
)
@click.option("--report", type=EXISTING, metavar="FILE", help="Write a report: FILE ends in .html or .md.")
@click.option("--compare", "earlier", type=EXISTING, metavar="FILE", help="Compare with an earlier --json.")
@click.option("--judge", is_flag=True, help="Score answers by facts that a model draws from gold sentences.")
@answering
@configured
def evaluate(configuration: Configuration, folder: Path | None, **options: Any) -> None:
    """Measure search and answers on sets of questions with known answers; FOLDER holds the sets."""
    from ui.command_line.figures import evaluate_and_show

    if (folder is None) == (options["drawn"] is None):
        raise click.UsageError("Give either a FOLDER of sets or --make N.")
    evaluate_and_show(configuration.settings, folder, **options)


@cli.command()
@digest_options
@configured
def digest(configuration: Configuration, **options: Any) -> None:
    """Tell what is new: the papers of a period by topic, each with its best sentence, cited."""
    run_digest(configuration.settings, **options)


@cli.command()
@configured
def rebuild(configuration: Configuration) -> None:
    """Make Chroma and the keyword index anew from the catalog."""
    from ui.command_line.terminal import rebuilding

    with opened(configuration) as library:
        with rebuilding() as progress:
            library.rebuild(progress)
        click.echo(f"rebuilt: {library.facts().chunks} chunks", err=True)


for verb in (backup, restore, doctor):
    cli.add_command(verb)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def config(configuration: Configuration, as_json: bool) -> None:
    """Show each setting, its value, and the layer that set it."""
    from ui.command_line.terminal import print_settings

    print_settings(configuration.all(), as_json)


cli.add_command(users)


def main() -> NoReturn:
    """Run a command; exit 0 done, 1 failed, 2 badly used, 130 interrupted."""
    from index.errors import IbidError, SettingsError
    from index.secrets import hidden

    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; what was stored stays, and the same command goes on from there.", err=True)
        sys.exit(130)
    except SettingsError as error:
        click.echo(hidden(f"Error: {error}"), err=True)
        sys.exit(2)
    except IbidError as error:
        click.echo(hidden(f"Error: {error}"), err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception:  # noqa: BLE001  (whatever it is, what Python would print of it may hold a secret)
        click.echo(hidden(traceback.format_exc()), err=True)
        sys.exit(1)
    sys.exit(0)


def _sample_papers() -> Path:
    import configs

    return Path(configs.__file__).parent / "sample_papers.txt"


def _write_lines(lines: Any) -> None:
    for line in lines:
        click.echo(json.dumps(line))
        sys.stdout.flush()
