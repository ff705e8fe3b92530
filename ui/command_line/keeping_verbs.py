"""The verbs that keep a library from harm: backup, restore and doctor.

Nothing heavy is imported before a verb runs, so that `--help` is instant.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.command_line.options import EXISTING, configured, opened

if TYPE_CHECKING:
    from index.library import Library
    from ui.settings import Configuration


@click.command()
@click.argument("target", type=EXISTING, metavar="FILE|DIR")
@click.option("--all", "everyone", is_flag=True, help="People's own libraries too.")
@configured
def backup(configuration: Configuration, target: Path, everyone: bool) -> None:
    """Write the library into one archive, while others read and write it; what is written is verified.

    FILE must not be there yet; in a DIR the archive is named by the time. Conversations and kept files are part of it,
    caches, settings, accounts and secrets are not.
    """
    from assistant.conversation_tables import KEPT
    from assistant.libraries import Libraries
    from index.backup import back_up
    from ui.command_line.terminal import keeping
    from ui.parts.render import counted

    with ExitStack() as open_ones, keeping() as progress:
        library = open_ones.enter_context(opened(configuration))
        others = Libraries(library)
        open_ones.callback(others.close)
        people = others.people() if everyone else []
        libraries = {"": library} | {f"people/{person}/": others.own(person) for person in people}
        archive, manifest = back_up(libraries, KEPT, target, progress)
    click.echo(archive)
    told = f"{counted(manifest.papers, 'paper')}, {manifest.size / 2**20:,.1f} MB before packing"
    click.echo(f"{told}; every member was read back and is what it should be.", err=True)
    lacking = sum(len(part.lacking) for part in manifest.parts)
    if lacking:
        click.echo(f"{counted(lacking, 'kept file')} could not be had: run `ibid doctor`.", err=True)


@click.command()
@click.argument("archive", type=EXISTING, metavar="FILE")
@click.option("--force", is_flag=True, help="Replace what the library holds.")
@click.option("--check", is_flag=True, help="Only verify FILE.")
@configured
def restore(configuration: Configuration, archive: Path, force: bool, check: bool) -> None:
    """Have the library hold what a backup holds; FILE is verified before anything is changed.

    Nothing is embedded: vectors are part of a backup.
    """
    from assistant.conversation_tables import KEPT
    from assistant.libraries import Libraries
    from index.backup import read
    from index.restore import restore as put_back
    from ui.command_line.terminal import keeping
    from ui.parts.render import counted

    with ExitStack() as open_ones, keeping() as progress:
        if check:
            manifest = read(archive, progress=progress)
        else:
            library = open_ones.enter_context(opened(configuration))
            others = Libraries(library)
            open_ones.callback(others.close)

            def library_at(path: str) -> Library:
                return others.own(Path(path).name) if path else library

            manifest = put_back(archive, library_at, KEPT, force, progress)
    done = "verified" if check else "restored"
    people = [Path(part.path).name for part in manifest.parts if part.path]
    owners = f", with those of {', '.join(people)}" if people else ""
    click.echo(
        f"{done}: {counted(manifest.papers, 'paper')}{owners}, as of {manifest.made} (Ibid {manifest.ibid})",
        err=True,
    )


@click.command()
@click.option("--repair", "mend", is_flag=True, help="Mend what can be mended, then look again.")
@click.option("--llm", "models_too", is_flag=True, help="Ask the language models one word each, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def doctor(configuration: Configuration, mend: bool, models_too: bool, as_json: bool) -> None:
    """Check every promise the library makes, and say what is wrong.

    A repair loses nothing: what cannot be made again is written to taken-out.jsonl in the library's folder before it
    goes.
    """
    from assistant.audit import examine_conversations, examine_models, repair_conversations
    from index.doctor import examine, repair
    from ui.command_line.terminal import print_findings, say_mended

    with opened(configuration) as library:
        if mend:
            for mended in (*repair(library), *repair_conversations(library)):
                say_mended(mended)
        findings = [*examine(library), examine_conversations(library)]
        if models_too:
            findings += examine_models(configuration.settings.llm)
        print_findings(findings, library.unreadable(), as_json)
    if not all(finding.holds for finding in findings):
        sys.exit(1)
