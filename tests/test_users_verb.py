"""The verb users, for whoever runs a server: who there is, and the way back for somebody who is locked out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from assistant.accounts.accounts import Accounts
from assistant.accounts.errors import AccountError, NotSignedIn, TooManyAttempts, UserNotFound
from assistant.accounts.passwords import Passwords
from tests.doors import CHEAP, OTHER, PASSWORD, Browser, accounts_in
from ui.command_line.cli import cli
from ui.settings import Configuration

Verb = Callable[..., Result]


@pytest.fixture
def verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Runs `ibid users …` over accounts in the test's folder, with cheap passwords."""
    monkeypatch.setattr("assistant.accounts.accounts.Passwords", lambda: Passwords(**CHEAP))

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(cli, ["users", *words, "--library", str(tmp_path)], input=typed)

    return run


def test_people_are_added_with_a_password_from_standard_input(verb: Verb, tmp_path: Path) -> None:
    added = verb("add", "Ada", "--admin", typed=f"{PASSWORD}\n")
    assert added.exit_code == 0
    assert added.stdout == ""
    assert added.stderr.startswith("added Ada (")
    accounts = accounts_in(tmp_path)
    assert accounts.sign_in("Ada", PASSWORD).user.admin
    accounts.close()
    (listed,) = json.loads(verb("list", "--json").stdout)
    assert (listed["name"], listed["admin"], listed["disabled"]) == ("Ada", True, False)
    assert "Ada  (administrator, password; last seen" in verb("list").stdout


def test_no_password_is_an_argument() -> None:
    def options(command: click.Command) -> list[str]:
        below = command.commands.values() if isinstance(command, click.Group) else []
        own = [name for each in command.params for name in each.opts]
        return own + [name for each in below for name in options(each)]

    assert [name for name in options(cli.commands["users"]) if "pass" in name] == []


@pytest.mark.parametrize(
    ("words", "typed", "error", "message"),
    [
        (("add", "Ada"), "short\n", AccountError, "needs 12 or more"),
        (("add", "Ada"), "", AccountError, "has 0 characters"),
        (("password", "Eve"), f"{PASSWORD}\n", UserNotFound, "Nobody is called 'Eve'"),
        (("remove", "Eve", "--yes"), "", UserNotFound, "Nobody is called 'Eve'"),
    ],
)
def test_what_cannot_be_done_is_told(
    verb: Verb, words: tuple[str, ...], typed: str, error: type[AccountError], message: str
) -> None:
    refused = verb(*words, typed=typed)
    assert isinstance(refused.exception, error)
    assert message in str(refused.exception)


@pytest.mark.parametrize(
    "words", [("link", "Ada", "--invite"), ("link", "--admin"), ("link", "Ada", "--admin")], ids=str
)
def test_a_link_is_for_one_thing(verb: Verb, words: tuple[str, ...]) -> None:
    assert verb(*words).exit_code == 2


def token_of(printed: str) -> str:
    return printed.strip().partition("?token=")[2]


def test_a_link_is_printed_for_the_first_for_an_invitation_and_for_a_password(
    verb: Verb, tmp_path: Path
) -> None:
    accounts = accounts_in(tmp_path)
    first = verb("link").stdout
    assert first.startswith("http://127.0.0.1:7860/welcome?token=")
    assert accounts.accept(token_of(first), "Ada", PASSWORD).user.admin
    assert "There are accounts already: give NAME, or --invite." in verb("link").stderr
    invited = accounts.accept(token_of(verb("link", "--invite").stdout), "Eve", PASSWORD)
    assert not invited.user.admin
    assert accounts.accept(token_of(verb("link", "eve").stdout), "", OTHER).user == invited.user
    accounts.close()


def test_an_administrator_who_is_locked_out_finds_a_way_back(verb: Verb, tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path)
    ada = accounts.add("Ada", PASSWORD, admin=True)
    for words, typed, then in (
        (("enable", "Ada"), "", PASSWORD),
        (("password", "Ada"), f"{OTHER}\n", OTHER),
    ):
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                accounts.sign_in("Ada", "a wrong password")
        with pytest.raises(TooManyAttempts):
            accounts.sign_in("Ada", PASSWORD)
        assert verb(*words, typed=typed).exit_code == 0
        assert accounts.sign_in("Ada", then).user == ada
    accounts.close()


def test_people_are_shut_out_promoted_and_removed(verb: Verb, tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path)
    accounts.add("Ada", PASSWORD, admin=True)
    eve = accounts.add("Eve", PASSWORD)
    secret = accounts.sign_in("Eve", PASSWORD).secret
    assert "Make another one" in str(verb("demote", "Ada").exception)
    verb("sign-out", "Eve")
    assert accounts.of_session(secret) is None
    printed = verb("token", "Eve", "--for", "a notebook").stdout.strip()
    assert accounts.of_token(printed) == eve
    verb("disable", "Eve")
    assert accounts.of_token(printed) is None
    verb("enable", "Eve")
    verb("promote", "Eve")
    assert accounts.of_token(printed) == eve.model_copy(update={"admin": True})
    verb("demote", "Eve")
    assert verb("token", "Eve", "--for", "a notebook", "--revoke").stderr == "revoked 1\n"
    assert accounts.of_token(printed) is None
    assert verb("remove", "Eve", typed="n\n").exit_code == 1
    assert len(accounts.people.list()) == 2
    own = tmp_path / "people" / eve.id / "files"
    own.mkdir(parents=True)
    assert verb("remove", "Eve", typed="y\n").exit_code == 0
    assert not own.parent.exists()
    assert [person.name for person in accounts.people.list()] == ["Ada"]
    accounts.close()


def test_a_server_without_users_prints_how_to_become_its_administrator(
    environment: dict[str, str], tmp_path: Path, free_port: int
) -> None:
    """The whole of it as it is installed: strangers are kept out, the first comes in, Ctrl-C ends it."""
    settings = environment | {"IBID_ACCESS__LOGIN": "true", "IBID_SERVER__PORT": str(free_port)}
    settings["IBID_SERVER__PROXIES"] = "192.0.2.1"
    server = subprocess.Popen(
        [sys.executable, "-m", "ui", "serve", "--library", str(tmp_path / "library")],
        env=settings,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    watch = threading.Timer(120, server.kill)
    watch.start()
    try:
        assert server.stderr is not None
        said = ""
        while "Ctrl-C stops it" not in said:
            line = server.stderr.readline()
            assert line, said
            said += line
        (link,) = [word for word in said.split() if "/welcome?token=" in word]
        home = f"http://127.0.0.1:{free_port}"
        assert link.startswith(home)
        assert httpx.get(f"{home}/config").status_code == 401
        assert httpx.get(f"{home}/gradio_api/info").status_code == 401
        with Browser(home, x_forwarded_proto="https") as browser:
            assert "Secure" not in browser.get("/login").headers["set-cookie"], "this is no trusted proxy"
            assert browser.get("/").headers["location"] == "/login?next=/"
            path = link.removeprefix(home)
            assert browser.send_form(path, name="Ada", password=PASSWORD, again=PASSWORD).status_code == 303
            assert "window.gradio_config" in browser.get("/").text
            assert browser.get("/config").status_code == 200
    finally:
        os.kill(server.pid, signal.SIGINT)
        server.communicate(timeout=60)
        watch.cancel()


def test_nothing_is_asked_of_the_one_user_of_this_machine() -> None:
    assert not Configuration().settings.access.login


def test_accounts_opens_in_the_folder_it_is_given(tmp_path: Path) -> None:
    Accounts.open(tmp_path / "new").close()
    assert (tmp_path / "new" / "accounts.sqlite3").is_file()
