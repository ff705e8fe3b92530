"""Conversations: kept as turns, in order, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from assistant.audit import examine_conversations
from assistant.conversation import ConversationNotFound, Conversations
from assistant.engine import Assistant
from assistant.schema import Answer, Feedback, Turn
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


def questions(conversations: Conversations, conversation_id: str) -> list[str]:
    return [kept.question for kept in conversations.open(conversation_id).turns]


def started(library: Library, *asked: str) -> tuple[Conversations, str]:
    """A conversation with a turn for each question."""
    conversations = Conversations(library)
    begun = conversations.create()
    for question in asked:
        conversations.append(begun.id, turn(question))
    return conversations, begun.id


def test_turns_added_by_two_tabs_at_once_are_all_kept(library: Library) -> None:
    conversations, key = started(library)
    tabs = [Conversations(library) for _ in range(4)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(lambda n: tabs[n % 4].append(key, turn(f"question {n}")), range(20)))
    assert sorted(questions(conversations, key)) == sorted(f"question {n}" for n in range(20))


def test_the_last_turn_is_replaced_when_it_is_asked_again(library: Library) -> None:
    conversations, key = started(library, "first", "second")
    conversations.set_feedback(key, 1, Feedback(verdict="down"))
    kept = conversations.replace_from(key, 1, turn("second", text="Better."))
    assert [one.answer.text for one in kept.turns] == ["Nothing says.", "Better."]
    assert kept.turns[1].feedback is None, "it was given for another answer"


def test_replacing_a_turn_that_is_not_there_adds_it(library: Library) -> None:
    conversations, key = started(library)
    assert conversations.replace_from(key, 0, turn("first")).title == "first"
    assert questions(conversations, key) == ["first"]


def test_a_replacement_that_fails_leaves_the_turn_that_was_there(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations, key = started(library, "first", "second")
    monkeypatch.setattr("assistant.conversation_search.take_in", lambda connection, key: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        conversations.replace_from(key, 1, turn("third"))
    assert questions(conversations, key) == ["first", "second"]


def test_editing_a_question_drops_its_turn_and_those_after(library: Library) -> None:
    conversations, key = started(library, "first", "second", "third")
    conversations.set_feedback(key, 0, Feedback(verdict="up"))
    conversations.set_feedback(key, 2, Feedback(verdict="down"))
    assert [kept.question for kept in conversations.truncate(key, 1).turns] == ["first"]
    conversations.append(key, turn("second, edited"))
    conversations.append(key, turn("third, anew"))
    given = [kept.feedback for kept in conversations.open(key).turns]
    assert given == [Feedback(verdict="up"), None, None]


def test_an_edited_question_takes_its_place_and_those_after_go_in_one_step(library: Library) -> None:
    conversations, key = started(library, "first", "second", "third")
    conversations.replace_from(key, 1, turn("second, edited"))
    assert questions(conversations, key) == ["first", "second, edited"]
    conversations.replace_from(key, 9, turn("third"))
    assert questions(conversations, key) == ["first", "second, edited", "third"]


def test_a_name_follows_the_first_question_until_one_is_given(library: Library) -> None:
    conversations, key = started(library, "first")
    assert conversations.replace_from(key, 0, turn("first, edited")).title == "first, edited"
    conversations.rename(key, "Mine")
    assert conversations.replace_from(key, 0, turn("again")).title == "Mine"
    conversations.rename(key, "  ")
    assert conversations.open(key).title == "again"


def test_a_rename_moves_nothing_in_the_list(library: Library) -> None:
    conversations, older = started(library, "older")
    newer = started(library, "newer")[1]
    conversations.rename(older, "Renamed")
    assert [summary.id for summary in conversations.list()] == [newer, older]


def test_feedback_is_kept_beside_its_turn_changed_and_taken_back(library: Library) -> None:
    conversations, key = started(library, "first", "second")
    conversations.set_feedback(key, 1, Feedback(verdict="down", comment="Wrong paper."))
    assert [kept.feedback for kept in Conversations(library).open(key).turns] == [
        None,
        Feedback(verdict="down", comment="Wrong paper."),
    ]
    conversations.set_feedback(key, 1, Feedback(verdict="up"))
    assert conversations.open(key).turns[1].feedback == Feedback(verdict="up")
    conversations.set_feedback(key, 1, None)
    assert conversations.open(key).turns[1].feedback is None


def test_feedback_on_a_turn_that_is_not_there_says_so(library: Library) -> None:
    conversations, key = started(library, "first")
    for position in (1, -1):
        with pytest.raises(IbidError, match=r"has no turn .*; it has 1"):
            conversations.set_feedback(key, position, Feedback(verdict="up"))


def test_an_undone_removal_brings_everything_back(library: Library) -> None:
    conversations, key = started(library, "How do buoys drift?", "And why?")
    conversations.set_feedback(key, 0, Feedback(verdict="up", comment="Good."))
    conversations.set_scope(key, Filters(min_comments=3))
    before = conversations.open(key)
    conversations.remove(key)
    assert not conversations.list()
    assert not conversations.search("buoys")
    assert Conversations(library).restore(key) == before
    assert [summary.id for summary in conversations.search("buoys")] == [key]


def test_nothing_is_added_to_a_removed_conversation(library: Library) -> None:
    conversations, key = started(library, "first")
    conversations.remove(key)
    for change in (
        lambda: conversations.append(key, turn("second")),
        lambda: conversations.rename(key, "other"),
        lambda: conversations.set_feedback(key, 0, None),
    ):
        with pytest.raises(ConversationNotFound):
            change()
    assert [kept.question for kept in conversations.restore(key).turns] == ["first"]


def test_what_was_removed_long_ago_is_forgotten_for_good(library: Library) -> None:
    conversations, key = started(library, "How do buoys drift?")
    other = started(library, "other")[1]
    conversations.remove(key)
    conversations.purge(datetime.now(UTC) - timedelta(hours=1))
    conversations.restore(key)
    conversations.remove(key)
    conversations.purge(datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(ConversationNotFound, match=key):
        conversations.restore(key)
    with library.catalog.engine.connect() as connection:
        for table in ("conversations", "turns", "conversation_texts", "removed_conversations"):
            kept = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert not any(key in str(row) for row in kept), table
    assert questions(conversations, other) == ["other"]


# ---- Search


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("buoys", ["How do buoys drift?"]),
        ("BUO", ["How do buoys drift?"]),
        ("glaciers delay", ["What do glaciers remember?"]),
        ("cafe", ["What do glaciers remember?"]),
        ("drift glaciers", []),
        ("", []),
        ('"); DROP', []),
        ("buoys OR", []),
        ("buoys-dri", ["How do buoys drift?"]),
        ("漂流", ["How do buoys drift?"]),
    ],
)
def test_conversations_are_found_by_all_words_begun_in_any_turn(
    words: str, found: list[str], library: Library
) -> None:
    conversations, one = started(library, "How do buoys drift?")
    conversations.append(one, turn("and then", text="漂流 | they | drift *far* [1]."))
    two = started(library, "What do glaciers remember?")[1]
    conversations.append(two, turn("how long?", text="A delay of decades, says the café."))
    assert [summary.title for summary in conversations.search(words)] == found


def test_a_hit_shows_the_words_found_and_no_markup(library: Library) -> None:
    conversations, key = started(library)
    said = "We see **slow** drift [1]. " + "Nothing more. " * 40 + "The [storm](x) *pushes* <b>water</b> [2]."
    conversations.append(key, turn("Tell me", text=said))
    (hit,) = conversations.search("storm push")
    assert hit.turns == 1
    assert [hit.snippet[start:end] for start, end in hit.matches] == ["storm", "pushes"]
    assert "<b>" in hit.snippet, "it is text, to be escaped by who shows it"
    assert not set("*\x02\x03") & set(hit.snippet)
    assert "[2]" not in hit.snippet


def test_a_name_counts_for_more_than_what_was_said(library: Library) -> None:
    conversations, one = started(library, "Tell me about tides and storms and gulls")
    other = started(library, "Tell me about terns and storms and rain")[1]
    for named, said in ((one, other), (other, one)):
        conversations.rename(named, "Storms")
        conversations.rename(said, "A name")
        assert [hit.id for hit in conversations.search("storms")] == [named, said]
    assert len(conversations.search("storms", limit=1)) == 1


def test_what_is_no_longer_said_is_no_longer_found(library: Library) -> None:
    conversations, key = started(library, "tides", "gulls")
    conversations.replace_from(key, 1, turn("terns"))
    assert not conversations.search("gulls")
    assert conversations.search("terns")
    conversations.truncate(key, 1)
    assert not conversations.search("terns")
    conversations.rename(key, "Sparrows")
    assert conversations.search("sparrows tides")


# ---- Libraries of before

_BEFORE = """
CREATE TABLE conversations (id VARCHAR(32) NOT NULL, title TEXT NOT NULL, created VARCHAR(32) NOT NULL,
  updated VARCHAR(32) NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_conversations_updated ON conversations (updated);
CREATE TABLE turns (conversation_id VARCHAR(32) NOT NULL, position INTEGER NOT NULL, turn TEXT NOT NULL,
  PRIMARY KEY (conversation_id, position));
INSERT INTO conversations VALUES ('old', 'On drift', '2025-01-01T00:00:00.000000+00:00',
  '2025-01-01T00:00:00.000000+00:00', '{}');
INSERT INTO turns VALUES ('old', 0, '{"question": "How do buoys drift?", "stopped": false, "answer": {"question":
  "How do buoys drift?", "standalone": "How do buoys drift?", "kind": "find", "answered": false, "text": "Far."}}');
"""


def test_a_library_made_before_feedback_and_search_opens_with_both(
    open_library: Callable[..., Library],
) -> None:
    library = open_library()
    with library.catalog.engine.begin() as connection:
        for statement in _BEFORE.split(";\n"):
            connection.execute(text(statement.replace(":", "\\:")))
    conversations = Conversations(library)
    assert [hit.id for hit in conversations.search("buoys")] == ["old"]
    conversations.set_feedback("old", 0, Feedback(verdict="up"))
    conversations.remove("old")
    assert conversations.restore("old").turns[0].feedback == Feedback(verdict="up")
    assert conversations.append("old", turn("And why?")).title == "On drift"


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
