"""Conversations: kept as turns, in order, over restarts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.audit import examine_conversations
from assistant.conversation import ConversationNotFound, Conversations
from assistant.engine import Assistant
from assistant.schema import Answer, Turn
from index.errors import IbidError
from index.library import Library
from index.schema import Filters


def turn(question: str, text: str = "Nothing says.") -> Turn:
    answer = Answer(question=question, standalone=question, kind="find", answered=False, text=text)
    return Turn(question=question, answer=answer)


def test_a_real_turn_reads_back_as_it_was_written(library: Library) -> None:
    answer = Assistant(library).ask("What does TideNet forecast?")
    assert answer.citations
    kept = Turn(question="What does TideNet forecast?", answer=answer, stopped=True)
    conversations = Conversations(library)
    started = conversations.create(Filters(since="2024", organizations=("Harbor Institute",)))
    conversations.append(started.id, kept)
    opened = Conversations(library).open(started.id)
    assert opened.turns == (kept,)
    assert opened.scope == started.scope
    assert opened.created == started.created


def test_turns_keep_their_order(library: Library) -> None:
    conversations = Conversations(library)
    started = conversations.create()
    for number in range(12):
        conversations.append(started.id, turn(f"question {number}"))
    told = [kept.question for kept in conversations.open(started.id).turns]
    assert told == [f"question {number}" for number in range(12)]


def test_a_conversation_survives_a_restart(open_library: Callable[..., Library]) -> None:
    library = open_library()
    started = Conversations(library).create()
    Conversations(library).append(started.id, turn("Is it kept?"))
    library.close()
    again = Conversations(open_library())
    assert [summary.title for summary in again.list()] == ["Is it kept?"]
    assert again.open(started.id).turns == (turn("Is it kept?"),)


def test_the_list_holds_those_with_a_turn_and_the_latest_first(library: Library) -> None:
    conversations = Conversations(library)
    first, second, empty = (conversations.create() for _ in range(3))
    conversations.append(first.id, turn("first"))
    conversations.append(second.id, turn("second"))
    conversations.append(first.id, turn("first again"))
    assert [(summary.id, summary.turns) for summary in conversations.list()] == [
        (first.id, 2),
        (second.id, 1),
    ]
    assert conversations.open(empty.id).turns == ()
    assert [summary.id for summary in conversations.list(limit=1)] == [first.id]


def test_the_first_question_names_a_conversation(library: Library) -> None:
    conversations = Conversations(library)
    started = conversations.create()
    conversations.append(started.id, turn("  What\n is  drift? "))
    assert conversations.append(started.id, turn("And why?")).title == "What is drift?"


def test_a_long_question_is_cut_for_the_name_and_nowhere_else(library: Library) -> None:
    conversations = Conversations(library)
    asked = "drift " * 100
    kept = conversations.append(conversations.create().id, turn(asked))
    assert len(kept.title) <= 80
    assert kept.title.endswith("…")
    assert kept.turns[0].question == asked


def test_a_given_name_stays(library: Library) -> None:
    conversations = Conversations(library)
    started = conversations.create()
    conversations.append(started.id, turn("first"))
    conversations.rename(started.id, "Drift & Co")
    assert conversations.append(started.id, turn("second")).title == "Drift & Co"


def test_the_last_turn_can_be_taken_back_and_asked_again(library: Library) -> None:
    conversations = Conversations(library)
    started = conversations.create()
    conversations.append(started.id, turn("first"))
    conversations.append(started.id, turn("second"))
    assert [kept.question for kept in conversations.drop_last(started.id).turns] == ["first"]
    again = conversations.append(started.id, turn("second, better"))
    assert [kept.question for kept in again.turns] == ["first", "second, better"]
    conversations.drop_last(started.id)
    conversations.drop_last(started.id)
    assert conversations.drop_last(started.id).turns == ()


def test_the_scope_can_be_changed(library: Library) -> None:
    conversations = Conversations(library)
    started = conversations.create()
    conversations.set_scope(started.id, Filters(min_comments=3))
    assert conversations.open(started.id).scope == Filters(min_comments=3)


def test_a_removed_conversation_is_gone_and_the_others_stay(library: Library) -> None:
    conversations = Conversations(library)
    one, other = conversations.create(), conversations.create()
    for started in (one, other):
        conversations.append(started.id, turn("a question"))
    conversations.remove(one.id)
    conversations.remove(one.id)
    assert [summary.id for summary in conversations.list()] == [other.id]
    with pytest.raises(ConversationNotFound, match=one.id):
        conversations.open(one.id)


def test_adding_to_a_conversation_that_is_gone_says_so(library: Library) -> None:
    with pytest.raises(IbidError, match="No conversation 'gone'"):
        Conversations(library).append("gone", turn("anyone?"))


def test_stored_text_is_data_whatever_it_holds(library: Library) -> None:
    conversations = Conversations(library)
    odd = "'); DROP TABLE turns; -- <b>\u0000?</b> 漂流 🙂"
    kept = conversations.append(conversations.create().id, turn(odd, text=odd))
    assert kept.turns == (turn(odd, text=odd),)


def test_the_audit_checks_the_citations_of_every_stored_turn(library: Library) -> None:
    answer = Assistant(library).ask("What does TideNet forecast?")
    conversations = Conversations(library)
    started = conversations.create()
    conversations.append(started.id, Turn(question=answer.question, answer=answer))
    assert examine_conversations(library).holds
    moved = answer.citations[0].model_copy(update={"start": 0, "end": 5})
    forged = answer.model_copy(update={"citations": (moved, *answer.citations[1:])})
    conversations.append(started.id, Turn(question=answer.question, answer=forged))
    assert not examine_conversations(library).holds


def test_turns_that_cite_a_paper_removed_since_are_no_fault(library: Library) -> None:
    answer = Assistant(library).ask("What does TideNet forecast?")
    conversations = Conversations(library)
    conversations.append(conversations.create().id, Turn(question=answer.question, answer=answer))
    library.remove([citation.paper.id for citation in answer.citations][:1])
    finding = examine_conversations(library)
    assert finding.holds
    assert "1 cite papers removed since" in finding.seen
