"""Saved questions: asked again when the library has changed, to tell whether that changes their answers.

Owns the questions and the answers they had. A question is asked again only once the catalog has changed, and
an answer is kept only where it cites other papers than the one before, so that what changed since a day can be
told however often it is asked. Refuses to know how questions are answered: the assistant is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from assistant.conversation_tables import prepared, saved_answers, saved_questions
from assistant.digest import start_of
from assistant.engine import Assistant
from assistant.schema import Answer
from assistant.watched import NOBODY
from index.errors import IbidError
from index.filters import organization_key
from index.schema import Filters, Paper, Value

LONGEST = 1000  # characters of a question


class QuestionNotFound(IbidError):
    """No such question is saved."""


class SavedQuestion(Value):
    """A question that is asked again; `saved` is when it was first, ISO 8601 in UTC."""

    id: str
    question: str
    scope: Filters = Filters()
    saved: str = ""


class Asked(Value):
    """An answer that a saved question had from `asked` on, until it cited other papers."""

    asked: str
    answer: Answer

    @property
    def papers(self) -> dict[str, Paper]:
        """The papers it cites, by id, in the order of first citation."""
        return {citation.paper.id: citation.paper for citation in self.answer.citations}


class Outcome(Value):
    """A saved question's answer now, held against the one it had before a day.

    `asked` is since when it cites what it cites, `before` since when the other one did, ISO 8601 in UTC.
    `came` are the papers cited now and not then, `went` those cited then and not now; `new` are those of
    `came` that were not in the library then. `error` says why it could not be asked.
    """

    question: SavedQuestion
    now: Answer | None = None
    asked: str = ""
    before: str = ""
    came: tuple[Paper, ...] = ()
    went: tuple[Paper, ...] = ()
    new: tuple[str, ...] = ()
    error: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.came or self.went)


class SavedQuestions:
    """The questions that a library's reader saved. Each method is one transaction or a few, of many processes."""

    def __init__(self, assistant: Assistant) -> None:
        # Quoting, so that an answer changes only where the papers do.
        self.assistant = assistant.quoting.watched_by(NOBODY)
        self._catalog = assistant.library.catalog
        self._owner = assistant.library.reader
        prepared(self._catalog.engine)

    def list(self) -> list[SavedQuestion]:
        """All of them, in the order they were saved in."""
        with self._catalog.engine.connect() as connection:
            mine = select(saved_questions).where(saved_questions.c.owner == self._owner)
            rows = connection.execute(mine.order_by(saved_questions.c.saved))
            return [_question(row) for row in rows]

    def save(self, question: str, scope: Filters = Filters()) -> SavedQuestion:
        """Save a question and the answer it has now; one that is saved already stays as it is.

        ValueError where it is empty or too long.
        """
        words = " ".join(question.split())
        if not 0 < len(words) <= LONGEST:
            raise ValueError(f"A question has 1 to {LONGEST:,} characters; this one has {len(words):,}.")
        saved = SavedQuestion(id=_id(words, scope, self._owner), question=words, scope=scope, saved=_now())
        with self._catalog.engine.begin() as connection:
            known = connection.execute(_one(saved.id)).first()
            if known is not None:
                return _question(known)
            row = saved.model_dump(exclude={"scope"})
            row |= {"scope": scope.model_dump_json(), "owner": self._owner}
            connection.execute(insert(saved_questions).values(row))
        self._latest(saved)
        return saved

    def forget(self, name: str) -> SavedQuestion:
        """Forget a question, named by its id or its words; QuestionNotFound where it is not saved."""
        words = " ".join(name.split()).casefold()
        found = [one for one in self.list() if name == one.id or one.question.casefold() == words]
        if not found:
            raise QuestionNotFound(f"No saved question is {name!r}. `ibid digest --questions` lists them.")
        with self._catalog.engine.begin() as connection:
            for one in found:
                connection.execute(delete(saved_questions).where(saved_questions.c.id == one.id))
                connection.execute(delete(saved_answers).where(saved_answers.c.question_id == one.id))
        return found[0]

    def forget_all(self) -> None:
        """Forget all of this reader's questions."""
        mine = select(saved_questions.c.id).where(saved_questions.c.owner == self._owner)
        with self._catalog.engine.begin() as connection:
            connection.execute(delete(saved_answers).where(saved_answers.c.question_id.in_(mine)))
            connection.execute(delete(saved_questions).where(saved_questions.c.owner == self._owner))

    def outcomes(self, since: date) -> Sequence[Outcome]:
        """What has become of each answer since a day. The answer held against it is the last one of before
        that day, or the first one where the question was saved later."""
        return [self._outcome(one, since) for one in self.list()]

    def _outcome(self, one: SavedQuestion, since: date) -> Outcome:
        try:
            now = self._latest(one)
        except IbidError as error:  # one that fails keeps none of the others from being told
            return Outcome(question=one, error=str(error))
        then = self._before(one, since) or now
        came = {paper_id: paper for paper_id, paper in now.papers.items() if paper_id not in then.papers}
        went = tuple(paper for paper_id, paper in then.papers.items() if paper_id not in now.papers)
        return Outcome(
            question=one,
            now=now.answer,
            asked=now.asked,
            before=then.asked,
            came=tuple(came.values()),
            went=went,
            new=self._newer(tuple(came), then.asked),
        )

    def _newer(self, paper_ids: tuple[str, ...], than: str) -> tuple[str, ...]:
        """Those of the papers that came into the library after a moment."""
        if not paper_ids:
            return ()
        after = datetime.fromisoformat(than)
        found = self.assistant.library.arrivals(after, Filters(papers=paper_ids), len(paper_ids))
        return tuple(one.paper.id for one in found.papers)

    def _latest(self, one: SavedQuestion) -> Asked:
        """The answer as it is now: the one kept where the library has not changed since."""
        change = self._catalog.change()
        with self._catalog.engine.connect() as connection:
            kept = connection.execute(_answers(one.id).order_by(saved_answers.c.position.desc())).first()
        if kept is not None and kept.change == change:
            return _asked(kept)
        answer = self.assistant.ask(one.question, filters=one.scope)
        now = Asked(asked=_now(), answer=answer)
        with self._catalog.engine.begin() as connection:
            if connection.execute(_one(one.id)).first() is None:  # forgotten meanwhile
                return now
            return self._keep(connection, one.id, now, change)

    def _keep(self, connection: Connection, question_id: str, now: Asked, change: int) -> Asked:
        last = connection.execute(_answers(question_id).order_by(saved_answers.c.position.desc())).first()
        values = {"change": change, "answer": now.answer.model_dump_json()}
        if last is not None and _asked(last).papers.keys() == now.papers.keys():
            same = (saved_answers.c.question_id == question_id, saved_answers.c.position == last.position)
            connection.execute(update(saved_answers).where(*same).values(values))
            return now.model_copy(update={"asked": last.asked})
        position = 0 if last is None else last.position + 1
        row = {"question_id": question_id, "position": position, "asked": now.asked}
        connection.execute(insert(saved_answers).values(row | values))
        return now

    def _before(self, one: SavedQuestion, since: date) -> Asked | None:
        begun = start_of(since).astimezone(UTC).isoformat(timespec="microseconds")
        with self._catalog.engine.connect() as connection:
            rows = list(connection.execute(_answers(one.id).order_by(saved_answers.c.position)))
        earlier = [row for row in rows if row.asked < begun]
        chosen = earlier[-1] if earlier else next(iter(rows), None)
        return _asked(chosen) if chosen is not None else None


def _id(words: str, scope: Filters, owner: str) -> str:
    """The same question in the same scope is saved once by its owner, however it is spelled in capitals and spaces."""
    names = sorted(organization_key(name) for name in scope.organizations)
    rest = scope.model_copy(update={"organizations": tuple(names)}).model_dump_json()
    told = f"{words.casefold()}\n{rest}" + (f"\n{owner}" if owner else "")
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _one(question_id: str) -> Select[Any]:
    return select(saved_questions).where(saved_questions.c.id == question_id)


def _answers(question_id: str) -> Select[Any]:
    return select(saved_answers).where(saved_answers.c.question_id == question_id)


def _question(row: Row[Any]) -> SavedQuestion:
    return SavedQuestion(
        id=row.id, question=row.question, scope=Filters.model_validate_json(row.scope), saved=row.saved
    )


def _asked(row: Row[Any]) -> Asked:
    return Asked(asked=row.asked, answer=Answer.model_validate_json(row.answer))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
