"""What questions a request's body asks, whichever way it came: event, endpoint, completion or MCP tool.

Pure functions over parsed JSON, which may hold anything. What they give is held to the limits; what the body
means is for whoever answers it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.schema import Value
from ui.gate.refused import Refused

_ANSWERED = ("ask", "retry", "edit", "unstate")  # what the chat's `run` does that answers a question
_NAMED = ("question", "query", "before")  # as the operations for programs call them


class Asked(Value):
    """The texts that must be held to the limit, and whether the request has one of them answered."""

    texts: tuple[str, ...] = ()
    answers: bool = False


def of_event(name: str, body: dict[str, Any]) -> Asked:
    """What an event of a page asks, or an endpoint that was called by its number or name."""
    data = body.get("data")
    given = data if isinstance(data, list) else []
    if name == "ChatPage._ask":
        (text,) = _texts(given[:1]) or ("",)
        return Asked(texts=(text,), answers=not text.lstrip().startswith("/"))  # a command answers nothing
    if name == "ChatPage._run":
        said = body.get("event_data")
        did = said if isinstance(said, dict) else {}
        return Asked(texts=_texts([did.get("question")]), answers=did.get("do") in _ANSWERED)
    if name == "DigestPage._save":
        said = body.get("event_data")
        return Asked(texts=_texts(said.values() if isinstance(said, dict) else ()))
    if name in ("ask", "search"):
        named = given[:2] or [body.get(field) for field in _NAMED]
        return Asked(texts=_texts(_flat(named)), answers=name == "ask")
    return Asked()


def of_completion(body: Any) -> Asked:
    """What a chat completion asks: the users' messages."""
    messages = body.get("messages") if isinstance(body, dict) else None
    found = [
        _content(message.get("content"))
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, dict) and message.get("role") == "user"
    ]
    return Asked(texts=tuple(found), answers=True)


def of_mcp(body: Any) -> Asked:
    """What a call of an MCP tool asks; several calls may come in one body."""
    calls = [call for call in (body if isinstance(body, list) else [body]) if isinstance(call, dict)]
    texts: list[str] = []
    answers = False
    for call in calls:
        params = call.get("params")
        if call.get("method") != "tools/call" or not isinstance(params, dict):
            continue
        arguments = params.get("arguments")
        if isinstance(arguments, dict):
            texts += _texts(_flat([arguments.get(field) for field in _NAMED]))
        answers = answers or params.get("name") == "ask"
    return Asked(texts=tuple(texts), answers=answers)


def hold(asked: Asked, most: int) -> None:
    """Refused where a question is longer than `most` characters; 0 for any length."""
    longest = max((len(text) for text in asked.texts), default=0)
    if most and longest > most:
        raise Refused(413, f"A question may have {most:,} characters; this one has {longest:,}. Shorten it.")


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "".join(_texts(part.get("text") for part in content if isinstance(part, dict)))
    return content if isinstance(content, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]
