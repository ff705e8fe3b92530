"""Whether anything of one user's library is found by another, where the two are nearly the same.

Owns two users whose papers have the same titles and identifiers, each with a sentence that only its owner's copy has,
and random retrievals by both. What is looked for is the other's sentence in whatever is given: passages, texts of
papers, answers, conversations. Refuses to know servers; `ui.command_line.access_matrix` tries those.
"""

from __future__ import annotations

import json
import random

from assistant.accounts.schema import User
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.libraries import MINE, SHARED, Libraries
from assistant.schema import Turn
from index.library import Library
from index.schema import Filters, Value

_FIELDS = ("tides", "glaciers", "orchards", "kilns", "warblers", "harbours", "looms", "beacons")
_WAYS = ("forecasting", "sorting", "mapping", "counting", "cooling", "naming")
_ASKED = ("What does {} do?", "Which papers are about {}?", "{}", "How is {} measured?", "the secret of {}")
_ANSWERS = 50  # retrievals for one answer, which costs as much as several
_QUESTIONS = 200  # distinct ones: embedding them is not what is tried


class Retrieved(Value):
    """What came of it: retrievals made, passages and answers looked at, and each place where another's words stood."""

    retrievals: int
    passages: int
    answers: int
    leaks: tuple[str, ...]


def try_neighbours(shared: Library, retrievals: int, seed: int = 0) -> Retrieved:
    """Make so many retrievals, by two users in turns, from their own libraries and the shared one."""
    libraries = Libraries(shared)
    people = [User(id="a1", name="Ann", admin=False), User(id="b2", name="Ben", admin=False)]
    try:
        for user in people:
            _fill(libraries, user)
        return _tried(libraries, people, retrievals, random.Random(seed))
    finally:
        libraries.close()


def _tried(libraries: Libraries, people: list[User], retrievals: int, chance: random.Random) -> Retrieved:
    questions = [_question(chance) for _ in range(_QUESTIONS)]
    passages, answers, leaks = 0, 0, []
    for number in range(retrievals):
        user, other = chance.sample(people, 2)
        library = libraries.of(user, chance.choice((MINE, MINE, SHARED)))
        question, scope = chance.choice(questions), _scope(library, chance)
        found = library.search(question, chance.randint(1, 10), scope)
        told = [passage.chunk.text for passage in found]
        told += [library.text(passage.paper.id) for passage in found[:1]]
        if number % _ANSWERS == 0:
            answer = Assistant(library).ask(question, filters=scope)
            told.append(answer.model_dump_json())
            answers += 1
        told += [summary.model_dump_json() for summary in Conversations(library).search("secret", 5)]
        passages += len(found)
        leaks += [f"{user.name}, {question!r}: {_secret(other)}" for words in told if _secret(other) in words]
    return Retrieved(retrievals=retrievals, passages=passages, answers=answers, leaks=tuple(leaks))


def _fill(libraries: Libraries, user: User) -> None:
    """Give a user papers that differ from the other's in one sentence, and a conversation in the shared library."""
    own = libraries.of(user, MINE)
    file = own.folder / "papers.json"
    file.write_text(json.dumps([_paper(user, field, way) for field in _FIELDS for way in _WAYS]))
    own.add([file])
    for library in (own, libraries.of(user, SHARED)):
        asked = f"What is the secret, {_secret(user)}?"
        turn = Turn(question=asked, answer=Assistant(library).ask(asked))
        kept = Conversations(library)
        kept.append(kept.create().id, turn)


def _paper(user: User, field: str, way: str) -> dict[str, str]:
    abstract = (
        f"We study {way} of {field} with few instruments. The method needs no labels and halves the error. "
        f"The secret of {way} {field} is {_secret(user)}."
    )
    return {"title": f"{way.title()} {field.title()}", "abstract": abstract, "doi": f"10.1234/{way}.{field}"}


def _secret(user: User) -> str:
    return f"zeal{user.id}quay"


def _question(chance: random.Random) -> str:
    return chance.choice(_ASKED).format(f"{chance.choice(_WAYS)} {chance.choice(_FIELDS)}")


def _scope(library: Library, chance: random.Random) -> Filters:
    if chance.random() < 0.7:
        return Filters()
    papers = [paper.id for paper in library.papers(limit=100)]
    return Filters(papers=tuple(chance.sample(papers, min(len(papers), chance.randint(1, 20)))))
