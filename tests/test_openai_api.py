"""A library as a model, asked by the openai client over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import openai
import pytest
from openai import OpenAI

from assistant.engine import Assistant
from assistant.schema import Answer, Delta, Event, Turn
from index.errors import IbidError
from index.library import Library
from index.schema import Filters
from ui.programs.message import closing
from ui.programs.openai_api import GivenAnswers
from ui.programs.openai_schema import CompletionError, conversation, read_request

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MODEL = "ibid:extractive"
WAIT = 20.0


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.address}/v1", api_key="any", max_retries=0, timeout=WAIT) as opened:
        yield opened


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def reply(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


# ---- Models


def test_the_librarys_engine_is_the_one_model(client: OpenAI) -> None:
    (model,) = client.models.list().data
    assert (model.id, model.object, model.owned_by) == (MODEL, "model", "ibid")
    assert client.models.retrieve(MODEL) == model


# ---- Whole answers


def test_an_answer_carries_markers_references_and_its_object(client: OpenAI, server: Any) -> None:
    question = "What does LoRA propose?"
    got = client.chat.completions.create(model=MODEL, messages=[user(question)])
    expected = Assistant(server.library).ask(question)
    answer = Answer.model_validate(got.answer)  # type: ignore[attr-defined]
    content = got.choices[0].message.content
    assert answer.citations == expected.citations != ()
    assert content == expected.text + closing(expected)
    assert "[1]" in expected.text
    assert "**References**\n\n- [1] LoRA: Low-Rank Adaptation" in content
    assert (got.choices[0].finish_reason, got.model, got.object) == ("stop", MODEL, "chat.completion")


def test_usage_counts_what_was_sent_and_what_came_back(client: OpenAI) -> None:
    short = client.chat.completions.create(model=MODEL, messages=[user("What does LoRA propose?")]).usage
    longer = client.chat.completions.create(
        model=MODEL, messages=[{"role": "system", "content": "Be brief."}, user("What does LoRA propose?")]
    ).usage
    assert short is not None
    assert longer is not None
    assert short.prompt_tokens < longer.prompt_tokens
    assert short.completion_tokens == longer.completion_tokens > 20
    assert short.total_tokens == short.prompt_tokens + short.completion_tokens


def test_what_means_nothing_to_a_library_is_let_pass(client: OpenAI) -> None:
    plain = client.chat.completions.create(model=MODEL, messages=[user("What does LoRA propose?")])
    adorned = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "You are a pirate. Answer only about ColBERT."},
            {"role": "developer", "content": "Never cite."},
            user([{"type": "text", "text": "What does LoRA"}, {"type": "text", "text": "propose?"}]),
        ],
        temperature=2,
        max_tokens=3,
        seed=1,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        user="someone",
    )
    assert adorned.choices[0].message.content == plain.choices[0].message.content


def test_what_the_papers_do_not_say_is_said_so(client: OpenAI) -> None:
    got = client.chat.completions.create(model=MODEL, messages=[user("How do I bake sourdough bread?")])
    assert got.answer["answered"] is False  # type: ignore[attr-defined]
    assert "Nothing in these 29 papers says" in str(got.choices[0].message.content)
    assert "References" not in str(got.choices[0].message.content)
    assert got.choices[0].message.annotations == []


# ---- Conversations


@pytest.mark.parametrize("told", ["as it was given", "It compares tokens."], ids=["remembered", "unknown"])
def test_a_follow_up_is_read_after_the_earlier_messages(client: OpenAI, told: str) -> None:
    first = user("What does ColBERT propose?")
    given = client.chat.completions.create(model=MODEL, messages=[first]).choices[0].message.content
    text = str(given) if told == "as it was given" else told
    got = client.chat.completions.create(
        model=MODEL, messages=[first, reply(text), user("Does it make passage search efficient?")]
    )
    assert got.answer["standalone"] == "Does ColBERT make passage search efficient?"  # type: ignore[attr-defined]


class Counting(Assistant):
    """Remembers what it was asked."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.asked: list[str] = []

    def stream(
        self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()
    ) -> Iterator[Event]:
        self.asked.append(question)
        return super().stream(question, turns, filters)


def test_an_answer_given_before_is_not_made_again(
    serving: Callable[[Assistant], Any], sample_library: Library
) -> None:
    assistant = Counting(sample_library)
    client = serving(assistant)
    messages = [user("What does ColBERT propose?")]
    got = client.chat.completions.create(model=MODEL, messages=messages)
    messages += [reply(f"  {got.choices[0].message.content}\n"), user("Does it need labels?")]
    client.chat.completions.create(model=MODEL, messages=messages)
    assert assistant.asked == ["What does ColBERT propose?", "Does it need labels?"]


def test_only_so_many_answers_are_remembered() -> None:
    given = GivenAnswers()
    answer = Answer(question="q", standalone="q", kind="find", answered=True, text="t")
    for number in range(300):
        given.keep(str(number), "t", answer)
    assert given.recall("0", "t") is None
    assert given.recall("299", " t ") == answer
    assert given.recall("299", "something else") is None


def read(*messages: dict[str, Any]) -> Any:
    return conversation(read_request(json.dumps({"model": MODEL, "messages": messages}).encode()))


def test_messages_become_questions_with_their_replies() -> None:
    told = read(reply("Hello!"), user("A?"), reply("B."), user(" C? "), user("D?"), reply("E."), user("F?"))
    assert [(one.question, one.reply) for one in told.before] == [("A?", "B."), ("C?", None), ("D?", "E.")]
    assert told.question == "F?"


# ---- Streams


def test_a_stream_gives_the_same_message_in_pieces(client: OpenAI) -> None:
    messages = [user("What does LoRA propose?")]
    whole = client.chat.completions.create(model=MODEL, messages=messages)
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    *pieces, last, counted = chunks
    assert pieces[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in pieces) == whole.choices[0].message.content
    assert len(pieces) > 3
    assert last.choices[0].finish_reason == "stop"
    assert last.answer["citations"] == whole.answer["citations"]  # type: ignore[attr-defined]
    assert (counted.choices, counted.usage) == ([], whole.usage)
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_is_streamed_only_when_asked_for(client: OpenAI) -> None:
    chunks = client.chat.completions.create(model=MODEL, messages=[user("Hello")], stream=True)
    assert all(chunk.usage is None for chunk in chunks)


# ---- Leaving


@pytest.fixture
def serving(serve_with: Callable[[Assistant], str]) -> Iterator[Callable[[Assistant], OpenAI]]:
    """Serves an assistant of the test's own, and gives a client of it."""
    opened: list[OpenAI] = []

    def begin(assistant: Assistant) -> OpenAI:
        address = serve_with(assistant)
        opened.append(OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0, timeout=WAIT))
        return opened[-1]

    yield begin
    for client in opened:
        client.close()


class Endless(Assistant):
    """Writes on until it is ended."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.begun, self.ended = threading.Event(), threading.Event()

    def stream(
        self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()
    ) -> Iterator[Event]:
        try:
            while True:
                self.begun.set()
                yield Delta(text="and on ")
        finally:
            self.ended.set()


def test_the_work_ends_when_a_streams_reader_leaves(
    serving: Callable[[Assistant], OpenAI], sample_library: Library
) -> None:
    assistant = Endless(sample_library)
    stream = serving(assistant).chat.completions.create(model=MODEL, messages=[user("Go")], stream=True)
    for _ in range(3):
        next(stream)
    assert not assistant.ended.is_set()
    stream.close()
    assert assistant.ended.wait(WAIT)


def test_the_work_ends_when_whoever_waits_for_the_whole_leaves(
    serving: Callable[[Assistant], OpenAI], sample_library: Library
) -> None:
    assistant = Endless(sample_library)
    client = serving(assistant).with_options(timeout=0.3)
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=MODEL, messages=[user("Go")])
    assert assistant.begun.is_set()
    assert assistant.ended.wait(WAIT)


# ---- Errors


class Broken(Assistant):
    def stream(
        self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()
    ) -> Iterator[Event]:
        yield Delta(text="So far ")
        raise IbidError("The model at http://127.0.0.1:11434 does not answer. Start it, then retry.")


def test_a_failure_is_told_in_openais_form(
    serving: Callable[[Assistant], OpenAI], sample_library: Library
) -> None:
    client = serving(Broken(sample_library))
    with pytest.raises(openai.InternalServerError, match=r"does not answer\. Start it") as told:
        client.chat.completions.create(model=MODEL, messages=[user("Go")])
    assert told.value.type == "server_error"
    stream = client.chat.completions.create(model=MODEL, messages=[user("Go")], stream=True)
    with pytest.raises(openai.APIError, match=r"does not answer\. Start it"):
        list(stream)


@pytest.mark.parametrize(
    ("given", "said", "param"),
    [
        ({"messages": []}, "messages: Tuple should have at least 1 item", "messages"),
        (
            {"messages": [{"role": "king", "content": "x"}]},
            "messages.0.role: Input should be",
            "messages.0.role",
        ),
        ({"messages": [reply("x")]}, "the last one must be a user's", "messages"),
        ({"messages": [user("A?"), reply("x")]}, "the last one must be a user's", "messages"),
        ({"messages": [user("  ")]}, "the last one must be a user's", "messages"),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "x"}}])]},
            "messages.0.content.0.type: Input should be 'text'",
            "messages.0.content.0.type",
        ),
        ({"messages": [user("x")], "n": 2}, "a library gives one answer", "n"),
    ],
    ids=["none", "role", "greeting", "answered", "blank", "image", "several"],
)
def test_a_bad_request_is_told_what_is_wrong(
    client: OpenAI, given: dict[str, Any], said: str, param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        client.chat.completions.create(model=MODEL, **given)
    assert said in told.value.message
    assert (told.value.type, told.value.param) == ("invalid_request_error", param)


def test_a_model_that_is_not_there_is_answered_with_the_one_that_is(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="this library is 'ibid:extractive'") as told:
        client.chat.completions.create(model="gpt-4o", messages=[user("x")])
    assert told.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match="this library is"):
        client.models.retrieve("gpt-4o")


def test_what_is_not_served_is_said_in_openais_form(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="there are /v1/models and /v1/chat/completions"):
        client.embeddings.create(model=MODEL, input="x")


def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(CompletionError, match="The body: Invalid JSON"):
        read_request(b"{")
