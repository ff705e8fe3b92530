"""Guessing is made slow: for every account, from every address, on all replicas together, and never for good."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from assistant.accounts.attempts import (
    LONGEST,
    Attempts,
    Counter,
    of_account,
    of_address,
    of_device,
)
from assistant.accounts.database import prepare
from assistant.accounts.errors import NotSignedIn, TooManyAttempts, waiting
from assistant.accounts.schema import Where
from assistant.accounts.tables import attempts
from tests.doors import OTHER, PASSWORD, Clock, accounts_in

DAY = 24 * 3600


def counting(clock: Clock) -> Attempts:
    engine = create_engine("sqlite://")
    prepare(engine)
    return Attempts(engine, clock)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3 * LONGEST), max_size=60))
def test_a_wait_is_never_longer_than_it_may_be_and_what_is_refused_does_not_lengthen_it(
    gaps: list[int],
) -> None:
    clock, counter = Clock(), of_account("Ada")
    counted = counting(clock)
    judged, waits = 0, []
    for gap in gaps:
        clock.pass_(seconds=gap)
        try:
            counted.begin([counter])
        except TooManyAttempts as refused:
            waits.append(refused.seconds)
            clock.pass_(seconds=refused.seconds)
            counted.begin([counter])
        judged += 1
    assert judged == len(gaps)
    assert all(1 <= wait <= LONGEST for wait in waits)
    assert not waits or judged >= counter.free


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 600), st.sampled_from([of_account("Ada"), of_device("a mark")]))
def test_however_often_one_tries_few_guesses_a_day_are_judged(every: int, counter: Counter) -> None:
    clock = Clock()
    counted = counting(clock)
    judged, now = 0, 0
    while now < DAY:
        try:
            counted.begin([counter])
            judged += 1
            step = every
        except TooManyAttempts as refused:
            step = max(every, refused.seconds)
        clock.pass_(seconds=step)
        now += step
    assert judged <= 5 + 6 + DAY / LONGEST


@given(st.text(max_size=40))
def test_a_name_is_counted_however_it_is_written_and_whether_anybody_has_it_or_not(name: str) -> None:
    assert of_account(name) == of_account(f"  {name} ")
    assert of_account(name).key != of_address(name).key
    assert len(of_account(name).key) < 128


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("", "no address", True),
    ],
)
def test_addresses_are_counted_by_what_one_customer_has(one: str, other: str, together: bool) -> None:
    assert (of_address(one) == of_address(other)) == together


def test_waits_double_up_to_the_longest() -> None:
    counter = of_account("Ada")
    assert [counter.wait(count) for count in range(3, 13)] == [0, 0, 15, 30, 60, 120, 240, 480, 900, 900]
    assert counter.wait(10**9) == LONGEST


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (40, "40 seconds"), (121, "3 minutes"), (900, "15 minutes")]
)
def test_a_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert waiting(seconds) == words


def test_guesses_are_counted_together_on_all_replicas(tmp_path: Path) -> None:
    clock = Clock()
    replicas = [accounts_in(tmp_path, clock) for _ in range(2)]
    replicas[0].add("Ada", PASSWORD, admin=True)
    for number in range(5):
        with pytest.raises(NotSignedIn):
            replicas[number % 2].sign_in("Ada", OTHER)
    for replica in replicas:
        with pytest.raises(TooManyAttempts, match=r"Too many attempts. Try again in 15 seconds"):
            replica.sign_in("Ada", PASSWORD)
        replica.close()


def test_guesses_at_once_are_not_let_through_together(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path)
    accounts.add("Ada", PASSWORD, admin=True)
    outcomes: list[type[Exception]] = []

    def guess() -> None:
        try:
            accounts.sign_in("Ada", OTHER)
        except (NotSignedIn, TooManyAttempts) as refused:
            outcomes.append(type(refused))

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(NotSignedIn), outcomes.count(TooManyAttempts)) == (5, 11)
    accounts.close()


def test_an_unknown_name_is_refused_after_as_many_guesses(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path, Clock())
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("Nobody", OTHER)
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("Nobody", OTHER)
    accounts.close()


def test_guessing_at_an_administrator_does_not_shut_out_the_browser_they_use(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path, Clock())
    accounts.add("Ada", PASSWORD, admin=True)
    device = accounts.sign_in("Ada", PASSWORD).device
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("Ada", OTHER, Where(address="192.0.2.66"))
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("Ada", PASSWORD, Where(address="192.0.2.1"))
    begun = accounts.sign_in("Ada", PASSWORD, Where(address="192.0.2.1", device=device))
    assert begun.device == device
    accounts.add("Eve", PASSWORD)
    of_eve = accounts.sign_in("Eve", PASSWORD).device
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("Ada", PASSWORD, Where(device=of_eve))
    accounts.close()


def test_an_operators_link_or_password_lets_in_whoever_was_guessed_at(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path, Clock())
    ada = accounts.add("Ada", PASSWORD, admin=True)
    for way in ("link", "password", "unlock"):
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                accounts.sign_in("Ada", "a wrong password")
        with pytest.raises(TooManyAttempts):
            accounts.sign_in("Ada", PASSWORD)
        if way == "link":
            accounts.accept(accounts.links.for_password(ada), "", PASSWORD)
        elif way == "password":
            accounts.set_password("Ada", PASSWORD)
        else:
            accounts.unlock(ada)
        accounts.sign_in("Ada", PASSWORD)
    accounts.close()


def test_an_address_that_tries_many_names_has_to_wait(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path, Clock())
    accounts.add("Ada", PASSWORD, admin=True)
    here = Where(address="192.0.2.66")
    for number in range(30):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(f"Name {number}", OTHER, here)
        if number < 29:
            accounts.sign_in("Ada", PASSWORD, here)  # one's own account does not buy more guesses
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("Ada", PASSWORD, here)
    accounts.sign_in("Ada", PASSWORD, Where(address="192.0.2.1"))
    accounts.close()


def test_counts_are_forgotten_after_a_day(tmp_path: Path) -> None:
    clock = Clock()
    accounts = accounts_in(tmp_path, clock)
    accounts.add("Ada", PASSWORD, admin=True)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("Ada", OTHER, Where(address="192.0.2.66"))
    clock.now += timedelta(days=1)
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("Ada", OTHER)
    accounts.sign_in("Ada", PASSWORD, Where(address="192.0.2.1"))
    with accounts.engine.connect() as connection:
        keys = {row.key for row in connection.execute(select(attempts))}
    assert of_address("192.0.2.66").key not in keys
    accounts.close()
