"""The chat page with a language model: what a reader sees of its steps, its doubts and its failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from assistant.models.rehearsal.schema import Scripted
from index.library import Library
from tests.rehearsing import playing, quoting, rehearsed

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
Serve = Callable[[Any], str]

QUESTION = "How are language models trained with human feedback?"
DOUBTFUL = "Bananas ripen <i>fastest</i> in [paper](http://evil.example) bags."


def test_steps_are_told_and_a_sentence_without_support_is_flagged_in_place(
    chat_library: Library, serve_with: Serve, visit: Visit, ask: Ask, tmp_path: Path
) -> None:
    script = playing(write=lambda asked: f"{quoting(asked)} {DOUBTFUL}")
    with rehearsed(chat_library, script, tmp_path) as (assistant, server):
        page = visit(serve_with(assistant))
        expect(page.locator("#banner")).to_be_empty()
        turn = ask(page, QUESTION)
        expect(turn.locator(".answer .flag")).to_have_count(1)
        expect(turn.locator(".answer")).to_contain_text("Bananas ripen fastest in paper bags.⚠")
        expect(turn.locator(".warning")).to_contain_text("1 sentence has no source")
        expect(turn.locator(".coverage")).to_contain_text(f"{server.spec('openai')} · 54 tokens")
        steps = turn.locator("details.steps")
        steps.locator("summary").click()
        expect(steps.locator("li")).to_have_count(4)
        expect(steps.locator("li").last).to_contain_text("write")
        turn.locator("a.cite").first.click()
        expect(page.locator("#cite-1-1 mark")).to_be_visible()


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
