"""Log lines, for people or for programs, without secrets.

Owns how a line looks and where it goes: standard error, one line an event, as text or as JSON. What a line tells
beside its words is in the record's extra fields. Questions' words, users' names and titles are in none.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

from index import secrets
from ui.watch import metrics
from ui.watch.settings import WatchSettings

OURS = ("ui", "assistant", "index")
FIELDS = (
    *("request", "method", "route", "status", "ms", "user"),
    *("outcome", "engine", "kind", "papers", "cited", "retrieve_ms", "first_text_ms", "reason"),
)
"""What a line may tell beside its words."""

_log = logging.getLogger(__name__)


class Text(logging.Formatter):
    """A line for people: when, how grave, what, and the fields that are known."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line, *trace = super().format(record).split("\n", 1)
        known = (
            f"{name}={getattr(record, name)}"
            for name in FIELDS
            if getattr(record, name, "") not in ("", None)
        )
        return secrets.hidden("\n".join([" ".join([line, *known]), *trace]))


class Json(JsonFormatter):
    """A line for programs: one JSON object, whatever the message holds."""

    def __init__(self) -> None:
        super().__init__(
            ["timestamp", "levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        return secrets.hidden(super().format(record))


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines, and counts those from warnings on."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            level = "error" if record.levelno >= logging.ERROR else "warning"
            metrics.log_messages.labels(level).inc()
        super().emit(record)


@contextmanager
def logging_to(settings: WatchSettings, stream: TextIO | None = None) -> Iterator[None]:
    """Have what is logged written as the settings say while the block runs, uncaught errors of threads too."""
    root, handler = logging.getLogger(), Lines(stream or sys.stderr)
    handler.setFormatter(Json() if settings.logs == "json" else Text())
    before = {name: logging.getLogger(name).level for name in OURS}
    hook = threading.excepthook
    root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.level.upper())
    threading.excepthook = _uncaught
    try:
        yield
    finally:
        threading.excepthook = hook
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        root.removeHandler(handler)


def take_over(*names: str) -> None:
    """Have lines that packages would write by themselves, with all that they hold, come this way too."""
    for logger in map(logging.getLogger, names):
        logger.handlers.clear()
        logger.propagate = True


def _uncaught(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        about: tuple[type[BaseException], BaseException, TracebackType | None]
        about = (told.exc_type, told.exc_value, told.exc_traceback)
        _log.error("a thread ended in an error", exc_info=about)
