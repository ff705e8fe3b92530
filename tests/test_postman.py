"""The digest that a running server sends: when it is due, once, and whatever happens meanwhile."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest

from assistant.engine import Assistant
from index.errors import SettingsError
from index.library import Library
from index.settings import IndexSettings
from ui.digest.delivery import Sending, sending
from ui.digest.postman import Postman
from ui.settings import DigestSettings

Open = Callable[..., Library]


@dataclass
class Clock:
    """The time, as the test says it is: it begins with the day that the papers are added on."""

    time: datetime = field(default_factory=lambda: datetime.now().astimezone())

    def __call__(self) -> datetime:
        return self.time

    def on(self, **more: float) -> None:
        self.time += timedelta(**more)


@pytest.fixture
def clock() -> Clock:
    """An hour before midday of today; schedules are for midday."""
    return Clock(datetime.now().astimezone().replace(hour=11, minute=0))


@pytest.fixture
def settings_for(mailbox: Any) -> DigestSettings:
    return mailbox.settings.model_copy(update={"schedule": "daily 12:00"})


@pytest.fixture
def postman(library: Library, settings_for: DigestSettings, clock: Clock) -> Postman:
    """One that has seen its schedule."""
    made = Postman(Assistant(library), settings_for, clock)
    made.round()
    return made


def test_a_digest_is_sent_when_it_is_due_and_not_before(postman: Postman, mailbox: Any, clock: Clock) -> None:
    clock.on(minutes=59)
    postman.round()
    assert mailbox.taken == []
    clock.on(minutes=1)
    for _ in range(3):
        postman.round()
    (letter,) = mailbox.taken
    message = message_from_string(letter, policy=policy.default)
    assert message["To"] == "me@example.org"
    assert message["Subject"].startswith("What is new – 6 papers added since")


def test_what_was_due_before_the_schedule_was_set_is_not_sent(
    library: Library, settings_for: DigestSettings, mailbox: Any, clock: Clock
) -> None:
    clock.on(hours=5)
    Postman(Assistant(library), settings_for, clock).round()
    Postman(Assistant(library), settings_for, clock).round()
    assert mailbox.taken == []


def test_a_server_that_starts_again_sends_nothing_twice(
    postman: Postman, library: Library, settings_for: DigestSettings, mailbox: Any, clock: Clock
) -> None:
    clock.on(hours=2)
    postman.round()
    Postman(Assistant(library), settings_for, clock).round()
    assert len(mailbox.taken) == 1


def test_of_two_processes_one_sends(
    postman: Postman, open_library: Open, settings_for: DigestSettings, mailbox: Any, clock: Clock
) -> None:
    other = Postman(Assistant(open_library()), settings_for, clock)
    tried = []

    def meanwhile() -> None:
        other.round()
        tried.append(len(mailbox.taken))

    mailbox.meanwhile = meanwhile
    clock.on(hours=2)
    postman.round()
    other.round()
    assert tried == [0]
    assert len(mailbox.taken) == 1


def test_a_command_waits_for_the_letter_under_way(tmp_path: Path) -> None:
    with (
        sending(tmp_path, 0),
        pytest.raises(Sending, match="Another process is sending"),
        sending(tmp_path, 0),
    ):
        pytest.fail("two were sending")


def test_times_that_were_missed_are_caught_up_in_one_letter_that_reaches_back_to_the_last_round(
    library: Library, settings_for: DigestSettings, mailbox: Any, clock: Clock
) -> None:
    settings = settings_for.model_copy(update={"since": "1d"})
    Postman(Assistant(library), settings, clock).round()
    clock.on(days=20, hours=3)
    later = Postman(Assistant(library), settings, clock)
    later.round()
    later.round()
    assert len(mailbox.taken) == 1
    assert mailbox.taken[0].count("TideNet: Forecasting") >= 1


def test_where_nothing_is_new_nothing_is_sent_and_the_next_round_is_the_next_time(
    library: Library, settings_for: DigestSettings, mailbox: Any, clock: Clock, write_papers: Any
) -> None:
    settings = settings_for.model_copy(update={"topic": "volcanic ash"})
    postman = Postman(Assistant(library), settings, clock)
    postman.round()
    clock.on(hours=2)
    postman.round()
    assert mailbox.taken == []
    ash = {
        "title": "Ash over the Runway",
        "abstract": "We forecast volcanic ash over airports. Volcanic ash is seen an hour ahead.",
    }
    library.add([write_papers("ash.jsonl", ash)])
    clock.on(hours=1)
    postman.round()
    assert mailbox.taken == []
    clock.on(days=1)
    postman.round()
    assert len(mailbox.taken) == 1
    assert "Ash over the Runway" in mailbox.taken[0]


def test_a_mail_server_that_fails_is_tried_again_later_and_later_and_told_of(
    library: Library,
    settings_for: DigestSettings,
    mailbox: Any,
    clock: Clock,
    free_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = settings_for.model_copy(update={"smtp_port": free_port})
    postman = Postman(Assistant(library), gone, clock)
    postman.round()
    clock.on(hours=1)
    pauses = []
    with caplog.at_level(logging.WARNING, "ui.digest.postman"):
        for _ in range(9 * 60):
            told = len(caplog.records)
            postman.round()
            if len(caplog.records) > told:
                pauses.append(clock.time)
            clock.on(minutes=1)
    minutes = [
        (after - before).total_seconds() / 60 for before, after in zip(pauses, pauses[1:], strict=False)
    ]
    assert minutes[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert f"tried again in 1 min: The mail server 127.0.0.1:{free_port} did not take" in caplog.messages[0]
    assert {record.exc_info for record in caplog.records} == {None}
    postman.settings = settings_for  # the server is there again
    clock.on(hours=1)
    postman.round()
    postman.round()
    assert len(mailbox.taken) == 1


def test_nothing_that_goes_wrong_is_raised_into_the_server(
    postman: Postman,
    mailbox: Any,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = True

    def edition(*_: Any) -> Any:
        if broken:
            raise MemoryError("too many papers")
        return kept(*_)

    kept = postman._digests.edition
    monkeypatch.setattr(postman._digests, "edition", edition)
    clock.on(hours=2)
    postman.round()
    assert caplog.records[-1].exc_info
    broken = False
    clock.on(minutes=1)
    postman.round()
    assert len(mailbox.taken) == 1


def test_other_papers_to_the_same_people_are_another_letter(
    library: Library, settings_for: DigestSettings, mailbox: Any, clock: Clock
) -> None:
    for held in ("", "Aviary Lab"):
        settings = settings_for.model_copy(update={"organizations": held})
        Postman(Assistant(library), settings, clock).round()
    clock.on(hours=2)
    for held in ("", "Aviary Lab"):
        settings = settings_for.model_copy(update={"organizations": held})
        Postman(Assistant(library), settings, clock).round()
    assert ["Aviary Lab" in letter.splitlines()[0] for letter in mailbox.taken] == [False, True]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"smtp_host": ""}, r"set digest\.smtp_host"),
        ({"recipients": "nobody"}, r"digest\.recipients = 'nobody'"),
        ({"since": "soon"}, r"digest\.since: 'soon' is no period"),
    ],
    ids=str,
)
def test_settings_with_which_nothing_could_be_sent_are_told_at_the_start(
    library: Library, settings_for: DigestSettings, changes: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        Postman(Assistant(library), settings_for.model_copy(update=changes))


def test_a_running_server_catches_up_what_was_missed_and_stops_at_ctrl_c(
    environment: dict[str, str],
    sample_folder: Path,
    free_port: int,
    mailbox: Any,
    settings: IndexSettings,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(sample_folder, environment["IBID_LIBRARY"])
    every_day = {"schedule": "daily 00:00", "since": "2000", "by": "published"}
    told = mailbox.settings.model_copy(update=every_day)
    variables = {f"IBID_DIGEST__{name.upper()}": value for name, value in every_day.items()}
    with Library.open(folder, settings) as library:
        Postman(Assistant(library), told, lambda: datetime.now().astimezone() - timedelta(days=3)).round()
    arrived = threading.Event()
    mailbox.meanwhile = arrived.set
    with subprocess.Popen(
        [sys.executable, "-m", "ui", "serve", "--port", str(free_port)],
        env=environment | mailbox.variables | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stderr is not None
            assert f"Ibid is at http://127.0.0.1:{free_port}" in process.stderr.readline()
            assert arrived.wait(60)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    with Library.open(folder, settings) as library:
        Postman(Assistant(library), told).round()
    assert len(mailbox.taken) == 1
