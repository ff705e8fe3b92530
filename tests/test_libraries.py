"""The libraries of a server's users: which they have, and what they may do with each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.accounts.schema import LOCAL, User
from assistant.conversation import ConversationNotFound, Conversations
from assistant.engine import Assistant
from assistant.evaluation import neighbours
from assistant.evaluation.neighbours import try_neighbours
from assistant.libraries import MINE, SHARED, Libraries
from assistant.saved_questions import SavedQuestions
from assistant.schema import Turn
from index.embedding import Embedder
from index.errors import NotAllowed
from index.library import Library

ANN = User(id="a1", name="Ann", admin=False)
BEN = User(id="b2", name="Ben", admin=False)
EVE = User(id="e3", name="Eve", admin=True)


@pytest.fixture
def shared(library: Library) -> Library:
    """A library with six papers that all share."""
    return library


@pytest.fixture
def libraries(shared: Library) -> Iterator[Libraries]:
    opened = Libraries(shared)
    yield opened
    opened.close()


def test_the_one_user_of_a_machine_has_the_library_itself(libraries: Libraries, shared: Library) -> None:
    assert libraries.names(LOCAL) == (SHARED,)
    assert libraries.of(LOCAL, SHARED) is shared


def test_members_ask_the_shared_library_and_only_administrators_change_it(
    libraries: Libraries, write_papers: object, tmp_path: Path
) -> None:
    members, administrators = libraries.of(ANN, SHARED), libraries.of(EVE, SHARED)
    assert members.search("sea levels")[0].paper == administrators.search("sea levels")[0].paper
    paper = members.papers(limit=1)[0]
    refused = pytest.raises(NotAllowed, match="only its administrators change it")
    for change in (
        lambda: members.add([tmp_path]),
        lambda: members.remove([paper.id]),
        lambda: members.set_aside([paper.id]),
        lambda: members.tag([paper.id], "mine"),
        lambda: members.untag([paper.id], "mine"),
        lambda: members.rebuild(),
        lambda: members.forget_sources(["anything"]),
        lambda: members.rename_sources({}),
        lambda: members.bring_back("mark"),
    ):
        with refused:
            change()
    administrators.tag([paper.id], "read")
    assert members.facts().tags == (("read", 1),)


def test_what_one_asks_in_the_shared_library_is_ones_own(libraries: Libraries) -> None:
    mine, others = libraries.of(ANN, SHARED), libraries.of(BEN, SHARED)
    kept, foreign = Conversations(mine), Conversations(others)
    asked = kept.create().id
    kept.append(asked, Turn(question="Sea levels?", answer=Assistant(mine).ask("Sea levels?")))
    SavedQuestions(Assistant(mine)).save("Which papers are about birds?")
    assert [one.id for one in kept.list()] == [asked]
    assert foreign.list() == []
    assert foreign.search("sea") == []
    assert SavedQuestions(Assistant(others)).list() == []
    for reach in (
        lambda: foreign.open(asked),
        lambda: foreign.rename(asked, "mine now"),
        lambda: foreign.truncate(asked, 0),
        lambda: foreign.restore(asked),
    ):
        with pytest.raises(ConversationNotFound):
            reach()
    foreign.remove(asked)
    assert [one.id for one in kept.list()] == [asked]


def test_the_same_question_is_saved_by_each_for_themselves(libraries: Libraries) -> None:
    saved = [SavedQuestions(Assistant(libraries.of(user, SHARED))) for user in (ANN, BEN)]
    ids = {questions.save("Which papers are about birds?").id for questions in saved}
    assert len(ids) == 2
    saved[0].forget("Which papers are about birds?")
    assert len(saved[1].list()) == 1


def test_a_user_who_goes_takes_their_own_library_and_conversations_along(
    libraries: Libraries, shared: Library
) -> None:
    mine = libraries.of(ANN, MINE)
    folder = mine.folder
    in_shared = Conversations(libraries.of(ANN, SHARED))
    in_shared.create()
    others = Conversations(libraries.of(BEN, SHARED)).create().id
    libraries.forget(ANN)
    assert not folder.exists()
    assert Conversations(libraries.of(BEN, SHARED)).open(others).id == others
    assert shared.count() == 6


def test_a_users_id_that_is_no_id_reaches_no_folder(libraries: Libraries) -> None:
    with pytest.raises(ValueError, match="is no user's id"):
        libraries.of(User(id="../../etc", name="x", admin=True), MINE)


def test_neighbours_find_nothing_of_each_other(embedder: Embedder, tmp_path: Path) -> None:
    with Library.open(tmp_path / "shared") as shared:
        shared.embedder = embedder
        tried = try_neighbours(shared, retrievals=150)
    assert tried.leaks == ()
    assert tried.passages > 300
    assert tried.answers == 3


def test_a_leak_between_neighbours_is_noticed(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Libraries.of
    everybody = User(id="a1", name="Ann", admin=False)
    monkeypatch.setattr(Libraries, "of", lambda self, user, name: honest(self, everybody, name))
    monkeypatch.setattr(neighbours, "_FIELDS", ("tides",))
    with Library.open(tmp_path / "shared") as shared:
        shared.embedder = embedder
        assert try_neighbours(shared, retrievals=20).leaks
