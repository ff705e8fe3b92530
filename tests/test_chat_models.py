"""The chat page with a language model: what a reader sees of its steps, its doubts and its failures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.models.rehearsal.schema import Asked, Scripted
from assistant.writing.understudy import faithful, role
from index.library import Library
from tests.rehearsing import playing, quoting, rehearsed

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serve = Callable[[Any], str]

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
QUESTION = "How are language models trained with human feedback?"
DOUBTFUL = "Bananas ripen <i>fastest</i> in [paper](http://evil.example) bags."


def test_steps_are_told_and_a_sentence_without_support_is_flagged_in_place(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    script = playing(write=lambda asked: f"{quoting(asked)} {DOUBTFUL}")
    with rehearsed(chat_library, script, tmp_path) as (assistant, _):
        page = visit(serve_with(assistant))
        expect(page.locator("#banner")).to_be_empty()
        turn = ask(page, QUESTION)
        expect(turn.locator(".answer .flag")).to_have_count(1)
        expect(turn.locator(".answer")).to_contain_text("Bananas ripen fastest in paper bags.⚠")
        expect(turn.locator(".warning")).to_contain_text("1 sentence has no source")
        expect(turn.locator(".coverage")).to_contain_text("rehearsal · 54 tokens")
        steps = turn.locator("details.steps")
        steps.locator("summary").click()
        expect(steps.locator("li")).to_have_count(4)
        expect(steps.locator("li").last).to_contain_text("write")
        turn.locator("a.cite").first.click()
        expect(page.locator("#cite-1-1 mark")).to_be_visible()
        expect(page.locator(".spent")).to_have_count(0)
        ask(page, "What is GRPO?")
        expect(page.locator(".spent")).to_have_text("This conversation: 108 tokens")


def test_stopping_ends_the_models_request_and_keeps_what_was_checked(
    chat_library: Library, serve_with: Serve, visit: Visit, tmp_path: Path
) -> None:
    def stuck(asked: Any) -> Scripted:
        return Scripted(pieces=(f"{quoting(asked)} And ", "then ", "it ") * 40, pause=0.5)

    with rehearsed(chat_library, playing(write=stuck), tmp_path) as (assistant, server):
        page = visit(serve_with(assistant))
        page.locator("#question textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#live .cite").first).to_be_visible()
        page.locator("#stop").click()
        expect(page.locator("#thread .stopped")).to_be_visible()
        expect(page.locator("#thread a.cite").first).to_be_visible()
        assert server.quiet()


def test_a_model_that_cannot_be_reached_leaves_quotes_and_says_why(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    with rehearsed(chat_library, lambda asked: Scripted(fault="server"), tmp_path) as (assistant, _):
        page = visit(serve_with(assistant))
        turn = ask(page, QUESTION)
        expect(turn.locator(".answer")).to_contain_text("The papers are quoted instead.")
        expect(turn.locator("a.cite").first).to_be_visible()
        expect(turn.locator(".coverage")).to_contain_text("extractive")
        expect(page.locator("#error")).to_have_count(0)


def test_what_writes_can_be_chosen_among_what_the_server_offers_and_is_remembered(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    with rehearsed(chat_library, playing(), tmp_path) as (assistant, server):
        page = visit(serve_with(assistant))
        engine = page.get_by_label("What writes the answers")
        expect(engine).to_have_value(server.spec("openai"))
        engine.focus()
        expect(engine.locator("option")).to_have_count(1 + len(server.models))
        engine.select_option("extractive")
        expect(page.locator("#status")).to_contain_text("Answers: quotes only.")
        turn = ask(page, QUESTION)
        expect(turn.locator(".coverage")).to_contain_text("extractive")
        assert not server.asked
        page.reload()
        expect(engine).to_have_value("extractive")
        engine.focus()
        other = server.spec("openai", server.models[-1])
        engine.select_option(other)
        expect(engine).to_have_attribute("data-chosen", other)  # the server has heard of it
        turn = ask(page, "What is GRPO?")
        expect(turn.locator(".coverage")).to_contain_text(" · rehearsal-2 · ")


def test_a_model_that_the_server_does_not_offer_cannot_be_chosen(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    with rehearsed(chat_library, playing(), tmp_path) as (assistant, server):
        page = visit(serve_with(assistant))
        expect(page.get_by_label("What writes the answers")).to_be_visible()
        page.evaluate("localStorage.setItem('ibid-engine', 'openai-compatible:evil@http://127.0.0.1:9/v1')")
        page.reload()
        page.wait_for_function("localStorage.getItem('ibid-engine') === null")
        expect(page.locator("#engine")).to_have_value(server.spec("openai"))
        expect(ask(page, QUESTION).locator(".coverage")).to_contain_text(" · rehearsal · ")


def _doubtful(asked: Asked, more: str) -> str:
    return f"{faithful(asked)} {more}" if role(asked) == "write" else faithful(asked)


@pytest.mark.skipif(not os.environ.get("IBID_PICTURES"), reason="set IBID_PICTURES=1 to renew docs/pictures")
def test_a_picture_of_an_answer_that_a_model_wrote(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    doubtful = "This is the only way in which models can be trained."
    with rehearsed(chat_library, lambda asked: _doubtful(asked, doubtful), tmp_path) as (assistant, _):
        page = visit(serve_with(assistant))
        turn = ask(page, QUESTION)
        turn.locator("details.steps summary").click()
        for width, height in ((1280, 800), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            turn.locator(".warning").scroll_into_view_if_needed()
            page.screenshot(path=PICTURES / f"model-{width}.png", animations="disabled", caret="hide")
