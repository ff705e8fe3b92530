"""What can be done with a turn on the chat page: explained, edited, rated, followed up."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from assistant.conversation import Conversations
from assistant.schema import Feedback
from index.library import Library
from index.schema import Filters

Visit = Callable[..., Page]
Ask = Callable[[Page, str], Locator]
QUESTION = "What does ColBERT propose?"
SECOND = "Which papers improve retrieval?"
HOSTILE = "<img src=x onerror=window.hurt=1> ${window.hurt=2} {{x}}"


def kept(library: Library, page: Page) -> tuple[str, ...]:
    """The questions of the conversation shown, as they are stored."""
    found = Conversations(library).open(page.url.rpartition("=")[2])
    return tuple(turn.question for turn in found.turns)


# ---- Why


def test_why_marks_the_words_of_the_passage_that_match_the_question(
    site: str, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, "Does ColBERT make search over passages efficient?")
    why = page.locator("#cite-1-1 .why")
    why.locator("summary").click()
    expect(why.locator(".reasons")).to_contain_text(re.compile(r"in meaning \(cosine 0\.\d\d\)"))
    expect(why.locator(".reasons")).to_contain_text("by meaning: rank")
    marked = [word.lower() for word in why.locator(".match").all_inner_texts()]
    assert "colbert" in marked
    assert not {"the", "over", "does"} & set(marked)


# ---- How a question was read


def test_a_scope_that_the_question_states_is_shown_and_can_be_asked_without(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    turn = ask(page, "Which papers from OpenAI since 2020 use human feedback?")
    reading = turn.locator(".reading")
    expect(reading).to_contain_text("Held to what the question says")
    expect(reading.locator(".chip")).to_have_count(2)
    reading.get_by_role("button", name="Ask again without: OpenAI").click()
    asked_again = page.locator("#turn-1")
    expect(asked_again.locator(".said")).not_to_contain_text("OpenAI")
    expect(asked_again.locator(".answer")).to_be_visible()
    found = Conversations(chat_library).open(page.url.rpartition("=")[2])
    assert [turn.answer.scope.filters for turn in found.turns] == [Filters(since="2020")]
    assert found.scope == Filters()


def test_a_follow_up_is_shown_as_it_was_understood(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    ask(page, QUESTION)
    expect(ask(page, "Is it fast?").locator(".reading .alone")).to_contain_text("ColBERT")
    expect(page.locator("#turn-1 .reading")).to_have_count(0)


# ---- Edit


def test_editing_an_earlier_question_says_what_is_dropped_and_asks_again(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    for question in (QUESTION, SECOND, "What does LoRA propose?"):
        turn = ask(page, question)
    turn = page.locator("#turn-1")
    turn.hover()
    turn.get_by_role("button", name="Edit question 1").click()
    box = turn.get_by_role("textbox", name="Question 1")
    expect(box).to_be_focused()
    expect(box).to_have_value(QUESTION)
    expect(turn.locator(".in-place")).to_contain_text("drops this answer and the 2 turns after it")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    assert len(kept(chat_library, page)) == 3
    turn.get_by_role("button", name="Edit question 1").click()
    box.fill("What does BERT propose?")
    turn.get_by_role("button", name="Ask again and drop the 2 turns after it").click()
    expect(page.locator("#thread .turn")).to_have_count(1)
    expect(page.locator("#turn-1 .said")).to_have_text("What does BERT propose?")
    expect(page.locator("#thread a.cite").first).to_be_visible()
    expect(page.locator("#cite-1-1 h3")).to_contain_text("BERT")
    assert kept(chat_library, page) == ("What does BERT propose?",)


def test_retrying_keeps_the_old_answer_until_the_new_one_is_there(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    ask(page, QUESTION)
    ask(page, SECOND)
    page.locator("#turn-2").get_by_role("button", name="Retry").click()
    expect(page.locator("#live .turn")).to_have_count(0)
    expect(page.locator("#thread .turn")).to_have_count(2)
    assert kept(chat_library, page) == (QUESTION, SECOND)


# ---- Rate


def test_a_verdict_and_its_comment_are_kept_beside_the_turn(
    site: str, chat_library: Library, visit: Visit, ask: Ask
) -> None:
    page = visit(site)
    turn = ask(page, QUESTION)
    poor = turn.get_by_role("button", name="Poor answer")
    poor.click()
    expect(poor).to_have_attribute("aria-pressed", "true")
    box = turn.get_by_role("textbox", name="Comment")
    expect(box).to_be_focused()
    box.fill(HOSTILE)
    box.press("Enter")
    expect(turn.locator(".note bdi")).to_have_text(HOSTILE)
    found = Conversations(chat_library).open(page.url.rpartition("=")[2])
    assert found.turns[0].feedback == Feedback(verdict="down", comment=HOSTILE)
    page.reload()
    expect(poor).to_have_attribute("aria-pressed", "true")
    expect(turn.locator(".note bdi")).to_have_text(HOSTILE)
    poor.click()
    expect(poor).to_have_attribute("aria-pressed", "false")
    expect(turn.locator(".note")).to_have_count(0)
    assert Conversations(chat_library).open(found.id).turns[0].feedback is None
    assert page.evaluate("window.hurt") is None


# ---- Follow up


def test_follow_ups_are_offered_and_answered(site: str, visit: Visit, ask: Ask) -> None:
    page = visit(site)
    turn = ask(page, QUESTION)
    chips = turn.locator(".follow-up")
    expect(chips.first).to_be_visible()
    question = chips.first.inner_text()
    chips.first.click()
    last = page.locator("#turn-2")
    expect(last.locator(".said")).to_have_text(question)
    expect(last.locator("a.cite").first).to_be_visible()
    expect(page.locator("#turn-1 .follow-up")).to_have_count(0)
