"""Checking what is not the library's own: citations of kept answers, and the language models; and mending the former.

Owns what is done about an answer whose citations do not hold: one whose quote stands elsewhere in its paper points
there from now on, one that cannot be read is taken out, whatever else is wrong stays for its reader to ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, select, update

from assistant.citations import faults
from assistant.conversation import Conversations
from assistant.conversation_tables import feedback, saved_answers, turns
from assistant.models.offered import check as try_model
from assistant.models.settings import ModelSettings
from assistant.schema import Answer, Citation, Turn
from index.doctor import REPAIR, Finding, Mended
from index.errors import IbidError, PaperNotFound
from index.library import Library
from index.repairs import TAKEN_OUT, take_out

_CHECK = "citations of kept answers resolve"


class _Kept(NamedTuple):
    """An answer as it is kept: its row, and what the row says, None where that cannot be read."""

    table: Table
    row: dict[str, Any]
    said: Turn | Answer | None

    @property
    def answer(self) -> Answer | None:
        return self.said.answer if isinstance(self.said, Turn) else self.said

    @property
    def place(self) -> str:
        first, second = (self.row[column.name] for column in self.table.primary_key.columns)
        return f"{self.table.name} {first}/{second}"


def examine_conversations(library: Library) -> Finding:
    """Whether the citations of all stored turns and saved answers hold; of papers removed since they are counted."""
    text_of = lru_cache(100)(library.text)
    wrong, gone, number, mendable = [], 0, 0, False
    for kept in _answers(library):
        number += 1
        try:
            found = faults(kept.answer, text_of) if kept.answer else ["cannot be read"]
            mendable |= bool(found) and (kept.answer is None or _moved(kept.answer, text_of) is not None)
        except (PaperNotFound, ValueError):  # the latter is for `index.doctor` to tell
            gone, found = gone + 1, []
        wrong += [f"{kept.place}: {fault}" for fault in found]
    seen = f"{number} answers, {len(wrong)} faults, {gone} cite papers removed since"
    return Finding(
        check=_CHECK,
        holds=not wrong,
        seen="; ".join([seen, *wrong[:3]]),
        remedy="" if not wrong else REPAIR if mendable else "ask those questions again",
        repairable=mendable,
    )


def repair_conversations(library: Library) -> Iterator[Mended]:
    """Mend what can be mended of kept answers, telling what was done."""
    text_of = lru_cache(100)(library.text)
    moved, out = 0, []
    for kept in list(_answers(library)):
        if kept.answer is None:
            out.append(kept)
            continue
        try:
            answer = _moved(kept.answer, text_of) if faults(kept.answer, text_of) else None
        except (PaperNotFound, ValueError):
            continue
        if answer is not None:
            _write(library, kept, answer)
            moved += 1
    for kept in reversed(out):  # the later turns of a conversation first, so that positions stay right
        _take_out(library, kept)
    if moved:
        yield Mended(check=_CHECK, done=f"{moved} answers point to where their quotes stand now")
    if out:
        yield Mended(check=_CHECK, done=f"{len(out)} answers that cannot be read taken out to {TAKEN_OUT}")


def _answers(library: Library) -> Iterator[_Kept]:
    Conversations(library)  # the tables may not be there yet
    with library.catalog.engine.connect() as connection:
        for table, column, read in _READ:
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
                try:
                    said = read(row[column])
                except ValueError:
                    said = None
                yield _Kept(table, dict(row), said)


_READ: tuple[tuple[Table, str, Callable[[str], Turn | Answer]], ...] = (
    (turns, "turn", Turn.model_validate_json),
    (saved_answers, "answer", Answer.model_validate_json),
)


def _moved(answer: Answer, text_of: Callable[[str], str]) -> Answer | None:
    """The answer with each citation where its quote stands, the nearest place to where it was; None where that is not
    all that was wrong."""
    citations = tuple(_found(citation, text_of(citation.paper.id)) for citation in answer.citations)
    mended = answer.model_copy(update={"citations": citations})
    return None if faults(mended, text_of) else mended


def _found(citation: Citation, text: str) -> Citation:
    quote, places, start = citation.quote, [], text.find(citation.quote)
    while quote and start >= 0:
        places.append(start)
        start = text.find(quote, start + 1)
    if not places:
        return citation
    nearest = min(places, key=lambda place: abs(place - citation.start))
    return citation.model_copy(update={"start": nearest, "end": nearest + len(quote)})


def _write(library: Library, kept: _Kept, answer: Answer) -> None:
    said = kept.said.model_copy(update={"answer": answer}) if isinstance(kept.said, Turn) else answer
    column = "turn" if isinstance(kept.said, Turn) else "answer"
    with library.catalog.engine.begin() as connection:
        changed = update(kept.table).where(*_same_row(kept))
        connection.execute(changed.values({column: said.model_dump_json(exclude={"feedback"})}))


def _take_out(library: Library, kept: _Kept) -> None:
    take_out(library, kept.table.name, [kept.row])
    with library.catalog.engine.begin() as connection:
        connection.execute(delete(kept.table).where(*_same_row(kept)))
        if kept.table is turns:
            _close_gap(connection, kept.row["conversation_id"], kept.row["position"])


def _close_gap(connection: Connection, conversation_id: str, position: int) -> None:
    """Let the turns after one that is gone move up: their positions count up from 0."""
    opinion = (feedback.c.conversation_id == conversation_id, feedback.c.position == position)
    connection.execute(delete(feedback).where(*opinion))
    for table in (turns, feedback):
        later = select(table.c.position).where(
            table.c.conversation_id == conversation_id, table.c.position > position
        )
        for place in list(connection.scalars(later.order_by(table.c.position))):
            row = (table.c.conversation_id == conversation_id, table.c.position == place)
            connection.execute(update(table).where(*row).values(position=place - 1))


def _same_row(kept: _Kept) -> list[Any]:
    return [column == kept.row[column.name] for column in kept.table.primary_key.columns]


def examine_models(llm: ModelSettings) -> list[Finding]:
    """Whether the models that the settings name answer; each is asked one word."""
    if not llm.write:
        return [Finding(check="a language model is named", holds=False, seen="none", remedy="Set llm.write.")]
    roles = {"writes": llm.write} | ({"judges": llm.judge} if llm.judge else {})
    return [_tried(role, spec, llm) for role, spec in roles.items()]


def _tried(role: str, spec: str, llm: ModelSettings) -> Finding:
    check = f"the model that {role} answers"
    try:
        return Finding(check=check, holds=True, seen=try_model(spec, llm))
    except IbidError as error:
        return Finding(check=check, holds=False, seen=str(error))
