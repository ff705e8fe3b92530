"""What a reader's next message says of an answer: told by rules, kept with the turn, exported as preferences."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.conversation import Conversation, Conversations
from assistant.preferences import Preference, preferences
from assistant.reactions import reaction
from assistant.schema import Answer, Citation, Feedback, Reaction, Turn
from index.library import Library
from index.schema import Paper
from ui.command_line.cli import cli

ASKED = "How does TideNet forecast sea levels?"
TIDES, BIRDS = Paper(id="tides", title="TideNet"), Paper(id="birds", title="Bird Song")


def turn(
    question: str, paper: Paper | None = None, standalone: str = "", text: str = "It learns.", **facts: Any
) -> Turn:
    """A turn whose answer cites one paper, or none."""
    cited = (Citation(number=1, paper=paper, quote="q", start=0, end=1),) if paper else ()
    answer = Answer(
        question=question,
        standalone=standalone or question,
        kind="find",
        answered=bool(cited),
        text=text,
        citations=cited,
    )
    return Turn(question=question, answer=answer, **facts)


@pytest.mark.parametrize(
    ("message", "kind", "signal"),
    [
        ("Thanks!", "thanks", "thanks"),
        ("great, thank you", "thanks", "thanks"),
        ("Perfect.", "thanks", "thanks"),
        ("ok thanks, that helps", "thanks", "thanks"),
        ("No, I meant the tidal tables.", "correction", "denies"),
        ("no that is another paper", "correction", "denies"),
        ("Wrong paper.", "correction", "denies"),
        ("Not quite: which buoys?", "correction", "denies"),
        ("I meant the version for lakes", "correction", "says what was meant"),
        ("But I was asking about lakes", "correction", "says what was meant"),
        ("I think that's wrong", "correction", "calls it wrong"),
        ("You misunderstood me", "correction", "calls it wrong"),
        ("Not the ocean but the lakes, please", "correction", "names something else"),
        ("Lakes, not seas.", "correction", "names something else"),
        ("How are sea levels forecast by TideNet?", "correction", "asks again"),
        (ASKED, "correction", "asks again"),
        ("What sea levels does it see?", "follow_up", "same words"),
        ("How does WindNet forecast sea levels?", "follow_up", "same words"),
        ("Who moulds pots?", "new_topic", "shares nothing"),
        ("Nothing rhymes with kiln: does any poem?", "new_topic", "shares nothing"),
        ("Is there proof that this is wrong?", "new_topic", "shares nothing"),
        ("Which pots crack, not bend, on firing?", "new_topic", "shares nothing"),
        ("No-code tools for potters?", "new_topic", "shares nothing"),
        ("What great walls were built?", "new_topic", "shares nothing"),
        ("Thanks to what do kilns stay hot?", "new_topic", "shares nothing"),
    ],
)
def test_a_message_is_told_by_its_signs(message: str, kind: str, signal: str) -> None:
    told = reaction(turn(ASKED, TIDES), turn(message))
    assert (told.kind, told.signal, told.message) == (kind, signal, message)


def test_what_is_read_after_an_answer_follows_it_up() -> None:
    told = reaction(turn(ASKED, TIDES), turn("And on lakes?", standalone="How does it do on lakes?"))
    assert (told.kind, told.signal) == ("follow_up", "read after it")


def test_an_answer_from_the_same_paper_follows_up() -> None:
    told = reaction(turn(ASKED, TIDES), turn("Who counts buoys?", TIDES))
    assert (told.kind, told.signal) == ("follow_up", "same papers")
    assert reaction(turn(ASKED, TIDES), turn("Who counts finches?", BIRDS)).kind == "new_topic"


# ---- Kept with the turn


@pytest.fixture
def kept(library: Library) -> tuple[Conversations, str]:
    """An empty conversation."""
    conversations = Conversations(library)
    return conversations, conversations.create().id


Kept = tuple[Conversations, str]


def kinds(conversation: Conversation) -> list[str | None]:
    return [each.reaction.kind if each.reaction else None for each in conversation.turns]


def test_each_turn_keeps_what_the_next_message_says_of_it(kept: Kept) -> None:
    conversations, key = kept
    for message in (ASKED, "No, I meant lakes.", "Thanks!"):
        conversations.append(key, turn(message))
    assert kinds(conversations.open(key)) == ["correction", "thanks", None]


def test_a_message_that_is_edited_or_taken_back_says_something_else_or_nothing(kept: Kept) -> None:
    conversations, key = kept
    conversations.append(key, turn(ASKED))
    conversations.append(key, turn("No, I meant lakes."))
    assert kinds(conversations.replace_from(key, 1, turn("Thanks!"))) == ["thanks", None]
    assert kinds(conversations.truncate(key, 1)) == [None]


def test_a_reaction_leaves_what_was_thought_of_the_turn(kept: Kept) -> None:
    conversations, key = kept
    conversations.append(key, turn(ASKED))
    conversations.set_feedback(key, 0, Feedback(verdict="up"))
    (first, _) = conversations.append(key, turn("Thanks!")).turns
    assert first.feedback == Feedback(verdict="up")
    assert first.reaction == Reaction(kind="thanks", signal="thanks", message="Thanks!")


def test_a_turn_kept_before_there_were_reactions_opens() -> None:
    old = turn(ASKED).model_dump(mode="json", exclude={"reaction", "replaced"})
    assert Turn.model_validate(old).reaction is None


def test_an_answer_asked_for_again_remembers_the_one_it_replaced(kept: Kept) -> None:
    conversations, key = kept
    conversations.append(key, turn(ASKED, text="First."))
    assert conversations.replace_from(key, 0, turn(ASKED, text="Second.")).turns[0].replaced == "First."
    assert conversations.replace_from(key, 0, turn(ASKED, text="Second.")).turns[0].replaced == ""
    assert conversations.replace_from(key, 0, turn("Another?", text="Third.")).turns[0].replaced == ""


# ---- Exported


def told(*turns: Turn) -> list[Preference]:
    return list(preferences(Conversation(id="c", title="t", created="", updated="", turns=turns)))


def reacted(kind: str, signal: str = "s", message: str = "m") -> Reaction:
    return Reaction.model_validate({"kind": kind, "signal": signal, "message": message})


def test_a_verdict_comes_from_the_thumb_and_what_is_implied_stands_beside_it() -> None:
    first, second, third = told(
        turn(ASKED, TIDES, feedback=Feedback(verdict="up", comment="Yes."), reaction=reacted("correction")),
        turn("q", reaction=reacted("thanks")),
        turn("r", reaction=reacted("follow_up")),
    )
    assert (first.verdict, first.implied, first.comment, first.correction) == ("up", "down", "Yes.", "m")
    assert (second.verdict, second.implied, second.correction) == (None, "up", None)
    assert (third.verdict, third.implied, third.turn) == (None, None, 3)


AGAIN = "asks again"


@pytest.mark.parametrize(
    ("first", "second", "paired"),
    [
        ({"reaction": reacted("correction", AGAIN)}, {}, True),
        ({"reaction": reacted("correction", AGAIN)}, {"feedback": Feedback(verdict="up")}, True),
        ({"reaction": reacted("correction", AGAIN)}, {"feedback": Feedback(verdict="down")}, False),
        ({"reaction": reacted("correction", AGAIN)}, {"reaction": reacted("correction", "denies")}, False),
        ({"reaction": reacted("correction", AGAIN)}, {"stopped": True}, False),
        ({"reaction": reacted("correction", AGAIN), "feedback": Feedback(verdict="up")}, {}, False),
        ({"reaction": reacted("correction", "denies")}, {}, False),
        ({"reaction": reacted("follow_up")}, {}, False),
    ],
)
def test_two_answers_are_a_pair_where_the_later_one_was_kept(first: Any, second: Any, paired: bool) -> None:
    one, _ = told(turn(ASKED, text="First.", **first), turn(ASKED, text="Second.", **second))
    assert (one.chosen, one.rejected) == (("Second.", "First.") if paired else (None, None))


def test_an_answer_and_the_one_it_replaced_are_a_pair() -> None:
    (one,) = told(turn(ASKED, text="Second.", replaced="First."))
    assert (one.chosen, one.rejected) == ("Second.", "First.")
    (one,) = told(turn(ASKED, text="Second.", replaced="First.", feedback=Feedback(verdict="down")))
    assert one.chosen is None


def test_the_verb_lists_conversations_and_writes_preferences(
    library: Library, environment: dict[str, str], started: Callable[..., str]
) -> None:
    key = started(ASKED, "Thanks!")
    library.close()
    run = CliRunner(env=environment).invoke
    listed = run(cli, ["conversations"])
    assert listed.exit_code == 0, listed.output
    assert key in listed.output
    assert "2 turns" in listed.output
    (row,) = json.loads(run(cli, ["conversations", "--json"]).output)
    assert (row["id"], row["turns"]) == (key, 2)
    lines = run(cli, ["conversations", "--preferences", "-"]).output.splitlines()
    first = Preference.model_validate_json(lines[0])
    assert (first.question, first.implied) == (ASKED, "up")


@pytest.fixture
def started(kept: Kept) -> Callable[..., str]:
    """Keeps a conversation with a turn for each question, and gives its id."""
    conversations, key = kept

    def start(*asked: str) -> str:
        for question in asked:
            conversations.append(key, turn(question))
        return key

    return start
