"""One conversation open in two tabs: each shows what the other asked, and neither undoes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Event, Turn
from assistant.stopping import Stop
from index.library import Library
from index.schema import Filters
from ui.chat.actions import Chat
from ui.chat.view import View
from ui.library.adding import Adding
from ui.parts.scope import Panel

FIRST, SECOND, THIRD = "What does ColBERT propose?", "What does LoRA propose?", "What does BERT propose?"
WAIT = 20.0


class Gated(Assistant):
    """The real assistant, which begins each question when it is let."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.gates = {question: threading.Event() for question in (FIRST, SECOND, THIRD)}
        self.ended = {question: threading.Event() for question in (FIRST, SECOND, THIRD)}

    def stream(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        filters: Filters = Filters(),
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        assert self.gates[question].wait(WAIT)
        try:
            yield from super().stream(question, turns, filters, stop)
        finally:
            self.ended[question].set()


@pytest.fixture
def assistant(chat_library: Library) -> Gated:
    return Gated(chat_library)


@pytest.fixture
def chat(assistant: Gated) -> Chat:
    return Chat(assistant.library, assistant, Adding(assistant.library))


def questions(chat: Chat, conversation: str) -> list[str]:
    return [turn.question for turn in Conversations(chat.library).open(conversation).turns]


def asked(chat: Chat, tab: str, conversation: str, question: str) -> str:
    """Ask and wait for the answer; the conversation's id."""
    views = list(chat.ask(tab, conversation, question, Panel()))
    return views[-1].conversation or ""


@pytest.fixture
def two_turns(chat: Chat, assistant: Gated) -> str:
    """A conversation whose first question was asked in one tab and whose second in another."""
    for question in (FIRST, SECOND):
        assistant.gates[question].set()
    return asked(chat, "two", asked(chat, "one", "", FIRST), SECOND)


def test_a_tab_follows_what_another_asks_as_soon_as_its_own_answer_is_there(
    chat: Chat, assistant: Gated
) -> None:
    one = chat.ask("one", "", FIRST, Panel())
    conversation = next(one).conversation or ""
    assistant.gates[FIRST].set()
    assert assistant.ended[FIRST].wait(WAIT)
    two = chat.ask("two", conversation, SECOND, Panel())
    next(two)
    seen: list[View] = []
    for view in one:
        seen.append(view)
        if view.busy and SECOND in (view.live or ""):
            assistant.gates[SECOND].set()
    assert [view.busy for view in seen if view.busy is not None] == [True, False]
    assert seen[-1].live == ""
    assert SECOND in (seen[-1].thread or "")
    assert questions(chat, conversation) == [FIRST, SECOND]
    two.close()


def test_a_retry_in_a_tab_that_is_behind_shows_the_newer_turn_and_asks_nothing(
    chat: Chat, two_turns: str
) -> None:
    before = Conversations(chat.library).open(two_turns).turns
    (view,) = chat.retry("one", two_turns, seen=1)
    assert "went on in another window" in (view.notice or "")
    assert SECOND in (view.thread or "")
    assert Conversations(chat.library).open(two_turns).turns == before


def test_an_edit_in_a_tab_that_is_behind_drops_no_turn_that_it_has_not_shown(
    chat: Chat, two_turns: str
) -> None:
    (view,) = chat.edit("one", two_turns, 1, THIRD, seen=1)
    assert view.box == THIRD
    assert "went on in another window" in (view.notice or "")
    assert questions(chat, two_turns) == [FIRST, SECOND]


def test_an_edit_while_another_tab_is_answered_waits_in_the_box(
    chat: Chat, assistant: Gated, two_turns: str
) -> None:
    under_way = chat.retry("two", two_turns, seen=2)
    assistant.gates[SECOND].clear()
    next(under_way)
    edited = chat.edit("one", two_turns, 1, THIRD, seen=2)
    assert next(edited).box == THIRD
    assistant.gates[SECOND].set()
    assert not list(edited)[-1].busy
    under_way.close()
    assert questions(chat, two_turns) == [FIRST, SECOND]
