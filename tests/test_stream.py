"""The stream of what comes of events: none is left without its outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

WAIT = 30_000  # ms

HOLDING = """
    const plain = window.fetch.bind(window);
    window.holding = false;
    window.release = [];
    window.fetch = async (...given) => {
      const answer = await plain(...given);
      if (!answer.url.includes("/queue/data")) return answer;
      const held = new TransformStream({
        transform: async (piece, on) => {
          const at = piece.indexOf("data: {\\"msg\\":\\"close_stream");
          if (at > 0) on.enqueue(piece.slice(0, at));
          if (at >= 0 && window.holding) await new Promise((go) => window.release.push(go));
          on.enqueue(piece.slice(Math.max(at, 0)));
        },
      });
      const words = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(held);
      const late = new Response(words.pipeThrough(new TextEncoderStream()), { headers: answer.headers });
      return Object.defineProperty(late, "url", { value: answer.url });
    };
"""
"""Holds back the word that the stream ends, as a slow connection may."""


def test_a_question_asked_as_the_stream_of_the_one_before_ends_is_answered(
    visit: Callable[..., Page], site: str, ask: Callable[..., Any]
) -> None:
    page = visit(site)
    page.add_init_script(HOLDING)
    page.reload()
    page.wait_for_selector("html[data-ibid=ready]")
    page.evaluate("window.holding = true")
    ask(page, "What does Self-RAG propose?")
    page.wait_for_function("window.release.length")
    box = page.locator("#question textarea")
    box.fill("What is a process reward model?")
    with page.expect_response("**/queue/join*") as joined:
        box.press("Enter")
    assert joined.value.ok
    page.evaluate("window.holding = false; window.release.forEach((go) => go())")
    expect(page.locator("#thread .turn")).to_have_count(2, timeout=WAIT)
