"""Where kept conversations cite a paper."""

from __future__ import annotations

from assistant.cited import cited_in
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.schema import Turn
from index.library import Library


def told(library: Library, *questions: str) -> str:
    """A conversation in which the questions were asked."""
    conversations, assistant = Conversations(library), Assistant(library)
    kept = conversations.create()
    for question in questions:
        conversations.append(kept.id, Turn(question=question, answer=assistant.ask(question)))
    return kept.id


def test_each_turn_that_cites_a_paper_is_found_with_its_words(library: Library) -> None:
    tide = library.paper("TideNet")
    first = told(library, "What does TideNet forecast?", "How do I bake sourdough bread?")
    second = told(library, "Who sings unlikely songs?", "What does TideNet forecast?")
    found = cited_in(tide.id, library)
    assert [(one.conversation, one.turn) for one in found] == [(second, 2), (first, 1)]
    assert all(one.quote in library.text(tide.id) for one in found)


def test_a_paper_that_was_only_found_and_not_cited_is_not_named(library: Library) -> None:
    told(library, "How do I bake sourdough bread?")
    assert cited_in(library.paper("TideNet").id, library) == []


def test_a_conversation_that_was_deleted_cites_nothing(library: Library) -> None:
    kept = told(library, "What does TideNet forecast?")
    Conversations(library).remove(kept)
    assert cited_in(library.paper("TideNet").id, library) == []
