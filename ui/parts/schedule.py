"""When something is done again and again, as one writes it: `Monday 07:00`, `Tue, Thu 18:30`, `daily 07:00`.

Owns reading that, and which moment of it passed last. Pure: the clock is given, and times are those of this
machine's own time zone, summer time included. Weekdays and a time of day instead of a cron expression: they
say all that a digest needs, and whoever reads the settings understands them.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from index.schema import Value

_WRITTEN = re.compile(
    r"(?P<days>[a-z][a-z,\s]*?)\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.IGNORECASE
)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SETS = {"daily": tuple(range(7)), "weekdays": tuple(range(5))}
_SHORTEST = 3  # letters that tell one weekday from another


class Schedule(Value):
    """A time of day on some days of the week, of which Monday is 0."""

    days: tuple[int, ...]
    at: time

    def last(self, now: datetime) -> datetime:
        """The latest moment of the schedule that is not after `now`, which knows its time zone."""
        today = now.astimezone().date()
        for back in range(8):  # today's own moment may be still to come
            day = today - timedelta(days=back)
            moment = datetime.combine(day, self.at).astimezone()
            if day.weekday() in self.days and moment <= now:
                return moment
        raise AssertionError("a schedule has a day in each week")


def read_schedule(words: str) -> Schedule:
    """The schedule that words say; ValueError tells how one is written."""
    written = _WRITTEN.fullmatch(words.strip())
    days = _days(written["days"]) if written else ()
    if written is None or not days or int(written["hour"]) > 23 or int(written["minute"]) > 59:
        raise ValueError(
            "is no schedule; write days and a time, as 'Monday 07:00', 'Tue, Thu 18:30' or 'daily 07:00'"
        )
    return Schedule(days=days, at=time(int(written["hour"]), int(written["minute"])))


def _days(words: str) -> tuple[int, ...]:
    """The days that are named; none where any word names none."""
    named = [word for word in re.split(r"[,\s]+", words.lower()) if word and word != "and"]
    found = [_SETS.get(word) or _weekday(word) for word in named]
    return tuple(sorted({day for days in found for day in days})) if all(found) else ()


def _weekday(word: str) -> tuple[int, ...]:
    if len(word) < _SHORTEST:
        return ()
    return tuple(day for day, name in enumerate(_WEEK) if name.startswith(word))
