"""What went wrong, told from any integration's exception: one place for all of them.

Owns the kinds of fault, which of them pass by themselves, and the words for each. Exceptions are told by
their classes' names and their status, so that no integration is imported to tell them apart. Words out of
an exception are shown only after keys are taken out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.models.schema import Fault

_BY_NAME: dict[str, Fault] = {
    "ConnectError": "unreachable",
    "ConnectTimeout": "unreachable",
    "ConnectionRefusedError": "unreachable",
    "ProxyError": "unreachable",
    "UnsupportedProtocol": "refused",
    "JSONDecodeError": "malformed",
    "UnicodeDecodeError": "malformed",
    "DecodingError": "malformed",
    "ValidationError": "malformed",
    "APIResponseValidationError": "malformed",
    "LocalProtocolError": "malformed",
    "TooMuch": "cut",
    "RemoteProtocolError": "cut",
    "ReadError": "cut",
    "WriteError": "cut",
    "ConnectionResetError": "cut",
    "IncompleteRead": "cut",
    "TimeoutException": "late",
    "TimeoutError": "late",
    "APITimeoutError": "late",
    "ConnectionError": "unreachable",
    "APIConnectionError": "unreachable",
}
_BY_STATUS: dict[int, Fault] = {
    401: "key",
    402: "limit",
    403: "key",
    404: "missing",
    408: "server",
    409: "server",
    413: "context",
    429: "limit",
}
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_TOO_LONG = re.compile(
    r"context[_ ](length|size|window)|maximum context|exceed_context|prompt is too long|"
    r"exceed context limit|input token count|too many (input )?tokens|reduce the length",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[str, Fault], ...] = (
    ("overloaded_error", "server"),
    ("rate_limit", "limit"),
    ("insufficient_quota", "limit"),
    ("authentication_error", "key"),
    ("permission_error", "key"),
    ("not_found_error", "missing"),
    ("model_not_found", "missing"),
    ("invalid_request", "refused"),
)
_SECRET = re.compile(r"(?i)\b(?:sk|pk|key|AIza|gsk|xai)[-_]?[\w*.-]{8,}|bearer\s+\S+")


@dataclass(frozen=True)
class Trouble:
    """A fault, whether it may pass by itself, and what the server said, without keys and on one line."""

    fault: Fault
    passing: bool
    said: str


def trouble(error: BaseException, status: int | None, secrets: tuple[str, ...] = ()) -> Trouble:
    """What an integration's exception means; `status` is the HTTP status of the last response, if any."""
    told = _status(error)
    told = status if told is None and status is not None and status >= 300 else told
    words = _words(error)
    said = _safe(_message(error), secrets)
    if told is not None and told >= 300:
        fault = _of_status(told, words)
        return Trouble(fault, told in _AGAIN and "insufficient_quota" not in words, f"{said} ({told})")
    if status is not None and (kind := _of_words(words)):
        return Trouble(kind, kind in ("server", "limit"), said)
    fault = _of_class(error)
    if fault == "cut" and status is None:  # no response had begun
        fault = "unreachable"
    return Trouble(fault, fault == "unreachable", said)


def repeats(error: BaseException, secret: str) -> bool:
    """Whether an exception, or one that it came of, holds the secret in its words."""
    told = (f"{one!r} {one} {getattr(one, 'body', '')}" for one in _chain(error))
    return bool(secret) and any(secret in words for words in told)


def _of_status(status: int, words: str) -> Fault:
    if status in (400, 413, 422, 500) and _TOO_LONG.search(words):
        return "context"
    return _BY_STATUS.get(status, "server" if status >= 500 else "refused")


def _of_words(words: str) -> Fault | None:
    """What an error told in mid-stream, where the status was that of success, is about."""
    if _TOO_LONG.search(words):
        return "context"
    return next((fault for kind, fault in _KINDS if kind in words), None)


def _of_class(error: BaseException) -> Fault:
    for one in reversed(list(_chain(error))):  # the first cause says the most
        for kind in type(one).__mro__:
            if kind.__name__ in _BY_NAME:
                return _BY_NAME[kind.__name__]
    return "server"


def _status(error: BaseException) -> int | None:
    for one in _chain(error):
        for name in ("status_code", "code"):
            found = getattr(one, name, None)
            if isinstance(found, int) and 100 <= found < 600:
                return found
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _message(error: BaseException) -> str:
    """What the server said for people to read, out of the body if it has such a place."""
    found: Any = getattr(error, "body", None)
    if isinstance(found, Mapping) and isinstance(found.get("error"), Mapping):
        found = found["error"]
    said = found.get("message") if isinstance(found, Mapping) else getattr(error, "error", None)
    return (str(said) if said else str(error) or type(error).__name__).rstrip(". ")


def _words(error: BaseException) -> str:
    body = getattr(error, "body", None)
    return f"{error} {body}" if body is not None and str(body) not in str(error) else str(error)


def _safe(words: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            words = words.replace(secret, "…")
    line = " ".join(_SECRET.sub("…", words).split())
    return line if len(line) <= 300 else line[:299] + "…"
