"""The verb users: who may sign in to a server, for whoever runs it.

It works on the accounts themselves and needs no server to run, nor anybody to be let in by: it is the way back for an
administrator who is locked out. No password is ever an argument, which others on the machine could read: it is asked
for, or read from standard input. Secrets go to standard output alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ui.command_line.options import configured, opened

if TYPE_CHECKING:
    from assistant.accounts.accounts import Accounts
    from ui.settings import Configuration

NAME = click.argument("name")


@click.group()
def users() -> None:
    """Keep the accounts of a server that one signs in to; see docs/accounts.md."""


def keeping(verb: Callable[..., None]) -> Callable[..., None]:
    """Hand a verb the accounts that the configuration names, and where the server is reached."""

    @configured
    @wraps(verb)
    def command(configuration: Configuration, **options: Any) -> None:
        settings = configuration.settings
        with _opened(configuration) as accounts:
            verb(accounts, home=settings.access.address or settings.server.home, **options)

    return command


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@keeping
def list_users(accounts: Accounts, home: str, as_json: bool) -> None:
    """List who there is."""
    found = accounts.people.list()
    if as_json:
        click.echo(json.dumps([person.model_dump() for person in found]))
        return
    for person in found:
        role = "administrator" if person.admin else "member"
        marks = ", ".join([role, *(["disabled"] if person.disabled else []), *person.ways])
        click.echo(f"{person.id}  {person.name}  ({marks}; last seen {(person.seen or 'never')[:10]})")
    if not found:
        click.echo("Nobody yet. `ibid users link` makes the first administrator's link.", err=True)


@users.command()
@NAME
@click.option("--admin", is_flag=True, help="As an administrator.")
@keeping
def add(accounts: Accounts, home: str, name: str, admin: bool) -> None:
    """Add NAME; the password is asked for, or read from standard input."""
    user = accounts.add(name, _password(), admin)
    click.echo(f"added {user.name} ({user.id})", err=True)


@users.command()
@NAME
@keeping
def password(accounts: Accounts, home: str, name: str) -> None:
    """Set NAME's password; it is asked for, or read from standard input. All of NAME's sessions end."""
    accounts.people.named(name)
    user = accounts.set_password(name, _password())
    click.echo(f"the password of {user.name} is set, and all sessions have ended", err=True)


@users.command()
@click.argument("name", required=False)
@click.option("--invite", is_flag=True, help="Invite somebody who has no account yet.")
@click.option("--admin", is_flag=True, help="With --invite: as an administrator.")
@keeping
def link(accounts: Accounts, home: str, name: str | None, invite: bool, admin: bool) -> None:
    """Print a one-time link that sets NAME's password, or without NAME one for the first administrator.

    A link holds once and for a day. Opening it is a way in however often somebody guessed at NAME's password.
    """
    from ui.access.opening import welcome_address

    if (name is not None and invite) or (admin and not invite):
        raise click.UsageError("Give NAME, or --invite with or without --admin, or neither.")
    if name is not None:
        secret = accounts.links.for_password(accounts.people.named(name))
    elif invite:
        secret = accounts.links.invite(admin)
    else:
        first = accounts.links.first()
        if first is None:
            raise click.UsageError("There are accounts already: give NAME, or --invite.")
        secret = first
    click.echo(welcome_address(home, secret))


@users.command()
@NAME
@click.option("--for", "purpose", metavar="WORDS", default="command line", help="What the token is for.")
@click.option("--revoke", is_flag=True, help="Revoke NAME's tokens for that instead.")
@keeping
def token(accounts: Accounts, home: str, name: str, purpose: str, revoke: bool) -> None:
    """Print a new personal token for a program of NAME's; it is not shown again."""
    user = accounts.people.named(name)
    if not revoke:
        click.echo(accounts.tokens.create(user.id, purpose))
        return
    theirs = [each for each in accounts.tokens.list(user.id) if each.name == purpose]
    for each in theirs:
        accounts.tokens.revoke(user.id, each.id)
    click.echo(f"revoked {len(theirs)}", err=True)


@users.command()
@NAME
@keeping
def disable(accounts: Accounts, home: str, name: str) -> None:
    """Shut NAME out: sessions end, tokens stop working, and what NAME has is kept."""
    accounts.people.set_disabled(accounts.people.named(name).id, True)
    click.echo(f"disabled {name}", err=True)


@users.command()
@NAME
@keeping
def enable(accounts: Accounts, home: str, name: str) -> None:
    """Let NAME in again, and forget how often somebody guessed at NAME's password."""
    user = accounts.people.named(name)
    accounts.people.set_disabled(user.id, False)
    accounts.unlock(user)
    click.echo(f"enabled {user.name}", err=True)


@users.command()
@NAME
@keeping
def promote(accounts: Accounts, home: str, name: str) -> None:
    """Make NAME an administrator."""
    accounts.people.set_admin(accounts.people.named(name).id, True)
    click.echo(f"{name} is an administrator", err=True)


@users.command()
@NAME
@keeping
def demote(accounts: Accounts, home: str, name: str) -> None:
    """Make NAME a member, unless nobody were left to administrate."""
    accounts.people.set_admin(accounts.people.named(name).id, False)
    click.echo(f"{name} is a member", err=True)


@users.command("sign-out")
@NAME
@keeping
def sign_out(accounts: Accounts, home: str, name: str) -> None:
    """End all of NAME's sessions."""
    accounts.sessions.revoke_all(accounts.people.named(name).id)
    click.echo(f"all sessions of {name} have ended", err=True)


@users.command()
@NAME
@click.option("--yes", is_flag=True, help="Do not ask.")
@configured
def remove(configuration: Configuration, name: str, yes: bool) -> None:
    """Remove NAME, with the papers, conversations and uploads that are NAME's own."""
    from assistant.libraries import Libraries

    with _opened(configuration) as accounts:
        user = accounts.people.named(name)
        if not yes:
            click.confirm(f"Remove {user.name}, with all that is their own?", abort=True, err=True)
        with opened(configuration) as library, closing(Libraries(library)) as libraries:
            accounts.people.remove(user.id, libraries.forget)
    click.echo(f"removed {user.name}", err=True)


@contextmanager
def _opened(configuration: Configuration) -> Iterator[Accounts]:
    from assistant.accounts.accounts import Accounts

    settings = configuration.settings
    accounts = Accounts.open(settings.library, settings.storage, settings.access.hours)
    try:
        yield accounts
    finally:
        accounts.close()


def _password() -> str:
    """Asked for twice on a terminal; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
