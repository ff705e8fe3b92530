"""The scripted server is a faithful one: the providers' own packages talk to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import anthropic
import httpx
import ollama
import openai
import pytest

from assistant.models.rehearsal.schema import Asked, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message

QUESTION = "Do glaciers forget?"


def answer(asked: Asked) -> str:
    return f"{asked.model} read: {asked.messages[-1].text}"


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    with Rehearsal(answer, models=("small", "large")) as running:
        yield running


@pytest.fixture
def openai_client(server: Rehearsal) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url=f"{server.address}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(server: Rehearsal) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="k", base_url=server.address, max_retries=0) as client:
        yield client


@pytest.fixture
def ollama_client(server: Rehearsal) -> Iterator[ollama.Client]:
    client = ollama.Client(server.address)
    yield client
    client._client.close()


def test_openais_package_reads_a_whole_reply(openai_client: openai.OpenAI) -> None:
    reply = openai_client.chat.completions.create(
        model="small", messages=[{"role": "user", "content": QUESTION}]
    )
    assert reply.choices[0].message.content == f"small read: {QUESTION}"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == 18


def test_openais_package_reads_a_stream(openai_client: openai.OpenAI) -> None:
    stream = openai_client.chat.completions.create(
        model="small",
        messages=[{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == (
        f"small read: {QUESTION}"
    )
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 11


def test_openais_package_counts_nothing_in_a_stream_that_was_not_asked_to(
    openai_client: openai.OpenAI,
) -> None:
    stream = openai_client.chat.completions.create(
        model="small", messages=[{"role": "user", "content": QUESTION}], stream=True
    )
    assert {chunk.usage for chunk in stream} == {None}


def test_openais_package_lists_the_models(openai_client: openai.OpenAI) -> None:
    assert [model.id for model in openai_client.models.list()] == ["small", "large"]


def test_anthropics_package_reads_a_whole_reply(
    anthropic_client: anthropic.Anthropic, server: Rehearsal
) -> None:
    reply = anthropic_client.messages.create(
        model="small", max_tokens=9, system="Be brief.", messages=[{"role": "user", "content": QUESTION}]
    )
    assert reply.content[0].text == f"small read: {QUESTION}"  # type: ignore[union-attr]
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 11)
    assert server.asked[0].messages == (
        Message(role="system", text="Be brief."),
        Message(role="user", text=QUESTION),
    )
    assert server.asked[0].options["max_tokens"] == 9


def test_anthropics_package_reads_a_stream(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(
        model="small", max_tokens=9, messages=[{"role": "user", "content": QUESTION}]
    ) as stream:
        assert "".join(stream.text_stream) == f"small read: {QUESTION}"
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == 11


def test_anthropics_package_lists_the_models(anthropic_client: anthropic.Anthropic) -> None:
    assert [model.id for model in anthropic_client.models.list()] == ["small", "large"]


def test_ollamas_package_reads_a_whole_reply(ollama_client: ollama.Client) -> None:
    reply = ollama_client.chat("small", [{"role": "user", "content": QUESTION}])
    assert reply.message.content == f"small read: {QUESTION}"
    assert (reply.prompt_eval_count, reply.eval_count) == (7, 11)


def test_ollamas_package_reads_a_stream(ollama_client: ollama.Client) -> None:
    lines = list(ollama_client.chat("small", [{"role": "user", "content": QUESTION}], stream=True))
    assert "".join(line.message.content or "" for line in lines) == f"small read: {QUESTION}"
    assert [line.done for line in lines][-2:] == [False, True]


def test_ollamas_package_lists_the_models(ollama_client: ollama.Client) -> None:
    assert [model.model for model in ollama_client.list().models] == ["small", "large"]


def test_each_package_raises_its_own_errors(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    with Rehearsal([Scripted(fault="key"), Scripted(fault="limit", retry_after="3")]) as failing:
        with (
            openai_client.with_options(base_url=f"{failing.address}/v1") as client,
            pytest.raises(openai.AuthenticationError),
        ):
            client.chat.completions.create(model="rehearsal", messages=[{"role": "user", "content": "?"}])
        with (
            anthropic_client.with_options(base_url=failing.address) as other,
            pytest.raises(anthropic.RateLimitError) as caught,
        ):
            other.messages.create(
                model="rehearsal", max_tokens=9, messages=[{"role": "user", "content": "?"}]
            )
    assert caught.value.response.headers["retry-after"] == "3"


def test_a_list_of_replies_is_said_in_order_and_the_last_again() -> None:
    with Rehearsal(["first", Scripted(text="second")]) as server:
        assert [said(server) for _ in range(3)] == ["first", "second", "second"]


def test_replies_that_would_never_end_end_with_the_server() -> None:
    began = time.monotonic()
    failures: list[Exception] = []

    def ask(address: str) -> None:
        try:
            httpx.post(f"{address}/api/chat", json={"model": "rehearsal", "messages": []}, timeout=60)
        except httpx.TransportError as error:
            failures.append(error)

    lines = [Scripted(fault="silent"), Scripted(text="a b", fault="endless", pause=30)]
    with Rehearsal(lines) as server:
        threads = [threading.Thread(target=ask, args=(server.address,)) for _ in lines]
        for thread in threads:
            thread.start()
        while len(server.asked) < len(lines):
            assert time.monotonic() - began < 20
    for thread in threads:
        thread.join()
    assert len(failures) == 2
    assert time.monotonic() - began < 20


def test_what_it_does_not_know_is_not_there(server: Rehearsal) -> None:
    assert httpx.get(f"{server.address}/v2").status_code == 404
    assert httpx.post(f"{server.address}/v2", json={}).status_code == 404


def said(server: Rehearsal) -> str:
    reply = httpx.post(
        f"{server.address}/api/chat", json={"model": "rehearsal", "messages": [], "stream": False}
    )
    return str(json.loads(reply.text)["message"]["content"])
