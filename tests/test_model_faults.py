"""Twelve ways in which a model's server fails, in each dialect: each ends in time, with its reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from assistant.models import loop
from assistant.models.faults import trouble
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import CHATTER, Asked, Dialect, Line, Misfortune, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.retries import Patience
from assistant.models.schema import Fault, Message, ModelError
from assistant.models.settings import ModelSettings

ASKED = [Message(role="user", text="Do glaciers forget?")]
SECRET = "sk-planted-0123456789"
EXPECTED: dict[Misfortune, tuple[Fault | None, str]] = {
    "silent": ("late", r"did not finish within 0\.7 s"),
    "refused": ("unreachable", "could not be reached.* Does the server run"),
    "key": ("key", r"did not take the key: .*\(401\)"),
    "limit": ("limit", r"takes no more requests for now: .*\(429\)"),
    "server": ("server", r"failed: .*\(500\)"),
    "malformed": ("malformed", "sent what its protocol does not allow"),
    "cut": ("cut", "stopped in the middle of its reply"),
    "drip": ("late", r"did not finish within 0\.7 s"),
    "endless": ("cut", "wrote on beyond the 50 tokens"),
    "empty": ("empty", "replied without a word"),
    "format": (None, ""),
    "context": ("context", "cannot read that much at once"),
}


@pytest.fixture(params=get_args(Dialect))
def dialect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dialect]:
    for variable in ("ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv("IBID_LLM__KEY", SECRET)
    yield request.param
    assert loop.quiet()


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(file=tmp_path / "models.sqlite", retries=0, key=SECRET, seconds=20)


AT_ONCE = Patience(retries=2, first=0.001)


def warmed(server: Rehearsal, dialect: Dialect, settings: ModelSettings) -> None:
    """One call, so that the import of the integration is not measured."""
    load_model(server.spec(dialect), settings).ask([Message(role="user", text="warm up")])


@pytest.mark.parametrize("misfortune", get_args(Misfortune))
def test_a_fault_ends_in_time_with_its_reason_and_leaves_nothing(
    misfortune: Misfortune, dialect: Dialect, settings: ModelSettings
) -> None:
    def script(asked: Asked) -> Scripted:
        plain = "warm up" in asked.prompt
        return Scripted(
            text="Glaciers remember it all [1].",
            pause=0.1 * (misfortune == "drip" and not plain),
            fault=None if plain else misfortune,
        )

    fault, words = EXPECTED[misfortune]
    with Rehearsal(script) as server:
        warmed(server, dialect, settings)
        model = load_model(server.spec(dialect), settings, Patience(retries=0))
        began = time.monotonic()
        if fault is None:
            assert model.ask(ASKED, seconds=0.7, tokens=50).text == CHATTER
        else:
            with pytest.raises(ModelError, match=words) as caught:
                model.ask(ASKED, seconds=0.7, tokens=50)
            assert caught.value.fault == fault
            assert SECRET not in str(caught.value)
            assert "\n" not in str(caught.value)
        assert time.monotonic() - began < 1.7
        assert server.quiet()
        assert len(server.asked) == 2


def test_a_server_that_is_gone_is_unreachable(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal(["."]) as server:
        spec = server.spec(dialect)
    with pytest.raises(ModelError, match="could not be reached") as caught:
        load_model(spec, settings, Patience(retries=0)).ask(ASKED)
    assert caught.value.fault == "unreachable"


@pytest.mark.parametrize("misfortune", ["refused", "limit", "server"])
def test_what_passes_is_tried_again(
    misfortune: Misfortune, dialect: Dialect, settings: ModelSettings
) -> None:
    lines: list[Line] = [Scripted(fault=misfortune), Scripted(fault=misfortune), "Third time lucky."]
    with Rehearsal(lines) as server:
        reply = load_model(server.spec(dialect), settings, AT_ONCE).ask(ASKED)
    assert reply.text == "Third time lucky."
    assert reply.usage.requests == 3


@pytest.mark.parametrize("misfortune", ["key", "context", "malformed", "empty"])
def test_what_does_not_pass_is_not_tried_again(
    misfortune: Misfortune, dialect: Dialect, settings: ModelSettings
) -> None:
    with Rehearsal([Scripted(text="One two.", fault=misfortune), "Second."]) as server:
        with pytest.raises(ModelError):
            load_model(server.spec(dialect), settings, AT_ONCE).ask(ASKED)
        assert len(server.asked) == 1


def test_pieces_that_came_before_a_fault_are_given_and_nothing_is_tried_again(
    dialect: Dialect, settings: ModelSettings
) -> None:
    with Rehearsal([Scripted(text="one two three four", fault="cut"), "Second."]) as server:
        stream = load_model(server.spec(dialect), settings, AT_ONCE).stream(ASKED)
        assert next(stream) + next(stream) == "one two"
        with pytest.raises(ModelError, match="stopped in the middle"):
            next(stream)
        assert len(server.asked) == 1


def test_the_server_says_how_long_to_wait(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(fault="limit", retry_after="0"), "Now."]) as server:
        slow = Patience(retries=1, first=3600)
        assert load_model(server.spec(dialect), settings, slow).ask(ASKED).text == "Now."


def test_a_wait_beyond_the_deadline_is_not_begun(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(fault="limit", retry_after="120"), "Now."]) as server:
        model = load_model(server.spec(dialect), settings, AT_ONCE)
        began = time.monotonic()
        with pytest.raises(ModelError, match="takes no more requests for now") as caught:
            model.ask(ASKED, seconds=15)
        assert caught.value.fault == "limit"
        assert time.monotonic() - began < 10


def test_a_reply_that_fills_its_limit_is_cut(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(text="one two three", ending="full")]) as server:
        stream = load_model(server.spec(dialect), settings).stream(ASKED, tokens=3)
        with pytest.raises(ModelError, match="reached the 3 tokens that it may write") as caught:
            list(stream)
        assert caught.value.fault == "cut"
        assert stream.usage.completion_tokens == 11


@pytest.mark.parametrize("dialect", ["openai", "anthropic"], indirect=True)
def test_a_reply_that_the_provider_keeps_back_is_refused(dialect: Dialect, settings: ModelSettings) -> None:
    with (
        Rehearsal([Scripted(text="one two three", ending="filter")]) as server,
        pytest.raises(ModelError, match="kept the rest of the reply back") as caught,
    ):
        load_model(server.spec(dialect), settings).ask(ASKED)
    assert caught.value.fault == "refused"


def test_a_piece_that_never_ends_is_not_read_to_the_end(dialect: Dialect, settings: ModelSettings) -> None:
    with Rehearsal([Scripted(pieces=("x" * 9_000_000,))]) as server:
        with pytest.raises(ModelError, match="the response does not end") as caught:
            load_model(server.spec(dialect), settings).ask(ASKED, tokens=10)
        assert caught.value.fault == "cut"
        assert server.quiet()


# ---- Telling faults apart


class StatusError(Exception):
    """As the integrations' packages raise them."""

    def __init__(self, message: str, status_code: int, body: object = None) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.body = body


@pytest.mark.parametrize(
    ("status", "words", "fault", "passing"),
    [
        (400, "This model's maximum context length is 4096 tokens", "context", False),
        (400, "the request exceeds the available context size", "context", False),
        (400, "prompt is too long: 205000 tokens > 200000 maximum", "context", False),
        (400, "The input token count (1100000) exceeds the maximum number of tokens", "context", False),
        (400, "temperature is not supported", "refused", False),
        (402, "insufficient credits", "limit", False),
        (403, "not allowed", "key", False),
        (404, "model 'x' not found", "missing", False),
        (408, "timeout", "server", True),
        (409, "conflict", "server", True),
        (429, "slow down", "limit", True),
        (429, "insufficient_quota: check your plan", "limit", False),
        (502, "bad gateway", "server", True),
        (503, "loading model", "server", True),
        (504, "gateway timeout", "server", True),
        (529, "overloaded", "server", True),
        (501, "not implemented", "server", False),
    ],
)
def test_a_status_and_its_words_tell_the_fault(status: int, words: str, fault: Fault, passing: bool) -> None:
    found = trouble(StatusError(words, status), status)
    assert (found.fault, found.passing) == (fault, passing)
    assert words in found.said


@pytest.mark.parametrize(
    ("kind", "fault", "passing"),
    [
        ("overloaded_error", "server", True),
        ("rate_limit_error", "limit", True),
        ("authentication_error", "key", False),
    ],
)
def test_an_error_told_in_mid_stream_is_told_by_its_kind(kind: str, fault: Fault, passing: bool) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "Overloaded\nfor now."}}
    found = trouble(StatusError("in a stream", 200, body), 200)
    assert (found.fault, found.passing, found.said) == (fault, passing, "Overloaded for now")


def test_keys_are_taken_out_of_what_a_server_said() -> None:
    words = f"Incorrect API key provided: {SECRET}. Header was Authorization: Bearer abc.def"
    assert trouble(StatusError(words, 401), 401, (SECRET,)).said == (
        "Incorrect API key provided: …. Header was Authorization: … (401)"
    )
    assert "verysecret" not in trouble(StatusError("bad key sk-verysecret-99", 401), 401).said
    assert "custom" not in trouble(StatusError("bad key custom!", 401), 401, ("custom!",)).said
