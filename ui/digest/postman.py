"""The digest that the settings describe, sent by a running server when it is due.

Owns which rounds were made: the catalog notes the last one, so that a server that starts again, or a second
one over the same library, sends nothing twice, and times that passed while none ran are caught up in one
letter. Never raises into the server it runs beside: what goes wrong is logged and tried again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

from assistant.digest import Wish, first_day
from assistant.engine import Assistant
from index.errors import IbidError, SettingsError
from ui.digest.actions import Digests
from ui.digest.delivery import Sending, deliver, sending, wished
from ui.digest.letter import PartlySent, check
from ui.parts.schedule import Schedule, read_schedule
from ui.settings import DigestSettings

_log = logging.getLogger(__name__)
_PAUSE = 30  # seconds between two looks at the clock, whatever happens to it or to the machine meanwhile
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)  # between tries at a server that fails
_PARTING = 10  # seconds that a letter under way has to end when the server stops

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def postman_beside(assistant: Assistant, settings: DigestSettings) -> Iterator[None]:
    """Have digests sent while the block runs, where a schedule is set; SettingsError where they cannot be."""
    if not settings.schedule:
        yield
        return
    postman, stop = Postman(assistant, settings), Event()
    thread = Thread(target=_walk, args=(postman, stop), name="digest", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PARTING)


def _walk(postman: Postman, stop: Event) -> None:
    while not stop.is_set():
        postman.round()
        stop.wait(_PAUSE)


class Postman:
    """Sends one library's digest; any number may, in any number of processes."""

    def __init__(self, assistant: Assistant, settings: DigestSettings, now: Clock = _now) -> None:
        """SettingsError where a digest with these settings could never be sent."""
        self.settings = settings
        self.now = now
        self.wish = wished(settings)
        self.schedule: Schedule = read_schedule(settings.schedule)
        self._digests = Digests(assistant.library, assistant, lambda: now().astimezone().date())
        self._catalog = assistant.library.catalog
        self._folder = assistant.library.folder
        self._failures = 0
        self._patient_until: datetime | None = None
        _check(self.wish, settings, self._digests.today())

    def round(self) -> None:
        """Send what is due, if anything is and nobody else does it. Never raises."""
        now = self.now()
        if self._patient_until is not None and now < self._patient_until:
            return
        try:
            with sending(self._folder, patience=0):
                self._send_due(now)
        except Sending:
            return
        except Exception as error:  # noqa: BLE001  (whatever it is, the server goes on and the letter waits)
            self._fail(now, error)
        else:
            self._failures, self._patient_until = 0, None

    def _send_due(self, now: datetime) -> None:
        before = self._catalog.fact(self._kept)
        if before is None:  # a schedule begins when it is first seen: nothing was missed before
            self._catalog.set_fact(self._kept, now.isoformat())
            return
        last, due = datetime.fromisoformat(before), self.schedule.last(now)
        if due <= last:
            return
        edition = self._digests.edition(self._reaching(last), self.settings.questions)
        try:
            deliver(edition, self.wish, self._digests.library, self.settings)
        except PartlySent as error:  # those who took it shall not have it again
            _log.warning("%s", error)
        self._catalog.set_fact(self._kept, due.isoformat())

    def _reaching(self, last: datetime) -> Wish:
        """What was configured, back to the last round at least: nothing falls between two digests."""
        day = last.astimezone().date()
        if first_day(self.wish.since, self._digests.today()) <= day:
            return self.wish
        return self.wish.model_copy(update={"since": day.isoformat()})

    def _fail(self, now: datetime, error: Exception) -> None:
        pause = min(_SHORTEST * 2 ** min(self._failures, 10), _LONGEST)
        self._failures += 1
        self._patient_until = now + pause
        _log.warning(
            "the digest was not sent, and is tried again in %d min: %s",
            pause.total_seconds() // 60,
            error,
            exc_info=None if isinstance(error, IbidError) else error,
        )

    @property
    def _kept(self) -> str:
        """Under which name the last round is noted; a schedule, a wish or recipients that change begin anew."""
        told = f"{self.schedule}\n{self.wish}\n{self.settings.questions}\n{self.settings.recipients}"
        return f"round {hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _check(wish: Wish, settings: DigestSettings, today: date) -> None:
    """SettingsError before the server starts, rather than a letter that is never sent."""
    check(settings)
    try:
        first_day(wish.since, today)
    except ValueError as error:
        raise SettingsError(f"digest.since: {error}") from error
