"""Accounts: users, passwords, sessions, tokens and one-time links, each in a real database."""

from __future__ import annotations

import sqlite3
import stat
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from assistant.accounts.accounts import Accounts
from assistant.accounts.database import FILE, prepare
from assistant.accounts.errors import AccountError, LinkSpent, NotSignedIn, UserNotFound
from assistant.accounts.passwords import LONGEST, SHORTEST, Passwords, require_good
from assistant.accounts.people import name_key, tidy
from assistant.accounts.schema import Identity, User, Where
from assistant.accounts.secret import TOKEN, digest, new_secret, proof, proves
from assistant.accounts.tables import metadata
from index.errors import LibraryError
from tests.doors import CHEAP, OTHER, PASSWORD, Clock, accounts_in


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    opened = accounts_in(tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def ada(accounts: Accounts) -> User:
    """The first administrator."""
    return accounts.add("Ada", PASSWORD, admin=True)


def everything(accounts: Accounts) -> str:
    """All that the database holds, as text."""
    with accounts.engine.connect() as connection:
        rows = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    return repr(rows)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What came of the same work on so many threads; an error counts as what came."""
    outcomes: list[object] = []
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait()
        try:
            outcomes.append(work(number))
        except AccountError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


# ---- The database


def test_the_database_can_be_read_by_its_owner_alone(accounts: Accounts, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_no_secret_stands_in_the_database(accounts: Accounts, ada: User) -> None:
    begun = accounts.sign_in("Ada", PASSWORD)
    secrets = [
        *(PASSWORD, begun.secret, begun.device, accounts.tokens.create(ada.id, "laptop")),
        *(accounts.links.invite(), accounts.links.for_password(ada)),
    ]
    kept = everything(accounts)
    assert [secret for secret in secrets if secret in kept] == []
    assert "$argon2id$" in kept


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    accounts_in(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE facts SET value = '9' WHERE key = 'schema'")
    connection.close()
    with pytest.raises(LibraryError, match="schema 9, this Ibid reads 1: update Ibid"):
        accounts_in(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(LibraryError, match=r"accounts.sqlite3 cannot be opened: .*not a database"):
        accounts_in(tmp_path)


def test_processes_may_create_the_tables_at_once(tmp_path: Path) -> None:
    def create(number: int) -> None:
        engine = create_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
        prepare(engine)
        engine.dispose()

    assert at_once(4, create) == [None] * 4


# ---- Names


@pytest.mark.parametrize("written", ["ada", "ADA", "  Ada ", "Ａｄａ", "Ada"])
def test_a_name_is_taken_however_it_is_written(accounts: Accounts, ada: User, written: str) -> None:
    with pytest.raises(AccountError, match="Somebody is already called"):
        accounts.add(written, PASSWORD)
    assert accounts.people.named(written) == ada


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "A name is needed"),
        (" \t", "A name is needed"),
        ("a" * 65, "65 characters; 64 are the most"),
        ("a\u200db", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\x00b", "cannot be seen"),
    ],
)
def test_what_cannot_be_a_name_is_refused(accounts: Accounts, name: str, reason: str) -> None:
    with pytest.raises(AccountError, match=reason):
        accounts.add(name, PASSWORD)


@given(st.text(max_size=70))
def test_a_name_that_is_taken_stands_for_itself_however_often_it_is_tidied(name: str) -> None:
    try:
        tidied = tidy(name)
    except AccountError:
        return
    assert tidy(tidied) == tidied
    assert name_key(tidied) == name_key(name) == name_key(name_key(name))


def test_nobody_is_an_answer(accounts: Accounts) -> None:
    with pytest.raises(UserNotFound, match=r"Nobody is called 'Eve'. `ibid users list`"):
        accounts.people.named("Eve")


# ---- Passwords


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", f"has 5 characters and needs {SHORTEST}"),
        ("x" * (LONGEST + 1), f"has {LONGEST + 1} characters; {LONGEST} are the most"),
        ("aaaaaaaaaaaaaa", "first to be guessed"),
        ("abababababab", "first to be guessed"),
        ("qwertyuiopas", "first to be guessed"),
        ("123456789012", "first to be guessed"),
        ("Password1234!", "first to be guessed"),
        ("charlotte1985", "first to be guessed"),
    ],
)
def test_a_password_that_will_not_do_is_refused(password: str, reason: str) -> None:
    with pytest.raises(AccountError, match=reason):
        require_good(password, "Charlotte")


@pytest.mark.parametrize(
    "password", ["correct horse", "839201748265", "ÄÖÜ ßßß ñññ éé", "x7" * 2 + " plum jam"]
)
def test_length_is_enough_and_no_mixture_is_asked_for(password: str) -> None:
    require_good(password, "Charlotte")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_password_fits_what_was_kept_of_it_and_nothing_else(one: str, other: str) -> None:
    passwords = Passwords(**CHEAP)
    kept = passwords.kept(one)
    assert passwords.fits(one, kept)
    assert not passwords.fits(one + "x", kept)
    assert not passwords.fits(one, None)
    assert passwords.kept(one) != kept, "each has a salt of its own"
    if passwords.fits(other, kept):
        assert unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)


def test_passwords_cost_what_the_standard_asks_for() -> None:
    kept = Passwords().kept(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_is_kept_anew_when_its_cost_is_raised(tmp_path: Path) -> None:
    with_less = accounts_in(tmp_path)
    user = with_less.add("Ada", PASSWORD, admin=True)
    dearer = Accounts(with_less.engine, passwords=Passwords(memory=16, passes=2, lanes=1))
    dearer.sign_in("Ada", PASSWORD)
    row = dearer.people.row_of(user.id)
    assert row is not None
    assert "m=16,t=2,p=1" in row.password
    assert dearer.of_session(dearer.sign_in("Ada", PASSWORD).secret) == user
    with_less.close()


# ---- Signing in


def test_a_user_signs_in_and_is_known_by_the_session(accounts: Accounts, ada: User) -> None:
    begun = accounts.sign_in(" ADA ", PASSWORD)
    assert begun.user == ada
    assert accounts.of_session(begun.secret) == ada
    assert accounts.of_session(begun.secret[:-1]) is None
    assert accounts.of_session("") is None


def test_whatever_is_wrong_is_told_in_the_same_words(accounts: Accounts, ada: User) -> None:
    accounts.add("Disabled", PASSWORD)
    accounts.people.set_disabled(accounts.people.named("Disabled").id, True)
    accounts.admit(Identity(issuer="https://id.example", subject="1", name="Organised"), join=True)
    told = set()
    for name, password in (
        *(("Ada", OTHER), ("Nobody", PASSWORD), ("", ""), ("Disabled", PASSWORD), ("Organised", PASSWORD)),
    ):
        with pytest.raises(NotSignedIn) as refused:
            accounts.sign_in(name, password)
        told.add(str(refused.value))
    assert told == {"The name or the password is wrong."}


def test_an_unknown_name_costs_the_same_work(
    accounts: Accounts, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    inner = accounts._passwords._hasher

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            verified.append(kept)
            return inner.verify(kept, password)

    monkeypatch.setattr(accounts._passwords, "_hasher", Counting())
    for name in ("Ada", "Nobody"):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(name, OTHER)
    assert len(verified) == 2
    assert len({kept.rsplit("$", 2)[0] for kept in verified}) == 1, "at the same cost"


# ---- Sessions


def test_a_session_ends_after_its_time_however_it_is_used(
    accounts: Accounts, ada: User, clock: Clock
) -> None:
    secret = accounts.sign_in("Ada", PASSWORD).secret
    for _ in range(11):
        clock.pass_(hours=1)
        assert accounts.of_session(secret) == ada
    clock.pass_(minutes=59)
    assert accounts.of_session(secret) == ada
    clock.pass_(minutes=1)
    assert accounts.of_session(secret) is None
    accounts.sign_in("Ada", PASSWORD)
    assert len(accounts.sessions.list(ada.id)) == 1


def test_a_session_is_ended_alone_or_with_all_others(accounts: Accounts, ada: User) -> None:
    first, second, third = (accounts.sign_in("Ada", PASSWORD).secret for _ in range(3))
    session = accounts.sessions.id_of(first)
    assert session is not None
    other = accounts.add("Eve", PASSWORD)
    accounts.sessions.revoke(other.id, session)
    assert accounts.of_session(first) == ada, "it is not Eve's to end"
    accounts.sessions.revoke(ada.id, session)
    assert [accounts.of_session(each) for each in (first, second, third)] == [None, ada, ada]
    accounts.sessions.revoke_all(ada.id, but=third)
    assert [accounts.of_session(each) for each in (first, second, third)] == [None, None, ada]
    accounts.sessions.end(third)
    assert accounts.of_session(third) is None


def test_a_session_tells_from_where_and_when_it_was_used(accounts: Accounts, ada: User, clock: Clock) -> None:
    secret = accounts.sign_in("Ada", PASSWORD, Where(address="192.0.2.7", agent="A browser " * 99)).secret
    clock.pass_(minutes=4)
    accounts.of_session(secret)
    assert accounts.sessions.list(ada.id)[0].seen == "2026-03-01T09:30:00.000+00:00"
    clock.pass_(minutes=2)
    accounts.of_session(secret)
    (told,) = accounts.sessions.list(ada.id)
    assert told.seen == "2026-03-01T09:36:00.000+00:00"
    assert told.address == "192.0.2.7"
    clock.pass_(days=3)
    accounts.add("Eve", PASSWORD)
    accounts.sign_in("Eve", PASSWORD)
    assert [person.seen for person in accounts.people.list()] == [
        "2026-03-01T09:36:00.000+00:00",
        "2026-03-04T09:36:00.000+00:00",
    ]
    assert len(told.agent) == 200


def test_another_password_ends_the_other_sessions(accounts: Accounts, ada: User) -> None:
    here, there = (accounts.sign_in("Ada", PASSWORD).secret for _ in range(2))
    with pytest.raises(AccountError, match="The present password is wrong"):
        accounts.change_password(ada, OTHER, OTHER, here)
    with pytest.raises(AccountError, match="needs 12 or more"):
        accounts.change_password(ada, PASSWORD, "short", here)
    accounts.change_password(ada, PASSWORD, OTHER, here)
    assert accounts.of_session(here) == ada
    assert accounts.of_session(there) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Ada", PASSWORD)
    accounts.sign_in("Ada", OTHER)


def test_a_sign_in_under_way_does_not_outlive_a_change_of_password(
    accounts: Accounts, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = accounts._passwords.fits

    def slow(password: str, kept: str | None) -> bool:
        found = fits(password, kept)
        monkeypatch.setattr(accounts._passwords, "fits", fits)
        accounts.set_password("Ada", OTHER)
        return found

    monkeypatch.setattr(accounts._passwords, "fits", slow)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Ada", PASSWORD)
    assert accounts.sessions.list(ada.id) == []


# ---- Tokens


def test_a_program_is_known_by_its_token_until_that_is_revoked(
    accounts: Accounts, ada: User, clock: Clock
) -> None:
    secret = accounts.tokens.create(ada.id, "  my   laptop ")
    assert secret.startswith(TOKEN)
    (token,) = accounts.tokens.list(ada.id)
    assert (token.name, token.used) == ("my laptop", None)
    clock.pass_(days=400)
    assert accounts.of_token(secret) == ada
    assert accounts.tokens.list(ada.id)[0].used == "2027-04-05T09:30:00.000+00:00"
    accounts.tokens.revoke(accounts.add("Eve", PASSWORD).id, token.id)
    assert accounts.of_token(secret) == ada, "it is not Eve's to revoke"
    accounts.tokens.revoke(ada.id, token.id)
    assert accounts.of_token(secret) is None


def test_a_token_is_no_session_and_a_session_no_token(accounts: Accounts, ada: User) -> None:
    session, token = accounts.sign_in("Ada", PASSWORD).secret, accounts.tokens.create(ada.id, "laptop")
    assert accounts.of_token(session) is None
    assert accounts.of_session(token) is None


def test_tokens_are_limited_in_number(accounts: Accounts, ada: User) -> None:
    for number in range(50):
        accounts.tokens.create(ada.id, f"program {number}")
    with pytest.raises(AccountError, match=r"50 tokens already\. Revoke one first"):
        accounts.tokens.create(ada.id, "one more")


@given(st.text(max_size=300))
def test_a_secret_is_known_by_its_digest_alone(guess: str) -> None:
    secret = new_secret()
    assert len(secret) == 43
    assert digest(guess) == digest(guess)
    assert (digest(guess) == digest(secret)) == (guess == secret)
    assert proves(proof(secret, "a form"), secret, "a form")
    assert not proves(guess, secret, "a form")
    assert not proves(proof("", "a form"), "", "a form"), "no secret proves nothing"


# ---- Administrators


def test_the_last_administrator_cannot_be_lost(accounts: Accounts, ada: User) -> None:
    accounts.add("Eve", PASSWORD)
    other = accounts.add("Off", PASSWORD, admin=True)
    accounts.people.set_disabled(other.id, True)
    for change in (
        lambda: accounts.people.set_admin(ada.id, False),
        lambda: accounts.people.set_disabled(ada.id, True),
        lambda: accounts.people.remove(ada.id, lambda user: None),
    ):
        with pytest.raises(AccountError, match="only administrator who may sign in"):
            change()
    accounts.people.set_disabled(other.id, False)
    accounts.people.set_admin(ada.id, False)
    assert not accounts.people.named("Ada").admin


def test_administrators_who_step_down_at_once_leave_one(accounts: Accounts, ada: User) -> None:
    everybody = [ada.id, *(accounts.add(f"Admin {number}", PASSWORD, admin=True).id for number in range(3))]
    outcomes = at_once(4, lambda number: accounts.people.set_admin(everybody[number], False))
    assert sum(isinstance(outcome, AccountError) for outcome in outcomes) == 1
    assert [person.admin for person in accounts.people.list()].count(True) == 1


def test_who_is_disabled_is_shut_out_until_enabled(accounts: Accounts, ada: User) -> None:
    eve = accounts.add("Eve", PASSWORD)
    session, token = accounts.sign_in("Eve", PASSWORD).secret, accounts.tokens.create(eve.id, "laptop")
    accounts.people.set_disabled(eve.id, True)
    assert accounts.of_session(session) is None
    assert accounts.of_token(token) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Eve", PASSWORD)
    accounts.people.set_disabled(eve.id, False)
    assert accounts.of_session(session) is None, "that session has ended for good"
    assert accounts.of_token(token) == eve


def test_a_removal_that_fails_shuts_out_and_can_be_repeated(accounts: Accounts, ada: User) -> None:
    eve = accounts.add("Eve", PASSWORD)
    secret = accounts.sign_in("Eve", PASSWORD).secret
    accounts.tokens.create(eve.id, "laptop")

    def fail(user: User) -> None:
        raise LibraryError(f"the library of {user.name} is in use")

    with pytest.raises(LibraryError, match="of Eve is in use"):
        accounts.people.remove(eve.id, fail)
    assert accounts.of_session(secret) is None
    assert [person.disabled for person in accounts.people.list()] == [False, True]
    gone: list[User] = []
    accounts.people.remove(eve.id, gone.append)
    assert gone == [eve]
    assert eve.id not in everything(accounts)
    assert accounts.add("Eve", PASSWORD).id != eve.id


# ---- One-time links


def test_the_first_administrator_comes_by_a_link_that_holds_once(accounts: Accounts) -> None:
    link = accounts.links.first()
    assert link is not None
    begun = accounts.accept(link, "Ada", PASSWORD)
    assert begun.user.admin
    assert accounts.of_session(begun.secret) == begun.user
    with pytest.raises(LinkSpent, match="has been used or has expired"):
        accounts.accept(link, "Eve", PASSWORD)
    assert accounts.links.first() is None


def test_of_many_who_use_a_link_at_once_one_gets_in(accounts: Accounts, ada: User) -> None:
    link = accounts.links.invite()
    outcomes = at_once(8, lambda number: accounts.accept(link, f"Guest {number}", PASSWORD))
    assert sum(isinstance(outcome, LinkSpent) for outcome in outcomes) == 7
    assert len(accounts.people.list()) == 2


def test_of_many_first_links_used_at_once_one_makes_an_administrator(accounts: Accounts) -> None:
    links = [accounts.links.first() or "" for _ in range(6)]
    assert len(set(links)) == 6
    outcomes = at_once(6, lambda number: accounts.accept(links[number], f"First {number}", PASSWORD))
    assert sum(isinstance(outcome, LinkSpent) for outcome in outcomes) == 5
    assert [person.admin for person in accounts.people.list()] == [True]


def test_a_link_expires_after_a_day(accounts: Accounts, clock: Clock) -> None:
    link = accounts.links.first()
    assert link is not None
    clock.pass_(hours=23, minutes=59)
    assert accounts.links.look(link) is not None
    clock.pass_(minutes=1)
    assert accounts.links.look(link) is None
    with pytest.raises(LinkSpent):
        accounts.accept(link, "Ada", PASSWORD)


def test_a_link_holds_on_where_name_or_password_will_not_do(accounts: Accounts, ada: User) -> None:
    link = accounts.links.invite(admin=True)
    for name, password, reason in (
        ("ada", PASSWORD, "already called"),
        ("", PASSWORD, "A name is needed"),
        ("Eve", "short", "needs 12"),
    ):
        with pytest.raises(AccountError, match=reason):
            accounts.accept(link, name, password)
    assert accounts.accept(link, "Eve", PASSWORD).user.admin


def test_an_invitation_can_be_taken_back(accounts: Accounts, ada: User) -> None:
    link = accounts.links.invite()
    (invitation,) = accounts.links.invitations()
    accounts.links.withdraw(invitation.id)
    with pytest.raises(LinkSpent):
        accounts.accept(link, "Eve", PASSWORD)
    assert accounts.links.invitations() == []


def test_a_link_for_a_password_lets_its_user_in_and_ends_all_sessions(accounts: Accounts, ada: User) -> None:
    before = accounts.sign_in("Ada", PASSWORD).secret
    earlier, link = accounts.links.for_password(ada), accounts.links.for_password(ada)
    with pytest.raises(LinkSpent):
        accounts.accept(earlier, "", OTHER)
    begun = accounts.accept(link, "somebody else's name", OTHER)
    assert begun.user == ada
    assert accounts.of_session(begun.secret) == ada
    assert accounts.of_session(before) is None
    accounts.sign_in("Ada", OTHER)


# ---- Those an organisation vouches for


def identity(subject: str, name: str = "Ada", issuer: str = "https://id.example") -> Identity:
    return Identity(issuer=issuer, subject=subject, name=name)


def test_an_organisations_user_is_the_same_at_each_sign_in(accounts: Accounts) -> None:
    first = accounts.admit(identity("1"), join=True).user
    assert accounts.admit(identity("1", "renamed"), join=False).user == first
    assert accounts.admit(identity("1", issuer="https://other.example"), join=True).user != first


def test_an_organisations_user_is_never_taken_for_another_of_that_name(accounts: Accounts, ada: User) -> None:
    joined = accounts.admit(identity("1", "ada"), join=True).user
    assert joined.id != ada.id
    assert (joined.name, joined.admin) == ("ada 2", False)


def test_who_may_not_join_needs_an_invitation(accounts: Accounts, ada: User) -> None:
    with pytest.raises(NotSignedIn, match="Ask an administrator for an invitation"):
        accounts.admit(identity("1"), join=False)
    joined = accounts.admit(identity("1"), join=False, link=accounts.links.invite(admin=True)).user
    assert joined.admin
    accounts.people.set_disabled(joined.id, True)
    with pytest.raises(NotSignedIn, match="disabled"):
        accounts.admit(identity("1"), join=True)


def test_a_database_that_is_busy_for_a_moment_is_waited_for(accounts: Accounts, ada: User) -> None:
    with accounts.engine.begin() as connection:
        connection.execute(text("UPDATE facts SET value = value"))
        waiting = threading.Thread(target=lambda: accounts.sign_in("Ada", PASSWORD))
        waiting.start()
    waiting.join()
    assert len(accounts.sessions.list(ada.id)) == 1
