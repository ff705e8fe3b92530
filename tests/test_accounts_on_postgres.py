"""Accounts in PostgreSQL, as several replicas share them: what must not happen twice does not."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from assistant.accounts import database
from assistant.accounts.accounts import Accounts
from assistant.accounts.errors import AccountError, LinkSpent, NotSignedIn, TooManyAttempts
from assistant.accounts.passwords import Passwords
from assistant.accounts.schema import Identity
from assistant.accounts.tables import facts
from index.settings import StorageSettings
from tests.doors import CHEAP, OTHER, PASSWORD
from tests.servers import PostgresServer


@pytest.fixture
def replicas(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> Iterator[list[Accounts]]:
    """Three replicas over accounts that nobody has used."""
    monkeypatch.setattr(database, "SCHEMA", f"accounts_{secrets.token_hex(4)}")
    storage = StorageSettings(database=postgres.database, password=SecretStr(postgres.password))
    opened: list[Accounts] = []

    def open_one(number: int) -> None:
        engine = database.engine(tmp_path, storage)  # type: ignore[arg-type]
        opened.append(Accounts(engine, passwords=Passwords(**CHEAP)))

    assert at_once(3, open_one) == [None] * 3, "the tables are created once"
    yield opened
    for accounts in opened:
        accounts.close()


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What came of the same work on so many threads; an error counts as what came."""
    outcomes: list[object] = []
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait()
        try:
            outcomes.append(work(number))
        except AccountError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_session_holds_on_every_replica_and_ends_on_all(replicas: list[Accounts]) -> None:
    one, two, three = replicas
    user = one.add("Ada", PASSWORD, admin=True)
    secret, token = two.sign_in("ada", PASSWORD).secret, two.tokens.create(user.id, "laptop")
    assert three.of_session(secret) == three.of_token(token) == user
    one.sessions.end(secret)
    one.tokens.revoke(user.id, one.tokens.list(user.id)[0].id)
    assert three.of_session(secret) is None
    assert three.of_token(token) is None
    with pytest.raises(AccountError, match="already called"):
        three.add("ADA", PASSWORD)


def test_guesses_at_once_on_all_replicas_are_counted_together(replicas: list[Accounts]) -> None:
    replicas[0].add("Ada", PASSWORD, admin=True)
    outcomes = at_once(12, lambda number: replicas[number % 3].sign_in("Ada", OTHER))
    assert outcomes.count(NotSignedIn) == 5
    assert outcomes.count(TooManyAttempts) == 7


def test_one_first_administrator_comes_of_many_links_and_one_user_of_a_link(
    replicas: list[Accounts],
) -> None:
    links = [replica.links.first() or "" for replica in replicas]
    outcomes = at_once(3, lambda number: replicas[number].accept(links[number], f"First {number}", PASSWORD))
    assert outcomes.count(LinkSpent) == 2
    assert [person.admin for person in replicas[0].people.list()] == [True]
    link = replicas[0].links.invite()
    outcomes = at_once(6, lambda number: replicas[number % 3].accept(link, f"Guest {number}", PASSWORD))
    assert outcomes.count(LinkSpent) == 5


def test_administrators_who_step_down_at_once_leave_one(replicas: list[Accounts]) -> None:
    users = [replicas[0].add(f"Admin {number}", PASSWORD, admin=True) for number in range(3)]
    outcomes = at_once(3, lambda number: replicas[number].people.set_admin(users[number].id, False))
    assert outcomes.count(AccountError) == 1


def test_an_organisations_user_joins_once_however_many_come_at_once(replicas: list[Accounts]) -> None:
    ada = Identity(issuer="https://id.example", subject="1", name="Ada")
    begun = at_once(6, lambda number: replicas[number % 3].admit(ada, join=True).user)
    assert begun == [replicas[0].people.named("Ada")] * 6


def test_accounts_have_a_schema_of_their_own(replicas: list[Accounts]) -> None:
    with replicas[0].engine.connect() as connection:
        assert connection.scalar(select(facts.c.value)) == database.VERSION
        schemas = connection.exec_driver_sql(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = 'sign_ins'"
        )
        assert database.SCHEMA in set(schemas.scalars())
